"""Rows of every kind that a count meets, in files and frames: what tests of several engines share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from tolbooth.measure.fairness.assess import assess
from tolbooth.measure.fairness.count_settings import CountSettings
from tolbooth.measure.fairness.counts import FairnessCounts
from tolbooth.measure.fairness.question import FairnessQuestion, Mode, Statistic
from tolbooth.measure.fairness.rates import Metric
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


NAN = float("nan")
Row = tuple[str | None, float | None, float | None, int | None, float | None]

ROWS: st.SearchStrategy[list[Row]] = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "a ", "é", "", None]),
        st.sampled_from([0.0, -0.0, 1.0, 7.0, NAN, None]),
        st.sampled_from([0.0, 1.0, NAN, None]),
        st.sampled_from([0, 1, None]),
        st.one_of(st.none(), st.just(NAN), st.floats(0, 1), st.sampled_from([0.25, 0.2499995, 0.5, 1.0])),
    ),
    max_size=60,
)
ANY_SETTINGS = st.sampled_from(
    [
        CountSettings(features=("text", "number"), label="y", prediction="p"),
        CountSettings(features=("text",), label="y", prediction="p", score=ScoreBins.equal("s", 4)),
        CountSettings(
            features=(),
            label="y",
            prediction="y",
            score=ScoreBins(column="s", edges=(1, 2), scale=3, probability=False),
        ),
        CountSettings(features=("number",), label="text", prediction="p", multiclass=True),
    ]
)
_TEXTS = st.sampled_from([pa.string(), pa.large_string(), pa.binary(), pa.dictionary(pa.int8(), pa.string())])
_LABELS = st.sampled_from([pa.float32(), pa.float64()])
# As a class, true is not 1; as a prediction it is.
_CLASSES = st.sampled_from([pa.int8(), pa.uint64(), pa.float64()])
_PREDICTIONS = st.one_of(_CLASSES, st.just(pa.bool_()))


def drawn_table(
    drawn: list[Row],
    text: pa.DataType | None = None,
    label: pa.DataType | None = None,
    prediction: pa.DataType | None = None,
) -> pa.Table:
    """Rows of ``ROWS`` as a table, with text, label and prediction of these types."""
    columns = [[row[place] for row in drawn] for place in range(5)]
    texts = pa.array(columns[0], pa.string())
    text = text or pa.string()
    coded = texts.dictionary_encode().cast(text) if pa.types.is_dictionary(text) else texts.cast(text)
    predictions = pa.array(columns[3], pa.int8()).cast(prediction or pa.int8())
    arrays = [
        coded,
        pa.array(columns[1], pa.float64()),
        pa.array(columns[2], label or pa.float64()),
        predictions,
        pa.array(columns[4], pa.float64()),
    ]
    return pa.table(arrays, names=["text", "number", "y", "p", "s"])


def write_any_parts(folder: Path, data: st.DataObject, drawn: list[Row], *, multiclass: bool) -> None:
    """Write rows in any order, cut into any files and row groups, in any types and encodings that hold them."""
    predictions = _CLASSES if multiclass else _PREDICTIONS
    left = list(data.draw(st.permutations(drawn)))
    for place in range(data.draw(st.integers(1, 4))):
        size = data.draw(st.integers(0, len(left)))
        part = drawn_table(left[:size], data.draw(_TEXTS), data.draw(_LABELS), data.draw(predictions))
        left = left[size:]
        pq.write_table(part, folder / f"{place}.parquet", row_group_size=data.draw(st.integers(1, 20)))
    pq.write_table(drawn_table(left), folder / "last.parquet", use_dictionary=False)


def verdicts(counts: FairnessCounts) -> list[dict[str, Any]]:
    """Answers to several questions about a binary table, one for each statistic and each way to be met; else none."""
    if counts.classes or not counts.features:
        return []
    return [
        assess(
            counts,
            FairnessQuestion(
                statistic=statistic,
                metric=Metric.SELECTION_RATE,
                by=counts.features,
                bound=800_000 if statistic is Statistic.RATIO else 100_000,
                minimum_denominator=3,
                mode=mode,
            ),
        )
        for statistic in Statistic
        for mode in Mode
    ]
