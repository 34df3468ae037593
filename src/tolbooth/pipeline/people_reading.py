"""From ``people.yaml`` to what a steward would sign: keys read, days turned into instants, mistakes at their places."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from tolbooth.config.load import Project, in_order
from tolbooth.config.people_file import KeyEntry, PeopleFile, PersonSettings, load_people_file, people_path
from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.ssh_keys import SshPublicKey, parse_public_key, ssh_key_of
from tolbooth.model.errors import ConfigError, Problem, TolboothError
from tolbooth.model.instant import beginning, ending
from tolbooth.model.people import (
    DEFAULT_DUTIES,
    Absence,
    AliasSystem,
    Delegation,
    HeldKey,
    HeldRole,
    People,
    Person,
    PersonNames,
)
from tolbooth.review.people_laws import law_problems

_LINE_PREFIXES = ("ssh-", "ecdsa-", "sk-")
_KEY_FILE_BYTES = 16 * 1024
_IN_FILE = {"delegations": "delegates", "absences": "absent"}
"""What parts of the record are called in the file, where that differs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleDraft:
    """What ``people.yaml`` says, in the form that is signed; version and digests are those of nothing yet."""

    file: PeopleFile
    people: People
    names: Mapping[str, PersonNames]

    def called(self, person_id: str) -> str:
        """The handle of a person, or the id of one who is not in the file."""
        named = self.names.get(person_id)
        return named.handle if named is not None else person_id

    def in_words(self, problem: Problem) -> Problem:
        """A problem with handles in place of ids."""
        handles = {person_id: named.handle for person_id, named in self.names.items()}
        hint = None if problem.hint is None else _with_handles(problem.hint, handles)
        return replace(problem, message=_with_handles(problem.message, handles), hint=hint)


def read_draft(project: Project) -> PeopleDraft | None:
    """Read the project's ``people.yaml``; None where there is none.

    Raises:
        ConfigError: with every mistake, each at its place: of the file, of keys, and of what persons may lend and hold.
    """
    path = people_path(project)
    return None if path is None else draft_of(load_people_file(path), project.settings.timezone)


def draft_of(file: PeopleFile, zone: str) -> PeopleDraft:
    """Turn a file into what would be signed.

    Raises:
        ConfigError: ``key.*`` or ``sshsig.*`` for keys that can't be read, ``people.key-file``, or ``people.*`` as
            ``review.people_laws.law_problems``.
    """
    ids = {handle: str(each.id) for handle, each in file.settings.people.items()}
    problems: list[Problem] = []
    persons = []
    for handle, each in file.settings.people.items():
        keys, unread = _keys(file, handle, each, zone)
        problems += unread
        persons.append(_person(each, keys, ids, zone))
    duties = file.settings.duties
    people = People(
        version=1,
        people=tuple(sorted(persons, key=lambda person: person.id)),
        names_sha256="",
        duties=DEFAULT_DUTIES if duties is None else tuple(dict.fromkeys(duties)),
    )
    problems += [_placed(file, ids, problem) for problem in law_problems(people)]
    if problems:
        raise ConfigError(in_order(problems))
    names = {str(each.id): _names(handle, each) for handle, each in file.settings.people.items()}
    return PeopleDraft(file=file, people=people, names=names)


def read_key(written: str, folder: Path) -> SshPublicKey:
    """A public key: a line of a ``.pub`` file, or the path of one, or of a PEM file of ours.

    Raises:
        VerificationError, SigningError: if it is no public key that is accepted.
        ConfigError: ``people.key-file`` if the file can't be read.
    """
    if written.startswith(_LINE_PREFIXES) and " " in written:
        return parse_public_key(written.strip())
    path = folder / written
    try:
        with path.open("rb") as file:
            content = file.read(_KEY_FILE_BYTES)
    except OSError as error:
        hint = "a key is a line of a .pub file, or the path of such a file"
        raise ConfigError.of(
            "people.key-file", f"the key {written} can't be read: {error.strerror}", hint=hint
        ) from error
    if content.lstrip().startswith(b"-----BEGIN PUBLIC KEY-----"):
        return ssh_key_of(PublicKey.from_pem(content))
    return parse_public_key(content)


