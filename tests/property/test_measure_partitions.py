"""However rows are split, ordered, encoded and counted: by threads or by DuckDB, the digest is the same."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tolbooth.measure.engines import duckdb as duckdb_engine
from tolbooth.measure.engines.frames import count_frame
from tolbooth.measure.engines.local import count_files
from tolbooth.measure.fairness.count_settings import CountSettings
from tolbooth.measure.fairness.score_bins import ScoreBins

NAN = float("nan")
Row = tuple[str | None, float | None, float | None, int | None, float | None]

ROWS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "a ", "é", "", None]),
        st.sampled_from([0.0, -0.0, 1.0, 7.0, NAN, None]),
        st.sampled_from([0.0, 1.0, NAN, None]),
        st.sampled_from([0, 1, None]),
        st.one_of(st.none(), st.just(NAN), st.floats(0, 1), st.sampled_from([0.25, 0.2499995, 0.5, 1.0])),
    ),
    max_size=60,
)
EVERY_SETTINGS = st.sampled_from(
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
TEXTS = st.sampled_from([pa.string(), pa.large_string(), pa.binary(), pa.dictionary(pa.int8(), pa.string())])
LABELS = st.sampled_from([pa.float32(), pa.float64()])
# As a class, true is not 1; as a prediction it is.
CLASSES = st.sampled_from([pa.int8(), pa.uint64(), pa.float64()])
PREDICTIONS = st.one_of(CLASSES, st.just(pa.bool_()))


def table(rows: list[Row], text: pa.DataType, label: pa.DataType, prediction: pa.DataType) -> pa.Table:
    columns = [[row[place] for row in rows] for place in range(5)]
    texts = pa.array(columns[0], pa.string())
    coded = texts.dictionary_encode().cast(text) if pa.types.is_dictionary(text) else texts.cast(text)
    predictions = pa.array(columns[3], pa.int8()).cast(prediction)
    arrays = [coded, pa.array(columns[1]), pa.array(columns[2], label), predictions, pa.array(columns[4])]
    typed = [each.cast(pa.float64()) if pa.types.is_null(each.type) else each for each in arrays]
    return pa.table(typed, names=["text", "number", "y", "p", "s"])


def write_parts(folder: Path, data: st.DataObject, rows: list[Row], *, multiclass: bool) -> None:
    predictions = CLASSES if multiclass else PREDICTIONS
    left = list(data.draw(st.permutations(rows)))
    for place in range(data.draw(st.integers(1, 4))):
        size = data.draw(st.integers(0, len(left)))
        part = table(left[:size], data.draw(TEXTS), data.draw(LABELS), data.draw(predictions))
        left = left[size:]
        pq.write_table(part, folder / f"{place}.parquet", row_group_size=data.draw(st.integers(1, 20)))
    last = table(left, pa.string(), pa.float64(), pa.int8())
    pq.write_table(last, folder / "last.parquet", use_dictionary=False)


@given(st.data(), ROWS, EVERY_SETTINGS)
def test_any_partitioning_order_encoding_and_number_of_threads_gives_the_same_bytes(
    data: st.DataObject, rows: list[Row], asked: CountSettings
) -> None:
    expected = count_frame(table(rows, pa.string(), pa.float64(), pa.int8()), asked)
    assert expected.row_count == len(rows)
    folder = Path(tempfile.mkdtemp())
    try:
        write_parts(folder, data, rows, multiclass=asked.multiclass)
        found = count_files(folder, asked, threads=data.draw(st.integers(1, 4)))
    finally:
        shutil.rmtree(folder)
    assert found.canonical() == expected.canonical()


@pytest.mark.duckdb
@given(st.data(), ROWS, EVERY_SETTINGS)
@settings(max_examples=40, deadline=None)
def test_duckdb_gives_the_same_bytes_under_any_partitioning(
    data: st.DataObject, rows: list[Row], asked: CountSettings
) -> None:
    pytest.importorskip("duckdb")
    expected = count_frame(table(rows, pa.string(), pa.float64(), pa.int8()), asked)
    folder = Path(tempfile.mkdtemp())
    try:
        write_parts(folder, data, rows, multiclass=asked.multiclass)
        found = duckdb_engine.count_files(folder, asked, threads=data.draw(st.integers(1, 2)))
    finally:
        shutil.rmtree(folder)
    assert found.canonical() == expected.canonical()
