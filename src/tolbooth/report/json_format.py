"""The gate's output for programs: a versioned JSON contract, described by ``schemas/gate-output.schema.json``."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from tolbooth.model.wire import as_json
from tolbooth.report.cards import Card, Finding
from tolbooth.report.comparison import Comparison, Rate
from tolbooth.report.evidence_rows import EvidenceRow
from tolbooth.report.model import Report

VERSION = 1
"""Raised when a field is taken away or changes its meaning; fields may be added within a version."""


def render_json(report: Report) -> str:
    """Render the report as JSON with sorted keys; numbers are integers, rates in ppm, digests whole."""
    return json.dumps(json_document(report), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def output_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the output."""
    text = files("tolbooth.report").joinpath("schemas", "gate-output.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def json_document(report: Report) -> dict[str, Any]:
    """The output as plain JSON values."""
    return {
        "version": VERSION,
        "decision": _decision(report),
        "summary": _summary(report),
        "rules": [_rule(card) for card in report.cards],
        "evidence": [_evidence(row) for row in report.evidence],
        "not_checked": as_json(report.not_checked),
        "untouched_controls": as_json(report.untouched),
        "problems": as_json(report.problems),
        "next_steps": as_json(report.next_steps),
        "people": as_json(report.people),
    }


def _decision(report: Report) -> dict[str, Any]:
    case = report.decision.case
    found = {
        "sha256": report.head.decision_sha256,
        "verdict": report.decision.verdict.value,
        "basis": report.decision.basis,
        "subject": as_json(case.subject),
        "gate": case.gate,
        "environment": case.environment,
        "as_of": as_json(case.as_of),
        "hypothetical": case.hypothetical,
        "policy": {"name": report.head.policy_name, "sha256": case.policy_sha256},
        "input_sha256": case.input_sha256,
        "engine": report.head.engine,
        "reasons": as_json(report.decision.reasons),
        "waivers": as_json(report.decision.waivers),
        "approvals": list(report.decision.approvals),
    }
    optional = {
        "proven_at": as_json(report.head.proven_at),
        "log_index": report.head.log_index,
        "signer": report.head.signer,
        "sealed": as_json(report.head.sealed),
    }
    return found | {name: value for name, value in optional.items() if value is not None}


def _summary(report: Report) -> dict[str, Any]:
    return {
        "sentence": report.head.sentence,
        "empty": report.head.empty,
        "awaited": list(report.awaited),
        "counts": report.counts(),
    }


def _rule(card: Card) -> dict[str, Any]:
    found = {
        "rule": card.rule,
        "title": card.title,
        "status": card.status.value,
        "enforcement": card.enforcement.value,
        "severity": card.severity.value,
        "description": card.description,
        "solution": card.solution,
        "controls": as_json(card.controls),
        "parameters": as_json(card.parameters),
        "depends_on": list(card.depends_on),
        "results": [_result(finding) for finding in card.findings],
        "comparisons": [_comparison(comparison) for comparison in card.comparisons],
        "errors": list(card.error_texts),
        "effective_on": as_json(card.effective_on),
        "effective_until": as_json(card.effective_until),
    }
    return {name: value for name, value in found.items() if value is not None}


def _result(finding: Finding) -> dict[str, Any]:
    found: dict[str, Any] = as_json(finding)
    return found


def _comparison(comparison: Comparison) -> dict[str, Any]:
    found: dict[str, Any] = as_json(comparison)
    found["groups"] = [
        {
            "name": group.name,
            "rows": group.rows,
            "sufficient": group.sufficient,
            "beyond": group.beyond,
            "rates": {name: _rate(rate) for name, rate in group.rates.items()},
        }
        for group in comparison.groups
    ]
    return found


def _rate(rate: Rate) -> dict[str, Any]:
    found: dict[str, Any] = as_json(rate)
    return found


def _evidence(row: EvidenceRow) -> dict[str, Any]:
    found: dict[str, Any] = as_json(row)
    return found
