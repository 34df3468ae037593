"""The written CI files, run as a runner would: exit codes, outputs, summary, reports, packs, transcripts and keys."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.actions_runner import Runner, machine
from tests.own_rule_sample import OWN_SETTINGS, write_rules
from tests.project_sample import FAIR, SETTINGS, SMALL, UNFAIR, Confusion, make_project, tolbooth, write_predictions
from tests.review_sample import git, make_story
from tolbooth import __version__
from tolbooth.enforce import github, gitlab
from tolbooth.enforce.written_file import GateJob, WrittenFile
from tolbooth.signing.key_files import KeyRole, new_key

ROOT = Path(__file__).parents[2]
JOB = GateJob(gate="release")
PULL_REQUEST = {
    "event_name": "pull_request",
    "base_ref": "main",
    "event": {"pull_request": {"base": {"sha": "b" * 40}}},
}
PUSH = {"event_name": "push", "ref_name": "main", "sha": "b" * 40}


def loaded(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """Where repositories lie and runners start: each run gets a clone and a machine of its own; caches outlive it."""

    folder: Path
    origin: Path

    def runner(self, github: Mapping[str, Any], **secrets: str) -> Runner:
        """A fresh machine with a clone of the project's repository."""
        run = self.folder / f"run-{len(list(self.folder.glob('run-*')))}"
        git(self.folder, "clone", "-q", str(self.origin), str(run / "work"))
        environment = machine(run, sys.executable) | {"HOME": str(run / "home")}
        (self.folder / "kept").mkdir(exist_ok=True)
        return Runner(
            workspace=run / "work",
            temp=run / "temp",
            kept=self.folder / "kept",
            environment=environment,
            github=github,
            secrets=secrets,
        )

    def commit(self, message: str) -> None:
        git(self.origin, "add", "-A")
        git(self.origin, "commit", "-q", "-m", message)


@pytest.fixture
def make_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Host]:
    """Make a repository with a locked project and the CI files for a job."""
    if shutil.which("bash") is None:
        pytest.skip("there is no program bash on the path")

    def make(groups: Mapping[str, Confusion], job: GateJob = JOB, settings: str = SETTINGS) -> Host:
        origin = tmp_path / "origin"
        project = make_project(origin / job.folder, groups, settings)
        monkeypatch.chdir(project)
        assert tolbooth("policy", "lock").code == 0
        for file in (github.action(), github.workflow(job, "")):
            _write(origin, file)
        git(origin, "init", "-q", "-b", "main")
        host = Host(folder=tmp_path, origin=origin)
        host.commit("first")
        return host

    return make


def _write(folder: Path, file: WrittenFile) -> None:
    (folder / file.path).parent.mkdir(parents=True, exist_ok=True)
    (folder / file.path).write_text(file.content, encoding="utf-8")


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    """The private keys that a team keeps as secrets."""
    folder = tmp_path / "team"
    return new_key(folder, "ci", KeyRole.SEAL).path, new_key(folder, "ci-log", KeyRole.LOG).path


def gated(runner: Runner) -> dict[str, str]:
    """Run the workflow's job; the outputs of the action."""
    outputs = runner.job(runner.workspace / github.PATH, "gate")
    return next((found for found in outputs.values() if "verdict" in found), {})


def test_a_push_and_a_pull_request_after_it(
    make_host: Callable[..., Host], keys: tuple[Path, Path], tmp_path: Path
) -> None:
    host = make_host(FAIR)
    pushed = host.runner(PUSH)
    base = gated(pushed)
    assert pushed.conclusion == 0, pushed.said
    assert (base["verdict"], base["exit-code"]) == ("allow", "0")
    assert not any("::error" in said for said in pushed.said)
    assert _installed(pushed)[-1] == f"tolbooth=={__version__}"
    assert len(pushed.cached) == 2
    write_predictions(host.origin / "predictions.parquet", UNFAIR)
    host.commit("another model")
    seal, log = (key.read_text(encoding="utf-8") for key in keys)
    asked = host.runner(PULL_REQUEST, TOLBOOTH_KEY=seal, TOLBOOTH_LOG_KEY=log)
    outputs = gated(asked)
    assert (asked.conclusion, asked.cached, _installed(asked)) == (1, [], [])
    _is_told(asked, outputs)
    comment = (asked.workspace / outputs["comment"]).read_text(encoding="utf-8")
    assert f"#### Since decision {base['decision'][:12]} (allow, " in comment
    assert "| worse | fairness.difference | " in comment
    _holds_by_the_teams_key(asked, outputs, str(tmp_path / "team" / "ci.pub"))
    for said in (*asked.said, *(path.read_bytes().decode("latin-1") for path in asked.artifacts["tolbooth"])):
        assert seal.splitlines()[1] not in said


