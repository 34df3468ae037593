"""The transcript: a whole log made elsewhere, with every blob that it names, as JSON lines, to be imported.

The first line names the log and carries its latest checkpoint; then come blobs, then entries with their envelopes as
they were signed, in the order of the log; the last line counts both, so that a truncated file is no transcript. A
transcript is as confidential as the store: it holds the seeds of the salts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.evidence.checkpoint import open_checkpoint
from tolbooth.evidence.decision_record import DECISION_ENVELOPE, DecisionRecord
from tolbooth.evidence.dsse import Opened, open_envelope, take_apart
from tolbooth.evidence.entry import Entry, parse_entry
from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.merkle import leaf_hash, root_of
from tolbooth.evidence.people_versions import SigningKey, open_people
from tolbooth.evidence.reading import read_value
from tolbooth.evidence.signed import open_signed
from tolbooth.evidence.statement import parse_statement
from tolbooth.evidence.strict_base64 import decode, encode
from tolbooth.evidence.strict_json import parse_lines
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import Place, SigningError, VerificationError

FORMAT = "tolbooth-transcript"
VERSION = 1
_HEADER = ("origin", "log_public_key", "checkpoint")


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscribedEntry:
    """One line of the log, and the envelope that it names, as signed."""

    entry: Entry
    envelope: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """A log in one file: its origin, its key, its latest checkpoint, all its entries, and the blobs they name."""

    origin: str
    log_public_key: str
    checkpoint: str
    blobs: Mapping[str, bytes]
    entries: tuple[TranscribedEntry, ...]


def blobs_named_by(kind: str, envelope: bytes, *, path: str) -> tuple[str, ...]:
    """The SHA-256 of every blob that an entry's envelope names, but for the envelope itself."""
    if kind != Kind.DECISION:
        return ()
    statement = parse_statement(take_apart(envelope, path=path, family="transcript").payload, path=path)
    record = read_value(DecisionRecord, dict(statement.predicate), path=DECISION_ENVELOPE)
    return (*(file.sha256 for file in record.core), record.salt_seed_sha256)


def blobs_of(entries: Iterable[TranscribedEntry]) -> tuple[str, ...]:
    """The SHA-256 of every blob that the entries name, sorted."""
    named = {
        sha256
        for one in entries
        for sha256 in blobs_named_by(one.entry.kind, one.envelope, path=one.entry.envelope_sha256)
    }
    return tuple(sorted(named))


def write_transcript(transcript: Transcript) -> Iterator[bytes]:
    """The lines of a transcript, each with its newline; the same transcript gives the same bytes."""
    header = {
        "format": FORMAT,
        "version": VERSION,
        "origin": transcript.origin,
        "log_public_key": transcript.log_public_key,
        "checkpoint": transcript.checkpoint,
    }
    yield canonical_bytes(header) + b"\n"
    for sha256 in sorted(transcript.blobs):
        yield canonical_bytes({"blob": sha256, "content": encode(transcript.blobs[sha256])}) + b"\n"
    for one in transcript.entries:
        line = {"entry": encode(one.entry.leaf()), "envelope": encode(one.envelope)}
        yield canonical_bytes(line) + b"\n"
    yield canonical_bytes({"blobs": len(transcript.blobs), "entries": len(transcript.entries)}) + b"\n"


def read_transcript(content: bytes, *, path: str) -> Transcript:
    """Read a transcript; digests and counts are checked, signatures are not.

    Raises:
        VerificationError: ``transcript.*`` or ``json.*``, with the line.
    """
    lines = [value for _, value in parse_lines(content, path=path)]
    header = lines[0] if lines else None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        _refuse("transcript.header", "this is no transcript", path, 1)
    if header.get("version") != VERSION or not all(isinstance(header.get(name), str) for name in _HEADER):
        _refuse("transcript.header", f"no transcript of version {VERSION}", path, 1)
    blobs: dict[str, bytes] = {}
    entries: list[TranscribedEntry] = []
    if len(lines) == 1:
        _refuse("transcript.truncated", "it ends after its first line", path, 1)
    for number, line in enumerate(lines[1:-1], start=2):
        match line:
            case {"blob": str(sha256), "content": str(text), **rest} if not rest:
                blobs[sha256] = _blob(sha256, text, path, number)
            case {"entry": str(leaf), "envelope": str(text), **rest} if not rest:
                entries.append(_entry(leaf, text, path, number))
            case _:
                _refuse("transcript.line", "neither a blob nor an entry", path, number)
    if lines[-1] != {"blobs": len(blobs), "entries": len(entries)}:
        _refuse("transcript.truncated", "its last line does not count what stands before it", path, len(lines))
    return Transcript(
        origin=header["origin"],
        log_public_key=header["log_public_key"],
        checkpoint=header["checkpoint"],
        blobs=blobs,
        entries=tuple(entries),
    )


