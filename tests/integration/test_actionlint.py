"""The workflow and the action, looked at by the pinned actionlint; scripts/actionlint builds it."""

from __future__ import annotations

import subprocess
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.opa_programs import program
from tolbooth.enforce import github
from tolbooth.enforce.written_file import GateJob, WrittenFile

pytestmark = pytest.mark.actionlint

JOBS = [GateJob(gate="release"), GateJob(gate="go-live", folder="models/credit risk", extras=("mlflow", "pdf"))]


def lint(folder: Path, *files: WrittenFile) -> subprocess.CompletedProcess[str]:
    for file in files:
        (folder / file.path).parent.mkdir(parents=True, exist_ok=True)
        (folder / file.path).write_text(file.content, encoding="utf-8")
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    command = [str(program("actionlint")), "-no-color", "-oneline"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("job", JOBS, ids=["at the root", "in a folder"])
def test_the_written_workflow_and_its_action_pass(tmp_path: Path, job: GateJob) -> None:
    said = lint(tmp_path, github.action(), github.workflow(job, ""))
    assert (said.returncode, said.stdout) == (0, "")


def test_an_input_that_the_action_lacks_is_found(tmp_path: Path) -> None:
    workflow = github.workflow(JOBS[0], "")
    wrong = WrittenFile(path=workflow.path, content=workflow.content.replace("log-key:", "logkey:"), why="")
    said = lint(tmp_path, github.action(), wrong)
    assert said.returncode == 1
    assert "logkey" in said.stdout


def test_the_actions_steps_pass_as_a_job_with_typed_inputs(tmp_path: Path) -> None:
    """actionlint reads an action's metadata only; as the steps of a job, their expressions are checked too."""
    said = lint(tmp_path, _as_job(github.action_text()))
    assert (said.returncode, said.stdout) == (0, "")


def test_a_step_that_asks_an_output_that_is_not_there_is_found(tmp_path: Path) -> None:
    said = lint(tmp_path, _as_job(github.action_text().replace("steps.keys.outputs", "steps.kees.outputs")))
    assert said.returncode == 1
    assert "kees" in said.stdout


def _as_job(action: str) -> WrittenFile:
    yaml = YAML(typ="safe", pure=True)
    found: Any = yaml.load(action)
    inputs = {name: {"type": "string", "default": each["default"]} for name, each in found["inputs"].items()}
    workflow = {
        "on": {"workflow_call": {"inputs": inputs}},
        "jobs": {"gate": {"runs-on": "ubuntu-latest", "steps": found["runs"]["steps"]}},
    }
    text = StringIO()
    yaml.dump(workflow, text)
    return WrittenFile(path=".github/workflows/steps.yml", content=text.getvalue(), why="")
