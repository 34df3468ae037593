"""A decision on the published COMPAS counts, built in code: what the report tests render.

Counts are those of ProPublica's two-year file (7,214 defendants, decile of 5 or more as prediction), by race and sex.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from math import sqrt
from typing import Any

from tolbooth.model.decision import AppliedWaiver, Case, Decision, DecisionReason, Verdict
from tolbooth.model.observation import (
    Artifact,
    ArtifactRole,
    CollectionMode,
    ControlTotals,
    Dates,
    IpeRecord,
)
from tolbooth.model.rule import Enforcement, Loosens, Measured, Outcome, Reason, RuleResult, Severity
from tolbooth.model.subject import Subject, SubjectKind
from tolbooth.report.model import Report, build_report
from tolbooth.report.record import Clause, RuleNote, RuleParameter, RunRecord

AS_OF = datetime(2026, 11, 23, 9, 14, 7, tzinfo=UTC)
COUNTS_SHA256 = "5d0e" + "0" * 60
RACES = {
    "African-American": (990, 805, 532, 1369),
    "Asian": (21, 2, 3, 6),
    "Caucasian": (1139, 349, 461, 505),
    "Hispanic": (318, 87, 129, 103),
    "Native American": (5, 3, 1, 9),
    "Other": (208, 36, 90, 43),
}
"""True negatives, false positives, false negatives, true positives."""

Counts = Mapping[str, tuple[int, int, int, int]]


def rate(numerator: int, denominator: int) -> dict[str, int]:
    """A rate object with its Wilson interval at 95 % (J. Am. Stat. Assoc. 22:209, 1927)."""
    if denominator == 0:
        return {"numerator": 0, "denominator": 0}
    p, z = numerator / denominator, 1.959963984540054
    centre, spread = p + z * z / (2 * denominator), z * sqrt(p * (1 - p) / denominator + (z / (2 * denominator)) ** 2)
    low, high = ((centre + side * spread) / (1 + z * z / denominator) for side in (-1, 1))
    return {
        "numerator": numerator,
        "denominator": denominator,
        "ppm": round(p * 1_000_000),
        "low_ppm": round(low * 1_000_000),
        "high_ppm": round(high * 1_000_000),
    }


def rates(tn: int, fp: int, fn: int, tp: int) -> dict[str, dict[str, int]]:
    """Every rate of a confusion table."""
    rows = tn + fp + fn + tp
    return {
        "selection_rate": rate(fp + tp, rows),
        "true_positive_rate": rate(tp, tp + fn),
        "false_positive_rate": rate(fp, fp + tn),
        "false_negative_rate": rate(fn, tp + fn),
        "accuracy": rate(tp + tn, rows),
    }


def question(**changes: Any) -> dict[str, Any]:
    """The fairness question of the sample."""
    return {
        "kind": "fairness",
        "statistic": "difference",
        "metric": "false_positive_rate",
        "by": ["race"],
        "bound": 100_000,
        "alpha": 50_000,
        "minimum_denominator": 30,
        "mode": "point",
        "favourable": 1,
    } | changes


def fairness_values(counts: Counts, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a fairness observation in point mode."""
    metric, minimum, bound = asked["metric"], asked["minimum_denominator"], asked["bound"]
    is_ratio = asked["statistic"] == "ratio"
    groups = [
        {
            "group": {asked["by"][0]: name},
            "name": name,
            "rows": sum(table),
            "rates": rates(*table),
            "sufficient": rates(*table)[metric]["denominator"] >= minimum,
        }
        for name, table in sorted(counts.items())
    ]
    large = sorted((g for g in groups if g["sufficient"]), key=lambda g: -g["rates"][metric]["ppm"])
    pairs = []
    for place, high in enumerate(large):
        for low in large[place + 1 :]:
            top, bottom = high["rates"][metric]["ppm"], low["rates"][metric]["ppm"]
            value = bottom * 1_000_000 // top if is_ratio else top - bottom
            fails = value < bound if is_ratio else value > bound
            pairs.append(
                {"high": high["name"], "low": low["name"], "value": value, "outcome": "fail" if fails else "pass"}
            )
    pairs.sort(key=lambda pair: pair["value"] if is_ratio else -pair["value"])
    short = [
        {"group": g["name"], "denominator": g["rates"][metric]["denominator"], "minimum": minimum}
        for g in groups
        if not g["sufficient"]
    ]
    totals = [sum(table[place] for table in counts.values()) for place in range(4)]
    failing = any(pair["outcome"] == "fail" for pair in pairs)
    comparison: dict[str, Any] = {
        "outcome": "fail" if failing else "undecided" if short else "pass",
        "pairs": pairs,
        "insufficient": short,
    }
    if pairs:
        comparison["worst"] = {name: pairs[0][name] for name in ("high", "low", "value")}
    return {
        "row_count": sum(totals),
        "label": "y_true",
        "prediction": "y_pred",
        "counts_sha256": COUNTS_SHA256,
        "groups": groups,
        "overall": {"rows": sum(totals), "rates": rates(*totals)},
        "comparison": comparison,
    }


