"""``tolbooth init``: it writes what fits the folder, overwrites nothing, loosens nothing and asks nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.project_sample import FAIR, make_project, tolbooth, write_predictions
from tolbooth.config.load import Project, load_project
from tolbooth.judge.library.load import built_in_library
from tolbooth.model.rule import Enforcement


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "credit"
    make_project(path, FAIR)
    (path / "tolbooth.yaml").unlink()
    (path / "model.bin").rename(path / "model.onnx")
    (path / "train.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (path / "MODEL_CARD.md").write_text("# Card\n", encoding="utf-8")
    monkeypatch.chdir(path)
    return path


def written(folder: Path) -> Project:
    return load_project(folder / "tolbooth.yaml")


def test_it_finds_model_data_predictions_and_card(folder: Path) -> None:
    assert tolbooth("init").code == 0
    settings = written(folder).settings
    subject = settings.subjects["credit"]
    assert (subject.path, subject.model_card) == ("model.onnx", "MODEL_CARD.md")
    assert {name: each.role.value for name, each in settings.data.items()} == {
        "predictions": "predictions",
        "train": "training",
    }
    assert settings.data["predictions"].groups == ("race",)


def test_the_gate_runs_on_what_it_wrote(folder: Path) -> None:
    del folder
    tolbooth("init")
    said = tolbooth("gate", "--output", "json")
    assert said.code == 3, said.err
    outcomes = [result["outcome"] for rule in json.loads(said.out)["rules"] for result in rule["results"]]
    assert len([outcome for outcome in outcomes if outcome in {"pass", "fail"}]) >= 8


def test_it_never_overwrites(folder: Path) -> None:
    (folder / "tolbooth.yaml").write_text("version: 1\n", encoding="utf-8")
    said = tolbooth("init")
    assert said.code == 2
    assert "not overwritten" in said.err
    assert (folder / "tolbooth.yaml").read_text(encoding="utf-8") == "version: 1\n"


def test_it_sets_no_parameter_and_enforces_what_it_found_evidence_for(folder: Path) -> None:
    tolbooth("init")
    policy = written(folder).settings.policy
    assert policy.parameters == {}
    assert set(policy.enforcement.values()) == {Enforcement.WARN}
    minimal = {code for code, rule in built_in_library().rules.items() if "minimal" in rule.collections}
    assert minimal & policy.enforcement.keys() == set()


def test_without_predictions_it_prints_the_lines_that_log_them(folder: Path) -> None:
    (folder / "predictions.parquet").unlink()
    said = tolbooth("init")
    assert "to_parquet" in said.out
    assert written(folder).settings.policy.enforcement["fairness.difference"] is Enforcement.WARN


def test_predictions_alone_are_governed_as_a_data_set(folder: Path) -> None:
    for name in ("model.onnx", "MODEL_CARD.md", "train.csv"):
        (folder / name).unlink()
    tolbooth("init")
    assert written(folder).settings.subjects["credit"].kind.value == "dataset"


def test_an_empty_folder_gets_no_file_and_a_hint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = tolbooth("init")
    assert said.code == 2
    assert "y_true" in said.err
    assert not (tmp_path / "tolbooth.yaml").exists()


def test_odd_names_are_quoted_so_that_they_read_back(folder: Path) -> None:
    write_predictions(folder / "pre: dict #1.parquet", FAIR)
    tolbooth("init")
    assert "pre: dict #1.parquet" in {each.path for each in written(folder).settings.data.values()}


def test_the_first_line_names_a_schema_that_is_there(folder: Path) -> None:
    tolbooth("init")
    first = (folder / "tolbooth.yaml").read_text(encoding="utf-8").splitlines()[0]
    schema = folder / first.partition("$schema=")[2]
    assert json.loads(schema.read_text(encoding="utf-8"))["title"] == "tolbooth.yaml"