def verify_transcript(
    transcript: Transcript, keys: Sequence[PublicKey], *, path: str, people: Sequence[bytes] = ()
) -> tuple[PublicKey, ...]:
    """Verify a transcript: its checkpoint covers exactly its entries, and every envelope is signed.

    Machines sign with one of ``keys``. What people said may be signed with any key that the people record names: that
    of ``people``, the signed versions known here, with those that the transcript adds to them.

    Returns:
        The keys of machines that signed something which another log may take, in the order of ``keys``.

    Raises:
        VerificationError: ``transcript.log`` if the entries are not those of the checkpoint, ``transcript.signature``,
            ``transcript.kind`` or ``transcript.blob-missing``, each with its entry; ``people.*`` for people records
            that do not follow those known here; ``sshsig.*`` for an SSH signature that is none.
    """
    _check_log(transcript, path)
    spoken = _people_keys(transcript, people, path)
    used: set[str] = set()
    for number, one in enumerate(transcript.entries, start=1):
        where = f"{path}, entry {number}"
        kind = _kind(one.entry.kind, where)
        opened = _opened(one, kind, keys, spoken, where)
        if opened.statement.predicate_type != kind.predicate_type:
            _refuse("transcript.kind", f"an entry of kind {one.entry.kind} with a statement of another type", where)
        missing = set(blobs_named_by(one.entry.kind, one.envelope, path=where)) - transcript.blobs.keys()
        if missing:
            _refuse("transcript.blob-missing", f"blob {min(missing)} is named, and is not there", where)
        if not kind.is_of_one_log and (not kind.is_record or kind is Kind.RETIREMENT):
            used.add(opened.key_id)
    return tuple(key for key in keys if key.key_id in used)


def _people_keys(transcript: Transcript, people: Sequence[bytes], path: str) -> tuple[SigningKey, ...]:
    """The keys of people, by the versions known here and those that follow them in the transcript."""
    known = {sha256_hex(each): (f"people record {sha256_hex(each)[:12]}", each) for each in people}
    for number, one in enumerate(transcript.entries, start=1):
        if one.entry.kind == Kind.PEOPLE:
            known.setdefault(one.entry.envelope_sha256, (f"{path}, entry {number}", one.envelope))
    return open_people(dict(known.values())).keys if known else ()


def _opened(
    one: TranscribedEntry, kind: Kind, keys: Sequence[PublicKey], people: Sequence[SigningKey], where: str
) -> Opened:
    """An entry's envelope, its signature checked: machines sign DSSE, people sign that or by SSH."""
    if not kind.is_record:
        return open_envelope(one.envelope, keys, path=where, family="transcript", ours=True)
    namespace = kind.ssh_namespace
    return open_signed(one.envelope, (*keys, *people), namespace=namespace, path=where, family="transcript")


def _check_log(transcript: Transcript, path: str) -> None:
    try:
        key = PublicKey.from_pem(transcript.log_public_key)
    except SigningError as error:
        raise VerificationError.of("transcript.log", f"the log's key: {error}", place=Place(path=path)) from error
    checkpoint = open_checkpoint(transcript.checkpoint, transcript.origin, key, path=path)
    leaves = [leaf_hash(one.entry.leaf()) for one in transcript.entries]
    if (checkpoint.size, checkpoint.root) != (len(leaves), root_of(leaves)):
        _refuse("transcript.log", "the entries are not those that the log's checkpoint covers", path)


def _kind(kind: str, path: str) -> Kind:
    try:
        return Kind(kind)
    except ValueError:
        _refuse("transcript.kind", f"an entry of the unknown kind '{kind}'", path)


def _blob(sha256: str, text: str, path: str, number: int) -> bytes:
    content = _decoded(text, path, number)
    if sha256_hex(content) != sha256:
        _refuse("transcript.blob-altered", "the blob is not what its digest says", path, number)
    return content


def _entry(leaf: str, text: str, path: str, number: int) -> TranscribedEntry:
    entry, envelope = parse_entry(_decoded(leaf, path, number), path=path), _decoded(text, path, number)
    if sha256_hex(envelope) != entry.envelope_sha256:
        _refuse("transcript.envelope-altered", "the envelope is not the one that its entry names", path, number)
    return TranscribedEntry(entry=entry, envelope=envelope)


def _decoded(text: str, path: str, number: int) -> bytes:
    try:
        return decode(text)
    except ValueError:
        _refuse("transcript.line", "not base64", path, number)


def _refuse(code: str, message: str, path: str, line: int | None = None) -> NoReturn:
    raise VerificationError.of(code, message, place=Place(path=path, line=line))
