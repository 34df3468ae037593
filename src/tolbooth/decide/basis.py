"""The basis: the digest that approvals bind to. A changed fact changes it; running again tomorrow does not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tolbooth.evidence.canonical import canonical_sha256
from tolbooth.model.decision import AppliedWaiver, Case
from tolbooth.model.rule import RuleResult
from tolbooth.model.wire import as_json


def basis_document(case: Case, results: Sequence[RuleResult], waivers: Sequence[AppliedWaiver]) -> dict[str, Any]:
    """What the basis digests: not ``as_of``, approvals, texts, log size, engine or tool version."""
    return {
        "subject": as_json(case.subject),
        "gate": case.gate,
        "environment": case.environment,
        "policy_sha256": case.policy_sha256,
        "results": [_result(result) for result in results],
        "waivers": [{"waiver_sha256": w.waiver_sha256, "rule": w.rule, "term": w.term} for w in waivers],
    }


def basis_sha256(case: Case, results: Sequence[RuleResult], waivers: Sequence[AppliedWaiver]) -> str:
    """SHA-256 of the canonical basis document."""
    return canonical_sha256(basis_document(case, results, waivers))


def _result(result: RuleResult) -> dict[str, Any]:
    return {
        "rule": result.rule,
        "term": result.term,
        "outcome": result.outcome.value,
        "reason": as_json(result.reason),
        "error_code": result.error_code,
        "values": as_json(result.basis_values),
        "measured": as_json(result.measured),
        "facts": sorted(result.facts),
    }
