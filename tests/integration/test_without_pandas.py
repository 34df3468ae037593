"""Commands that measure import no pandas, which is installed beside most models and slow to import."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from tests.project_sample import FAIR, SETTINGS, make_project

CODE = """
import sys
from tolbooth.cli.main import run
code = run(sys.argv[1:])
print(code, "pandas" in sys.modules, file=sys.stderr)
"""
COLUMNS = ("--label=y_true", "--prediction=y_pred", "--groups=race")
COMMANDS = {
    "gate": ("gate",),
    "fairness": ("measure", "fairness", "predictions.parquet", *COLUMNS),
    "fairness of a CSV": ("measure", "fairness", "predictions.csv", *COLUMNS),
    "fairness of a folder": ("measure", "fairness", "parts", "--label=y_true", "--prediction=y_pred", "--groups=sex"),
    "personal data": ("measure", "pii", "predictions.parquet"),
    "personal data of a CSV": ("measure", "pii", "predictions.csv"),
    "slices": ("measure", "slices", "predictions.parquet", *COLUMNS, "--metric=accuracy"),
    "bias audit": ("measure", "bias-audit", "scores.parquet", "--selected=y_pred", "--sex=sex", "--race=race"),
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = make_project(tmp_path / "credit", FAIR, SETTINGS)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("TOLBOOTH_KEYS", str(tmp_path / "keys"))
    rows = pq.read_table("predictions.parquet")
    pyarrow.csv.write_csv(rows, "predictions.csv")
    for sex in ("Female", "Male"):
        (folder / "parts" / f"sex={sex}").mkdir(parents=True)
        pq.write_table(rows, folder / "parts" / f"sex={sex}" / "part.parquet")
    pq.write_table(rows.append_column("sex", rows.column("race")), "scores.parquet")
    return folder


@pytest.mark.skipif(find_spec("pandas") is None, reason="pandas is not installed")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_does_without_pandas(project: Path, command: str) -> None:
    said = subprocess.run(
        [sys.executable, "-c", CODE, *COMMANDS[command]], cwd=project, capture_output=True, text=True, check=False
    )
    assert said.stderr.splitlines()[-1] == "0 False", said.stderr
