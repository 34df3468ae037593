"""A new person in ``people.yaml``: an entry with a fresh random id, written below the others and checked before."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tolbooth.config.load import Project
from tolbooth.config.people_file import FILE_NAME, PeopleFile, check_people, load_people_file
from tolbooth.config.settings import NAME_HINT
from tolbooth.config.yaml_source import YamlDocument, parse_yaml
from tolbooth.evidence.ssh_keys import SshPublicKey
from tolbooth.model.errors import ConfigError, Place
from tolbooth.model.people import AliasSystem
from tolbooth.pipeline.people_reading import draft_of, read_key
from tolbooth.store.durable import write_whole

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.@+-]*(?: [A-Za-z0-9_.@+-]+)*")
_YAML_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
_HANDLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

_BEGINNING = """\
# Who the people of this project are. What counts is what a steward signed: 'tolbooth people sign'.
version: 1
people:
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """An entry that was written: in which file, with which id and key."""

    path: Path
    handle: str
    id: str
    key: SshPublicKey


def add_person(
    project: Project,
    handle: str,
    *,
    key: str,
    name: str | None,
    roles: Sequence[str],
    aliases: Mapping[AliasSystem, Sequence[str]],
) -> NewPerson:
    """Append a person to ``people.yaml``, which is made if it is not there; what stands in it stays as it is.

    Args:
        project: whose people they are.
        handle: what the file calls the person.
        key: a line of a ``.pub`` file, or the path of one or of a PEM file, from where the user stands.
        name: the full name; the handle, if left out.
        roles: which roles, without dates.
        aliases: what the person is called elsewhere.

    Raises:
        ConfigError: ``people.handle``, ``people.exists``, ``people.layout`` if there is no place for an entry, or what
            would be wrong with the file then, at the place where it would stand; nothing was written.
        SigningError, VerificationError: if the key is none that is accepted.
    """
    if _HANDLE.fullmatch(handle) is None:
        raise ConfigError.of("people.handle", f"'{handle}' is no handle", hint=NAME_HINT)
    path = project.folder / (project.settings.people or FILE_NAME)
    public = read_key(key, Path.cwd())
    person_id = f"p-{secrets.token_hex(8)}"
    before = load_people_file(path) if path.is_file() else None
    if before is not None and handle in before.settings.people:
        place = before.document.place(("people", handle), key=True)
        hint = "take another handle, or change the entry by hand"
        raise ConfigError.of("people.exists", f"there is a '{handle}' already", place=place, hint=hint)
    lines = _entry(handle, person_id, public, name=name or handle, roles=roles, aliases=aliases)
    text = _with_entry(path.read_text(encoding="utf-8-sig") if before else _BEGINNING, before, lines)
    draft_of(_as_it_would_be(path, text, before, handle), project.settings.timezone)
    write_whole(path, text.encode())
    return NewPerson(path=path, handle=handle, id=person_id, key=public)


def _entry(
    handle: str,
    person_id: str,
    key: SshPublicKey,
    *,
    name: str,
    roles: Sequence[str],
    aliases: Mapping[AliasSystem, Sequence[str]],
) -> list[str]:
    line = key.line.removesuffix(key.comment).rstrip()
    known = ", ".join(f"{system}: [{', '.join(map(_scalar, found))}]" for system, found in aliases.items() if found)
    shown = known or f"git: [{handle}@example.org], mlflow: [{handle}], ci: [{handle}]"
    return [
        f"{_scalar(handle)}:",
        f"  id: {person_id}",
        f"  name: {_scalar(name)}",
        "  keys:",
        f"    - {line}",
        f"  roles: [{', '.join(map(_scalar, roles))}]   # or {{role: approver, from: 2026-01-01, until: 2026-12-31}}",
        f"  {'' if known else '# '}aliases: {{{shown}}}",
        "  # teams: [credit]",
        "  # delegates: [{to: HANDLE, roles: [approver], from: 2026-12-20, until: 2027-01-06}]",
        "  # absent: [{from: 2026-12-20, until: 2027-01-06}]",
    ]


def _scalar(text: str) -> str:
    """A word as YAML reads it back; JSON's form where it could be read as something else."""
    plain = _PLAIN.fullmatch(text) is not None and text.lower() not in _YAML_WORDS
    return text if plain else json.dumps(text, ensure_ascii=False)


def _with_entry(text: str, before: PeopleFile | None, entry: Sequence[str]) -> str:
    """The file's text with an entry at the end of its ``people``, indented like those that are there."""
    lines = text.splitlines()
    indent, end = 2, len(lines)
    if before is not None:
        keys = {path: place for path, place in before.document.keys.items() if place.line is not None}
        start = keys["people",].line or 0
        indent = next((place.column or 1) - 1 for path, place in keys.items() if len(path) == 2 and path[0] == "people")  # noqa: PLR2004 - handles
        later = [place.line or 0 for path, place in keys.items() if len(path) == 1 and (place.line or 0) > start]
        end = min(later, default=len(lines) + 1) - 1
        while end > start and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
            end -= 1
    written = [f"{' ' * indent}{line}" for line in entry]
    return "\n".join([*lines[:end], *written, *lines[end:], ""])


def _as_it_would_be(path: Path, text: str, before: PeopleFile | None, handle: str) -> PeopleFile:
    """The file as it would be read then.

    Raises:
        ConfigError: ``people.layout`` if the entry would not stand beside the others, or what would be wrong.
    """
    document = _parsed(path, text)
    file = PeopleFile(path=path, settings=check_people(document), document=document)
    kept = before.settings.people if before is not None else {}
    if {name: each for name, each in file.settings.people.items() if name != handle} != dict(kept):
        raise _layout(path)
    return file


def _parsed(path: Path, text: str) -> YamlDocument:
    try:
        return parse_yaml(text, str(path))
    except ConfigError as error:
        raise _layout(path) from error


def _layout(path: Path) -> ConfigError:
    message = "an entry can't be added to the file as it is laid out"
    hint = "write 'people:' as a block, one handle a line below it"
    error = ConfigError.of("people.layout", message, place=Place(path=str(path)), hint=hint)
    assert isinstance(error, ConfigError)
    return error
