"""Faults of the files: blobs that are missing or altered, and what lies in the folder without being needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.signed import read_unverified
from tolbooth.model.digest import is_sha256
from tolbooth.model.errors import StoreError, VerificationError
from tolbooth.store.blobs import BLOB_FOLDER, BlobFolder
from tolbooth.store.database import DATABASE_NAME
from tolbooth.store.durable import is_leftover, storage_errors
from tolbooth.store.fault import Fault
from tolbooth.store.history import CHECKPOINT_NAME
from tolbooth.store.locks import BLOB_LOCK, MOVE_LOCK, STORE_LOCK
from tolbooth.store.needs import erasable_blob, named_attestations, named_blobs
from tolbooth.store.snapshot import RawEntry

_OURS = {
    ".gitignore",
    BLOB_FOLDER,
    BLOB_LOCK,
    MOVE_LOCK,
    CHECKPOINT_NAME,
    DATABASE_NAME,
    f"{DATABASE_NAME}-journal",
    f"{DATABASE_NAME}-shm",
    f"{DATABASE_NAME}-wal",
    STORE_LOCK,
    "tolbooth.schema.json",
    "transcript.jsonl",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A blob that an entry needs: what it is, and the entry's place in the log."""

    what: str
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """Every blob that the log needs, by SHA-256; and what is wrong with the envelopes that say so.

    ``erasable`` are blobs that are kept, and may be gone: the names of the newest people record.
    """

    blobs: Mapping[str, Need]
    faults: tuple[Fault, ...]
    erasable: frozenset[str] = frozenset()


def needs_of_log(entries: Sequence[RawEntry], blobs: BlobFolder) -> Needs:
    """What each entry needs; one whose envelope is missing or altered can only be said to need that."""
    needed: dict[str, Need] = {}
    faults: list[Fault] = []
    erasable: frozenset[str] = frozenset()
    logged = {entry.envelope_sha256 for entry in entries}
    for index, entry in enumerate(entries):
        if not isinstance(entry.envelope_sha256, str) or not is_sha256(entry.envelope_sha256):
            text = f"entry {index + 1} names no envelope"
            faults.append(Fault(code="envelope.unnamed", text=text, position=index))
            continue
        needed[entry.envelope_sha256] = Need(what="its envelope", position=index)
        try:
            envelope = blobs.get(entry.envelope_sha256)
        except StoreError:
            continue
        path = f"entry {index + 1}"
        try:
            faults += _kind_faults(entry.kind, envelope, index)
            for sha256, what in named_blobs(entry.kind, envelope, path=path).items():
                needed.setdefault(sha256, Need(what=what, position=index))
            names = erasable_blob(entry.kind, envelope, path=path)
            erasable = frozenset({names}) if names is not None else erasable
            for sha256, kind in named_attestations(entry.kind, envelope, path=path).items():
                needed.setdefault(sha256, Need(what=f"its {kind} attestation", position=index))
                if sha256 not in logged:
                    text = f"{path} rests on a {kind} attestation that is not in the log ({sha256[:12]})"
                    faults.append(Fault(code="log.attestation-missing", text=text, position=index))
        except VerificationError as error:
            text = f"{path}: its envelope can't be read: {error}"
            faults.append(Fault(code="envelope.unreadable", text=text, position=index))
    return Needs(blobs=needed, faults=tuple(faults), erasable=erasable)


def _kind_faults(kind: str, envelope: bytes, position: int) -> Iterator[Fault]:
    said = read_unverified(envelope, path=f"entry {position + 1}").statement.predicate_type
    known = next((each for each in Kind if each == kind), None)
    if known is not None and known.predicate_type != said:
        text = f"entry {position + 1} is of kind {kind}, but its statement is of type {said}"
        yield Fault(code="envelope.kind", text=text, position=position)


def blob_faults(needed: Mapping[str, Need], blobs: BlobFolder) -> Iterator[Fault]:
    """Needed blobs that are missing, altered or unreadable."""
    for sha256, need in needed.items():
        try:
            blobs.get(sha256)
        except StoreError as error:
            missing = error.code == "store.blob-missing"
            said = "is missing" if missing else ("is altered" if error.code == "store.blob-altered" else str(error))
            text = f"blob {sha256[:12]} {said}: {need.what}, which entry {need.position + 1} needs"
            path = f"{BLOB_FOLDER}/{sha256[:2]}/{sha256}"
            yield Fault(code=error.code, text=text, path=path, position=need.position)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file of the store's folder; ``sha256`` is None for what is no blob by its name and place."""

    path: Path
    sha256: str | None


def stored_files(folder: Path) -> Iterator[StoredFile]:
    """Every file of the blob folder, and those beside the database whose names are not ours; sorted.

    Raises:
        StoreError: ``store.read`` if a folder can't be listed.
    """
    with storage_errors("the store can't be listed", folder, code="store.read"):
        for path in sorted(folder.iterdir()):
            if path.name not in _OURS:
                yield StoredFile(path=path, sha256=None)
        for path in sorted((folder / BLOB_FOLDER).rglob("*")):
            if path.is_dir():
                continue
            place = path.relative_to(folder / BLOB_FOLDER).parts
            ours = is_sha256(path.name) and place == (path.name[:2], path.name)
            yield StoredFile(path=path, sha256=path.name if ours else None)


def untidy_faults(folder: Path, files: Sequence[StoredFile], needs: Needs) -> Iterator[Fault]:
    """What nothing needs: harmless, and named so."""
    kept = needs.blobs.keys() | needs.erasable
    for file in files:
        path = file.path.relative_to(folder).as_posix()
        if file.sha256 is not None and file.sha256 not in kept:
            text = f"nothing needs blob {file.sha256[:12]}: an interrupted run left it, or one is at work"
            yield Fault(code="blob.orphan", text=text, path=path, harmless=True)
        elif file.sha256 is None and is_leftover(file.path.name):
            text = f"an interrupted write left {path}, or one is at work"
            yield Fault(code="file.leftover", text=text, path=path, harmless=True)
        elif file.sha256 is None:
            yield Fault(code="file.strange", text=f"{path} is not of the store", path=path, harmless=True)
