"""Rows of every kind that a count meets, in files and frames: what tests of several engines share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tolbooth.measure.fairness.count_settings import CountSettings
from tolbooth.measure.fairness.score_bins import ScoreBins

PLAIN = CountSettings(features=("race", "age", "sex"), label="y", prediction="p")
SCORED = CountSettings(features=("race", "sex"), label="y", prediction="p", score=ScoreBins.equal("s", 4))
CLASSES = CountSettings(features=("sex",), label="race", prediction="race", multiclass=True)
EVERY_SETTINGS = {"plain": PLAIN, "scored": SCORED, "classes": CLASSES}


def rows(count: int = 3_000) -> pa.Table:
    """Rows with nulls and NaN everywhere, an odd category, and labels and predictions of two types."""
    generator = np.random.default_rng(11)
    races = pa.array(["a", "b", "ü ", "", None]).take(pa.array(generator.integers(0, 5, count)))
    ages = pa.array(generator.integers(0, 3, count).astype(float), mask=generator.random(count) < 0.1)
    labels = generator.integers(0, 2, count).astype(np.float64)
    labels[::7] = np.nan
    scores = generator.random(count)
    scores[::5] = np.nan
    return pa.table(
        {
            "id": np.arange(count),
            "race": races,
            "age": ages,
            "sex": pa.array(["F x", None, "M/é"]).take(pa.array(generator.integers(0, 3, count))),
            "y": labels,
            "p": pa.array(generator.integers(0, 2, count).astype(bool), mask=generator.random(count) < 0.1),
            "s": scores,
        }
    )


HIVE = {"F x": "sex=F%20x", "M/é": "sex=M%2Fé", None: "sex=__HIVE_DEFAULT_PARTITION__"}


def write_partitioned(folder: Path, table: pa.Table) -> Path:
    """Write rows as Hive partitions by sex; types and encodings differ between the files, values don't."""
    for place, (value, name) in enumerate(HIVE.items()):
        part = table.filter([each == value for each in table["sex"].to_pylist()]).drop_columns(["sex"])
        if place == 1:
            part = _recast(part, "race", pa.large_string())
            part = _recast(part, "p", pa.int8())
            part = _recast(part, "y", pa.float32())
        if place == 2:
            part = _recast(part, "race", pa.binary())
        (folder / name).mkdir(parents=True)
        pq.write_table(part, folder / name / "part-0.parquet", row_group_size=100 + 57 * place)
    return folder


def _recast(table: pa.Table, name: str, kind: pa.DataType) -> pa.Table:
    place = table.schema.names.index(name)
    column: Any = table[name].combine_chunks()
    return table.set_column(place, name, column.cast(kind))
