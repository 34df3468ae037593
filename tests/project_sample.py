"""A small project made in code: predictions with chosen counts by group, a model file, and its settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tolbooth.cli.main import run

Confusion = tuple[int, int, int, int]
"""True negatives, false positives, false negatives, true positives."""

FAIR: Mapping[str, Confusion] = {"a": (80, 20, 30, 70), "b": (81, 19, 28, 72)}
UNFAIR: Mapping[str, Confusion] = {"a": (50, 50, 30, 70), "b": (80, 20, 28, 72)}
SMALL: Mapping[str, Confusion] = {"a": (80, 20, 30, 70), "b": (8, 2, 3, 7)}

SETTINGS = """\
version: 1
project: credit
subjects:
  credit:
    path: model.bin
    version: "7"
    owner: credit team
data:
  test:
    path: predictions.parquet
    role: predictions
    label: y_true
    prediction: y_pred
    groups: [race]
gates:
  release: {subject: credit, environment: ci}
policy:
  parameters:
    performance.minimum: {metric: accuracy, bound: 0.7}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a command said: exit code, stdout and stderr."""

    code: int
    out: str
    err: str


def tolbooth(*arguments: str) -> Said:
    """Run a command in this process, in the current folder."""
    out, err = _pipe(), _pipe()
    with redirect_stdout(out), redirect_stderr(err):
        code = run(list(arguments))
    return Said(code=code, out=_written(out), err=_written(err))


def write_predictions(path: Path, groups: Mapping[str, Confusion], feature: str = "race") -> None:
    """Write one row a person, in the order of the groups."""
    rows = list(_rows(groups))
    columns = {
        feature: [row[0] for row in rows],
        "y_true": pa.array([row[1] for row in rows], pa.int8()),
        "y_pred": pa.array([row[2] for row in rows], pa.int8()),
    }
    pq.write_table(pa.table(columns), path)


def make_project(folder: Path, groups: Mapping[str, Confusion], settings: str = SETTINGS) -> Path:
    """Write a project into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.bin").write_bytes(b"weights")
    write_predictions(folder / "predictions.parquet", groups)
    (folder / "tolbooth.yaml").write_text(settings, encoding="utf-8")
    return folder


def _pipe() -> TextIOWrapper:
    return TextIOWrapper(BytesIO(), encoding="utf-8", write_through=True)


def _written(pipe: TextIOWrapper) -> str:
    pipe.seek(0)
    return pipe.read()


def _rows(groups: Mapping[str, Confusion]) -> Iterator[tuple[str, int, int]]:
    for name, counts in groups.items():
        for (label, prediction), number in zip([(0, 0), (0, 1), (1, 0), (1, 1)], counts, strict=True):
            yield from [(name, label, prediction)] * number
