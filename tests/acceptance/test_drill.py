"""Drills: a gate proves that it still refuses known-bad cases, and what a report says of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.project_sample import FAIR, SETTINGS, UNFAIR, Said, make_project, tolbooth, write_predictions
from tolbooth.config.load import load_project
from tolbooth.judge.rego.extension import find_extension
from tolbooth.pipeline.records import recorded_case
from tolbooth.pipeline.workspace import open_records

GATE = "release: {subject: credit, environment: ci}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = make_project(tmp_path / "credit", FAIR)
    (made / "drills").mkdir()
    write_predictions(made / "drills" / "biased.parquet", UNFAIR)
    write_predictions(made / "drills" / "harmless.parquet", FAIR)
    monkeypatch.chdir(made)
    return made


def declare(folder: Path, drills: dict[str, Any], *, settings: str = SETTINGS) -> None:
    gate = f"release: {json.dumps({'subject': 'credit', 'environment': 'ci', 'drills': drills})}"
    (folder / "tolbooth.yaml").write_text(settings.replace(GATE, gate), encoding="utf-8")


def drilled() -> tuple[int, dict[str, Any]]:
    said = tolbooth("gate", "--drill", "--output", "json")
    assert said.err == ""
    found: dict[str, Any] = json.loads(said.out)
    return said.code, found


def reported(said: Said) -> tuple[str | None, list[str]]:
    """When the gate was last proven able to refuse, and what is in doubt about that."""
    document = json.loads(said.out)
    doubts = [each["text"] for each in document["not_checked"] if each["kind"] == "drill"]
    return document["decision"].get("proven_at"), doubts


BIASED = {"data": {"test": "drills/biased.parquet"}, "refused_by": ["fairness.difference"]}


def test_a_drill_on_an_engine_that_nobody_compared_is_refused_as_the_gate_is(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(folder, {"biased": BIASED})
    installed = replace(find_extension(), version="9.9.9")
    monkeypatch.setattr("tolbooth.pipeline.engine.find_extension", lambda: installed)
    said = tolbooth("gate", "--drill")
    assert (said.code, "[judge.engine-unproven]" in said.err) == (2, True)


def test_known_bad_data_is_refused_and_the_proof_is_recorded(folder: Path) -> None:
    declare(folder, {"biased": BIASED})
    code, found = drilled()
    assert (code, found["held"], found["cases"][0]["failing"]) == (
        0,
        True,
        ["fairness.difference", "performance.minimum"],
    )
    log = json.loads(tolbooth("log", "--output", "json").out)["entries"]
    assert [entry["kind"] for entry in log] == ["drill"]
    assert tolbooth("store", "check").code == 0


def test_gate_that_would_pass_a_known_bad_case_fails_its_drill(folder: Path) -> None:
    declare(folder, {"harmless": {"data": {"test": "drills/harmless.parquet"}}, "biased": BIASED})
    code, found = drilled()
    assert (code, found["held"]) == (1, False)
    assert [case["refused"] for case in found["cases"]] == [False, True]


def test_rule_that_only_warns_can_not_be_named_as_the_one_that_refuses(folder: Path) -> None:
    warned = f"{SETTINGS}  enforcement: {{fairness.difference: warn}}\n"
    declare(folder, {"biased": BIASED}, settings=warned)
    said = tolbooth("gate", "--drill")
    assert said.code == 2
    assert "'fairness.difference' can't refuse here" in said.err


def test_input_document_of_a_real_gate_made_bad_is_refused(folder: Path) -> None:
    assert tolbooth("gate", "--output", "json").code == 0
    case = recorded_case(open_records(load_project(folder / "tolbooth.yaml")), None)
    document = json.loads(json.dumps(case.input_document))
    next(each for each in document["artifacts"] if each["name"] == "test")["digest"] = {"sha256": "0"}
    (folder / "drills" / "digest.json").write_text(json.dumps(document), encoding="utf-8")
    declare(folder, {"unpinned": {"input": "drills/digest.json", "refused_by": ["data.digests"]}})
    code, found = drilled()
    assert (code, found["cases"][0]["failing"]) == (0, ["data.digests"])


def test_reports_say_when_the_gate_was_last_proven_able_to_refuse(folder: Path) -> None:
    assert reported(tolbooth("gate", "--output", "json")) == (
        None,
        ["The gate was never proven able to refuse: no known-bad case was tried."],
    )
    declare(folder, {"biased": BIASED})
    drilled()
    at, doubts = reported(tolbooth("gate", "--output", "json"))
    assert at is not None
    assert doubts == []
    assert "Last proven able to refuse: " in tolbooth("report", "--format", "text").out


def test_proof_under_another_policy_is_named_as_such(folder: Path) -> None:
    declare(folder, {"biased": BIASED})
    drilled()
    declare(folder, {"biased": BIASED}, settings=SETTINGS.replace("bound: 0.7", "bound: 0.6"))
    at, doubts = reported(tolbooth("gate", "--output", "json"))
    assert at is not None
    assert doubts == ["The gate was proven able to refuse under another policy than this one."]


def test_failed_drill_is_told_until_one_holds_again(folder: Path) -> None:
    declare(folder, {"biased": BIASED})
    drilled()
    declare(folder, {"harmless": {"data": {"test": "drills/harmless.parquet"}}})
    assert drilled()[0] == 1
    at, doubts = reported(tolbooth("gate", "--output", "json"))
    assert at is not None
    assert [doubt.partition(",")[0] for doubt in doubts] == ["The last drill"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "not JSON"),
        (b'{"version": NaN}', "NaN"),
        (b'{"version": 1e400}', "1e400"),
        (b'{"version": 1, "version": 1}', "'version' is there twice"),
        (b'{"version": "\\ud800"}', "surrogate"),
        (b"[" * 200 + b"]" * 200, "nested more than 64 deep"),
        (b"{}", "required"),
    ],
)
def test_input_document_that_is_hostile_or_no_document_is_refused(folder: Path, content: bytes, message: str) -> None:
    (folder / "drills" / "x.json").write_bytes(content)
    declare(folder, {"x": {"input": "drills/x.json"}})
    said = tolbooth("gate", "--drill")
    assert said.code == 2, said.err
    assert message in said.err
    assert "drills/x.json" in said.err
    assert json.loads(tolbooth("log", "--output", "json").out)["entries"] == []


@pytest.mark.parametrize(
    ("drills", "message"),
    [
        ({"x": {"data": {"tset": "drills/biased.parquet"}}}, "did you mean 'test'?"),
        ({"x": {"input": "drills/none.json"}}, "drills/none.json"),
        ({"x": {}}, "needs 'input' or 'data'"),
        ({"x": {**BIASED, "input": "drills/a.json"}}, "and not both"),
        ({"x": {**BIASED, "refused_by": ["fairness.diference"]}}, "did you mean 'fairness.difference'?"),
        ({}, "names no known-bad case"),
    ],
)
def test_case_that_can_not_be_tried_is_a_mistake_at_its_line(
    folder: Path, drills: dict[str, Any], message: str
) -> None:
    declare(folder, drills)
    said = tolbooth("gate", "--drill")
    assert said.code == 2
    assert message in said.err
    assert "tolbooth.yaml:" in said.err
    assert not (folder / ".tolbooth" / "log.sqlite").exists()
