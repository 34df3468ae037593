"""The one report model that every format renders: head, cards, evidence, what was not checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from tolbooth.model.decision import Decision
from tolbooth.model.digest import short
from tolbooth.model.wire import JsonObject
from tolbooth.report import words
from tolbooth.report.cards import Card, Control, Finding, Status, cards_of, controls_of
from tolbooth.report.changes import Changes
from tolbooth.report.drilled import proven_at
from tolbooth.report.evidence_rows import EvidenceRow, evidence_rows
from tolbooth.report.people import PeopleShown
from tolbooth.report.record import RuleProblem, RunRecord, SealedPack
from tolbooth.report.unchecked import Unchecked, unchecked_of
from tolbooth.report.verdict import NextStep, awaited_roles, is_empty, next_steps, sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What it is about, what was decided and by what.

    ``empty`` tells that no rule was evaluated; ``proven_at`` when the gate was last proven able to refuse.
    """

    label: str
    project: str
    kind: str
    digest_algorithm: str
    digest: str
    gate: str
    environment: str
    as_of: datetime
    sentence: str
    hypothetical: bool
    empty: bool
    decision_sha256: str
    log_index: int | None
    policy_name: str
    policy_sha256: str
    input_sha256: str
    engine: str
    signer: str | None
    owner: str | None
    purpose: str | None
    proven_at: datetime | None
    sealed: SealedPack | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that is said about one decision; ``untouched`` are the clauses in use that no rule serves.

    ``revision`` is the observed state of source control, as ``docs/facts.md`` describes its values; None where it was
    not observed. ``changes`` tells what is another than in a decision to compare with, where one was given.
    """

    head: Head
    decision: Decision
    cards: tuple[Card, ...]
    evidence: tuple[EvidenceRow, ...]
    not_checked: tuple[Unchecked, ...]
    untouched: tuple[Control, ...]
    problems: tuple[RuleProblem, ...]
    awaited: tuple[str, ...]
    next_steps: tuple[NextStep, ...]
    self_checks: tuple[NextStep, ...]
    revision: JsonObject | None = None
    people: PeopleShown = field(default_factory=PeopleShown)
    changes: Changes | None = None

    def with_finding(self, status: Status) -> tuple[Card, ...]:
        """The rules with at least one result of this status."""
        return tuple(card for card in self.cards if card.of(status))

    def with_status(self, *statuses: Status) -> tuple[Card, ...]:
        """The rules whose worst result has one of these statuses."""
        return tuple(card for card in self.cards if card.status in statuses)

    @property
    def waived(self) -> tuple[tuple[Card, Finding], ...]:
        """Every waived result with its rule."""
        return tuple((card, finding) for card in self.cards for finding in card.of(Status.WAIVED))

    def counts(self) -> dict[str, int]:
        """Rules by status. A rule that both fails and can't be decided counts under both; passed and off exclude."""
        trouble = {status.value: len(self.with_finding(status)) for status in list(Status)[:5]}
        calm = {status.value: len(self.with_status(status)) for status in (Status.PASSED, Status.OFF)}
        return {**trouble, **calm}


def build_report(decision: Decision, input_document: JsonObject, record: RunRecord) -> Report:
    """Build the report on a decision.

    Args:
        decision: the decision to report.
        input_document: the input document that it was made on, version 1.
        record: where the decision is recorded, and what its rules and clauses mean.
    """
    cards = cards_of(decision, input_document, record)
    touched = {control.id for card in cards for control in card.controls}
    evidence = evidence_rows(record.artifacts, decision.case.as_of)
    owner = input_document.get("declared", {}).get("owner")
    return Report(
        head=_head(decision, input_document, record, cards),
        decision=decision,
        cards=cards,
        evidence=evidence,
        not_checked=unchecked_of(decision, input_document, cards, evidence),
        untouched=controls_of(set(record.clauses) - touched, record.clauses),
        problems=tuple(problem for problem in record.problems if problem.rule is None),
        awaited=tuple(awaited_roles(decision, record.people)),
        next_steps=next_steps(decision, cards, record.decision_sha256, owner, record.people),
        self_checks=_self_checks(record),
        revision=_revision(input_document),
        people=record.people,
    )


def _revision(input_document: JsonObject) -> JsonObject | None:
    observed = input_document.get("observations", {}).get("source-control", ())
    values: JsonObject | None = observed[0]["values"] if observed else None
    return values


def _head(decision: Decision, input_document: JsonObject, record: RunRecord, cards: tuple[Card, ...]) -> Head:
    case = decision.case
    declared = input_document.get("declared", {})
    return Head(
        label=case.subject.label,
        project=case.subject.project,
        kind=case.subject.kind.value,
        digest_algorithm=next(iter(case.subject.digest)),
        digest=case.subject.digest_value,
        gate=case.gate,
        environment=case.environment,
        as_of=case.as_of,
        sentence=sentence(decision, cards, record.people),
        hypothetical=case.hypothetical,
        empty=is_empty(decision),
        decision_sha256=record.decision_sha256,
        log_index=record.log_index,
        policy_name=record.policy_name,
        policy_sha256=case.policy_sha256,
        input_sha256=case.input_sha256,
        engine=record.engine,
        signer=record.signer,
        owner=declared.get("owner"),
        purpose=declared.get("purpose"),
        proven_at=proven_at(input_document),
        sealed=record.sealed,
    )


def _self_checks(record: RunRecord) -> tuple[NextStep, ...]:
    pack = record.sealed.name if record.sealed else "PACK"
    return (
        NextStep(purpose="that nothing was altered", command=f"tolbooth verify {pack} --key KEY"),
        NextStep(purpose="that the rules give this decision", command=f"tolbooth replay {pack} --key KEY"),
        NextStep(purpose="every file, without Tolbooth", command="sha256sum -c manifest-sha256.txt"),
    )


HYPOTHETICAL = "Hypothetical: this decision was not recorded, and can't be approved or sealed."


def about_line(head: Head) -> str:
    """The first line of every format: subject, gate, environment and instant."""
    parts = (head.label, f"gate {head.gate}", f"environment {head.environment}", f"as of {words.when(head.as_of)}")
    return " · ".join(words.visible(part) for part in parts)


def proven_line(head: Head) -> str | None:
    """When the gate was last proven able to refuse, in words; None where no drill ever held."""
    return None if head.proven_at is None else f"Last proven able to refuse: {words.when(head.proven_at)}"


def record_line(head: Head) -> str:
    """The last line: decision, log entry, policy."""
    unlogged = "not recorded" if head.hypothetical else "in the log that the seal names"
    logged = unlogged if head.log_index is None else f"log entry {head.log_index + 1}"
    parts = (
        f"decision {short(head.decision_sha256)}",
        logged,
        f"policy {head.policy_name} {short(head.policy_sha256)}",
    )
    return " · ".join(words.visible(part) for part in parts)
