"""Every result of a report as one check: what the formats for programs have in common.

The first check is the gate's own: it passes only where the verdict is allow. So a program that counts checks never
takes an empty gate, a rejection or a missing approval for a success.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass

from tolbooth.model.decision import AppliedWaiver, Verdict
from tolbooth.model.digest import sha256_hex
from tolbooth.model.rule import Enforcement, Measured, Outcome, Severity
from tolbooth.report import words
from tolbooth.report.cards import STATUS_WORDS, Card, Finding, Status
from tolbooth.report.evidence_rows import EvidenceRow
from tolbooth.report.model import Report

GATE = "gate"
"""The rule under which the gate's own check stands; no policy's rule has a code without a dot."""

_OF_VERDICT = {
    Verdict.ALLOW: (Status.PASSED, Outcome.PASS),
    Verdict.PENDING: (Status.UNDECIDED, Outcome.UNDECIDED),
    Verdict.UNDECIDED: (Status.UNDECIDED, Outcome.UNDECIDED),
    Verdict.DENY: (Status.FAILED, Outcome.FAIL),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One result, or the gate's own verdict.

    ``about`` names what the result is about, or all of the rule. ``kind`` is one word for programs: the status, for an
    error its code, for the gate its verdict. ``blocks`` tells that it stops the release. ``files`` are the URIs of the
    data that it read, relative to the project's folder; empty where that isn't known. ``fingerprint`` is the same in
    every run on the same project, subject, gate, environment, rule and term: 64 hex digits.
    """

    rule: str
    title: str
    about: str
    term: str | None
    status: Status
    outcome: Outcome
    kind: str
    blocks: bool
    enforcement: Enforcement
    severity: Severity
    message: str
    facts: tuple[str, ...]
    files: tuple[str, ...]
    fingerprint: str
    measured: Measured | None = None
    waiver: AppliedWaiver | None = None
    solution: str | None = None
    controls: tuple[str, ...] = ()

    @property
    def still_fails(self) -> bool:
        """Whether it does not pass, though it does not stop the release: waived, or without force here."""
        return not self.blocks and self.status not in {Status.PASSED, Status.OFF}

    @property
    def standing(self) -> str:
        """How it stands, in words: ``fails``, ``waived until 2027-01-01 00:00:00Z (W-3)``."""
        if self.waiver is not None:
            return waiver_words(self.waiver)
        unforced = self.still_fails and self.status in {Status.UNDECIDED, Status.ERROR}
        return f"{STATUS_WORDS[self.status]}{', warns only' if unforced else ''}"


def waiver_words(waiver: AppliedWaiver) -> str:
    """Until when a waiver covers a result, and which it is."""
    return f"waived until {words.when(waiver.effective_until)} ({words.visible(waiver.waiver_id)})"


def checks_of(report: Report) -> tuple[Check, ...]:
    """The gate's check, then one for every result, in the report's order: worst rule first."""
    seen: Counter[tuple[str, str | None]] = Counter()
    found = [_gate_check(report)]
    for card in report.cards:
        for finding in card.findings:
            name = (card.rule, finding.term)
            found.append(_check(report, card, finding, occurrence=seen[name]))
            seen[name] += 1
    return tuple(found)


def _gate_check(report: Report) -> Check:
    verdict = report.decision.verdict
    status, outcome = _OF_VERDICT[verdict]
    return Check(
        rule=GATE,
        title="The decision allows the release",
        about=f"{report.head.gate}, {report.head.environment}",
        term=None,
        status=status,
        outcome=outcome,
        kind=verdict.value,
        blocks=verdict is not Verdict.ALLOW,
        enforcement=Enforcement.DENY,
        severity=Severity.CRITICAL,
        message=report.head.sentence,
        facts=(report.head.input_sha256,),
        files=(),
        fingerprint=_fingerprint(report, GATE, None, 0),
    )


def _check(report: Report, card: Card, finding: Finding, *, occurrence: int) -> Check:
    troubled = finding.status in {Status.FAILED, Status.ERROR, Status.UNDECIDED}
    return Check(
        rule=card.rule,
        title=card.title,
        about=finding.term or "all of the rule",
        term=finding.term,
        status=finding.status,
        outcome=finding.outcome,
        kind=finding.error_code or finding.status.value,
        blocks=troubled and card.blocks,
        enforcement=card.enforcement,
        severity=card.severity,
        message=_message(card, finding),
        facts=finding.facts,
        files=_files(report.evidence, finding),
        fingerprint=_fingerprint(report, card.rule, finding.term, occurrence),
        measured=finding.measured,
        waiver=finding.waiver,
        solution=card.solution,
        controls=tuple(control.id for control in card.controls),
    )


def _message(card: Card, finding: Finding) -> str:
    reason = f" ({finding.shown_reason})" if finding.shown_reason else ""
    code = f" [{finding.error_code}]" if finding.error_code else ""
    errors = card.error_texts if finding.outcome is Outcome.ERROR else ()
    return words.visible(" ".join([f"{finding.message}{reason}{code}", *errors]))


def _files(evidence: tuple[EvidenceRow, ...], finding: Finding) -> tuple[str, ...]:
    return tuple(row.uri for row in evidence if row.digest in finding.facts)


def _fingerprint(report: Report, rule: str, term: str | None, occurrence: int) -> str:
    case = report.decision.case
    named = [case.subject.project, case.subject.name, case.gate, case.environment, rule, term, occurrence]
    return sha256_hex(json.dumps(named, ensure_ascii=True).encode())
