"""``tolbooth explain``: before a decision what the rule asks, after it what was found."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.project_sample import FAIR, SETTINGS, UNFAIR, make_project, tolbooth


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = make_project(tmp_path / "credit", UNFAIR)
    monkeypatch.chdir(folder)
    return folder


def test_before_a_decision_it_tells_what_is_asked_with_the_projects_parameters(project: Path) -> None:
    said = tolbooth("explain", "performance.minimum")
    assert said.code == 0
    assert "Set        bound: 0.7" in said.out
    assert "no decision that asked it is recorded" in said.out
    assert "Found" not in said.out
    assert not (project / ".tolbooth").exists()


def test_a_parameter_that_the_project_must_set_is_named(project: Path) -> None:
    (project / "tolbooth.yaml").write_text(SETTINGS.replace(", bound: 0.7", ""), encoding="utf-8")
    said = tolbooth("explain", "performance.minimum")
    assert "To set     policy.parameters.performance.minimum.bound" in said.out


def test_a_rule_that_the_project_does_not_ask_is_explained_and_said_to_be_unasked(project: Path) -> None:
    (project / "tolbooth.yaml").write_text(
        SETTINGS.replace("  parameters:", "  rules: [performance.minimum]\n  parameters:"), encoding="utf-8"
    )
    tolbooth("gate")
    said = tolbooth("explain", "fairness.ratio")
    assert said.code == 0
    assert "does not ask it" in said.out


def test_without_a_project_the_rules_own_parameters_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = tolbooth("explain", "fairness.difference")
    assert said.code == 0
    assert "no project here" in said.out
    assert "bound: 0.1" in said.out


def test_mistakes_in_the_settings_are_told_and_not_passed_over(project: Path) -> None:
    (project / "tolbooth.yaml").write_text(SETTINGS.replace("label:", "lable:"), encoding="utf-8")
    said = tolbooth("explain", "fairness.difference")
    assert said.code == 2
    assert "did you mean 'label'?" in said.err


def test_last_explains_every_rule_that_did_not_pass_and_no_other(project: Path) -> None:
    tolbooth("gate")
    said = tolbooth("explain", "--last")
    assert said.code == 0
    assert "✗ fails  fairness.difference" in said.out
    assert "data.digests\n" not in said.out


def test_last_says_so_where_every_rule_passed(project: Path) -> None:
    make_project(project, FAIR)
    tolbooth("gate")
    said = tolbooth("explain", "--last")
    assert said.out == "Every rule that was asked about credit@7 passed; name one to see what it asks.\n"


@pytest.mark.parametrize(
    "arguments", [[], ["fairness.difference", "--last"], ["--last", "--decision", "ab"], ["--decision", "ab"]]
)
def test_a_rule_and_last_exclude_each_other(project: Path, arguments: list[str]) -> None:
    said = tolbooth("explain", *arguments)
    assert said.code == 2
    assert "RULE" in said.err
    assert "--last" in said.err


def test_a_decision_that_is_named_must_be_there(project: Path) -> None:
    tolbooth("gate")
    assert tolbooth("explain", "fairness.difference", "--decision", "zz").code == 2
    said = tolbooth("explain", "fairness.diference", "--decision", "")
    assert said.code == 2
    assert "did you mean 'fairness.difference'?" in said.err


def test_it_names_file_digest_and_counts_and_fits_80_columns_but_for_code(project: Path) -> None:
    tolbooth("gate")
    said = tolbooth("explain", "fairness.difference").out
    assert "of predictions.parquet (sha256 " in said
    assert "400 rows" in " ".join(said.split())
    prose = [line for line in said.splitlines() if not line.startswith("    ") or line.startswith("           ")]
    assert max(map(len, prose)) <= 80


def test_its_lines_of_python_give_the_numbers(project: Path) -> None:
    tolbooth("gate")
    said = tolbooth("explain", "fairness.difference").out.splitlines()
    code = [line.strip() for line in said if line.startswith("    ") and not line.startswith(("     ", "    tolbooth"))]
    assert len(code) == 3
    done = subprocess.run([sys.executable, "-c", "\n".join(code)], capture_output=True, text=True, check=True)
    assert "'race': 'a', 'counted_sum': 50, 'counted_count': 100" in done.stdout
