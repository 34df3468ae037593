"""What people said, from the records folder and the log: every statement verified against the people record.

A record in the folder that does not verify stops the run; what verifies is heard, whether it counts or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from tolbooth.config.load import Project
from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.people_files import kind_of
from tolbooth.evidence.people_versions import fingerprints
from tolbooth.evidence.people_words import read_said
from tolbooth.evidence.signed import open_signed, read_unverified
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import Place, Problem, ReviewError, TolboothError, VerificationError
from tolbooth.model.words import DecisionWord, Retirement, Revocation, WaiverRequest, WaiverWord
from tolbooth.pipeline.people import PeopleInForce
from tolbooth.pipeline.records_files import envelope_files
from tolbooth.review.people_chain import PeopleChain
from tolbooth.review.spoken import Spoken
from tolbooth.store.embedded import EmbeddedStore

T = TypeVar("T", DecisionWord, WaiverWord, WaiverRequest, Revocation, Retirement)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A signed envelope as it was received: ``path`` is the folder's file, or the entry of the log."""

    path: str
    kind: Kind
    envelope: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Everything that people said.

    ``said`` is in the order of statement digests, ``records`` holds each envelope by its statement's digest, and
    ``new`` those that the log does not know yet, people records first. ``unheard`` are entries of the log that no key
    of the people record explains: they stay where they are and count as nothing.
    """

    people: PeopleInForce
    said: tuple[Spoken[Any], ...] = ()
    records: Mapping[str, Record] = field(default_factory=dict)
    new: tuple[Record, ...] = ()
    unheard: tuple[Problem, ...] = ()

    @property
    def chain(self) -> PeopleChain:
        """The versions of the people record that count."""
        return self.people.chain

    @property
    def is_silent(self) -> bool:
        """Whether there is neither a people record nor a word."""
        return not self.chain.versions and not self.said

    def of(self, kind: type[T]) -> tuple[Spoken[T], ...]:
        """What was said of one kind."""
        return tuple(each for each in self.said if isinstance(each.said, kind))

    def records_of(self, digests: Iterable[str]) -> tuple[Record, ...]:
        """The records of statements, each once, by the statements' digests."""
        return tuple(self.records[sha256] for sha256 in dict.fromkeys(digests) if sha256 in self.records)


