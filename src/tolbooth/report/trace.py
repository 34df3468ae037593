"""A trace as values: from controls over rules and evidence to decisions, people's words and packs, in time order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tolbooth.report.people import Who


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedFact:
    """Something that a rule read: its name, or what it is about, and its digest."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedRule:
    """A rule as it stands in the last decision, and what it read there."""

    rule: str
    title: str
    standing: str
    controls: tuple[str, ...] = ()
    facts: tuple[TracedFact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedControl:
    """A clause, and the codes of the rules that serve it."""

    id: str
    title: str | None
    in_force: str | None
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceStep:
    """One thing that happened: when by the log's clock, what, and by whom.

    ``position`` counts entries of the log from 0, None for a record of the folder that the log does not hold yet.
    ``held`` says whether the person held the role then, by people record ``record_version``; None for what a machine
    did. ``about`` names the rules that the step is about.
    """

    at: datetime
    what: str
    text: str
    sha256: str
    position: int | None = None
    person: Who | None = None
    role: str | None = None
    on_behalf_of: Who | None = None
    held: bool | None = None
    record_version: int | None = None
    signed_at: datetime | None = None
    key: str | None = None
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Everything that led to the decisions on a subject, and what came of them; ``control`` narrowed it.

    ``controls`` and ``rules`` are as they stand in the last decision, ``steps`` in time order.
    """

    subject: str
    decisions: int
    packs: int
    controls: tuple[TracedControl, ...]
    rules: tuple[TracedRule, ...]
    steps: tuple[TraceStep, ...]
    control: str | None = None
