"""What a gate answered: the verdict with its reasons, as a value that travels, and as text, Markdown and HTML."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from typing import Any

from tolbooth.model.decision import Verdict
from tolbooth.model.digest import short
from tolbooth.model.instant import format_instant
from tolbooth.report.cards import ENFORCEMENT_WORDS, Status
from tolbooth.report.checks import GATE, Check, checks_of
from tolbooth.report.markdown import code, escaped
from tolbooth.report.model import Report
from tolbooth.report.words import visible

SCHEMA = "tolbooth.release/v1"
"""The version of ``Release.as_json``; fields may be added within it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a release is held back, or what it passes in spite of.

    ``rule`` is the code of a rule, or ``gate`` where people or the gate itself are the reason. ``term`` says what
    exactly it is about, such as a pair of groups. ``outcome`` is ``fail``, ``undecided`` or ``error``; ``enforcement``
    is ``deny``, ``warn`` or ``observe``.
    """

    rule: str
    term: str | None
    outcome: str
    enforcement: str
    message: str

    def __str__(self) -> str:
        about = f" ({visible(self.term)})" if self.term else ""
        return f"{visible(self.rule)}{about}: {visible(self.message)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """The decision on one subject at one gate.

    Attributes:
        gate: the gate's name.
        environment: where the subject would go.
        subject: what people call it, ``name@version``.
        subject_sha256: its digest: SHA-256 in hex for a file, in-toto's dirHash for a folder.
        verdict: ``allow``, ``deny``, ``undecided`` or ``pending``.
        decision: the SHA-256 of the recorded decision, 64 hex digits.
        basis: the SHA-256 that approvals bind to, 64 hex digits.
        as_of: the instant of the decision, RFC 3339, UTC.
        position: the decision's place in the log, from 0; None where it is not recorded.
        reasons: what holds the release back, worst first; empty if it is allowed, or only people's yes is missing.
        missing: the roles whose yes is missing, each in words.
        repeated: whether the same ``once`` key was asked before, and this is what was recorded then.
        warnings: what does not pass and holds nothing back: warned, observed or waived.
        sentence: the verdict in a sentence.
    """

    gate: str
    environment: str
    subject: str
    subject_sha256: str
    verdict: str
    decision: str
    basis: str
    as_of: str
    position: int | None
    reasons: tuple[Reason, ...]
    missing: tuple[str, ...]
    repeated: bool = False
    warnings: tuple[Reason, ...] = ()
    sentence: str = ""

    @property
    def allowed(self) -> bool:
        """Whether the release may go on; true for the verdict ``allow`` alone."""
        return self.verdict == Verdict.ALLOW.value

    def __bool__(self) -> bool:
        """As ``allowed``, so that ``if tolbooth.gate():`` does not go on after a no."""
        return self.allowed

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values, version ``tolbooth.release/v1``; what is None or unknown is null."""
        return {
            "schema": SCHEMA,
            "gate": self.gate,
            "environment": self.environment,
            "subject": self.subject,
            "subject_sha256": self.subject_sha256,
            "verdict": self.verdict,
            "allowed": self.allowed,
            "decision": self.decision,
            "basis": self.basis,
            "as_of": self.as_of,
            "position": self.position,
            "sentence": self.sentence,
            "reasons": [_reason_json(each) for each in self.reasons],
            "missing": list(self.missing),
            "warnings": [_reason_json(each) for each in self.warnings],
            "repeated": self.repeated,
        }

    def lines(self) -> tuple[str, ...]:
        """The answer as text: the sentence, each reason, who is awaited, and where it is recorded."""
        awaited = (f"waits for {visible(each)}" for each in self.missing)
        return (self._headline(), *(f"- {each}" for each in (*map(str, self.reasons), *awaited)), self._record())

    def markdown(self) -> str:
        """The answer as GitHub-flavoured Markdown; every text from data is escaped."""
        reasons = [f"- {code(each.rule)} {escaped(_beside(each))}" for each in self.reasons]
        awaited = [f"- waits for {escaped(each)}" for each in self.missing]
        warned = [f"- {code(each.rule)} {escaped(_beside(each))}" for each in self.warnings]
        blocks = [f"**{escaped(self._headline())}**", "\n".join([*reasons, *awaited])]
        blocks += ["Not in the way:\n\n" + "\n".join(warned)] if warned else []
        return "\n\n".join(block for block in (*blocks, escaped(self._record())) if block) + "\n"

    def _repr_html_(self) -> str:
        """The answer for a notebook: a heading, a table of reasons, the record; it holds no script and no link."""
        rows = "".join(_row(each) for each in (*self.reasons, *self.warnings))
        head = "<tr><th>Rule</th><th>About</th><th>Found</th><th>If it fails</th></tr>"
        table = f"<table>{head}{rows}</table>" if rows else ""
        awaited = "".join(f"<li>waits for {_html(each)}</li>" for each in self.missing)
        return (
            f"<div><p><strong>{_html(self._headline())}</strong></p>{table}{f'<ul>{awaited}</ul>' if awaited else ''}"
            f"<p><small>{_html(self._record())}</small></p></div>"
        )

    def _headline(self) -> str:
        return visible(f"{self.subject} at {self.gate} ({self.environment}): {self.sentence or self.verdict}")

    def _record(self) -> str:
        where = "not recorded" if self.position is None else f"log entry {self.position + 1}"
        again = ", recorded before under the same key" if self.repeated else ""
        return visible(f"decision {short(self.decision)}, basis {short(self.basis)}, {where}{again}, {self.as_of}")


