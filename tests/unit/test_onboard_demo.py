"""What the demo does besides the walk: its folder, its edits, the training script in a process of its own."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tests.project_sample import FAIR, make_project, tolbooth
from tolbooth.model.errors import ConfigError
from tolbooth.onboard import demo as walk
from tolbooth.onboard.demo_folder import DATA_FILE, NEEDED, TRAIN_FILE, mark_unfinished, prepare
from tolbooth.onboard.demo_settings import DECLARED, OWN_BOUNDS, Change, change
from tolbooth.onboard.demo_training import quiet_environment, train
from tolbooth.onboard.init import init


@pytest.fixture
def _extra() -> None:
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (extra demo)")


def code_of(error: pytest.ExceptionInfo[ConfigError]) -> str:
    return error.value.code


def test_the_edits_fit_what_init_writes_and_leave_settings_that_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_project(tmp_path, FAIR)
    (tmp_path / "tolbooth.yaml").unlink()
    (tmp_path / "model.bin").rename(tmp_path / "model.joblib")
    path = init(tmp_path).path
    assert "-    privacy.undeclared: warn" in change(path, OWN_BOUNDS)
    assert "+    risk_tier: demonstration" in change(path, DECLARED)
    monkeypatch.chdir(tmp_path)
    said = tolbooth("config", "check")
    assert said.code == 0, said.err


def test_an_edit_that_does_not_fit_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "tolbooth.yaml"
    path.write_text("a: 1\nb: 2\n", encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        change(path, [Change(old="a: 1\n", new="a: 3\n"), Change(old="c: 3\n")])
    assert code_of(error) == "demo.settings"
    assert path.read_text(encoding="utf-8") == "a: 1\nb: 2\n"


def test_an_edit_is_shown_as_lines_that_go_and_come(tmp_path: Path) -> None:
    path = tmp_path / "tolbooth.yaml"
    path.write_text("a: 1\nb: 2\n", encoding="utf-8")
    assert change(path, [Change(old="a: 1\n", new="a: 3\n")]) == ("-a: 1", "+a: 3")
    assert path.read_text(encoding="utf-8") == "a: 3\nb: 2\n"


def test_the_training_script_meets_no_mlflow_of_this_user() -> None:
    found = quiet_environment({"MLFLOW_TRACKING_URI": "http://mlflow.example.org", "HOME": "/home/ana"})
    assert "MLFLOW_TRACKING_URI" not in found
    assert found["HOME"] == "/home/ana"
    assert (found["MLFLOW_DISABLE_TELEMETRY"], found["DO_NOT_TRACK"]) == ("true", "true")


def test_a_training_script_that_fails_is_told_with_its_last_line(tmp_path: Path) -> None:
    (tmp_path / TRAIN_FILE).write_text("print('half', flush=True)\nraise SystemExit('no room')\n", encoding="utf-8")
    lines: list[str] = []
    with pytest.raises(ConfigError) as error:
        train(tmp_path, (), lines.append)
    assert code_of(error) == "demo.train"
    assert "no room" in str(error.value)
    assert lines == ["half"]


@pytest.mark.usefixtures("_extra")
def test_a_new_folder_holds_the_study_and_the_script(tmp_path: Path) -> None:
    prepare(tmp_path / "new")
    assert len((tmp_path / "new" / DATA_FILE).read_text(encoding="utf-8").splitlines()) == 433
    compile((tmp_path / "new" / TRAIN_FILE).read_text(encoding="utf-8"), TRAIN_FILE, "exec")


@pytest.mark.usefixtures("_extra")
def test_a_walk_that_is_interrupted_says_so_then_and_on_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(walk, "train", interrupted)
    folder = tmp_path / "demo"
    said = tolbooth("demo", str(folder))
    assert said.code == 130
    assert "The demo stopped at 'Train a model and log it to MLflow'" in said.err
    again = tolbooth("demo", str(folder))
    assert again.code == 2
    assert "demo.unfinished" in again.err
    assert "'tolbooth demo' stopped at: Train a model" in " ".join(again.err.split())


def test_a_folder_of_somebody_elses_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        prepare(tmp_path)
    assert code_of(error) == "demo.exists"
    assert [each.name for each in tmp_path.iterdir()] == ["thesis.txt"]


def test_without_the_extra_nothing_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError) as error:
        prepare(tmp_path / "new")
    assert code_of(error) == "demo.extra"
    assert not (tmp_path / "new").exists()


def test_an_unfinished_folder_is_told_with_the_command_that_deletes_it(tmp_path: Path) -> None:
    folder = tmp_path / "a demo"
    folder.mkdir()
    mark_unfinished(folder, "Ask the gate")
    with pytest.raises(ConfigError) as error:
        prepare(folder)
    assert code_of(error) == "demo.unfinished"
    assert f"rm -r '{folder}'" in str(error.value.problems[0].hint)
