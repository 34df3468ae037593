"""What Tolbooth says to every mistake that we know people to make: kept outputs, read as their reader would.

Where a text was changed on purpose, write the outputs anew with TOLBOOTH_TEST_WRITE=1 and read the difference.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.bad_input_sample import REFUSED, UNDECIDED, BadInput, normalised
from tests.project_sample import FAIR, make_project, tolbooth
from tolbooth.store.embedded import open_store

KEPT = Path(__file__).parent / "bad_inputs"
CASES = (*REFUSED, *UNDECIDED)
COLUMNS = 80


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = make_project(tmp_path / "credit", FAIR)
    monkeypatch.chdir(folder)
    return folder


def log_size(project: Path) -> int | None:
    """How many entries there are; None without a store."""
    return open_store(project / ".tolbooth").size() if (project / ".tolbooth" / "log.sqlite").exists() else None


def run(case: BadInput, project: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in case.environment:
        monkeypatch.setenv(name, value)
    said = tolbooth(*case.command)
    shown = "".join(f"{name}={value} " for name, value in case.environment)
    command = f"$ {shown}tolbooth {' '.join(part or repr(part) for part in case.command)}"
    return normalised(f"{command}\n{said.out}{said.err}exit code {said.code}\n", project)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_bad_input_is_answered_as_kept(case: BadInput, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case.prepare(project)
    before = log_size(project)
    said = run(case, project, monkeypatch)
    kept = KEPT / f"{case.name}.txt"
    if os.environ.get("TOLBOOTH_TEST_WRITE") == "1":
        kept.write_text(said, encoding="utf-8")
    assert said == kept.read_text(encoding="utf-8")
    assert said.endswith(f"exit code {case.code}\n")
    if case in UNDECIDED:
        assert log_size(project) == (before or 0) + 4
    else:
        assert (log_size(project) or 0) == (before or 0)


def test_every_kept_output_belongs_to_a_case() -> None:
    assert {path.stem for path in KEPT.glob("*.txt")} == {case.name for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_kept_output_holds_a_trace_or_is_wider_than_a_terminal(case: BadInput) -> None:
    lines = (KEPT / f"{case.name}.txt").read_text(encoding="utf-8").splitlines()[1:]
    assert [line for line in lines if "Traceback" in line or "site-packages" in line] == []
    assert [line for line in lines if len(line) > COLUMNS] == []


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_a_refusal_says_that_nothing_was_recorded_where_something_might_have_been(case: BadInput) -> None:
    said = (KEPT / f"{case.name}.txt").read_text(encoding="utf-8")
    usage = "Usage: " in said
    assert ("Nothing was recorded." in said) is (case.command[0] in {"gate", "seal"} and not usage)


def test_a_mistake_in_the_settings_makes_no_store(project: Path) -> None:
    next(case for case in REFUSED if case.name == "several-mistakes").prepare(project)
    assert tolbooth("gate").code == 2
    assert not (project / ".tolbooth").exists()


def test_the_trace_is_shown_with_debug_wherever_it_stands(project: Path) -> None:
    next(case for case in REFUSED if case.name == "unknown-key").prepare(project)
    assert "Traceback" in tolbooth("gate", "--debug").err
    assert "Traceback" in tolbooth("--debug", "gate").err
    assert "Traceback" not in tolbooth("gate").err
