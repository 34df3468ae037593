"""The shape of ``people.yaml``: who the people of a project are, with their keys, roles, aliases and absences.

Owns syntax and what one entry says by itself; what must hold among entries and dates is ``review.people_laws``'.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints, ValidationError

from tolbooth.config.load import Project, in_order, read_document
from tolbooth.config.mistakes import nearest, problems_of
from tolbooth.config.settings import Day, Name, Section
from tolbooth.config.yaml_source import YamlDocument
from tolbooth.model.errors import ConfigError, Problem
from tolbooth.model.people import AliasSystem, DutyRule

FILE_NAME = "people.yaml"

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


def _long_form(key: str) -> BeforeValidator:
    """A word alone stands for the mapping that has it under ``key``."""
    return BeforeValidator(lambda value: {key: value} if isinstance(value, str) else value)


class KeyEntry(Section):
    """A public key of a person, and when it counts."""

    key: str = Field(description="A line of a .pub file, or the path of one (or of a PEM file), relative to this file.")
    effective_on: Day = Field(default=None, alias="from", description="The first day on which it counts.")
    effective_until: Day = Field(default=None, alias="until", description="The last day on which it counts.")
    touch: bool = Field(default=True, description="Whether a security key has to be touched for each signature.")


class RoleEntry(Section):
    """A role, and when the person holds it."""

    role: Name = Field(description="The role, such as steward or approver.")
    effective_on: Day = Field(default=None, alias="from", description="The first day on which it is held.")
    effective_until: Day = Field(default=None, alias="until", description="The last day on which it is held.")


class DelegateEntry(Section):
    """Roles that are lent to somebody else for a time."""

    to: Name = Field(description="To whom: a handle of this file.")
    roles: tuple[Name, ...] = Field(min_length=1, description="Which roles.")
    effective_on: Day = Field(alias="from", description="The first day.")
    effective_until: Day = Field(alias="until", description="The last day.")


class AbsenceEntry(Section):
    """When somebody can't be asked."""

    effective_on: Day = Field(alias="from", description="The first day.")
    effective_until: Day = Field(alias="until", description="The last day.")


class AliasSettings(Section):
    """What a person is called elsewhere; duties are compared through it."""

    git: tuple[Text, ...] = Field(default=(), description="E-mail addresses in git.")
    mlflow: tuple[Text, ...] = Field(default=(), description="Users of MLflow.")
    ci: tuple[Text, ...] = Field(default=(), description="Logins of the CI system.")

    def of(self, system: AliasSystem) -> tuple[str, ...]:
        """The aliases in one system."""
        return tuple(getattr(self, system.value))


class PersonSettings(Section):
    """One person."""

    id: str | None = Field(default=None, description="A random id, which stands for the person in every record.")
    name: Text = Field(description="The person's name; it is kept apart from the records, and can be erased.")
    keys: tuple[Annotated[KeyEntry, _long_form("key")], ...] = Field(default=(), description="Public keys.")
    aliases: AliasSettings = Field(default_factory=AliasSettings, description="What the person is called elsewhere.")
    teams: tuple[Name, ...] = Field(default=(), description="Teams, for independence.")
    roles: tuple[Annotated[RoleEntry, _long_form("role")], ...] = Field(default=(), description="Roles.")
    delegates: tuple[DelegateEntry, ...] = Field(default=(), description="To whom roles are lent, and when.")
    absent: tuple[AbsenceEntry, ...] = Field(default=(), description="When the person can't be asked.")


