"""ProPublica's COMPAS table through the gate: the published figures, and a denial that says why."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.project_sample import tolbooth

SETTINGS = """\
version: 1
project: compas
subjects:
  compas-risk: {kind: dataset, path: compas_two_year.parquet, version: "7"}
data:
  predictions:
    path: compas_two_year.parquet
    role: predictions
    label: y_true
    prediction: y_pred
    groups: [race, sex]
gates:
  release: {subject: compas-risk, environment: ci}
policy:
  rules: [fairness.difference, data.digests]
"""


@pytest.fixture
def compas(shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copy(shared_data / "fairness" / "compas_two_year.parquet", tmp_path)
    (tmp_path / "tolbooth.yaml").write_text(SETTINGS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rates(document: dict[str, Any], by: str) -> dict[str, dict[str, Any]]:
    """Rates by group, wherever the contract's versioned JSON shows the comparison by that feature."""
    (card,) = [rule for rule in document["rules"] if rule["rule"] == "fairness.difference"]
    (comparison,) = [each for each in card["comparisons"] if each["by"] == [by]]
    return {group["name"]: group["rates"] for group in comparison["groups"]}


@pytest.mark.usefixtures("compas")
def test_the_gate_reports_the_published_error_rates_and_denies() -> None:
    said = tolbooth("gate", "release", "--output", "json")
    assert said.code == 1
    document = json.loads(said.out)
    by_race = rates(document, "race")
    black, white = by_race["African-American"], by_race["Caucasian"]
    assert (black["false_positive_rate"]["numerator"], black["false_positive_rate"]["denominator"]) == (805, 1795)
    assert (white["false_positive_rate"]["numerator"], white["false_positive_rate"]["denominator"]) == (349, 1488)
    assert [round(each["false_negative_rate"]["ppm"] / 10_000, 2) for each in (black, white)] == [27.99, 47.72]
    assert set(rates(document, "sex")) == {"Female", "Male"}
    assert document["decision"]["verdict"] == "deny"


@pytest.mark.usefixtures("compas")
def test_small_groups_are_listed_as_undecided_and_never_dropped() -> None:
    document = json.loads(tolbooth("gate", "--output", "json").out)
    undecided = {
        result["term"] for rule in document["rules"] for result in rule["results"] if result["outcome"] == "undecided"
    }
    assert undecided == {"race: Asian", "race: Native American"}


@pytest.mark.usefixtures("compas")
def test_the_screen_names_the_verdict_first_then_the_groups() -> None:
    said = tolbooth("gate")
    lines = said.out.splitlines()
    assert lines[0].startswith("compas-risk@7 · gate release · environment ci")
    assert lines[1].startswith("May not be released")
    assert any("805/1795" in line and "44.8 %" in line for line in lines)
    assert max(map(len, lines)) <= 80


def test_measure_alone_prints_the_same_table(compas: Path) -> None:
    del compas
    said = tolbooth(
        *("measure", "fairness", "compas_two_year.parquet", "--label", "y_true", "--prediction", "y_pred"),
        *("--groups", "race,sex", "--output", "json"),
    )
    assert said.code == 0
    (by_race, _) = json.loads(said.out)["observations"]
    gate = rates(json.loads(tolbooth("gate", "--output", "json").out), "race")
    alone = {group["name"]: group["rates"] for group in by_race["values"]["groups"]}
    assert {name: each["false_positive_rate"] for name, each in alone.items()} == {
        name: each["false_positive_rate"] for name, each in gate.items()
    }
