"""SARIF against OASIS's own schema, and what a viewer makes of each outcome."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from tests import report_sample as sample
from tests import report_scenes as scenes
from tolbooth.report.checks import GATE
from tolbooth.report.model import Report, build_report
from tolbooth.report.sarif import FINGERPRINT, SCHEMA, render_sarif

VENDORED = Path(__file__).parents[2] / "vendor" / "sarif-schema-2.1.0" / "sarif-schema-2.1.0.json"


@cache
def _validator() -> jsonschema_rs.Draft4Validator:
    return jsonschema_rs.Draft4Validator(json.loads(VENDORED.read_text(encoding="utf-8")), validate_formats=True)


def _run(report: Report) -> dict[str, Any]:
    (run,) = json.loads(render_sarif(report))["runs"]
    found: dict[str, Any] = run
    return found


def _results(report: Report, rule: str) -> list[dict[str, Any]]:
    return [result for result in _run(report)["results"] if result["ruleId"] == rule]


@pytest.mark.parametrize("name", scenes.SCENES)
def test_log_fits_the_schema_of_oasis(name: str) -> None:
    _validator().validate(json.loads(render_sarif(scenes.SCENES[name]())))


@pytest.mark.parametrize("broken", [{"kind": "failed"}, {"level": "fatal"}, {"message": {}}, {"ruleIndex": -2}])
def test_log_with_a_wrong_result_does_not_fit_the_schema(broken: dict[str, Any]) -> None:
    log = json.loads(render_sarif(scenes.denied()))
    log["runs"][0]["results"][0] |= broken
    assert not _validator().is_valid(log)


def test_log_names_the_schema_that_it_was_checked_against() -> None:
    assert json.loads(VENDORED.read_text(encoding="utf-8"))["id"] == SCHEMA
    assert json.loads(render_sarif(scenes.denied()))["$schema"] == SCHEMA


@pytest.mark.parametrize(
    ("scene", "rule", "kind", "level"),
    [
        (scenes.denied, "performance.minimum", "pass", "none"),
        (scenes.denied, "fairness.ratio", "notApplicable", "none"),
        (scenes.warned, "a.warned", "fail", "warning"),
        (scenes.warned, "a.observed", "fail", "note"),
        (scenes.warned, "a.unknown", "open", "none"),
        (scenes.broken, "a.rule", "open", "none"),
        (scenes.denied, GATE, "fail", "error"),
        (scenes.pending, GATE, "review", "none"),
        (scenes.empty, GATE, "open", "none"),
        (scenes.allowed, GATE, "pass", "none"),
    ],
)
def test_each_outcome_has_its_kind_and_level(scene: Any, rule: str, kind: str, level: str) -> None:
    (result,) = _results(scene(), rule)
    assert (result["kind"], result["level"]) == (kind, level)


def test_failing_pair_is_an_error_and_small_group_is_open() -> None:
    failing, small = _results(scenes.denied(), "fairness.difference")
    assert (failing["kind"], failing["level"]) == ("fail", "error")
    assert (small["kind"], small["level"]) == ("open", "none")
    assert failing["message"]["text"] == "race: African-American / Other: 30.1 points apart"


def test_waived_result_still_fails_and_is_suppressed_with_its_waiver() -> None:
    failing, small = _results(scenes.waived(), "a.rule")
    assert (failing["kind"], failing["level"], small["kind"]) == ("fail", "error", "open")
    (suppression,) = failing["suppressions"]
    assert (suppression["kind"], suppression["status"]) == ("external", "accepted")
    assert suppression["justification"] == "waived until 2027-01-01 00:00:00Z (W-3)"
    assert suppression["properties"]["effectiveUntil"] == "2027-01-01T00:00:00Z"


@pytest.mark.parametrize("name", scenes.SCENES)
def test_every_result_says_whether_it_is_suppressed(name: str) -> None:
    assert all("suppressions" in result for result in _run(scenes.SCENES[name]())["results"])


def test_rule_carries_its_help_and_clauses() -> None:
    rules = {rule["id"]: rule for rule in _run(scenes.denied())["tool"]["driver"]["rules"]}
    rule = rules["fairness.difference"]
    assert rule["properties"]["tags"] == ["eu-ai-act:10.2.f", "nist-ai-rmf:measure.2.11"]
    assert "eu-ai-act:10.2.f Examination in view of possible biases" in rule["help"]["text"]
    assert "correct labels, features or threshold" in rule["help"]["text"]
    assert rules["fairness.ratio"]["defaultConfiguration"] == {"enabled": False, "level": "none"}


def test_result_points_at_its_rule_and_at_the_file_that_it_read() -> None:
    run = _run(scenes.allowed())
    result = run["results"][1]
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "a.rule"
    location = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location == {"uri": "predictions.parquet", "index": 0}
    assert run["artifacts"][0]["location"]["uri"] == "predictions.parquet"
    assert run["artifacts"][0]["hashes"] == {"sha-256": "a" * 64}


def test_result_that_read_no_file_has_no_location() -> None:
    assert all("locations" not in result for result in _results(scenes.waived(), "a.rule"))


def test_fingerprint_has_a_version_and_64_digits() -> None:
    (result,) = _results(scenes.allowed(), "a.rule")
    assert list(result["partialFingerprints"]) == [FINGERPRINT]
    assert len(result["partialFingerprints"][FINGERPRINT]) == 64


def test_engine_error_is_a_notification_of_a_run_that_did_not_succeed() -> None:
    (invocation,) = _run(scenes.broken())["invocations"]
    assert invocation["executionSuccessful"] is False
    errors = [note for note in invocation["toolExecutionNotifications"] if note["level"] == "error"]
    assert errors[0]["message"]["text"] == "took longer than 5 s"
    assert errors[0]["associatedRule"] == {"id": "a.rule"}


def test_what_was_not_checked_is_told_as_notifications() -> None:
    (invocation,) = _run(scenes.denied())["invocations"]
    told = {note["descriptor"]["id"]: note["message"]["text"] for note in invocation["toolExecutionNotifications"]}
    assert told["unchecked.gap"] == "model card: card.md does not exist."
    assert "unchecked.not-witnessed" in told


def test_observed_commit_is_kept() -> None:
    document = sample.input_document()
    state = {"system": "git", "commit": "c0ffee" + "0" * 34, "tree_clean": True, "branch": "main"}
    document["observations"]["source-control"] = [{"about": "project", "values": state}]
    report = build_report(sample.decision(), document, sample.record())
    assert _run(report)["properties"]["sourceControl"] == state
    assert "sourceControl" not in _run(scenes.denied())["properties"]


def test_names_from_data_make_no_placeholder_and_no_link() -> None:
    text = " ".join(result["message"]["text"] for result in _run(scenes.hostile())["results"])
    assert "{{0}}" in text
    assert "](" not in text
    assert "\x1b" not in text


def test_uri_is_relative_and_percent_encoded() -> None:
    (artifact,) = _run(scenes.hostile())["artifacts"]
    assert artifact["location"]["uri"].startswith("data/a%7Cb%60c%60%20%3Cscript%3E")
    assert artifact["location"]["uri"].isascii()
