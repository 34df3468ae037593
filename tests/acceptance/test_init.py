"""``tolbooth init``: it writes what fits the folder, overwrites nothing, loosens nothing and asks nothing."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.project_sample import FAIR, make_project, tolbooth, write_predictions
from tolbooth.config.load import Project, load_project
from tolbooth.judge.library.load import built_in_library
from tolbooth.model.rule import Enforcement


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "credit"
    make_project(path, FAIR)
    (path / "tolbooth.yaml").unlink()
    (path / "model.bin").rename(path / "model.onnx")
    (path / "train.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (path / "MODEL_CARD.md").write_text("# Card\n", encoding="utf-8")
    monkeypatch.chdir(path)
    return path


def written(folder: Path) -> Project:
    return load_project(folder / "tolbooth.yaml")


def test_it_finds_model_data_predictions_and_card(folder: Path) -> None:
    assert tolbooth("init").code == 0
    settings = written(folder).settings
    subject = settings.subjects["credit"]
    assert (subject.path, subject.model_card) == ("model.onnx", "MODEL_CARD.md")
    assert {name: each.role.value for name, each in settings.data.items()} == {
        "predictions": "predictions",
        "train": "training",
    }
    assert settings.data["predictions"].groups == ("race",)


def test_the_gate_runs_on_what_it_wrote(folder: Path) -> None:
    del folder
    tolbooth("init")
    said = tolbooth("gate", "--output", "json")
    assert said.code == 3, said.err
    outcomes = [result["outcome"] for rule in json.loads(said.out)["rules"] for result in rule["results"]]
    assert len([outcome for outcome in outcomes if outcome in {"pass", "fail"}]) >= 8


def test_it_never_overwrites(folder: Path) -> None:
    (folder / "tolbooth.yaml").write_text("version: 1\n", encoding="utf-8")
    said = tolbooth("init")
    assert said.code == 2
    assert "not overwritten" in said.err
    assert (folder / "tolbooth.yaml").read_text(encoding="utf-8") == "version: 1\n"


def test_it_sets_no_parameter_and_enforces_what_it_found_evidence_for(folder: Path) -> None:
    tolbooth("init")
    policy = written(folder).settings.policy
    assert policy.parameters == {}
    assert {level.level for points in policy.enforcement.values() for level in points.values()} == {Enforcement.WARN}
    minimal = {code for code, rule in built_in_library().rules.items() if "minimal" in rule.collections}
    assert minimal & policy.enforcement.keys() == set()


def test_without_predictions_it_prints_the_lines_that_log_them(folder: Path) -> None:
    (folder / "predictions.parquet").unlink()
    said = tolbooth("init")
    assert "to_parquet" in said.out
    assert written(folder).settings.policy.enforcement["fairness.difference"]["all"].level is Enforcement.WARN


def test_predictions_alone_are_governed_as_a_data_set(folder: Path) -> None:
    for name in ("model.onnx", "MODEL_CARD.md", "train.csv"):
        (folder / name).unlink()
    tolbooth("init")
    assert written(folder).settings.subjects["credit"].kind.value == "dataset"


def test_an_empty_folder_gets_no_file_and_a_hint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = tolbooth("init")
    assert said.code == 2
    assert "y_true" in said.err
    assert not (tmp_path / "tolbooth.yaml").exists()


def test_odd_names_are_quoted_so_that_they_read_back(folder: Path) -> None:
    write_predictions(folder / "pre: dict #1.parquet", FAIR)
    tolbooth("init")
    assert "pre: dict #1.parquet" in {each.path for each in written(folder).settings.data.values()}


def test_the_first_line_names_a_schema_that_is_there(folder: Path) -> None:
    tolbooth("init")
    first = (folder / "tolbooth.yaml").read_text(encoding="utf-8").splitlines()[0]
    schema = folder / first.partition("$schema=")[2]
    assert json.loads(schema.read_text(encoding="utf-8"))["title"] == "tolbooth.yaml"


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


def hosted(folder: Path, remote: str) -> None:
    git(folder, "init", "-q", "-b", "trunk")
    git(folder, "remote", "add", "origin", remote)


def files(folder: Path) -> set[str]:
    """What init writes, but for the store's own."""
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {name for name in names if ".git/" not in name and ".tolbooth/" not in name} - {
        "MODEL_CARD.md",
        "model.onnx",
        "predictions.parquet",
        "train.csv",
    }