class PeopleSettings(Section):
    """A whole ``people.yaml``."""

    version: Literal[1] = Field(description="The version of this file's format.")
    duties: tuple[DutyRule, ...] | None = Field(
        default=None, description="The duty rules in force; default: all but team."
    )
    people: Mapping[Name, PersonSettings] = Field(min_length=1, description="Persons by a handle.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleFile:
    """A ``people.yaml`` that is right by itself: where it is, what it says, and the document that it was read from."""

    path: Path
    settings: PeopleSettings
    document: YamlDocument

    def handle_of(self, person_id: str) -> str | None:
        """The handle of the person with that id."""
        return next((handle for handle, each in self.settings.people.items() if each.id == person_id), None)


def people_path(project: Project) -> Path | None:
    """Where the project's ``people.yaml`` is: the declared place, or the default if it is there.

    Raises:
        ConfigError: ``people.not-found`` if it is declared and not there.
    """
    declared = project.settings.people
    path = project.folder / (declared or FILE_NAME)
    if path.is_file():
        return path
    if declared is None:
        return None
    hint = "'tolbooth people new HANDLE --key FILE --role steward' writes it"
    message = f"there is no file {declared}"
    raise ConfigError.of("people.not-found", message, place=project.place("people"), hint=hint)


def load_people_file(path: Path) -> PeopleFile:
    """Read and check a ``people.yaml``.

    Raises:
        ConfigError: with every independent mistake of the file, in the order of its lines.
    """
    document = read_document(path)
    return PeopleFile(path=path, settings=check_people(document), document=document)


def check_people(document: YamlDocument) -> PeopleSettings:
    """Turn a parsed document into what it says of people.

    Raises:
        ConfigError: with every independent mistake, in the order of the file's lines.
    """
    if not isinstance(document.value, dict):
        message, hint = "the file should be a mapping of keys", "it begins with 'version: 1'"
        raise ConfigError.of("config.type", message, place=document.place(()), hint=hint)
    problems = list(_among(document))
    try:
        settings = PeopleSettings.model_validate(document.value)
    except ValidationError as error:
        problems += problems_of(document, error, model=PeopleSettings)
        raise ConfigError(in_order(problems)) from error
    if problems:
        raise ConfigError(in_order(problems))
    return settings


def _among(document: YamlDocument) -> Iterator[Problem]:
    """What handles and words must be beside each other; entries that are wrong by themselves are told anyway."""
    people = document.value.get("people")
    if not isinstance(people, dict):
        return
    yield from _ids(document, people)
    yield from _aliases(document, people)
    for handle, person in people.items():
        lent = person.get("delegates") if isinstance(person, dict) else None
        for position, each in enumerate(lent if isinstance(lent, list) else ()):
            to = each.get("to") if isinstance(each, dict) else None
            if isinstance(to, str) and to not in people:
                place = document.place(("people", handle, "delegates", position, "to"))
                hint = nearest(to, people) or f"in this file: {', '.join(people)}"
                message = f"'{handle}' lends to '{to}', who is not in this file"
                yield Problem(code="people.unknown-delegate", message=message, place=place, hint=hint)
            for key in ("from", "until"):
                yield from _missing_day(document, ("people", handle, "delegates", position), each, key)
        away = person.get("absent") if isinstance(person, dict) else None
        for position, each in enumerate(away if isinstance(away, list) else ()):
            for key in ("from", "until"):
                yield from _missing_day(document, ("people", handle, "absent", position), each, key)


def _missing_day(document: YamlDocument, path: tuple[str | int, ...], entry: object, key: str) -> Iterator[Problem]:
    """A day that is written and empty; one that is not written is missing, and told as such."""
    if isinstance(entry, dict) and key in entry and not isinstance(entry[key], (date, datetime, str, int)):
        label = ".".join(map(str, (*path, key)))
        hint = "a day such as 2026-11-23: what has no end is a role of one's own"
        yield Problem(code="config.type", message=f"'{label}' is empty", place=document.place((*path, key)), hint=hint)


def _ids(document: YamlDocument, people: Mapping[str, Any]) -> Iterator[Problem]:
    holders: dict[str, str] = {}
    for handle, person in people.items():
        found = person.get("id") if isinstance(person, dict) else None
        if isinstance(person, dict) and found is None:
            place = document.place(("people", handle), key=True)
            hint = f"'tolbooth people new' writes an entry with a fresh random id: take '{handle}' out and make it anew"
            yield Problem(code="people.no-id", message=f"'{handle}' has no id", place=place, hint=hint)
        elif isinstance(found, str) and holders.setdefault(found, handle) != handle:
            place = document.place(("people", handle, "id"))
            message = f"'{handle}' has the id of '{holders[found]}'"
            hint = "an id stands for one person in every record"
            yield Problem(code="people.duplicate-id", message=message, place=place, hint=hint)


def _aliases(document: YamlDocument, people: Mapping[str, Any]) -> Iterator[Problem]:
    holders: dict[tuple[str, str], str] = {}
    for handle, person in people.items():
        aliases = person.get("aliases") if isinstance(person, dict) else None
        for system in AliasSystem:
            listed = aliases.get(system.value) if isinstance(aliases, dict) else None
            for position, alias in enumerate(listed if isinstance(listed, list) else ()):
                same = (system.value, str(alias).strip().casefold())
                if holders.setdefault(same, handle) != handle:
                    place = document.place(("people", handle, "aliases", system.value, position))
                    message = f"'{handle}' has an alias in {system} that is '{holders[same]}'s already"
                    hint = "an alias is one person's, or nobody could tell who did it"
                    yield Problem(code="people.duplicate-alias", message=message, place=place, hint=hint)
