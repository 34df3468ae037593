"""What Kubeflow's step does in its container, without the SDK: its key, its files, and how it fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.project_sample import FAIR, UNFAIR, make_project, tolbooth
from tolbooth.enforce.kubeflow_step import BROKE, decide

IDS = ("run-1", "dag-1", "tolbooth-decide")


class Numbers(dict[str, float]):
    """Metrics, kept."""

    def log_metric(self, metric: str, value: float) -> None:
        self[metric] = value


def ask(
    folder: Path, *, once: tuple[str, ...] = IDS, gate: str = "", numbers: Numbers | None = None
) -> tuple[str, ...]:
    return decide(
        project=str(folder),
        gate=gate,
        point="",
        once=once,
        deadline_seconds=0,
        poll_seconds=1,
        report=str(folder.parent / "report.md"),
        page=str(folder.parent / "page.html"),
        metrics=Numbers() if numbers is None else numbers,
    )


def decisions() -> int:
    entries = json.loads(tolbooth("log", "--output", "json").out)["entries"]
    return sum(each["kind"] == "decision" for each in entries)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = make_project(tmp_path / "credit", FAIR)
    monkeypatch.chdir(made)
    return made


def test_a_retried_step_repeats_its_decision_and_another_run_makes_its_own(folder: Path) -> None:
    first = ask(folder)
    assert ask(folder)[:4] == first[:4]
    assert decisions() == 1
    assert ask(folder, once=("run-2", *IDS[1:]))[0] == "allow"
    assert decisions() == 2


def test_a_denial_is_an_answer_with_its_reasons_a_report_and_numbers(tmp_path: Path) -> None:
    numbers = Numbers()
    verdict, *_, reasons = ask(make_project(tmp_path / "credit", UNFAIR), numbers=numbers)
    assert verdict == "deny"
    assert "- fairness.difference (race: a / b)" in reasons
    assert numbers["allowed"] == 0.0
    assert numbers["reasons"] >= 1.0
    assert "**credit\\@7 at release" in (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "credit@7 at release" in (tmp_path / "page.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("left", ["{{$.pipeline_job_uuid}}", ""])
def test_a_run_without_an_id_is_refused_since_every_run_would_get_the_first_ones_decision(
    folder: Path, capsys: pytest.CaptureFixture[str], left: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        ask(folder, once=(left, *IDS[1:]))
    assert ended.value.code == BROKE
    assert "kubeflow.no-run: the backend did not say which run this is" in capsys.readouterr().out
    assert not (folder / ".tolbooth").exists()


def test_a_gate_that_there_is_none_of_is_told_as_no_verdict(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        ask(folder, gate="no-such-gate")
    assert ended.value.code == BROKE
    assert "which is no verdict" in capsys.readouterr().out
