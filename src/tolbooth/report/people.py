"""Who decided, and on what, as every format shows it: words on the decision, what is awaited, waivers and their voices.

Persons are shown by what they are called where the names document is at hand, and by their ids otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """A person: the id that the records hold, and what they are called, if the names are at hand."""

    id: str
    called: str | None = None

    @property
    def shown(self) -> str:
        """What the person is called, or the id."""
        return self.called or self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionRow:
    """A tracked action that a yes depends on; ``state`` is ``open``, ``met`` or ``overdue``."""

    text: str
    owner: Who
    due: datetime
    state: str
    rule: str | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WordRow:
    """One word on the decision. ``said`` is the verb in words; ``why_not`` why it does not count.

    ``assurance`` tells how the person was authenticated, ``until`` when a yes ends.
    """

    sha256: str
    person: Who
    role: str
    verb: str
    said: str
    counts: bool
    meaning: str
    reason: str
    assurance: str
    duties: str
    signed_at: datetime
    on_behalf_of: Who | None = None
    comment: str | None = None
    until: datetime | None = None
    withdrawn_at: datetime | None = None
    why_not: str | None = None
    conditions: tuple[ConditionRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitedRow:
    """What is still awaited: how many of a role in a stage, who could say it, until when, who after that."""

    stage: str
    role: str
    count: int
    could: tuple[Who, ...]
    away: tuple[Who, ...]
    is_open: bool
    due: datetime | None = None
    overdue: bool = False
    escalate_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceRow:
    """A yes to a waiver, with the risk that remains in the approver's eyes."""

    person: Who
    role: str
    signed_at: datetime
    on_behalf_of: Who | None = None
    residual: str | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlRow:
    """A compensating control of a waiver: a rule, and whether it passes in this decision."""

    rule: str
    passes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverRow:
    """A waiver that the decision applied, with everything that was said for it."""

    sha256: str
    id: str
    rule: str
    scope: str
    asked_by: Who
    asked_at: datetime
    reason: str
    comment: str
    effective_on: datetime
    effective_until: datetime
    harmed: str
    inherent: str
    treatment: str
    voices: tuple[VoiceRow, ...]
    controls: tuple[ControlRow, ...] = ()
    residual: str | None = None
    limit: str | None = None
    ticket: str | None = None
    renewals: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleShown:
    """Everything that people said about one decision.

    ``record`` names the people record in force, by version and digest, and the steward who signed it; None where nobody
    signed any. ``requester`` and ``authors`` are those whom the duty rules keep from approving.
    """

    words: tuple[WordRow, ...] = ()
    awaited: tuple[AwaitedRow, ...] = ()
    unmeetable: tuple[str, ...] = ()
    waivers: tuple[WaiverRow, ...] = ()
    duties: tuple[str, ...] = ()
    requester: Who | None = None
    authors: tuple[Who, ...] = ()
    record_version: int | None = None
    record_sha256: str | None = None
    steward: Who | None = None

    @property
    def counting(self) -> tuple[WordRow, ...]:
        """The words that count."""
        return tuple(word for word in self.words if word.counts)

    @property
    def idle(self) -> tuple[WordRow, ...]:
        """The words that don't count, abstentions too."""
        return tuple(word for word in self.words if not word.counts)

    def waiver(self, sha256: str) -> WaiverRow | None:
        """The waiver of that digest."""
        return next((waiver for waiver in self.waivers if waiver.sha256 == sha256), None)
