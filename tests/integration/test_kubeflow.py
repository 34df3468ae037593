"""Kubeflow Pipelines, for real: the SDK's compiler and its local runner, from training to promotion."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import tolbooth as package
from tests.project_sample import FAIR, tolbooth
from tests.review_sample import Story, make_story, ok

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".bootstrap" / "kubeflow" / "bin" / "python"
pytestmark = pytest.mark.kubeflow


@pytest.fixture(autouse=True)
def _kubeflow(monkeypatch: pytest.MonkeyPatch) -> None:
    if not PYTHON.is_file():
        pytest.skip("Kubeflow Pipelines' SDK is not here: run scripts/orchestrators kubeflow")
    # NOTE: the local runner starts each step with the first python3 on the path.
    monkeypatch.setenv("PATH", f"{PYTHON.parent}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Story:
    return make_story(tmp_path, monkeypatch, FAIR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run of the pipeline by the local runner: where its steps write, and its process."""

    outputs: Path
    process: subprocess.Popen[str]

    def until(self, words: str) -> None:
        """Wait until it says something."""
        assert self.process.stdout is not None
        if not any(words in line for line in self.process.stdout):
            pytest.fail(f"it never said '{words}'")

    def end(self) -> tuple[int, str]:
        """Exit code, and what it wrote after what was waited for."""
        log, _ = self.process.communicate(timeout=120)
        return self.process.returncode, log

    def written(self, step: str, name: str) -> str:
        """What a step wrote into one of its outputs."""
        return next(self.outputs.glob(f"*/{step}/{name}")).read_text(encoding="utf-8")

    def outcome(self, step: str) -> dict[str, Any]:
        """What the SDK says of a step that ended well."""
        found: dict[str, Any] = json.loads(self.written(step, "executor_output.json"))
        return found


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(PYTHON), "-W", "ignore", "-m", "tests.orchestrators.kubeflow_release", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(story: Story, **parameters: object) -> Run:
    outputs = story.folder.parent / f"outputs-{len(list(story.folder.parent.glob('outputs-*')))}"
    outputs.mkdir()
    return Run(outputs=outputs, process=start("run", str(story.folder), str(outputs), json.dumps(parameters)))


def decisions() -> int:
    """How many decisions the log holds."""
    entries = json.loads(ok(tolbooth("log", "--output", "json")).out)["entries"]
    return sum(each["kind"] == "decision" for each in entries)


def promoted(story: Story) -> bool:
    return (story.folder / "production" / "model.bin").is_file()


def failed_at(log: str) -> str:
    """The step by which the run failed."""
    return log.rsplit("Inner task failed:", 1)[1].split("'")[1]


def test_a_biased_model_fails_the_second_step_and_the_report_is_kept(story: Story) -> None:
    denied = run(story, biased=True)
    code, log = denied.end()
    assert code != 0
    assert failed_at(log) == "tolbooth-require"
    assert "- fairness.difference (race: a / b): false positive rate" in log
    outcome = denied.outcome("tolbooth-decide")
    assert outcome["parameterValues"]["verdict"] == "deny"
    assert outcome["artifacts"]["metrics"]["artifacts"][0]["metadata"]["allowed"] == 0.0
    assert "`fairness.difference`" in denied.written("tolbooth-decide", "report")
    assert "<td>fairness.difference</td>" in denied.written("tolbooth-decide", "page")
    assert not promoted(story)
    assert decisions() == 1


def test_a_fair_model_waits_until_a_person_signs_and_is_promoted(story: Story) -> None:
    waiting = run(story)
    waiting.until("waits for approver")
    assert not promoted(story)
    ok(story.approve("ben"))
    code, log = waiting.end()
    assert code == 0, log
    values = waiting.outcome("tolbooth-require")["parameterValues"]
    latest = json.loads(ok(tolbooth("report", "--format", "json")).out)["decision"]
    assert values["verdict"] == latest["verdict"] == "allow"
    assert values["basis"] == latest["basis"]
    assert promoted(story)
    assert decisions() == 2


@pytest.mark.slow
def test_people_who_do_not_answer_in_time_fail_the_second_step(story: Story) -> None:
    code, log = run(story, deadline=1).end()
    assert code != 0
    assert failed_at(log) == "tolbooth-require"
    assert "The deadline has passed." in log
    assert not promoted(story)
    assert decisions() == 1


def test_a_gate_that_could_not_answer_fails_the_first_step(story: Story) -> None:
    code, log = run(story, gate="no-such-gate").end()
    assert code != 0
    assert failed_at(log) == "tolbooth-decide"
    assert "Tolbooth could not answer, which is no verdict." in log
    assert "gate.unknown: " in log
    assert "there is no gate 'no-such-gate'" in log
    assert not promoted(story)


def test_the_compiled_pipeline_caches_neither_step_and_retries_only_the_first(tmp_path: Path) -> None:
    file = tmp_path / "pipeline.yaml"
    said, _ = start("compile", str(file)).communicate(timeout=60)
    assert file.is_file(), said
    spec = YAML(typ="safe").load(file.read_text(encoding="utf-8"))
    tasks = spec["root"]["dag"]["tasks"]
    assert set(tasks) == {"tolbooth-decide", "tolbooth-require"}
    assert not any(task["cachingOptions"].get("enableCache") for task in tasks.values())
    assert tasks["tolbooth-decide"]["retryPolicy"]["maxRetryCount"] == 3
    assert "retryPolicy" not in tasks["tolbooth-require"]
    constants = [
        each["runtimeValue"]["constant"]
        for each in tasks["tolbooth-decide"]["inputs"]["parameters"].values()
        if "runtimeValue" in each
    ]
    assert {"{{$.pipeline_job_uuid}}", "{{$.pipeline_task_uuid}}", "{{$.pipeline_task_name}}"} <= set(constants)
    executors = spec["deploymentSpec"]["executors"].values()
    assert all(f"'tolbooth=={package.__version__}'" in each["container"]["command"][2] for each in executors)
