"""``people/`` in a pack: what people said that counted, as values for ``decide`` and as they signed it.

``people/applied.json`` holds the values, ``people/context.json`` what they were judged with;
``people/<kind>-<12 hex digits of the statement's digest>.json`` each signed record, byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.evidence.dsse import Opened
from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.pack import PEOPLE_FOLDER
from tolbooth.evidence.people_context import CONTEXT_PATH, PeopleContext
from tolbooth.evidence.reading import read
from tolbooth.evidence.signed import open_signed, read_unverified
from tolbooth.evidence.ssh_keys import SshPublicKey
from tolbooth.evidence.verify_steps.refusal import refuse
from tolbooth.model.approval import Approval, Quorum, Verb
from tolbooth.model.digest import sha256_hex, short
from tolbooth.model.waiver import Waiver

APPLIED_PATH = "people/applied.json"
_VALUES = (APPLIED_PATH, CONTEXT_PATH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disregarded:
    """A word on the decision that did not count, and why, as a stable code; ``sha256`` is its statement's digest."""

    sha256: str
    person: str
    role: str
    verb: Verb
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What of people's words a decision was made with; ``decide`` gives the same decision from it again."""

    waivers: tuple[Waiver, ...] = ()
    approvals: tuple[Approval, ...] = ()
    required: tuple[Quorum, ...] = ()
    disregarded: tuple[Disregarded, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleFile:
    """A signed record as it lies in ``people/``; ``statement_sha256`` names it in decisions and other records."""

    path: str
    kind: Kind
    statement_sha256: str
    envelope: bytes


def people_files(applied: Applied, records: Iterable[tuple[Kind, bytes]], context: PeopleContext) -> dict[str, bytes]:
    """The files of ``people/`` by path in the core: the values, and each signed record; none where nobody is asked."""
    files = {record_path(kind, statement_sha256(envelope)): envelope for kind, envelope in records}
    if not files and applied == Applied():
        return {}
    return {**files, APPLIED_PATH: canonical_bytes(applied), CONTEXT_PATH: canonical_bytes(context)}


def record_path(kind: Kind, sha256: str) -> str:
    """Where a record lies in the core, by the digest of its statement."""
    return f"{PEOPLE_FOLDER}{kind}-{short(sha256)}.json"


def read_applied(core: Mapping[str, bytes]) -> Applied:
    """The values from the core; empty for a decision in which nobody had a word.

    Raises:
        VerificationError: ``json.*`` if the file is not what it should be.
    """
    content = core.get(APPLIED_PATH)
    return Applied() if content is None else read(Applied, content, path=APPLIED_PATH)


def read_people_files(core: Mapping[str, bytes]) -> tuple[PeopleFile, ...]:
    """The signed records in the core, sorted by path; no signature is looked at.

    Raises:
        VerificationError: ``people.*`` or ``json.*`` for a file that is no record, or is called otherwise.
    """
    return tuple(
        _people_file(path, core[path])
        for path in sorted(core)
        if path.startswith(PEOPLE_FOLDER) and path not in _VALUES
    )


def open_record(
    kind: Kind, content: bytes, keys: Iterable[PublicKey | SshPublicKey], *, path: str, family: str = "people"
) -> Opened:
    """Check a record's signature by one of ``keys``; an SSH signature must have been made for records of ``kind``.

    Raises:
        VerificationError: as ``signed.open_signed``.
    """
    return open_signed(content, tuple(keys), namespace=kind.ssh_namespace, path=path, family=family)


def statement_sha256(envelope: bytes, *, path: str = "a record") -> str:
    """The digest of a record's statement, its payload's bytes as signed.

    Raises:
        VerificationError: as ``signed.read_unverified``.
    """
    return sha256_hex(read_unverified(envelope, path=path, family="people").payload)


def kind_of(predicate_type: str) -> Kind | None:
    """The kind of record that a statement of this type is; None for what is no record of people."""
    return next((kind for kind in Kind if kind.is_record and kind.predicate_type == predicate_type), None)


def _people_file(path: str, envelope: bytes) -> PeopleFile:
    opened = read_unverified(envelope, path=path, family="people")
    kind, sha256 = kind_of(opened.statement.predicate_type), sha256_hex(opened.payload)
    if kind is None:
        refuse("people.kind", f"a statement of type {opened.statement.predicate_type} is no record of people", path)
    if path != record_path(kind, sha256):
        refuse("people.name", f"this is called otherwise than the {kind} {short(sha256)} that it is", path)
    return PeopleFile(path=path, kind=kind, statement_sha256=sha256, envelope=envelope)
