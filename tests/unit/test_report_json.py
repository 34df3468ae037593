"""The JSON contract for programs."""

from __future__ import annotations

import copy
import json
from typing import Any

import jsonschema_rs
import pytest

from tests import report_sample as sample
from tolbooth.model.decision import DecisionReason, Verdict
from tolbooth.model.rule import Outcome
from tolbooth.report.json_format import json_document, output_schema, render_json
from tolbooth.report.model import Report


def _waived() -> Report:
    failed = sample.result("a.rule", Outcome.FAIL, "too wide")
    return sample.sample_report(
        results=(failed,), verdict=Verdict.ALLOW, reasons=(), waivers=(sample.waiver_of(failed),)
    )


def _pending() -> Report:
    passed = sample.result("a.rule", Outcome.PASS, "fine")
    reasons = (DecisionReason(code="approval.missing", role="model risk"),)
    return sample.sample_report(results=(passed,), verdict=Verdict.PENDING, reasons=reasons)


@pytest.mark.parametrize("made", [sample.sample_report, _waived, _pending])
def test_output_fits_its_schema(made: Any) -> None:
    jsonschema_rs.Draft202012Validator(output_schema()).validate(json.loads(render_json(made())))


@pytest.mark.parametrize("name", sorted(output_schema()["required"]))
def test_output_without_a_promised_field_does_not_fit(name: str) -> None:
    document = copy.deepcopy(json_document(sample.sample_report()))
    del document[name]
    assert not jsonschema_rs.Draft202012Validator(output_schema()).is_valid(document)


def test_schema_is_itself_valid() -> None:
    assert jsonschema_rs.meta.is_valid(output_schema())


def test_program_reads_the_published_counts_of_every_rate() -> None:
    document = json.loads(render_json(sample.sample_report()))
    rule = next(rule for rule in document["rules"] if rule["rule"] == "fairness.difference")
    race, sex = rule["comparisons"]
    groups = {group["name"]: group["rates"] for group in race["groups"]}
    black, white = groups["African-American"], groups["Caucasian"]
    assert (black["false_positive_rate"]["numerator"], black["false_positive_rate"]["denominator"]) == (805, 1795)
    assert (white["false_positive_rate"]["numerator"], white["false_positive_rate"]["denominator"]) == (349, 1488)
    assert black["false_positive_rate"]["ppm"] == 448_468
    assert (black["false_negative_rate"]["ppm"], white["false_negative_rate"]["ppm"]) == (279_853, 477_226)
    assert (race["by"], sex["by"]) == (["race"], ["sex"])
    assert document["summary"]["counts"]["failed"] == 1


def test_version_is_one_and_digests_are_whole() -> None:
    document = json.loads(render_json(sample.sample_report()))
    assert document["version"] == 1
    assert len(document["decision"]["sha256"]) == len(document["decision"]["policy"]["sha256"]) == 64


def test_undefined_rate_has_no_ppm() -> None:
    document = sample.input_document()
    document["observations"]["fairness"] = [sample.observation(sample.RACES | {"(missing)": (0, 0, 4, 4)})]
    output = json.loads(render_json(sample.sample_report(document=document)))
    rule = next(rule for rule in output["rules"] if rule["rule"] == "fairness.difference")
    (missing,) = [group for group in rule["comparisons"][0]["groups"] if group["name"] == "(missing)"]
    assert missing["rates"]["false_positive_rate"] == {"numerator": 0, "denominator": 0}
    assert missing["sufficient"] is False
