"""A card a rule: all results of one rule, the numbers that it compared, its clauses and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tolbooth.model.decision import AppliedWaiver, Decision
from tolbooth.model.rule import Enforcement, Measured, Outcome, Reason, RuleResult, Severity
from tolbooth.model.wire import JsonObject
from tolbooth.report.comparison import Comparison, ShortGroup, comparisons_of
from tolbooth.report.record import Clause, RuleParameter, RunRecord


class Status(StrEnum):
    """How a result stands after waivers and enforcement, worst first."""

    FAILED = "failed"
    ERROR = "error"
    UNDECIDED = "undecided"
    WAIVED = "waived"
    WARNED = "warned"
    PASSED = "passed"
    OFF = "off"


STATUS_WORDS: Mapping[Status, str] = {
    Status.FAILED: "fails",
    Status.ERROR: "met an error",
    Status.UNDECIDED: "can't be decided",
    Status.WAIVED: "waived",
    Status.WARNED: "fails, warns only",
    Status.PASSED: "passes",
    Status.OFF: "off",
}

ENFORCEMENT_WORDS: Mapping[Enforcement, str] = {
    Enforcement.DENY: "blocks the release",
    Enforcement.WARN: "warns only",
    Enforcement.OBSERVE: "is only observed",
    Enforcement.OFF: "is off",
}

REASON_WORDS: Mapping[Reason, str] = {
    Reason.MISSING: "a fact is missing",
    Reason.STALE: "a fact is out of date",
    Reason.INSUFFICIENT: "too little to tell",
    Reason.OFF: "switched off at this gate",
    Reason.OUTSIDE_DATES: "outside the dates in which the rule applies",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One result of a rule as shown; ``waiver`` is set where one covers it."""

    status: Status
    outcome: Outcome
    reason: Reason | None
    term: str | None
    message: str
    measured: Measured | None
    values: JsonObject
    facts: tuple[str, ...]
    error_code: str | None
    waiver: AppliedWaiver | None

    @property
    def of_open_pair(self) -> bool:
        """Whether the result is about a pair that the rows can't tell: its own sentence names the pair and says why."""
        return self.reason is Reason.INSUFFICIENT and "high" in self.values

    @property
    def shown_reason(self) -> str | None:
        """The reason in words, unless the sentence says it already."""
        return REASON_WORDS[self.reason] if self.reason is not None and not self.of_open_pair else None

    @property
    def is_of_few(self) -> bool:
        """Whether the result says that there are too few rows, and nothing of a pair or of a reference."""
        return self.reason is Reason.INSUFFICIENT and not self.values.keys() & {"high", "reference"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """A clause that a rule serves; title and state are None where the catalogue in use does not hold it."""

    id: str
    title: str | None
    in_force: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Everything about one rule. ``status`` is its worst finding's; ``error_texts`` what went wrong while judging."""

    rule: str
    title: str
    status: Status
    enforcement: Enforcement
    severity: Severity
    findings: tuple[Finding, ...]
    comparisons: tuple[Comparison, ...]
    controls: tuple[Control, ...]
    description: str | None
    solution: str | None
    parameters: tuple[RuleParameter, ...]
    depends_on: tuple[str, ...]
    error_texts: tuple[str, ...]
    effective_on: datetime | None
    effective_until: datetime | None

    @property
    def blocks(self) -> bool:
        """Whether the rule, when it does not pass, stops the release."""
        return self.enforcement is Enforcement.DENY

    @property
    def warns(self) -> bool:
        """Whether the rule is in trouble that does not stop the release: it fails, or can't be told."""
        trouble = (Status.WARNED,) if self.blocks else (Status.WARNED, Status.UNDECIDED, Status.ERROR)
        return any(self.of(status) for status in trouble)

    def standing(self, status: Status) -> str:
        """A status of this rule in words; trouble that does not stop the release says so."""
        aside = not self.blocks and status in {Status.UNDECIDED, Status.ERROR}
        return f"{STATUS_WORDS[status]}{', warns only' if aside else ''}"

    def of(self, status: Status) -> tuple[Finding, ...]:
        """The findings with this status."""
        return tuple(finding for finding in self.findings if finding.status is status)

    @property
    def short_groups(self) -> tuple[ShortGroup, ...]:
        """Groups with too small a denominator, each once, by name."""
        found = {(short.name, short.denominator): short for item in self.comparisons for short in item.insufficient}
        return tuple(found[key] for key in sorted(found))


def cards_of(decision: Decision, input_document: JsonObject, record: RunRecord) -> tuple[Card, ...]:
    """One card for each rule of the decision: worst first, what blocks before what does not, then by code."""
    by_rule: dict[str, list[RuleResult]] = {}
    for result in decision.results:
        by_rule.setdefault(result.rule, []).append(result)
    cards = [_card(results, decision, input_document, record) for results in by_rule.values()]
    order = list(Status)
    return tuple(sorted(cards, key=lambda card: (order.index(card.status), not card.blocks, card.rule)))


def _card(results: list[RuleResult], decision: Decision, input_document: JsonObject, record: RunRecord) -> Card:
    first = results[0]
    note = record.rules.get(first.rule)
    findings = tuple(_finding(result, decision) for result in results)
    judged = any(result.outcome is not Outcome.SKIP for result in results)
    return Card(
        rule=first.rule,
        title=first.title,
        status=min((finding.status for finding in findings), key=list(Status).index),
        enforcement=first.enforcement,
        severity=first.severity,
        findings=findings,
        comparisons=comparisons_of(input_document, note.question) if note and judged else (),
        controls=controls_of({control for result in results for control in result.controls}, record.clauses),
        description=note.description if note else None,
        solution=first.solution or (note.solution if note else None),
        parameters=note.parameters if note else (),
        depends_on=first.depends_on,
        error_texts=tuple(problem.text for problem in record.problems if problem.rule == first.rule),
        effective_on=first.effective_on,
        effective_until=first.effective_until,
    )


def _finding(result: RuleResult, decision: Decision) -> Finding:
    waiver = _waiver_of(result, decision)
    return Finding(
        status=_status(result, waiver),
        outcome=result.outcome,
        reason=result.reason,
        term=result.term,
        message=result.message,
        measured=result.measured,
        values=result.values,
        facts=result.facts,
        error_code=result.error_code,
        waiver=waiver,
    )


_UNCOVERED = {Outcome.FAIL: "rule.failed", Outcome.UNDECIDED: "rule.undecided"}


def _waiver_of(result: RuleResult, decision: Decision) -> AppliedWaiver | None:
    """The waiver applied to this result: same rule and term, unless the decision names the result as uncovered."""
    insufficient = result.outcome is Outcome.UNDECIDED and result.reason is Reason.INSUFFICIENT
    if result.outcome is not Outcome.FAIL and not insufficient:
        return None
    uncovered = (_UNCOVERED[result.outcome], result.rule, result.term)
    if uncovered in {(reason.code, reason.rule, reason.term) for reason in decision.reasons}:
        return None
    matching = (w for w in decision.waivers if (w.rule, w.term) == (result.rule, result.term))
    return next(matching, None)


def _status(result: RuleResult, waiver: AppliedWaiver | None) -> Status:
    if waiver is not None:
        return Status.WAIVED
    if result.outcome is Outcome.FAIL:
        return Status.FAILED if result.enforcement is Enforcement.DENY else Status.WARNED
    return {
        Outcome.UNDECIDED: Status.UNDECIDED,
        Outcome.ERROR: Status.ERROR,
        Outcome.PASS: Status.PASSED,
        Outcome.SKIP: Status.OFF,
    }[result.outcome]


def controls_of(ids: Iterable[str], clauses: Mapping[str, Clause]) -> tuple[Control, ...]:
    """The controls with what the catalogues say of them, by id."""
    known = ((name, clauses.get(name)) for name in sorted(ids))
    return tuple(
        Control(id=name, title=clause.title if clause else None, in_force=clause.in_force if clause else None)
        for name, clause in known
    )
