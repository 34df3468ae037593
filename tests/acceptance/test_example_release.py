"""The example of the Python interface, run as its readers would run it."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import tolbooth
from tests.project_sample import FAIR, SMALL, UNFAIR, Confusion, make_project
from tests.review_sample import make_story, ok

EXAMPLE = Path(__file__).parents[2] / "examples" / "release.py"


@pytest.fixture
def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("example_release", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("groups", "code", "said"),
    [
        (FAIR, 0, "deploying credit@7"),
        (UNFAIR, 1, "Refused:\ncredit@7 at release (ci): May not be released: 2 rules fail."),
        (SMALL, 3, "Can't be decided:"),
    ],
)
def test_it_exits_and_says_as_the_gate_decides(
    tmp_path: Path, groups: dict[str, Confusion], code: int, said: str
) -> None:
    make_project(tmp_path, groups)
    done = subprocess.run([sys.executable, EXAMPLE], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (code, "")
    assert done.stdout.startswith(said)
    again = subprocess.run([sys.executable, EXAMPLE], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert again.returncode == code
    assert again.stdout.replace(", recorded before under the same key", "") == done.stdout


def test_the_one_line_lets_nothing_after_it_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, example: ModuleType
) -> None:
    monkeypatch.chdir(make_project(tmp_path, UNFAIR))
    with pytest.raises(tolbooth.GateDenied):
        example.one_line()


def test_a_step_waits_until_ben_approves_and_then_asks_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, example: ModuleType
) -> None:
    story = make_story(tmp_path, monkeypatch, FAIR)
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 2:
            ok(story.approve("ben"))

    assert example.told_apart("run-0")[0] == 4
    assert example.when_approved("run-1", minutes=60, sleep=sleep).startswith("deploying credit@7")
    assert slept == [60, 60]


def test_a_step_that_nobody_approved_in_time_raises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, example: ModuleType
) -> None:
    make_story(tmp_path, monkeypatch, FAIR)
    with pytest.raises(tolbooth.GatePending):
        example.when_approved("run-1", minutes=0)
