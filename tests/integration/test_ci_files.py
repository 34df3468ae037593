"""The shell of the written CI files, run as a runner would: exit code, reports, transcript and keys."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.own_rule_sample import OWN_SETTINGS, write_rules
from tests.project_sample import FAIR, make_project, tolbooth
from tolbooth.enforce import github, gitlab
from tolbooth.enforce.written_file import GateJob
from tolbooth.signing.key_files import KeyRole, new_key

JOB = GateJob(gate="release")


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A runner's environment in a locked project with an own rule that fails, and the keys that it is given."""
    if shutil.which("bash") is None:
        pytest.skip("there is no program bash on the path")
    project = make_project(tmp_path / "credit", FAIR, OWN_SETTINGS)
    write_rules(project)
    monkeypatch.chdir(project)
    tolbooth("policy", "lock")
    program = tmp_path / "bin" / "tolbooth"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tolbooth "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    (tmp_path / "runner").mkdir()
    for name in ("env", "summary.md"):
        (tmp_path / "runner" / name).touch()
    return {
        **os.environ,
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "CI": "true",
        "RUNNER_TEMP": str(tmp_path / "runner"),
        "GITHUB_ENV": str(tmp_path / "runner" / "env"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "runner" / "summary.md"),
    }


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    """The private keys that a team keeps as secrets."""
    folder = tmp_path / "team"
    return new_key(folder, "ci", KeyRole.SEAL).path, new_key(folder, "ci-log", KeyRole.LOG).path


def bash(script: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-e", "-c", script], env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def loaded(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def test_the_workflow_denies_with_reports_summary_and_a_transcript_that_the_teams_key_signed(
    runner: dict[str, str], keys: tuple[Path, Path], tmp_path: Path
) -> None:
    steps = loaded(github.workflow(JOB, "").content)["jobs"]["gate"]["steps"]
    shell = {step["name"]: step["run"] for step in steps if "name" in step and "run" in step}
    secrets = {"SEAL_KEY": keys[0].read_text(encoding="utf-8"), "LOG_KEY": keys[1].read_text(encoding="utf-8")}
    given = bash(shell["Keys"], runner | secrets)
    assert given.returncode == 0, given.stderr
    exported = dict(line.split("=", 1) for line in Path(runner["GITHUB_ENV"]).read_text(encoding="utf-8").splitlines())
    said = bash(shell["Gate"], runner | exported)
    assert said.returncode == 1, said.stderr
    assert "::error" in said.stdout
    assert "house.purpose" in Path(runner["GITHUB_STEP_SUMMARY"]).read_text(encoding="utf-8")
    assert json.loads(Path(".tolbooth/report/tolbooth.sarif").read_text(encoding="utf-8"))["version"] == "2.1.0"
    verified = tolbooth("log", "verify", ".tolbooth/transcript.jsonl", "--key", str(tmp_path / "team" / "ci.pub"))
    assert verified.code == 0, verified.err


def test_without_secrets_the_workflow_decides_all_the_same(runner: dict[str, str]) -> None:
    steps = loaded(github.workflow(JOB, "").content)["jobs"]["gate"]["steps"]
    shell = {step["name"]: step["run"] for step in steps if "name" in step and "run" in step}
    assert bash(shell["Keys"], runner | {"SEAL_KEY": "", "LOG_KEY": ""}).returncode == 0
    assert Path(runner["GITHUB_ENV"]).read_text(encoding="utf-8") == ""


def test_the_pipeline_denies_with_the_reports_that_gitlab_shows(
    runner: dict[str, str], keys: tuple[Path, Path], tmp_path: Path
) -> None:
    job = loaded(gitlab.pipeline(JOB, "", beside=False).content)["tolbooth"]
    lines = [line for line in (*job["before_script"], *job["script"]) if not line.startswith("pip ")]
    # GitLab writes variables of type File where everybody may read them.
    for key in keys:
        key.chmod(0o644)
    said = bash("\n".join(lines), runner | {"TOLBOOTH_KEY": str(keys[0]), "TOLBOOTH_LOG_KEY": str(keys[1])})
    assert said.returncode == 1, said.stderr
    findings = json.loads(Path(job["artifacts"]["reports"]["codequality"]).read_text(encoding="utf-8"))
    assert any("house.purpose" in each["check_name"] for each in findings)
    assert Path(job["artifacts"]["reports"]["junit"]).read_text(encoding="utf-8").startswith("<?xml")
    verified = tolbooth("log", "verify", ".tolbooth/transcript.jsonl", "--key", str(tmp_path / "team" / "ci.pub"))
    assert verified.code == 0, verified.err


def test_reports_in_the_store_folder_are_no_damage_to_the_store(runner: dict[str, str]) -> None:
    steps = loaded(github.workflow(JOB, "").content)["jobs"]["gate"]["steps"]
    bash(next(step["run"] for step in steps if step.get("name") == "Gate"), runner)
    assert tolbooth("store", "check").code == 0