def _is_told(runner: Runner, outputs: Mapping[str, str]) -> None:
    """The denial, in each place that the documentation names."""
    assert set(outputs) == {"verdict", "decision", "basis", "pack", "comment", "sarif", "exit-code"}
    report = runner.workspace / ".tolbooth" / "report"
    decision = json.loads((report / "decision.json").read_text(encoding="utf-8"))["decision"]
    assert (outputs["verdict"], outputs["exit-code"]) == ("deny", "1")
    assert (outputs["decision"], outputs["basis"]) == (decision["sha256"], decision["basis"])
    assert runner.summary == (report / "summary.md").read_text(encoding="utf-8")
    assert "credit&#64;7" in runner.summary
    assert any("::error title=tolbooth gate" in said for said in runner.said)
    assert {path.name for path in runner.artifacts["tolbooth"]} == {
        *("decision.json", "decision.env", "summary.md", "report.html", "tolbooth.sarif", "junit.xml"),
        *("comment.md", "decision.evpack.zip", "transcript.jsonl"),
    }
    assert json.loads((runner.workspace / outputs["sarif"]).read_text(encoding="utf-8"))["version"] == "2.1.0"


def _holds_by_the_teams_key(runner: Runner, outputs: Mapping[str, str], public: str) -> None:
    assert tolbooth("verify", str(runner.workspace / outputs["pack"]), "--key", public).code == 0
    transcript = str(runner.workspace / ".tolbooth" / "transcript.jsonl")
    assert tolbooth("log", "verify", transcript, "--key", public).code == 0


def _installed(runner: Runner) -> list[str]:
    path = runner.temp.parent / "installed"
    return path.read_text(encoding="utf-8").split() if path.is_file() else []


def test_a_mistake_in_the_settings_ends_with_2_and_no_verdict(make_host: Callable[..., Host]) -> None:
    host = make_host(FAIR)
    settings = host.origin / "tolbooth.yaml"
    settings.write_text(settings.read_text(encoding="utf-8") + "colour: red\n", encoding="utf-8")
    host.commit("a mistake")
    runner = host.runner(PUSH)
    outputs = gated(runner)
    assert (runner.conclusion, outputs["exit-code"], outputs["verdict"]) == (2, "2", "")
    assert "colour" in "".join(runner.said)
    assert runner.artifacts == {"tolbooth": []}


def test_a_gate_that_waits_for_people_ends_with_4_until_one_has_approved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = make_story(tmp_path, monkeypatch, FAIR)
    assert tolbooth("policy", "lock").code == 0
    for file in (github.action(), github.workflow(JOB, "")):
        _write(story.folder, file)
    story.commit("the gate in CI")
    host = Host(folder=tmp_path, origin=story.folder)
    waiting = host.runner(PUSH | {"actor": "ana"})
    outputs = gated(waiting)
    assert (waiting.conclusion, outputs["exit-code"], outputs["verdict"]) == (4, "4", "pending"), waiting.said
    assert "Waits for 1 approval: approver (" in waiting.summary
    assert (waiting.workspace / outputs["pack"]).is_file()
    assert tolbooth("gate").code == 4
    assert story.approve("ben").code == 0
    story.commit("approve")
    released = host.runner(PUSH | {"actor": "ana", "sha": "c" * 40})
    outputs = gated(released)
    assert (released.conclusion, outputs["exit-code"], outputs["verdict"]) == (0, "0", "allow"), released.said


def test_a_base_that_can_not_be_read_spoils_nothing(make_host: Callable[..., Host]) -> None:
    runner = make_host(SMALL).runner(PULL_REQUEST)
    old = runner.kept / f"tolbooth-decision-._release-main-{'a' * 40}"
    old.mkdir(parents=True)
    (old / "decision.json").write_text('{"version": 99}', encoding="utf-8")
    outputs = gated(runner)
    assert (runner.conclusion, outputs["verdict"]) == (3, "undecided"), runner.said
    comment = (runner.workspace / outputs["comment"]).read_text(encoding="utf-8")
    assert "What stops it" in comment
    assert "Since decision" not in comment
    assert any("since.not-output" in said for said in runner.said)


