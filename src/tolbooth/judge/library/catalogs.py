"""Catalogues of controls: clauses of laws and frameworks, with the dates from which they apply and by which basis.

Titles are paraphrases and no legal advice. An entry that nobody reviewed is a draft; a date without ``verified`` is
shown as not verified.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from importlib.resources import files

from tolbooth.config.yaml_source import parse_yaml
from tolbooth.judge.library.fields import Fields, did_you_mean
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import ConfigError, JudgeError, Problem

_ENTRY_KEYS = (
    "id", "source", "title", "text_status", "licence", "in_force", "superseded_by", "applies_when", "duty",
    "evidence_kinds", "machine_checkable", "maps", "reviewed_by",
)  # fmt: skip


class TextStatus(StrEnum):
    """How our title relates to the source's text."""

    VERBATIM = "verbatim"
    PARAPHRASE = "paraphrase"
    TITLE_ONLY = "title-only"


class MachineCheckable(StrEnum):
    """How much of a clause a rule can settle; shown to reviewers."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """From which day a control applies to a scope, by which basis; ``verified`` is when a reader checked the date."""

    since: date
    scope: str
    basis: str
    verified: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """A clause: stable id, title in our words, licence of the source, and when it applies."""

    id: str
    title: str
    text_status: TextStatus
    licence: str
    applications: tuple[Application, ...]
    superseded_by: tuple[str, ...]
    evidence_kinds: tuple[str, ...]
    machine_checkable: MachineCheckable
    maps: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """Whether a control is in force at an instant, by one basis."""

    basis: str
    since: date
    holds: bool
    verified: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """One file: its name without suffix is the first part of its controls' ids."""

    name: str
    title: str
    content: bytes
    controls: Mapping[str, Control]

    @property
    def sha256(self) -> str:
        """SHA-256 of the file."""
        return sha256_hex(self.content)


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogs:
    """All catalogues by name."""

    catalogues: Mapping[str, Catalogue]

    def control(self, control_id: str) -> Control | None:
        """A control by id, such as ``eu-ai-act:10.2.f``; None if no catalogue has it."""
        catalogue = self.catalogues.get(control_id.partition(":")[0])
        return None if catalogue is None else catalogue.controls.get(control_id)

    def ids(self) -> tuple[str, ...]:
        """Every control's id, sorted."""
        return tuple(sorted(name for catalogue in self.catalogues.values() for name in catalogue.controls))


def in_force(control: Control, as_of: datetime, scope: str) -> tuple[InForce, ...]:
    """Whether a control applies to ``scope`` at ``as_of``: one answer by basis, in the order of the catalogue.

    A day begins at midnight UTC. Two bases may differ (a regulation as first published, and as amended): which one
    counts is for a person to say. No answer means that the catalogue knows no date for the scope.
    """
    return tuple(
        InForce(basis=each.basis, since=each.since, holds=as_of.date() >= each.since, verified=each.verified)
        for each in control.applications
        if each.scope == scope
    )


def load_catalogs() -> Catalogs:
    """The catalogues that are shipped.

    Raises:
        JudgeError: ``catalog.*``, every mistake of every file.
    """
    found = sorted(
        (entry for entry in files("tolbooth.catalogs").iterdir() if entry.name.endswith(".yaml")),
        key=lambda entry: entry.name,
    )
    return parse_catalogs({entry.name: entry.read_bytes() for entry in found})


def parse_catalogs(contents: Mapping[str, bytes]) -> Catalogs:
    """Parse catalogue files by file name.

    Raises:
        JudgeError: ``catalog.*``, every mistake of every file, at its line.
    """
    problems: list[Problem] = []
    catalogues = {}
    for path, content in sorted(contents.items()):
        catalogue = _catalogue(path, content, problems)
        if catalogue is not None:
            catalogues[catalogue.name] = catalogue
    if problems:
        raise JudgeError(problems)
    return Catalogs(catalogues=catalogues)


def _catalogue(path: str, content: bytes, problems: list[Problem]) -> Catalogue | None:
    try:
        document = parse_yaml(content.decode(), path)
    except ConfigError as error:
        problems += error.problems
        return None
    except UnicodeDecodeError:
        problems.append(Problem(code="catalog.encoding", message=f"{path} is not UTF-8"))
        return None
    name = path.rpartition("/")[2].removesuffix(".yaml")
    top = Fields(document, (), problems, code="catalog")
    top.only(["catalogue", "title", "version", "controls"])
    if top.text("catalogue") not in {name, None}:
        top.refuse("name", f"the catalogue of {path} is called '{name}'", place=top.place("catalogue"))
    title = top.text("title") or name
    top.text("version")
    controls: dict[str, Control] = {}
    for entry in top.items("controls"):
        control = _control(entry, name)
        if control.id in controls:
            entry.refuse("duplicate", f"'{control.id}' stands twice", place=entry.place("id"))
        controls[control.id] = control
    return Catalogue(name=name, title=title, content=content, controls=controls)


def _control(entry: Fields, catalogue: str) -> Control:
    entry.only(_ENTRY_KEYS)
    control_id = entry.text("id") or ""
    if not control_id.startswith(f"{catalogue}:"):
        entry.refuse("id", f"'{control_id}' does not begin with '{catalogue}:'", place=entry.place("id"))
    if not isinstance(entry.raw("source"), dict):
        entry.wrong("source", "a mapping that says where the clause stands")
    return Control(
        id=control_id,
        title=entry.text("title") or "",
        text_status=entry.choice("text_status", TextStatus) or TextStatus.TITLE_ONLY,
        licence=entry.text("licence") or "",
        applications=_applications(entry),
        superseded_by=entry.texts("superseded_by"),
        evidence_kinds=entry.texts("evidence_kinds", required=True),
        machine_checkable=entry.choice("machine_checkable", MachineCheckable) or MachineCheckable.NO,
        maps=entry.texts("maps"),
    )


def _applications(entry: Fields) -> tuple[Application, ...]:
    found = []
    for each in entry.items("in_force"):
        each.only(["from", "scope", "basis", "verified"])
        since, verified = each.moment("from"), each.moment("verified")
        scope, basis = each.text("scope"), each.text("basis")
        if since is None or "verified" not in each:
            each.refuse("missing-key", "an application has 'from' and 'verified' (null where nobody checked the date)")
        elif scope and basis:
            found.append(Application(since=since, scope=scope, basis=basis, verified=verified))
    if not found:
        entry.refuse("missing-key", "'in_force' names no date")
    return tuple(found)


def unknown_control(control_id: str, catalogs: Catalogs) -> str:
    """The hint for an id that no catalogue has."""
    return did_you_mean(control_id, catalogs.ids())