def hear(
    project: Project,
    store: EmbeddedStore | None,
    people: PeopleInForce,
    machines: Sequence[PublicKey],
    *,
    now: datetime,
) -> Heard:
    """Read and verify every record of the folder and the log.

    Args:
        project: whose records folder is read.
        store: the log; None where there is none yet.
        people: whose keys may have signed.
        machines: the keys of gates, which say that a waiver retired.
        now: when the folder is read: what the log does not know is seen now for the first time.

    Raises:
        ConfigError: ``records.not-found`` or ``records.unreadable``.
        VerificationError: with every file of the folder that does not verify.
    """
    reader = _Reader(people=people, machines=tuple(machines))
    logged, unheard, known = _from_log(store, reader)
    filed, new = _from_folder(project, reader, known, now)
    found = _without_echoes(_first_seen([*logged, *filed]), people.chain)
    records = {each.sha256: record for each, record in found}
    records |= {
        sha256: Record(path=f"people record {sha256[:12]}", kind=Kind.PEOPLE, envelope=envelope)
        for sha256, envelope in people.records.envelopes.items()
    }
    return Heard(
        people=people,
        said=tuple(each for each, _ in found),
        records=records,
        new=tuple(sorted(new, key=lambda each: (each.kind is not Kind.PEOPLE, each.path))),
        unheard=unheard,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """Checks a signature and reads what was signed."""

    people: PeopleInForce
    machines: tuple[PublicKey, ...]

    def spoken(self, record: Record, first_seen: datetime) -> Spoken[Any]:
        """A record's statement, verified.

        Raises:
            VerificationError: ``records.*``, ``json.*`` or ``sshsig.*``.
        """
        keys = self.machines if record.kind is Kind.RETIREMENT else self.people.keys
        namespace = record.kind.ssh_namespace
        opened = open_signed(record.envelope, keys, namespace=namespace, path=record.path, family="records")
        said = read_said(record.kind, opened.statement, path=record.path, family="records")
        return Spoken(
            sha256=sha256_hex(opened.payload),
            said=said,
            fingerprint=fingerprints(keys)[opened.key_id],
            first_seen=first_seen,
        )


def _from_log(
    store: EmbeddedStore | None, reader: _Reader
) -> tuple[list[tuple[Spoken[Any], Record]], tuple[Problem, ...], set[str]]:
    """What the log holds; what of it can't be explained; and the digests of all of its envelopes."""
    found: list[tuple[Spoken[Any], Record]] = []
    unheard: list[Problem] = []
    entries = store.entries() if store is not None else ()
    for entry in entries:
        kind = Kind(entry.kind) if entry.kind in set(Kind) else None
        if kind is None or not kind.is_record or kind is Kind.PEOPLE:
            continue
        assert store is not None
        record = Record(
            path=f"log entry {entry.position + 1}", kind=kind, envelope=store.blobs.get(entry.envelope_sha256)
        )
        try:
            found.append((reader.spoken(record, entry.appended_at), record))
        except TolboothError as error:
            unheard += error.problems
    return found, tuple(unheard), {entry.envelope_sha256 for entry in entries}


def _from_folder(
    project: Project, reader: _Reader, known: set[str], now: datetime
) -> tuple[list[tuple[Spoken[Any], Record]], list[Record]]:
    found: list[tuple[Spoken[Any], Record]] = []
    new: list[Record] = []
    problems: list[Problem] = []
    for path, content in envelope_files(project):
        try:
            record = _record(path, content)
            if record.kind is not Kind.PEOPLE:
                found.append((reader.spoken(record, now), record))
        except TolboothError as error:
            problems += [_explained(each, reader) for each in error.problems]
            continue
        if sha256_hex(content) not in known:
            new.append(record)
    if problems:
        raise VerificationError(problems)
    return found, new


def _explained(problem: Problem, reader: _Reader) -> Problem:
    if problem.code != "records.signature" or reader.people.chain.versions:
        return problem
    hint = "nobody is in a people record yet: a steward writes people.yaml and signs it, 'tolbooth people sign'"
    return Problem(code=problem.code, message=problem.message, place=problem.place, hint=hint)


def _record(path: str, content: bytes) -> Record:
    statement = read_unverified(content, path=path, family="records").statement
    kind = kind_of(statement.predicate_type)
    if kind is None:
        raise VerificationError.of(
            "records.kind",
            f"a statement of type {statement.predicate_type} is no record of people",
            place=Place(path=path),
            hint="transcripts are imported with 'tolbooth log import'",
        )
    return Record(path=path, kind=kind, envelope=content)


def _first_seen(found: Iterable[tuple[Spoken[Any], Record]]) -> list[tuple[Spoken[Any], Record]]:
    """Each statement of each key once, when it was seen first; the same statement by two keys is two claims."""
    kept: dict[tuple[str, str], tuple[Spoken[Any], Record]] = {}
    for each, record in found:
        place = (each.sha256, each.fingerprint)
        if place not in kept or each.first_seen < kept[place][0].first_seen:
            kept[place] = (each, record)
    return [kept[place] for place in sorted(kept)]


def _without_echoes(
    found: Sequence[tuple[Spoken[Any], Record]], chain: PeopleChain
) -> list[tuple[Spoken[Any], Record]]:
    """Without what another signed once more that its author signed: it counts as nothing and must hide nothing."""
    own = {each.sha256 for each, _ in found if _is_own(each, chain)}
    return [(each, record) for each, record in found if each.sha256 not in own or _is_own(each, chain)]


def _is_own(spoken: Spoken[Any], chain: PeopleChain) -> bool:
    said = spoken.said
    if isinstance(said, Retirement):
        return True
    try:
        holder = chain.holder(spoken.fingerprint, said.signed_at)
    except ReviewError:
        return False
    return holder.id == (said.requested_by if isinstance(said, WaiverRequest) else said.person)
