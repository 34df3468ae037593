"""Transcripts: a run made elsewhere, exported there, verified and appended here as received."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tolbooth.config.environment import Environment
from tolbooth.evidence.checkpoint import sign_checkpoint
from tolbooth.evidence.dsse import take_apart
from tolbooth.evidence.entry import Entry
from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.merkle import leaf_hash, root_of
from tolbooth.evidence.statement import ResourceDescriptor, parse_statement
from tolbooth.evidence.transcript import (
    TranscribedEntry,
    Transcript,
    blobs_of,
    read_transcript,
    verify_transcript,
    write_transcript,
)
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import ConfigError
from tolbooth.pipeline.people_record import read_people_records
from tolbooth.pipeline.recording import attest, telling_what_was_kept
from tolbooth.pipeline.workspace import Workspace, known_keys, own_public_key
from tolbooth.store.durable import write_whole
from tolbooth.store.embedded import EmbeddedStore

TRANSCRIPT_NAME = "transcript.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedTranscript:
    """A transcript that verifies: where it lies, its digest, and the keys that signed in it."""

    path: Path
    sha256: str
    transcript: Transcript
    signers: tuple[PublicKey, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did: how many entries were appended, and how many were known already.

    ``left_out`` are the kinds of those that are the other log's alone: an import here vouches for nobody there.
    """

    verified: VerifiedTranscript
    appended: int
    known: int
    left_out: tuple[Kind, ...] = ()


def export_transcript(workspace: Workspace, target: Path) -> Transcript:
    """Write the whole log, with every blob that it names, into one file; it is there whole or not at all.

    Raises:
        ConfigError: ``log.empty`` if nothing is recorded yet.
        StoreError: if a blob is missing or altered, or the disk refuses.
    """
    store = workspace.store
    entries = tuple(
        TranscribedEntry(
            entry=Entry(kind=each.kind, envelope_sha256=each.envelope_sha256, appended_at=each.appended_at),
            envelope=store.blobs.get(each.envelope_sha256),
        )
        for each in store.entries()
    )
    if not entries:
        raise ConfigError.of("log.empty", "nothing is recorded yet", hint="run 'tolbooth gate'")
    root = root_of([leaf_hash(one.entry.leaf()) for one in entries])
    transcript = Transcript(
        origin=store.origin,
        log_public_key=store.log_key.to_pem(),
        checkpoint=sign_checkpoint(store.origin, len(entries), root, workspace.keys.log),
        blobs={sha256: store.blobs.get(sha256) for sha256 in blobs_of(entries)},
        entries=entries,
    )
    # NOTE: as confidential as the store, so for its owner's eyes.
    write_whole(target, b"".join(write_transcript(transcript)), mode=0o600)
    return transcript


def end_run(workspace: Workspace, environment: Environment) -> Path | None:
    """End a CI runner's run: its log is thrown away with it, so it is exported; None on other machines.

    Raises:
        StoreError: if the disk refuses; what was recorded stands.
    """
    if not environment.ci:
        return None
    target = workspace.store.folder / TRANSCRIPT_NAME
    export_transcript(workspace, target)
    return target


def load_transcript(path: Path, keys: Sequence[PublicKey], *, people: Sequence[bytes] = ()) -> VerifiedTranscript:
    """Read and verify a transcript against the public keys that may have signed it.

    ``people`` are the signed versions of the people record known here; those in the transcript have to follow them.

    Raises:
        ConfigError: ``transcript.not-found`` if it can't be read.
        VerificationError: ``transcript.*``, ``people.*`` or ``json.*`` for the first thing that does not hold.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError.of("transcript.not-found", f"{path}: {error.strerror}") from error
    transcript = read_transcript(content, path=str(path))
    signers = verify_transcript(transcript, keys, path=str(path), people=people)
    return VerifiedTranscript(path=path, sha256=sha256_hex(content), transcript=transcript, signers=signers)


def import_transcript(workspace: Workspace, path: Path, keys: Sequence[PublicKey]) -> Imported:
    """Verify a transcript and append its envelopes as received; those that are known already stay as they are.

    What is the other log's alone is left out: whom it took at their word, and what it moved and saw. Last, the import
    itself is recorded, with the keys that signed: the importer vouches for them, and for nobody else.

    Raises:
        VerificationError: if it does not verify; nothing was appended then.
        StoreError: if the store refuses; running the import again goes on where it ended.
    """
    people = read_people_records(workspace.project, workspace.store).envelopes
    verified = load_transcript(path, keys, people=tuple(people.values()))
    with telling_what_was_kept(workspace):
        return _import(workspace, verified)


def _import(workspace: Workspace, verified: VerifiedTranscript) -> Imported:
    store = workspace.store
    before = {entry.envelope_sha256 for entry in store.entries()}
    taken = [one for one in verified.transcript.entries if not Kind(one.entry.kind).is_of_one_log]
    fresh = [one for one in taken if one.entry.envelope_sha256 not in before]
    for content in verified.transcript.blobs.values():
        store.blobs.put(content)
    for one in fresh:
        workspace.attempted.append(one.entry.envelope_sha256)
        store.append(Kind(one.entry.kind), one.envelope, signer=workspace.keys.log, clock=workspace.clock)
    if fresh:
        attest(workspace, Kind.IMPORT, _about(verified), _predicate(verified))
    return Imported(
        verified=verified,
        appended=len(fresh),
        known=len(taken) - len(fresh),
        left_out=tuple(kind for one in verified.transcript.entries if (kind := Kind(one.entry.kind)).is_of_one_log),
    )


def known_signers(workspace: Workspace) -> tuple[PublicKey, ...]:
    """The keys of gates whose word is taken here: this user's, and those that an import vouched for."""
    keys = (*workspace.keys.known, *_imported_signers(workspace.store))
    return tuple({key.key_id: key for key in keys}.values())


def machine_keys(environment: Environment, store: EmbeddedStore | None) -> tuple[PublicKey, ...]:
    """As ``known_signers``, for reading: no key is made, and there may be no store yet."""
    own = own_public_key(environment)
    imported = _imported_signers(store) if store is not None else ()
    keys = (*known_keys(environment), *((own,) if own is not None else ()), *imported)
    return tuple({key.key_id: key for key in keys}.values())


def _imported_signers(store: EmbeddedStore) -> tuple[PublicKey, ...]:
    """The keys that imports vouched for; every import in a log was made there, for none is taken from a transcript."""
    found = []
    for entry in store.entries():
        if entry.kind != Kind.IMPORT:
            continue
        path = f"log entry {entry.position + 1}"
        envelope = store.blobs.get(entry.envelope_sha256)
        predicate = parse_statement(take_apart(envelope, path=path).payload, path=path).predicate
        found += [PublicKey.from_pem(pem) for pem in predicate["signers"]]
    return tuple(found)


def _about(verified: VerifiedTranscript) -> list[ResourceDescriptor]:
    return [ResourceDescriptor(name=verified.path.name, digest={"sha256": verified.sha256})]


def _predicate(verified: VerifiedTranscript) -> dict[str, object]:
    transcript = verified.transcript
    return {
        "origin": transcript.origin,
        "checkpoint": transcript.checkpoint,
        "entries": len(transcript.entries),
        "signers": sorted(key.to_pem() for key in verified.signers),
    }
