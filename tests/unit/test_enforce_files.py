"""The files for CI and pre-commit: YAML that says what was meant, and commands that Tolbooth knows."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from ruamel.yaml import YAML

from tolbooth import __version__
from tolbooth.cli.main import tolbooth as root_command
from tolbooth.enforce import github, gitlab, jenkins, pre_commit
from tolbooth.enforce.written_file import GateJob

ROOT = Path(__file__).parents[2]
AT_ROOT = GateJob(gate="release")
BELOW = GateJob(gate="go-live", folder="models/credit risk", extras=("mlflow",), branch="trunk")
JOBS = pytest.mark.parametrize("job", [AT_ROOT, BELOW], ids=["at the root", "in a folder"])
_PROGRAMS = {"tolbooth", "$tolbooth", "$RUNNER_TEMP/tolbooth/bin/tolbooth"}
_BETWEEN = re.compile(r"\n|&&|\|\||;|\) (?=tolbooth)")


def parsed(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def commands(texts: list[str]) -> Iterator[list[str]]:
    """The arguments of every ``tolbooth`` command in lines of shell."""
    for text in texts:
        for line in _BETWEEN.split(text.replace("\\\n", " ")):
            words = shlex.split(line.replace("'", "") if line.count("'") % 2 else line, comments=True)
            if words and words[0] in _PROGRAMS:
                yield [word for word in words[1:] if not word.startswith("${since")]


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
    steps = parsed(github.action_text())["runs"]["steps"]
    pipeline = parsed(gitlab.pipeline(job, "", beside=False).content)["tolbooth"]
    stage = re.search(r"'''(.*)'''", "\n".join(jenkins.lines(job)))
    assert stage is not None
    return {
        "github": [step["run"] for step in steps if "run" in step],
        "gitlab": [*pipeline["before_script"], *pipeline["script"]],
        "jenkins": [stage[1]],
        "pre-commit": [hook["entry"] for hook in hooks(job)],
        "hooks": [hook["entry"] for hook in parsed((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))],
    }


def hooks(job: GateJob) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = parsed(pre_commit.hooks(job, "").content)["repos"][0]["hooks"]
    return found


def use_of_action(job: GateJob) -> dict[str, Any]:
    """The step of the workflow that uses the action."""
    steps = parsed(github.workflow(job, "").content)["jobs"]["gate"]["steps"]
    found: dict[str, Any] = next(step for step in steps if step["uses"].startswith("./"))
    return found


@JOBS
@pytest.mark.parametrize(
    ("place", "known"),
    [
        ("github", ["gate", "seal", "report", "report"]),
        ("gitlab", ["gate", "seal"]),
        ("jenkins", ["gate"]),
        ("pre-commit", ["config check", "policy lint", "policy test"]),
        ("hooks", ["config check", "policy lint", "policy test", "gate"]),
    ],
)
def test_every_tolbooth_command_is_one_that_tolbooth_knows(place: str, known: list[str], job: GateJob) -> None:
    found = [parse_command(each) for each in commands(shell_of(job)[place])]
    assert [each.command_path.removeprefix("tolbooth ") for each in found] == known
    if place in {"gitlab", "jenkins"}:
        assert found[0].params["name"] == job.gate


def test_a_command_with_a_wrong_option_would_be_found() -> None:
    with pytest.raises(click.UsageError):
        parse_command(["gate", "release", "--report", "junit"])
    with pytest.raises(click.UsageError):
        parse_command(["config", "chekc"])


@JOBS
@pytest.mark.parametrize("place", ["gitlab", "jenkins"])
def test_each_ci_file_installs_this_version_with_the_extras_that_the_gate_needs(place: str, job: GateJob) -> None:
    extras = "[mlflow]" if job is BELOW else ""
    installs = [text for text in shell_of(job)[place] if "pip install" in text]
    assert [shlex.split(text)[2] for text in installs] == [f"tolbooth{extras}=={__version__}"]


@JOBS
def test_the_workflow_tells_the_action_what_the_project_needs(job: GateJob) -> None:
    used = use_of_action(job)
    assert used["uses"] == f"./{github.ACTION_FOLDER}"
    inputs = parsed(github.action_text())["inputs"]
    assert used["with"].keys() <= inputs.keys()
    assert inputs["version"]["default"] == __version__
    given = {**{name: each["default"] for name, each in inputs.items()}, **used["with"]}
    assert (given["gate"], given["working-directory"]) == (job.gate, job.folder or ".")
    assert given["extras"] == ",".join(job.extras)


@JOBS
def test_the_workflow_may_only_read_and_pins_its_actions_by_major_version(job: GateJob) -> None:
    workflow = parsed(github.workflow(job, "").content)
    assert workflow["permissions"] == {"contents": "read"}
    steps = [*workflow["jobs"]["gate"]["steps"], *parsed(github.action_text())["runs"]["steps"]]
    uses = [step["uses"] for step in steps if "uses" in step and not step["uses"].startswith("./")]
    assert len(uses) == 6
    assert all(re.fullmatch(r"actions/[a-z/-]+@v[0-9]+", each) for each in uses)
    assert workflow["on"]["push"]["branches"] == [job.branch]


@JOBS
def test_reports_and_transcript_are_kept_after_a_denial_too(job: GateJob) -> None:
    upload = next(
        step for step in parsed(github.action_text())["runs"]["steps"] if "upload-artifact" in step.get("uses", "")
    )
    folder = "${{ inputs.working-directory }}/.tolbooth"
    assert upload["if"].startswith("always() &&")
    assert upload["with"]["path"].split() == f"{folder}/report/ {folder}/transcript.jsonl".split()
    assert upload["with"]["include-hidden-files"] is True
    artifacts = parsed(gitlab.pipeline(job, "", beside=False).content)["tolbooth"]["artifacts"]
    below = f"{job.folder}/" if job.folder else ""
    kept = [f"{below}.tolbooth/report/", f"{below}.tolbooth/transcript.jsonl"]
    assert (artifacts["when"], artifacts["paths"]) == ("always", kept)


@JOBS
def test_gitlab_is_told_of_the_reports_that_the_gate_writes(job: GateJob) -> None:
    artifacts = parsed(gitlab.pipeline(job, "", beside=False).content)["tolbooth"]["artifacts"]
    arguments = next(commands(shell_of(job)["gitlab"]))
    written = {each.format: str(each.file) for each in parse_command(arguments).params["wanted"]}
    folder = f"{job.folder}/" if job.folder else ""
    assert artifacts["reports"] == {
        "dotenv": folder + written["dotenv"],
        "junit": folder + written["junit"],
        "codequality": folder + written["gitlab"],
    }


def test_a_gate_in_a_folder_runs_there() -> None:
    script = parsed(gitlab.pipeline(BELOW, "", beside=True).content)["tolbooth"]["script"]
    assert shlex.split(script[0]) == ["cd", BELOW.folder]
    steps = parsed(github.action_text())["runs"]["steps"]
    at = [step.get("working-directory") for step in steps if "tolbooth/bin/tolbooth" in step.get("run", "")]
    assert at == ["${{ inputs.working-directory }}"] * 2


def test_a_pipeline_that_is_there_already_is_joined_by_one_include() -> None:
    beside = gitlab.pipeline(AT_ROOT, "", beside=True)
    assert parsed("\n".join(gitlab.INCLUDE_LINES)) == {"include": [{"local": beside.path}]}
    assert beside.path != gitlab.PATH


@pytest.mark.parametrize(
    ("job", "path", "runs"),
    [
        (AT_ROOT, "tolbooth.yaml", ["tolbooth-config"]),
        (
            AT_ROOT,
            "rules/house/purpose/purpose.rego",
            ["tolbooth-config", "tolbooth-policy-lint", "tolbooth-policy-test"],
        ),
        (AT_ROOT, "train.py", []),
        (BELOW, "models/credit risk/tolbooth.lock", ["tolbooth-config"]),
        (BELOW, "tolbooth.yaml", []),
    ],
)
def test_each_hook_runs_for_what_it_looks_at(job: GateJob, path: str, runs: list[str]) -> None:
    assert [hook["id"] for hook in hooks(job) if re.search(hook["files"], path)] == runs
    assert not any(hook["pass_filenames"] for hook in hooks(job))


def test_the_repositorys_hooks_are_the_written_ones_and_a_gate_that_records_nothing() -> None:
    offered = {each["id"]: each for each in parsed((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))}
    assert [each["id"] for each in hooks(AT_ROOT)] == list(offered)[:-1]
    assert [each["entry"] for each in hooks(AT_ROOT)] == [each["entry"] for each in offered.values()][:-1]
    assert parse_command(shlex.split(offered["tolbooth-gate"]["entry"])[1:]).params["dry_run"] is True
    assert not any(each["pass_filenames"] for each in offered.values())