def observation(counts: Counts, **changes: Any) -> dict[str, Any]:
    """A fairness observation as it stands in the input document."""
    asked = question(**changes)
    reads = [COUNTS_SHA256, "a" * 64]
    return {
        "about": "predictions",
        "question": asked,
        "values": fairness_values(counts, asked),
        "reads": reads,
        "freshness": "fresh",
    }


SEXES = {"Female": (609, 288, 195, 303), "Male": (2072, 994, 1021, 1732)}


def input_document() -> dict[str, Any]:
    """The input document of the sample: error rates by race and sex, accuracy, and one gap."""
    accuracy = rate(2681 + 2035, 7214)
    performance = {
        "about": "predictions",
        "question": {
            "kind": "performance",
            "metric": "accuracy",
            "bound": 650_000,
            "alpha": 50_000,
            "minimum_denominator": 30,
            "mode": "point",
            "favourable": 1,
        },
        "values": {
            "row_count": 7214,
            "rates": {"accuracy": accuracy},
            "comparison": {"outcome": "pass", "value": accuracy["ppm"], "numerator": 4716, "denominator": 7214},
        },
        "reads": [COUNTS_SHA256],
        "freshness": "fresh",
    }
    return {
        "version": 1,
        "observations": {
            "fairness": [observation(RACES), observation(SEXES, by=["sex"])],
            "performance": [performance],
        },
        "gaps": [
            {
                "kind": "model-card",
                "about": "model card",
                "code": "collect.missing",
                "message": "card.md does not exist",
            }
        ],
        "declared": {"owner": "Ana", "purpose": "ranking cases for review"},
    }


def result(rule: str, outcome: Outcome, message: str, **changes: Any) -> RuleResult:
    """A rule's result with the sample's usual fields."""
    fields: dict[str, Any] = {
        "rule": rule,
        "title": f"What {rule} asks, in a line",
        "outcome": outcome,
        "enforcement": Enforcement.DENY,
        "severity": Severity.HIGH,
        "message": message,
    }
    return RuleResult(**(fields | changes))


FAIR = {
    "title": "Error rates are alike between groups",
    "facts": (COUNTS_SHA256,),
    "controls": ("eu-ai-act:10.2.f", "nist-ai-rmf:measure.2.11"),
    "solution": "Look at the rows behind the groups that differ most, then correct labels, features or threshold.",
}


def results() -> tuple[RuleResult, ...]:
    """Every kind of outcome once, on four rules and one that is off."""
    measured = Measured(value=300_924, bound=100_000, unit="ppm", loosens=Loosens.UP)
    term = "race: African-American / Other"
    return (
        result("data.digests", Outcome.PASS, "every data set has a digest", title="Data sets are named by digest"),
        result("fairness.difference", Outcome.FAIL, "30.1 points apart", term=term, measured=measured, **FAIR),
        result(
            "fairness.difference",
            Outcome.UNDECIDED,
            "fewer than 30 in the denominator",
            term="race: Asian",
            reason=Reason.INSUFFICIENT,
            **FAIR,
        ),
        result(
            "fairness.ratio",
            Outcome.SKIP,
            "off",
            reason=Reason.OFF,
            enforcement=Enforcement.OFF,
            title="Selection rates are within four fifths",
        ),
        result(
            "performance.minimum",
            Outcome.PASS,
            "accuracy is 65.4 %",
            title="The model is good enough",
            controls=("eu-ai-act:15.1",),
        ),
    )


