"""``once``: the same key gives the same decision, after a crash and when two ask at the same time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import tolbooth
from tests.project_sample import FAIR, SETTINGS, UNFAIR, make_project, write_predictions
from tests.project_sample import tolbooth as command
from tolbooth.model.errors import ConfigError
from tolbooth.pipeline import gate as gating
from tolbooth.pipeline.checking import open_project
from tolbooth.pipeline.once import decided_in, run_of
from tolbooth.pipeline.verdict import Judged, judge_situation
from tolbooth.pipeline.workspace import open_records

TWO = SETTINGS.replace(
    "  release: {subject: credit, environment: ci}",
    "  release: {subject: credit, environment: ci}\n  live: {subject: credit, environment: live}",
)


def decisions(project: Path) -> int:
    return len(open_records(open_project(project / "tolbooth.yaml")).decisions())


def entries(project: Path) -> list[str]:
    return [each.kind for each in open_records(open_project(project / "tolbooth.yaml")).entries()]


def test_the_second_call_gives_the_first_decision_though_the_facts_changed(tmp_path: Path) -> None:
    project = make_project(tmp_path, UNFAIR)
    first = tolbooth.gate(project=project, once="run-1")
    write_predictions(project / "predictions.parquet", FAIR)
    recorded = entries(project)
    again = tolbooth.gate(project=project, once="run-1")
    assert (first.repeated, again.repeated) == (False, True)
    assert (again.decision, again.verdict, again.position) == (first.decision, "deny", first.position)
    assert entries(project) == recorded
    other = tolbooth.gate(project=project, once="run-2")
    assert (other.repeated, other.verdict) == (False, "allow")
    assert decisions(project) == 2


def test_a_key_counts_for_one_gate_alone(tmp_path: Path) -> None:
    project = make_project(tmp_path, FAIR, TWO)
    release = tolbooth.gate("release", project=project, once="run-1")
    live = tolbooth.gate("live", project=project, once="run-1")
    assert (live.repeated, live.environment) == (False, "live")
    assert tolbooth.gate("release", project=project, once="run-1").position == release.position


def test_after_a_crash_between_its_steps_the_run_is_free_to_decide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(tmp_path, FAIR)

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(gating, "decision_record", crash)
        with pytest.raises(KeyboardInterrupt):
            tolbooth.gate(project=project, once="run-1")
    assert entries(project) == ["collection", "measurement", "judgement"]
    assert not tolbooth.gate(project=project, once="run-1").repeated
    assert tolbooth.gate(project=project, once="run-1").repeated
    assert decisions(project) == 1


def test_of_two_at_once_the_slower_gives_the_decision_of_the_faster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(tmp_path, FAIR)
    asked: list[str] = []
    faster: list[tolbooth.Release] = []

    def overtaken(*given: Any, **named: Any) -> Judged:
        asked.append("judge")
        if len(asked) == 1:
            faster.append(tolbooth.gate(project=project, once="run-1"))
        return judge_situation(*given, **named)

    monkeypatch.setattr(gating, "judge_situation", overtaken)
    slower = tolbooth.gate(project=project, once="run-1")
    assert slower.repeated
    assert slower.position == faster[0].position
    assert decisions(project) == 1
    assert command("--config", str(project / "tolbooth.yaml"), "store", "check").code == 0


def test_four_processes_at_once_record_one_decision(tmp_path: Path) -> None:
    project = make_project(tmp_path, FAIR)
    tolbooth.gate(project=project, once="another")
    code = f"import tolbooth\nprint(tolbooth.gate(project={str(project)!r}, once='run-1').position)"
    running = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    said = [each.communicate(timeout=120) for each in running]
    assert [each.returncode for each in running] == [0] * 4, said
    assert len({out for out, _ in said}) == 1
    assert decisions(project) == 2


def test_the_command_takes_the_key_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make_project(tmp_path, UNFAIR)
    monkeypatch.chdir(project)
    assert command("gate", "--once", "run-1").code == 1
    again = command("gate", "--once", "run-1")
    assert again.code == 1
    assert "was recorded before under this key" in again.err
    assert decisions(project) == 1
    assert tolbooth.gate(once="run-1").repeated


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_key_is_refused_before_anything_is_made(tmp_path: Path, empty: str) -> None:
    project = make_project(tmp_path, FAIR)
    with pytest.raises(ConfigError) as refused:
        tolbooth.gate(project=project, once=empty)
    assert refused.value.code == "gate.once-empty"
    assert not (project / ".tolbooth").exists()


def test_a_supposed_decision_and_a_drill_take_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(make_project(tmp_path, FAIR))
    assert command("gate", "--once", "k", "--as-of", "2026-01-01T00:00:00Z").code == 2
    assert command("gate", "--once", "k", "--drill").code == 2


def test_the_key_itself_stands_nowhere_in_the_store(tmp_path: Path) -> None:
    project = make_project(tmp_path, FAIR)
    tolbooth.gate(project=project, once="secret-run-name")
    opened = open_project(project / "tolbooth.yaml")
    assert decided_in(open_records(opened), run_of(opened, "release", "secret-run-name"), "release") is not None
    holding = [p for p in (project / ".tolbooth").rglob("*") if p.is_file() and b"secret-run-name" in p.read_bytes()]
    assert holding == []