def held_key(key: SshPublicKey, *, start: datetime | None = None, end: datetime | None = None) -> HeldKey:
    """A key as the record holds it: without its comment."""
    line = replace(key, comment="").line
    return HeldKey(fingerprint=key.fingerprint, public_key=line, effective_on=start, effective_until=end)


def _keys(
    file: PeopleFile, handle: str, person: PersonSettings, zone: str
) -> tuple[tuple[HeldKey, ...], list[Problem]]:
    found: list[HeldKey] = []
    problems: list[Problem] = []
    for position, entry in enumerate(person.keys):
        try:
            found.append(_key(entry, file.path.parent, zone))
        except TolboothError as error:
            place = file.document.place(("people", handle, "keys", position))
            problems += [
                replace(problem, message=f"a key of '{handle}': {problem.message}", place=place)
                for problem in error.problems
            ]
    return tuple(found), problems


def _key(entry: KeyEntry, folder: Path, zone: str) -> HeldKey:
    start, end = beginning(entry.effective_on, zone), ending(entry.effective_until, zone)
    return replace(held_key(read_key(entry.key, folder), start=start, end=end), touch_required=entry.touch)


def _person(person: PersonSettings, keys: tuple[HeldKey, ...], ids: Mapping[str, str], zone: str) -> Person:
    roles = tuple(
        HeldRole(
            role=each.role,
            effective_on=beginning(each.effective_on, zone),
            effective_until=ending(each.effective_until, zone),
        )
        for each in person.roles
    )
    delegations = tuple(
        Delegation(
            to=ids[each.to],
            roles=each.roles,
            effective_on=_first(each.effective_on, zone),
            effective_until=_last(each.effective_until, zone),
        )
        for each in person.delegates
    )
    absences = tuple(
        Absence(effective_on=_first(each.effective_on, zone), effective_until=_last(each.effective_until, zone))
        for each in person.absent
    )
    return Person(
        id=str(person.id),
        keys=keys,
        roles=roles,
        teams=tuple(dict.fromkeys(person.teams)),
        delegations=delegations,
        absences=absences,
    )


def _first(day: date | datetime | None, zone: str) -> datetime:
    found = beginning(day, zone)
    assert found is not None
    return found


def _last(day: date | datetime | None, zone: str) -> datetime:
    found = ending(day, zone)
    assert found is not None
    return found


def _names(handle: str, person: PersonSettings) -> PersonNames:
    aliases = {system: person.aliases.of(system) for system in AliasSystem if person.aliases.of(system)}
    return PersonNames(handle=handle, name=person.name, aliases=aliases)


def _placed(file: PeopleFile, ids: Mapping[str, str], problem: Problem) -> Problem:
    """A law's problem at its place in the file, with handles in place of ids."""
    path = tuple(_path(file, problem.about or ""))
    message = _with_handles(problem.message, {person_id: handle for handle, person_id in ids.items()})
    at_key = path in {("duties",), ("people",)}
    return replace(problem, message=message, place=file.document.place(path, key=at_key), about=None)


def _with_handles(text: str, handles: Mapping[str, str]) -> str:
    for person_id, handle in handles.items():
        text = re.sub(rf"{re.escape(person_id)}(?![0-9a-f])", f"'{handle}'", text)
    return text


def _path(file: PeopleFile, about: str) -> Iterator[str | int]:
    first, *rest = about.split("/")
    handle = file.handle_of(first)
    if handle is None:
        yield first
        return
    yield from ("people", handle)
    for part in rest:
        yield int(part) if part.isdigit() else _IN_FILE.get(part, part)