class GateDenied(Exception):  # noqa: N818 - a denial is an answer, and no error of the tool
    """The gate answered, and the answer is no.

    It is no ``TolboothError``: those say that the gate could not answer. ``str()`` gives the reasons, one a line.
    """

    def __init__(self, release: Release) -> None:
        self.release = release
        super().__init__(release)

    def __str__(self) -> str:
        return "\n".join(self.release.lines())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.release.sentence!r})"


class GateUndecided(GateDenied):
    """The gate could not tell: a fact is missing, stale or too small, or a rule met an error. Undecided is no."""


class GatePending(GateDenied):
    """Nothing but people's approval is missing; ``release.missing`` says whose."""


def release_of(report: Report, *, repeated: bool = False) -> Release:
    """The answer that a report gives."""
    case, decision = report.decision.case, report.decision
    checks = checks_of(report)
    return Release(
        gate=case.gate,
        environment=case.environment,
        subject=case.subject.label,
        subject_sha256=case.subject.digest_value,
        verdict=decision.verdict.value,
        decision=report.head.decision_sha256,
        basis=decision.basis,
        as_of=format_instant(case.as_of),
        position=report.head.log_index,
        reasons=(*_of_the_gate(report), *(_reason(each) for each in checks if each.blocks and each.rule != GATE)),
        missing=report.awaited,
        repeated=repeated,
        warnings=tuple(_reason(each) for each in checks if each.still_fails and each.rule != GATE),
        sentence=report.head.sentence,
    )


def output_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of ``Release.as_json``."""
    text = files("tolbooth.enforce").joinpath("schemas", "release.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def refusal_of(release: Release) -> GateDenied:
    """The error that says a release's no, by its verdict."""
    kinds = {Verdict.PENDING.value: GatePending, Verdict.UNDECIDED.value: GateUndecided}
    return kinds.get(release.verdict, GateDenied)(release)


def _of_the_gate(report: Report) -> list[Reason]:
    """What holds the release back and is no rule's: nothing was evaluated, or a person said no."""
    names = {word.person.id: word.person.shown for word in report.people.words}
    empty = "no rule was evaluated, and a gate without rules decides nothing"
    found = []
    for each in report.decision.reasons:
        if each.code == "gate.empty":
            found.append(Reason(rule=GATE, term=None, outcome="undecided", enforcement="deny", message=empty))
        elif each.code == "approval.rejected":
            said = f"rejected by {names.get(str(each.person), each.person)}"
            found.append(Reason(rule=GATE, term=each.role, outcome="fail", enforcement="deny", message=said))
    return found


def _reason(check: Check) -> Reason:
    waived = f" ({check.standing})" if check.status is Status.WAIVED else ""
    return Reason(
        rule=check.rule,
        term=check.term,
        outcome=check.outcome.value,
        enforcement=check.enforcement.value,
        message=f"{check.message}{waived}",
    )


def _reason_json(reason: Reason) -> dict[str, Any]:
    return {
        "rule": reason.rule,
        "term": reason.term,
        "outcome": reason.outcome,
        "enforcement": reason.enforcement,
        "message": reason.message,
    }


def _beside(reason: Reason) -> str:
    return f"({reason.term}): {reason.message}" if reason.term else reason.message


def _row(reason: Reason) -> str:
    forced = {level.value: said for level, said in ENFORCEMENT_WORDS.items()}[reason.enforcement]
    cells = (reason.rule, reason.term or "", f"{reason.outcome}: {reason.message}", forced)
    return f"<tr>{''.join(f'<td>{_html(cell)}</td>' for cell in cells)}</tr>"


def _html(text: str) -> str:
    return escape(visible(text), quote=True)