def test_a_gate_in_a_folder_with_a_space_runs_there(make_host: Callable[..., Host]) -> None:
    job = GateJob(gate="release", folder="models/credit risk", extras=("mlflow",))
    runner = make_host(UNFAIR, job).runner(PUSH)
    outputs = gated(runner)
    assert runner.conclusion == 1, runner.said
    assert outputs["pack"] == "models/credit risk/.tolbooth/report/decision.evpack.zip"
    assert (runner.workspace / outputs["pack"]).is_file()
    assert _installed(runner)[-1] == f"tolbooth[mlflow]=={__version__}"


def test_the_action_at_the_root_is_the_one_that_init_writes() -> None:
    assert (ROOT / "action.yml").read_text(encoding="utf-8") == github.action_text()


def test_no_script_of_the_action_holds_an_expression() -> None:
    steps = loaded(github.action_text())["runs"]["steps"]
    scripts = [step["run"] for step in steps if "run" in step]
    assert len(scripts) == 6
    assert [script for script in scripts if "${{" in script] == []


# GitLab


@pytest.fixture
def gitlab_runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A runner's environment in a locked project with an own rule that fails."""
    project = make_project(tmp_path / "credit", FAIR, OWN_SETTINGS)
    write_rules(project)
    monkeypatch.chdir(project)
    tolbooth("policy", "lock")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in {"tolbooth": f'exec "{sys.executable}" -m tolbooth "$@"', "pip": "exit 0"}.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (programs / name).chmod(0o755)
    return {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "CI": "true", "CI_PROJECT_DIR": str(project)}


def run_job(job: Mapping[str, Any], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a job's lines as GitLab does: one after the other in one shell, which stops at the first that fails."""
    script = "\n".join([*job["before_script"], *job["script"]])
    variables = {name: value.replace("$CI_PROJECT_DIR", os.curdir) for name, value in job["variables"].items()}
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],
        env={**environment, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_pipeline_denies_with_the_reports_that_gitlab_shows(
    gitlab_runner: dict[str, str], keys: tuple[Path, Path], tmp_path: Path
) -> None:
    job = loaded(gitlab.pipeline(JOB, "", beside=False).content)["tolbooth"]
    # GitLab writes variables of type File where everybody may read them.
    for key in keys:
        key.chmod(0o644)
    said = run_job(job, gitlab_runner | {"TOLBOOTH_KEY": str(keys[0]), "TOLBOOTH_LOG_KEY": str(keys[1])})
    assert said.returncode == 1, said.stderr
    reports = job["artifacts"]["reports"]
    findings = json.loads(Path(reports["codequality"]).read_text(encoding="utf-8"))
    assert any("house.purpose" in each["check_name"] for each in findings)
    assert Path(reports["junit"]).read_text(encoding="utf-8").startswith("<?xml")
    lines = Path(reports["dotenv"]).read_text(encoding="utf-8").splitlines()
    assert "TOLBOOTH_VERDICT=deny" in lines
    assert all(re.fullmatch(r"[A-Za-z0-9_]+=[^\s]+", line) for line in lines)
    public = str(tmp_path / "team" / "ci.pub")
    assert tolbooth("log", "verify", ".tolbooth/transcript.jsonl", "--key", public).code == 0
    assert tolbooth("verify", ".tolbooth/report/decision.evpack.zip", "--key", public).code == 0


def test_the_pipeline_ends_with_2_for_a_mistake_and_seals_nothing(gitlab_runner: dict[str, str]) -> None:
    settings = Path("tolbooth.yaml")
    settings.write_text(settings.read_text(encoding="utf-8") + "colour: red\n", encoding="utf-8")
    job = loaded(gitlab.pipeline(JOB, "", beside=False).content)["tolbooth"]
    said = run_job(job, gitlab_runner)
    assert said.returncode == 2
    assert not Path(".tolbooth/report").exists()


def test_reports_in_the_store_folder_are_no_damage_to_the_store(gitlab_runner: dict[str, str]) -> None:
    job = loaded(gitlab.pipeline(JOB, "", beside=False).content)["tolbooth"]
    assert run_job(job, gitlab_runner).returncode == 1
    assert tolbooth("store", "check").code == 0