def decision(**changes: Any) -> Decision:
    """The sample's decision: denied."""
    rule_results: tuple[RuleResult, ...] = changes.pop("results", results())
    case = Case(
        subject=Subject(
            project="justice", name="compas-risk", version="7", kind=SubjectKind.MODEL, digest={"sha256": "77ab" * 16}
        ),
        gate="release",
        environment="ci",
        as_of=AS_OF,
        policy_sha256="3f2a9c1d77e0" + "b" * 52,
        input_sha256="c" * 64,
    )
    codes = {Outcome.FAIL: "rule.failed", Outcome.UNDECIDED: "rule.undecided", Outcome.ERROR: "rule.error"}
    reasons = tuple(
        DecisionReason(code=codes[item.outcome], rule=item.rule, term=item.term)
        for item in rule_results
        if item.outcome in codes and item.enforcement is Enforcement.DENY
    )
    made = Decision(
        version=1,
        case=case,
        verdict=Verdict.DENY,
        reasons=reasons,
        results=rule_results,
        waivers=(),
        approvals=(),
        basis="d" * 64,
    )
    return replace(made, **changes)


def waiver_of(covered: RuleResult) -> AppliedWaiver:
    """A waiver that was applied to this result."""
    return AppliedWaiver(
        waiver_sha256="e" * 64,
        waiver_id="W-3",
        rule=covered.rule,
        term=covered.term,
        effective_until=datetime(2027, 1, 1, tzinfo=UTC),
    )


def artifact(**changes: Any) -> Artifact:
    """The predictions as collected."""
    ipe = IpeRecord(
        system="local files",
        instance="project folder",
        query="predictions.parquet",
        collector="files",
        collector_version="1",
        identity="ci",
        mode=CollectionMode.PULL,
        unit="rows",
        returned=7214,
        reported_total=7214,
        pages=1,
        totals=ControlTotals(count=7214),
        response_sha256="a" * 64,
        completeness_check="rows read against the file's own count",
        complete=True,
        blind_spots=("rows left out before the file was written are unknown",),
    )
    fields: dict[str, Any] = {
        "name": "predictions",
        "role": ArtifactRole.PREDICTIONS,
        "uri": "predictions.parquet",
        "digest": {"sha256": "a" * 64},
        "size_bytes": 81_920,
        "media_type": "application/vnd.apache.parquet",
        "dates": Dates(collected=AS_OF, received=AS_OF),
        "ipe": ipe,
        "row_count": 7214,
    }
    return Artifact(**(fields | changes))


def record(**changes: Any) -> RunRecord:
    """Where the sample's decision is recorded."""
    asked = {name: value for name, value in question().items() if name != "by"}
    accuracy = {"kind": "performance", "metric": "accuracy", "bound": 650_000}
    fields: dict[str, Any] = {
        "decision_sha256": "8c1d44e90b7a" + "f" * 52,
        "policy_name": "recommended",
        "engine": "embedded engine 0.13.0",
        "log_index": 14,
        "artifacts": (artifact(),),
        "clauses": {
            "eu-ai-act:10.2.f": Clause(title="Examination in view of possible biases", in_force="not yet applied"),
            "eu-ai-act:15.1": Clause(title="Accuracy, robustness and cybersecurity"),
            "eu-ai-act:12.1": Clause(title="Record-keeping"),
        },
        "rules": {
            "fairness.difference": RuleNote(
                description="The rate differs by at most the bound between any two groups.",
                question=asked,
                parameters=(
                    RuleParameter(name="metric", value="false_positive_rate"),
                    RuleParameter(name="bound", value=100_000, unit="rate", loosens=Loosens.UP),
                ),
            ),
            "performance.minimum": RuleNote(description="The metric reaches the bound.", question=accuracy),
        },
    }
    return RunRecord(**(fields | changes))


def sample_report(*, document: dict[str, Any] | None = None, **changes: Any) -> Report:
    """The report on the sample's decision; ``changes`` are fields of the decision."""
    return build_report(decision(**changes), document or input_document(), record())
