"""The records of ``people/`` opened: every signature checked, the people record folded into its chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tolbooth.evidence.container import CORE
from tolbooth.evidence.dsse import Opened
from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.pack import PEOPLE_FOLDER
from tolbooth.evidence.people_context import CONTEXT_PATH, PeopleContext
from tolbooth.evidence.people_files import (
    APPLIED_PATH,
    Applied,
    PeopleFile,
    open_record,
    read_applied,
    read_people_files,
)
from tolbooth.evidence.people_versions import PeopleVersions, fingerprints, open_people
from tolbooth.evidence.people_words import read_said
from tolbooth.evidence.reading import read
from tolbooth.evidence.signed import read_unverified
from tolbooth.evidence.verify_steps.refusal import refuse
from tolbooth.model.errors import Place, Problem, VerificationError
from tolbooth.review.people_chain import PeopleChain
from tolbooth.review.spoken import Spoken

ALTERED_HINT = "this is not what people signed, or not all of it: ask the one who sealed the pack for another copy"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedPeople:
    """``people/`` of a pack whose signatures hold: what was applied, with what, by whom, in which words.

    ``paths`` says where each statement lies, by its digest; people records are among them.
    """

    applied: Applied
    context: PeopleContext
    versions: PeopleVersions
    said: tuple[Spoken[Any], ...]
    paths: Mapping[str, str]

    @property
    def chain(self) -> PeopleChain:
        """The versions of the people record."""
        return self.versions.chain


def open_people_folder(
    core: Mapping[str, bytes], machines: Sequence[PublicKey] | None, *, about: str | None = None
) -> OpenedPeople | None:
    """Open every record of ``people/``; None where nobody had a word.

    Args:
        core: the files below ``data/core`` by path.
        machines: the keys of gates, which say that a waiver retired; None to take such words as they stand, for who
            only shows what is recorded.
        about: what the people records must be about, such as ``lending/people``.

    Raises:
        VerificationError: ``people.*`` or ``json.*`` for the first record that does not hold.
    """
    try:
        return _open(core, machines, about)
    except VerificationError as error:
        raise VerificationError([_told(each) for each in error.problems]) from error


def people_code(code: str) -> str:
    """The code of a problem in the family of this step; what is no JSON stays that."""
    return code if code.startswith(("people.", "json.")) else f"people.{code.replace('.', '-')}"


def _told(problem: Problem) -> Problem:
    """A problem of one record as this step tells it: in its family, at its place in the pack, with a hint."""
    place = problem.place
    if place is not None and place.path.startswith(PEOPLE_FOLDER):
        place = replace(place, path=CORE + place.path)
    return replace(problem, code=people_code(problem.code), place=place, hint=problem.hint or ALTERED_HINT)


def _open(core: Mapping[str, bytes], machines: Sequence[PublicKey] | None, about: str | None) -> OpenedPeople | None:
    records = read_people_files(core)
    applied = read_applied(core)
    if not records and applied == Applied():
        return None
    for path in (APPLIED_PATH, CONTEXT_PATH):
        if path not in core:
            refuse("people.missing", "the pack holds records of people, but not what came of them", CORE + path)
    context = read(PeopleContext, core[CONTEXT_PATH], path=CORE + CONTEXT_PATH)
    paths = {each.statement_sha256: CORE + each.path for each in records}
    versions = open_people(
        {CORE + each.path: each.envelope for each in records if each.kind is Kind.PEOPLE}, about=about
    )
    said = tuple(_spoken(each, context, versions, machines) for each in records if each.kind is not Kind.PEOPLE)
    return OpenedPeople(applied=applied, context=context, versions=versions, said=said, paths=paths)


def _spoken(
    record: PeopleFile, context: PeopleContext, versions: PeopleVersions, machines: Sequence[PublicKey] | None
) -> Spoken[Any]:
    path = CORE + record.path
    opened, fingerprint = _opened(record, path, versions, machines)
    seen = context.first_seen.get(record.statement_sha256)
    if seen is None:
        message = "nothing says when the log saw this record first"
        raise VerificationError.of("people.first-seen", message, place=Place(path=path))
    return Spoken(
        sha256=record.statement_sha256,
        said=read_said(record.kind, opened.statement, path=path),
        fingerprint=fingerprint,
        first_seen=seen,
    )


def _opened(
    record: PeopleFile, path: str, versions: PeopleVersions, machines: Sequence[PublicKey] | None
) -> tuple[Opened, str]:
    """A record's statement, and the fingerprint of the key that signed it; none for a machine's, taken as it stands."""
    if record.kind is not Kind.RETIREMENT:
        keys = versions.keys
    elif machines is not None:
        keys = tuple(machines)
    else:
        return read_unverified(record.envelope, path=path, family="people"), ""
    opened = open_record(record.kind, record.envelope, keys, path=path)
    return opened, fingerprints(keys)[opened.key_id]
