"""Rules as decide and report see them: outcome, enforcement and one result type for every engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tolbooth.model.wire import JsonObject


class Outcome(StrEnum):
    """What came of one rule on one term."""

    PASS = "pass"  # noqa: S105 - an outcome, not a password
    FAIL = "fail"
    UNDECIDED = "undecided"
    ERROR = "error"
    SKIP = "skip"


class Reason(StrEnum):
    """Why a rule is undecided or skipped."""

    MISSING = "missing"
    STALE = "stale"
    INSUFFICIENT = "insufficient"
    OFF = "off"
    OUTSIDE_DATES = "outside-dates"


class Enforcement(StrEnum):
    """What a failing rule does at this gate."""

    OFF = "off"
    OBSERVE = "observe"
    WARN = "warn"
    DENY = "deny"


class Point(StrEnum):
    """Where a gate stands; a rule may be enforced differently from point to point."""

    PRE_COMMIT = "pre-commit"
    CI = "ci"
    PROMOTE = "promote"
    SERVE = "serve"


class Severity(StrEnum):
    """How much harm a breach can do, as the rule's author states it."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Loosens(StrEnum):
    """In which direction a change of a number lets more pass."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The number that decided a result, against its bound; both integers in ``unit`` (usually ppm)."""

    value: int
    bound: int
    unit: str
    loosens: Loosens


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleResult:
    """One outcome of one rule.

    A rule that did not fire, though evaluated, gives one result with outcome pass and no term. ``term`` names what
    exactly the result is about (a pair of groups, a column); waivers can be as narrow. ``facts`` are the SHA-256
    digests of the artifacts and summaries that were read. ``error_code`` is set for outcome error only; the error's
    text stands in the judgement attestation. ``basis_values`` are the values that enter a decision's basis: all of
    ``values`` but those that the rule declares to move by themselves.
    """

    rule: str
    title: str
    outcome: Outcome
    enforcement: Enforcement
    severity: Severity
    message: str
    reason: Reason | None = None
    term: str | None = None
    values: JsonObject = field(default_factory=dict)
    moving_values: tuple[str, ...] = ()
    measured: Measured | None = None
    facts: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    solution: str | None = None
    error_code: str | None = None
    depends_on: tuple[str, ...] = ()
    effective_on: datetime | None = None
    effective_until: datetime | None = None

    @property
    def basis_values(self) -> JsonObject:
        """``values`` without those that move by themselves, such as an age."""
        return {name: value for name, value in self.values.items() if name not in self.moving_values}
