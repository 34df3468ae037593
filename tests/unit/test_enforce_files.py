"""The files for CI and pre-commit: YAML that says what was meant, and commands that Tolbooth knows."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

import click
import pytest
from ruamel.yaml import YAML

from tolbooth import __version__
from tolbooth.cli.main import tolbooth as root_command
from tolbooth.enforce import github, gitlab, jenkins, pre_commit
from tolbooth.enforce.written_file import GateJob

AT_ROOT = GateJob(gate="release")
BELOW = GateJob(gate="go-live", folder="models/credit risk", extras=("mlflow",), branch="trunk")
JOBS = pytest.mark.parametrize("job", [AT_ROOT, BELOW], ids=["at the root", "in a folder"])


def parsed(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def commands(texts: list[str]) -> Iterator[list[str]]:
    """The arguments of every ``tolbooth`` command in lines of shell."""
    for text in texts:
        for line in re.split(r"\n|&&|;", text):
            words = shlex.split(line, comments=True)
            if words and words[0] == "tolbooth":
                yield words[1:]


def parse_command(arguments: list[str]) -> click.Context:
    """Parse a command line as Tolbooth would, down to the last subcommand, without running it."""
    context = root_command.make_context("tolbooth", list(arguments))
    command: click.Command = root_command
    while isinstance(command, click.Group) and context._protected_args + context.args:
        name, found, rest = command.resolve_command(context, context._protected_args + context.args)
        assert found is not None
        command, context = found, found.make_context(name, rest, parent=context)
    return context


def shell_of(job: GateJob) -> dict[str, list[str]]:
    """Every line of shell in every file, by place."""
    steps = parsed(github.workflow(job, "").content)["jobs"]["gate"]["steps"]
    pipeline = parsed(gitlab.pipeline(job, "", beside=False).content)["tolbooth"]
    stage = re.search(r"'''(.*)'''", "\n".join(jenkins.lines(job)))
    assert stage is not None
    hook = parsed(pre_commit.hooks(job, "").content)["repos"][0]["hooks"][0]
    return {
        "github": [step["run"] for step in steps if "run" in step],
        "gitlab": [*pipeline["before_script"], *pipeline["script"]],
        "jenkins": [stage[1]],
        "pre-commit": [hook["entry"]],
    }


@JOBS
@pytest.mark.parametrize("place", ["github", "gitlab", "jenkins", "pre-commit"])
def test_every_tolbooth_command_is_one_that_tolbooth_knows(place: str, job: GateJob) -> None:
    found = list(commands(shell_of(job)[place]))
    assert len(found) == 1
    context = parse_command(found[0])
    if place != "pre-commit":
        assert (context.command_path, context.params["name"]) == ("tolbooth gate", job.gate)


def test_a_command_with_a_wrong_option_would_be_found() -> None:
    with pytest.raises(click.UsageError):
        parse_command(["gate", "release", "--report", "junit"])
    with pytest.raises(click.UsageError):
        parse_command(["config", "chekc"])


@JOBS
@pytest.mark.parametrize("place", ["github", "gitlab", "jenkins"])
def test_each_ci_file_installs_this_version_with_the_extras_that_the_gate_needs(place: str, job: GateJob) -> None:
    extras = "[mlflow]" if job is BELOW else ""
    installs = [text for text in shell_of(job)[place] if "pip install" in text]
    assert [shlex.split(text)[2] for text in installs] == [f"tolbooth{extras}=={__version__}"]


@JOBS
def test_the_workflow_may_only_read_and_pins_its_actions_by_major_version(job: GateJob) -> None:
    workflow = parsed(github.workflow(job, "").content)
    assert workflow["permissions"] == {"contents": "read"}
    uses = [step["uses"] for step in workflow["jobs"]["gate"]["steps"] if "uses" in step]
    assert len(uses) == 3
    assert all(re.fullmatch(r"actions/[a-z-]+@v[0-9]+", each) for each in uses)
    assert workflow["on"]["push"]["branches"] == [job.branch]


@JOBS
def test_reports_and_transcript_are_kept_after_a_denial_too(job: GateJob) -> None:
    folder = f"{job.folder}/" if job.folder else ""
    kept = [f"{folder}.tolbooth/report/", f"{folder}.tolbooth/transcript.jsonl"]
    upload = parsed(github.workflow(job, "").content)["jobs"]["gate"]["steps"][-1]
    assert (upload["if"], upload["with"]["path"].split("\n")[:2]) == ("always()", kept)
    assert upload["with"]["include-hidden-files"] is True
    artifacts = parsed(gitlab.pipeline(job, "", beside=False).content)["tolbooth"]["artifacts"]
    assert (artifacts["when"], artifacts["paths"]) == ("always", kept)


@JOBS
def test_gitlab_is_told_of_the_reports_that_the_gate_writes(job: GateJob) -> None:
    artifacts = parsed(gitlab.pipeline(job, "", beside=False).content)["tolbooth"]["artifacts"]
    (arguments,) = commands(shell_of(job)["gitlab"])
    written = {each.format: str(each.file) for each in parse_command(arguments).params["wanted"]}
    folder = f"{job.folder}/" if job.folder else ""
    assert artifacts["reports"] == {
        "junit": folder + written["junit"],
        "codequality": folder + written["gitlab"],
    }


def test_a_gate_in_a_folder_runs_there() -> None:
    workflow = parsed(github.workflow(BELOW, "").content)
    assert workflow["jobs"]["gate"]["defaults"]["run"]["working-directory"] == BELOW.folder
    script = parsed(gitlab.pipeline(BELOW, "", beside=True).content)["tolbooth"]["script"]
    assert shlex.split(script[0]) == ["cd", BELOW.folder]
    assert "defaults" not in parsed(github.workflow(AT_ROOT, "").content)["jobs"]["gate"]


def test_a_pipeline_that_is_there_already_is_joined_by_one_include() -> None:
    beside = gitlab.pipeline(AT_ROOT, "", beside=True)
    assert parsed("\n".join(gitlab.INCLUDE_LINES)) == {"include": [{"local": beside.path}]}
    assert beside.path != gitlab.PATH


@pytest.mark.parametrize(
    ("job", "path", "runs"),
    [
        (AT_ROOT, "tolbooth.yaml", True),
        (AT_ROOT, "rules/house/purpose/purpose.rego", True),
        (AT_ROOT, "train.py", False),
        (BELOW, "models/credit risk/tolbooth.lock", True),
        (BELOW, "tolbooth.yaml", False),
    ],
)
def test_the_hook_runs_for_settings_lock_and_rules(job: GateJob, path: str, runs: bool) -> None:
    hook = parsed(pre_commit.hooks(job, "").content)["repos"][0]["hooks"][0]
    assert (re.search(hook["files"], path) is not None) is runs
    assert hook["pass_filenames"] is False


@JOBS
@pytest.mark.parametrize("place", ["github", "gitlab"])
def test_a_person_has_at_most_twelve_lines_to_understand(place: str, job: GateJob) -> None:
    """Lines of shell, where every option of the gate is one: all else is the place's own boilerplate."""
    shell = "\n".join(shell_of(job)[place]).replace(" --", "\n--")
    assert len(shell.splitlines()) <= 12
