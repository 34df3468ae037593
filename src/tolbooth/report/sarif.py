"""SARIF 2.1.0: rules with their clauses, results with kind and level, waivers as suppressions, gaps as notifications.

Source: OASIS, Static Analysis Results Interchange Format 2.1.0 plus Errata 01; the schema's source stands in
``vendor/sarif-schema-2.1.0/SOURCE.md``. The log names no machine, no time of the rendering and no absolute path.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tolbooth import __version__
from tolbooth.evidence.uri import quote
from tolbooth.model.instant import format_instant
from tolbooth.model.rule import Enforcement, Outcome
from tolbooth.report.cards import Card, Status
from tolbooth.report.checks import GATE, Check, checks_of, waiver_words
from tolbooth.report.evidence_rows import EvidenceRow
from tolbooth.report.model import Report, about_line
from tolbooth.report.words import visible

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT = "ruleAndTerm/v1"
"""The name of the partial fingerprint; its number is raised when the same result would get another one."""

_LEVELS = {
    Enforcement.DENY: "error",
    Enforcement.WARN: "warning",
    Enforcement.OBSERVE: "note",
    Enforcement.OFF: "none",
}
_KINDS = {
    Outcome.FAIL: "fail",
    Outcome.UNDECIDED: "open",
    Outcome.ERROR: "open",
    Outcome.PASS: "pass",
    Outcome.SKIP: "notApplicable",
}


def render_sarif(report: Report) -> str:
    """Render the report as a SARIF log with one run; the same report gives the same bytes."""
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(report)]}
    return json.dumps(log, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _run(report: Report) -> dict[str, Any]:
    rules = [GATE, *(card.rule for card in report.cards)]
    files = [row.uri for row in report.evidence]
    return {
        "tool": {"driver": _driver(report)},
        "automationDetails": {"id": _identity(report)},
        "invocations": [_invocation(report)],
        "artifacts": [_artifact(row) for row in report.evidence],
        "results": [_result(report, check, rules, files) for check in checks_of(report)],
        "columnKind": "unicodeCodePoints",
        "properties": _properties(report),
    }


def _identity(report: Report) -> str:
    """A hierarchical name: runs of one gate on one subject belong together, each is told apart by its decision."""
    case = report.decision.case
    parts = (case.subject.project, case.subject.name, case.gate, case.environment, report.head.decision_sha256[:12])
    return "/".join(quote(part) for part in parts)


def _driver(report: Report) -> dict[str, Any]:
    gate = {
        "id": GATE,
        "shortDescription": _message("The decision allows the release"),
        "fullDescription": _message("Passes only where the gate's verdict is allow; an empty gate never passes."),
        "defaultConfiguration": {"level": "error"},
    }
    return {
        "name": "Tolbooth",
        "version": __version__,
        "language": "en",
        "rules": [gate, *(_rule(card) for card in report.cards)],
    }


def _rule(card: Card) -> dict[str, Any]:
    enabled = card.enforcement is not Enforcement.OFF
    return {
        "id": card.rule,
        "shortDescription": _message(card.title),
        "fullDescription": _message(card.description or card.title),
        "help": _message("\n\n".join(_help(card))),
        "defaultConfiguration": {"enabled": enabled, "level": _LEVELS[card.enforcement]},
        "properties": {
            "tags": [control.id for control in card.controls],
            "severity": card.severity.value,
            "enforcement": card.enforcement.value,
        },
    }


def _help(card: Card) -> list[str]:
    clauses = [f"{control.id} {control.title or ''}".strip() for control in card.controls]
    parts = [card.description or card.title, card.solution and f"To do: {card.solution}"]
    parts.append("Clauses: " + "; ".join(clauses) if clauses else None)
    parts.append(f"Explained by: tolbooth explain {card.rule}")
    return [part for part in parts if part]


def _result(report: Report, check: Check, rules: Sequence[str], files: Sequence[str]) -> dict[str, Any]:
    kind = _kind(check)
    about = f"{check.term}: " if check.term else ""
    found = {
        "ruleId": check.rule,
        "ruleIndex": rules.index(check.rule),
        "kind": kind,
        "level": _LEVELS[check.enforcement] if kind == "fail" else "none",
        "message": _message(f"{about}{check.message}"),
        "partialFingerprints": {FINGERPRINT: check.fingerprint},
        # SPEC: SARIF 2.1.0 §3.27.23: the suppressions of a run's results are all given or all left out.
        "suppressions": [_suppression(check)] if check.waiver is not None else [],
        "properties": _result_properties(report, check),
    }
    if check.files:
        found["locations"] = [_location(uri, files) for uri in check.files]
    return found


def _kind(check: Check) -> str:
    """What came of it. SPEC: §3.27.9: ``review`` waits for a person, ``open`` lacks the facts to decide."""
    return "review" if check.kind == "pending" and check.rule == GATE else _KINDS[check.outcome]


def _suppression(check: Check) -> dict[str, Any]:
    waiver = check.waiver
    assert waiver is not None
    return {
        "kind": "external",
        "status": "accepted",
        "justification": waiver_words(waiver),
        "properties": {
            "waiver": waiver.waiver_id,
            "sha256": waiver.waiver_sha256,
            "effectiveUntil": format_instant(waiver.effective_until),
        },
    }


def _result_properties(report: Report, check: Check) -> dict[str, Any]:
    told: dict[str, Any] = {"status": check.status.value, "blocks": check.blocks, "facts": list(check.facts)}
    if check.term is not None:
        told["term"] = visible(check.term)
    if check.measured is not None:
        told |= {"measured": check.measured.value, "bound": check.measured.bound, "unit": check.measured.unit}
    if check.status is Status.ERROR:
        told["error"] = check.kind
    if check.rule == GATE:
        told |= {"verdict": report.decision.verdict.value, "basis": report.decision.basis}
    return told


def _location(uri: str, files: Sequence[str]) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": {"uri": quote(uri, keep="/"), "index": files.index(uri)}}}


def _artifact(row: EvidenceRow) -> dict[str, Any]:
    found: dict[str, Any] = {
        "location": {"uri": quote(row.uri, keep="/")},
        "description": _message(f"{row.name}, {row.role}"),
        "length": row.size_bytes,
        "mimeType": row.media_type,
        "roles": ["analysisTarget"],
    }
    if row.digest_algorithm == "sha256":
        found["hashes"] = {"sha-256": row.digest}
    else:
        found["properties"] = {row.digest_algorithm: row.digest}
    return found


def _invocation(report: Report) -> dict[str, Any]:
    """What the run met: errors of rules, and everything that it did not check."""
    errors = [
        _notification("error", text, "rule.error", rule=card.rule) for card in report.cards for text in card.error_texts
    ]
    errors += [_notification("error", problem.text, problem.code) for problem in report.problems]
    unchecked = [_notification("note", item.text, f"unchecked.{item.kind.value}") for item in report.not_checked]
    return {"executionSuccessful": not errors, "toolExecutionNotifications": [*errors, *unchecked]}


def _notification(level: str, text: str, code: str, *, rule: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"level": level, "message": _message(text), "descriptor": {"id": code}}
    if rule is not None:
        found["associatedRule"] = {"id": rule}
    return found


def _properties(report: Report) -> dict[str, Any]:
    head = report.head
    told: dict[str, Any] = {
        "about": about_line(head),
        "sentence": head.sentence,
        "verdict": report.decision.verdict.value,
        "hypothetical": head.hypothetical,
        "asOf": format_instant(head.as_of),
        "subject": {"project": head.project, "label": head.label, head.digest_algorithm: head.digest},
        "decisionSha256": head.decision_sha256,
        "basis": report.decision.basis,
        "policySha256": head.policy_sha256,
        "inputSha256": head.input_sha256,
        "engine": head.engine,
    }
    if report.revision is not None:
        told["sourceControl"] = dict(report.revision)
    return told


def _message(text: str) -> dict[str, str]:
    """A message whose text no viewer takes for an argument to fill in or for a link.

    SPEC: §3.11.5: braces are doubled; §3.11.6: a link is ``[text](target)``, and names from data must not make one.
    """
    lines = (visible(line) for line in text.split("\n"))
    return {"text": "\n".join(lines).replace("{", "{{").replace("}", "}}").replace("](", "] (")}
