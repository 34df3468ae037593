"""A stranger's MLflow project as autologging left it: ``init && gate`` says something useful and asks nothing."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mlflow_projects import LIGHTGBM, SKLEARN, XGBOOST, ended, environment, python, running_server

pytestmark = pytest.mark.mlflow


@pytest.fixture(autouse=True)
def _whole_mlflow() -> None:
    missing = [name for name in ("mlflow", "xgboost", "lightgbm", "flask") if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (dependency group strangers)")


def tolbooth(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tolbooth", *arguments],
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def committed(folder: Path) -> Path:
    """The project's own repository, as strangers have one."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "train.py").write_text("# trains\n", encoding="utf-8")
    identity = ["-c", "user.name=Ana", "-c", "user.email=ana@example.org"]
    for command in (["init", "-q"], ["add", "train.py"], [*identity, "commit", "-q", "-m", "train"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


def decided(folder: Path, *options: str) -> dict[str, str]:
    """Outcomes by rule, of the rules that pass or fail, after ``init && gate``."""
    made = tolbooth(folder, "init", *options)
    assert made.returncode == 0, made.stderr
    said = tolbooth(folder, "gate", "--output", "json")
    assert said.returncode in {1, 3}, said.stderr
    assert "Traceback" not in made.stderr + said.stderr
    results = [
        (rule["rule"], result["outcome"]) for rule in json.loads(said.stdout)["rules"] for result in rule["results"]
    ]
    return {rule: outcome for rule, outcome in results if outcome in {"pass", "fail"}}


def test_scikit_learn_in_sqlite(tmp_path: Path) -> None:
    committed(tmp_path)
    ended(python(tmp_path, SKLEARN.format(uri="sqlite:///mlflow.db")))
    assert len(decided(tmp_path)) >= 8


def test_xgboost_in_a_file_store(tmp_path: Path) -> None:
    committed(tmp_path)
    ended(python(tmp_path, XGBOOST.format(uri=f"file://{tmp_path}/mlruns")))
    assert len(decided(tmp_path)) >= 8


def test_lightgbm_on_a_server(tmp_path: Path) -> None:
    project = committed(tmp_path / "project")
    with running_server(tmp_path / "server") as server:
        ended(python(project, LIGHTGBM.format(uri=server.url)))
        assert len(decided(project, "--tracking", server.url)) >= 8
