"""A real ``pre-commit run --all-files`` on a project, with the hooks that ``init`` writes and with the repository's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.own_rule_sample import OWN_SETTINGS, write_rules
from tests.project_sample import FAIR, make_project
from tests.review_sample import git
from tolbooth.enforce import pre_commit
from tolbooth.enforce.written_file import GateJob

pytestmark = pytest.mark.precommit

HOOKS = Path(__file__).parents[2] / ".pre-commit-hooks.yaml"
WITHOUT_DATA = OWN_SETTINGS.replace(
    "gates:\n", "gates:\n  commit: {subject: credit, environment: ci, data: [], point: pre-commit}\n"
).replace(
    "policy:\n",
    "policy:\n  enforcement:\n"
    + "".join(
        f'    {rule}: {{pre-commit: "off"}}\n'
        for rule in ("data.digests", "fairness.difference", "performance.minimum")
    ),
)
FROM_REPOSITORY = """\
repos:
  - repo: {repository}
    rev: v1
    hooks:
      - {{id: tolbooth-config, language: system}}
      - {{id: tolbooth-policy-lint, language: system}}
      - {{id: tolbooth-policy-test, language: system}}
      - {{id: tolbooth-gate, language: system}}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a project, a rule of its own and its test, and Tolbooth on the path."""
    program = shutil.which("pre-commit") or shutil.which("pre-commit", path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip("there is no program pre-commit: pip install pre-commit")
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "pre-commit").symlink_to(program)
    (programs / "tolbooth").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tolbooth "$@"\n', encoding="utf-8")
    (programs / "tolbooth").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "pre-commit"))
    folder = make_project(tmp_path / "credit", FAIR, WITHOUT_DATA)
    write_rules(folder)
    monkeypatch.chdir(folder)
    git(folder, "init", "-q", "-b", "main")
    return folder


def run_hooks(project: Path) -> tuple[int, dict[str, str], str]:
    """The exit code, what became of each hook by its name, and all that was said."""
    git(project, "add", "-A")
    done = subprocess.run(
        ["pre-commit", "run", "--all-files", "--color", "never"], capture_output=True, text=True, check=False
    )
    rows = [line.partition("..") for line in done.stdout.splitlines() if ".." in line and line.startswith("tolbooth")]
    return done.returncode, {name: rest.strip(".") for name, _, rest in rows}, done.stdout + done.stderr


def test_the_written_hooks_pass_and_find_a_mistake_in_settings_and_rules(project: Path) -> None:
    written = pre_commit.hooks(GateJob(gate="release"), "")
    (project / written.path).write_text(written.content, encoding="utf-8")
    code, found, said = run_hooks(project)
    assert (code, set(found.values())) == (0, {"Passed"}), said
    assert list(found) == [
        "tolbooth config check",
        "tolbooth policy lint",
        "tolbooth policy test --no-mutation",
    ]
    settings = project / "tolbooth.yaml"
    sound = settings.read_text(encoding="utf-8")
    settings.write_text(f"{sound}colour: red\n", encoding="utf-8")
    code, found, said = run_hooks(project)
    assert (code, found["tolbooth config check"], "colour" in said) == (1, "Failed", True), said
    settings.write_text(sound, encoding="utf-8")
    rule = next(path for path in project.rglob("*.rego") if not path.name.endswith("_test.rego"))
    rule.write_text(rule.read_text(encoding="utf-8") + "\nlate if time.now_ns() > 0\n", encoding="utf-8")
    code, found, said = run_hooks(project)
    assert (code, found["tolbooth policy lint"], "time.now_ns" in said) == (1, "Failed", True), said


def test_the_repositorys_hooks_pass_with_a_gate_without_data_that_records_nothing(
    project: Path, tmp_path: Path
) -> None:
    repository = tmp_path / "hooks"
    repository.mkdir()
    shutil.copy(HOOKS, repository)
    git(repository, "init", "-q", "-b", "main")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "hooks")
    git(repository, "tag", "v1")
    text = FROM_REPOSITORY.format(repository=repository)
    (project / ".pre-commit-config.yaml").write_text(text, encoding="utf-8")
    code, found, said = run_hooks(project)
    assert found == {
        "tolbooth config check": "Passed",
        "tolbooth policy lint": "Passed",
        "tolbooth policy test --no-mutation": "Passed",
        "tolbooth gate": "Failed",
    }, said
    assert code == 1
    assert "house.purpose" in said
    settings = project / "tolbooth.yaml"
    declared = settings.read_text(encoding="utf-8").replace("    owner:", "    purpose: scoring loans\n    owner:")
    settings.write_text(declared, encoding="utf-8")
    code, found, said = run_hooks(project)
    assert (code, set(found.values())) == (0, {"Passed"}), said
    assert not (project / ".tolbooth" / "log.sqlite").exists()
