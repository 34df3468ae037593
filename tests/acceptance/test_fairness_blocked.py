"""A data scientist whom a fairness rule blocks: settings that are wrong, and all that is told to go on."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.project_sample import tolbooth

SETTINGS = """\
version: 1
project: compas
subjects:
  compas-risk: {{kind: dataset, path: compas_two_year.parquet, version: "7"}}
data:
  predictions:
    path: compas_two_year.parquet
    role: predictions
    label: y_true
    prediction: y_pred
    groups: [race, sex]
gates:
  release: {{subject: compas-risk, environment: ci}}
policy:
  rules: [fairness.difference, fairness.ratio]
  parameters:
    {parameters}
"""
EQUALIZED = "fairness.difference: {metric: equalized_odds, mode: simultaneous}"


@pytest.fixture
def folder(shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copy(shared_data / "fairness" / "compas_two_year.parquet", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def settle(folder: Path, parameters: str) -> None:
    (folder / "tolbooth.yaml").write_text(SETTINGS.format(parameters=parameters), encoding="utf-8")


@pytest.mark.parametrize(
    ("parameters", "place", "told"),
    [
        ("fairness.difference: {reference: []}", "17:38", "name at least one, or leave the parameter out"),
        ("fairness.difference: {reference: [Male, Male]}", "17:38", "names 'Male' twice"),
        ("fairness.difference: {reference: [Caucasan, Male]}", "17:39", "did you mean 'Caucasian'?"),
        (
            'fairness.ratio: {intersections: 2, reference: ["Male & Other"]}',
            "17:52",
            "did you mean 'Other & Male'?",
        ),
        ("fairness.ratio: {bound: 1.25}", "17:29", "the lower over the higher: 0.8, not 1.25"),
        ("fairness.ratio: {bound: 0}", "17:29", "it is at least 0.000001"),
        ("fairness.difference: {bound: -1}", "17:34", "the higher minus the lower, never below 0"),
        ("fairness.difference: {bound: 10}", "17:34", "write 10 % as 0.1"),
        ("fairness.difference: {intersections: 6}", "17:42", "at most 5"),
    ],
)
def test_a_wrong_parameter_is_told_at_its_place_and_nothing_is_recorded(
    folder: Path, parameters: str, place: str, told: str
) -> None:
    settle(folder, parameters)
    said = tolbooth("gate")
    text = " ".join(said.err.replace("     | ", "").split())
    assert said.code == 2
    assert said.err.startswith(f"tolbooth.yaml:{place}:")
    assert told in text
    assert "Nothing was recorded." in text


def test_explain_prints_lines_that_give_the_numbers_of_every_rate_and_feature(folder: Path) -> None:
    settle(folder, EQUALIZED)
    tolbooth("gate")
    text = tolbooth("explain", "fairness.difference").out
    again = text[text.index("Again") : text.index("\nDo ")]
    blocks = [block for block in again.split("\n", 1)[1].split("\n\n") if block.strip()]
    assert [block.strip().count("\n") for block in blocks] == [2, 2]
    found = [run("\n".join(line.strip() for line in block.splitlines()), folder) for block in blocks]
    assert {"race": "African-American", "counted_sum": 1369, "counted_count": 1901} in found[0][0]
    assert {"sex": "Male", "counted_sum": 1732, "counted_count": 2753} in found[0][1]
    assert {"race": "African-American", "counted_sum": 805, "counted_count": 1795} in found[1][0]


def test_explain_ends_with_a_command_that_finds_the_worst_slices(folder: Path) -> None:
    settle(folder, "fairness.difference: {intersections: 2}")
    tolbooth("gate")
    command = tolbooth("explain", "fairness.difference").out.splitlines()[-1].split()
    assert command[:3] == ["tolbooth", "measure", "slices"]
    said = tolbooth(*command[1:])
    assert said.code == 0
    assert "worst slices by false positive rate" in said.out


def test_a_failing_rule_shows_groups_counts_interval_bound_rows_python_and_remedies_everywhere(folder: Path) -> None:
    settle(folder, EQUALIZED)
    assert tolbooth("gate", "--report", "html=r.html", "--report", "markdown=r.md").code == 1
    page = " ".join((folder / "r.html").read_text(encoding="utf-8").split())
    for told in (
        "1369/1901",
        "[31.1, 47.3]",
        "10 points above the lowest",
        "75 of Asian and 36 of Native American",
        "Not by chance: African-American and Other are at least 31.1 points apart with 95 % confidence",
        "Widest gap over both rates: 39.7 points",
        "may be beyond",
        "rows.append_column(&#39;counted&#39;",
        "What to do",
    ):
        assert told in page, told
    summary = (folder / "r.md").read_text(encoding="utf-8")
    assert "Not by chance: African-American and Other are at least 31.1 points apart" in summary


def test_each_small_group_of_several_rates_says_which_rate(folder: Path) -> None:
    settle(folder, EQUALIZED)
    text = " ".join(tolbooth("gate").out.split())
    assert "True positive rate by race: Asian (9) and Native American (10)" in text
    assert "False positive rate by race: Asian (23) and Native American (8)" in text
    assert "(too little to tell)" not in text


def test_intersections_are_asked_by_a_gate_and_replayed_from_its_pack(folder: Path) -> None:
    settle(folder, "fairness.ratio: {intersections: 2}")
    document = json.loads(tolbooth("gate", "--output", "json").out)
    asked = {rule["rule"]: {tuple(each["by"]) for each in rule["comparisons"]} for rule in document["rules"]}
    assert asked["fairness.ratio"] == {("race",), ("sex",), ("race", "sex")}
    assert asked["fairness.difference"] == {("race",), ("sex",)}
    terms = {each["term"] for rule in document["rules"] for each in rule["results"]}
    assert "race & sex: African-American & Male / Other & Female" in terms
    assert tolbooth("seal", "--to", "p.zip").code == 0
    replayed = tolbooth("replay", "p.zip")
    assert replayed.code == 0
    assert re.match("Identical", replayed.out)


def run(program: str, folder: Path) -> list[Any]:
    printed = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=True)
    return [ast.literal_eval(line) for line in printed.stdout.splitlines()]