def test_it_locks_the_rules_and_a_ci_runner_takes_the_lock(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = tolbooth("init")
    assert "Wrote tolbooth.lock" in said.out
    assert tolbooth("policy", "lock", "--check").code == 0
    monkeypatch.setenv("CI", "true")
    assert tolbooth("gate").code == 3
    assert (folder / "tolbooth.lock").is_file()


def test_a_repository_on_github_gets_a_workflow_and_a_hook(folder: Path) -> None:
    hosted(folder, "https://ana:hunter2@github.com/bank/credit.git")
    said = tolbooth("init")
    assert files(folder) == {
        "tolbooth.yaml",
        "tolbooth.lock",
        ".github/actions/tolbooth/action.yml",
        ".github/workflows/tolbooth.yml",
        ".pre-commit-config.yaml",
    }
    assert "remote is on GitHub" in said.out
    assert "hunter2" not in said.out
    workflow = (folder / ".github/workflows/tolbooth.yml").read_text(encoding="utf-8")
    assert 'branches: ["trunk"]' in workflow


@pytest.mark.parametrize("remote", ["git@gitlab.example.org:bank/credit.git", "ssh://git@gitlab.com:22/bank/credit"])
def test_a_repository_on_gitlab_gets_a_pipeline(folder: Path, remote: str) -> None:
    hosted(folder, remote)
    tolbooth("init")
    assert ".gitlab-ci.yml" in files(folder)


def test_a_pipeline_that_is_there_is_never_touched_and_the_include_is_said(folder: Path) -> None:
    (folder / ".gitlab-ci.yml").write_text("stages: [test]\n", encoding="utf-8")
    said = tolbooth("init")
    assert (folder / ".gitlab-ci.yml").read_text(encoding="utf-8") == "stages: [test]\n"
    assert (folder / "tolbooth.gitlab-ci.yml").is_file()
    assert "  - local: tolbooth.gitlab-ci.yml" in said.out


def test_a_jenkinsfile_is_left_to_its_author_with_the_lines_to_add(folder: Path) -> None:
    (folder / "Jenkinsfile").write_text("pipeline {}\n", encoding="utf-8")
    said = tolbooth("init")
    assert "stage('Tolbooth')" in said.out
    assert (folder / "Jenkinsfile").read_text(encoding="utf-8") == "pipeline {}\n"


def test_without_ci_and_git_it_says_why_there_is_no_file_for_them(folder: Path) -> None:
    said = tolbooth("init")
    assert "No CI file: no remote on GitHub or GitLab" in said.out
    assert "No pre-commit entry: this is no git repository" in said.out
    assert files(folder) == {"tolbooth.yaml", "tolbooth.lock"}


def test_hooks_that_are_there_are_left_and_the_entry_is_printed(folder: Path) -> None:
    hosted(folder, "https://github.com/bank/credit.git")
    (folder / ".pre-commit-config.yaml").write_text("repos: []\n", encoding="utf-8")
    said = tolbooth("init")
    assert (folder / ".pre-commit-config.yaml").read_text(encoding="utf-8") == "repos: []\n"
    assert "- id: tolbooth-config" in said.out


def test_in_a_monorepo_the_files_stand_at_the_root_and_run_in_the_folder(folder: Path) -> None:
    hosted(folder.parent, "https://github.com/bank/models.git")
    tolbooth("init")
    workflow = folder.parent / ".github/workflows/tolbooth.yml"
    assert f'working-directory: "{folder.name}"' in workflow.read_text(encoding="utf-8")
    assert "--config credit/tolbooth.yaml" in (folder.parent / ".pre-commit-config.yaml").read_text(encoding="utf-8")


def test_a_repository_that_ignores_the_folder_is_not_the_projects(folder: Path) -> None:
    hosted(folder.parent, "https://github.com/ana/dotfiles.git")
    (folder.parent / ".gitignore").write_text("*\n", encoding="utf-8")
    tolbooth("init")
    assert not (folder.parent / ".github").exists()


def test_files_that_git_ignores_are_named_since_ci_will_not_have_them(folder: Path) -> None:
    hosted(folder, "https://github.com/bank/credit.git")
    (folder / ".gitignore").write_text("*.parquet\n", encoding="utf-8")
    assert "git ignores predictions.parquet" in tolbooth("init").out


def test_a_run_that_was_interrupted_is_simply_done_again(folder: Path) -> None:
    hosted(folder, "https://github.com/bank/credit.git")
    tolbooth("init")
    whole = {name: (folder / name).read_bytes() for name in files(folder)}
    (folder / "tolbooth.yaml").unlink()
    said = tolbooth("init")
    assert said.code == 0
    assert said.out.count("it is there already, as it would be written") == 4
    assert {name: (folder / name).read_bytes() for name in files(folder)} == whole


def test_tolbooth_yaml_is_written_last(folder: Path) -> None:
    hosted(folder, "https://github.com/bank/credit.git")
    (folder / ".github").write_text("a file where a folder should be\n", encoding="utf-8")
    said = tolbooth("init")
    assert (said.code, "[init.write]" in said.err) == (2, True)
    assert not (folder / "tolbooth.yaml").exists()


def test_it_says_where_the_keys_are_also_where_the_environment_names_them(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del folder
    made = tolbooth("key", "new", "ci").out
    key = made.rpartition(": ")[2].strip()
    monkeypatch.setenv("TOLBOOTH_KEY_FILE", key)
    assert f"as the environment names them: {key}" in tolbooth("init").out
