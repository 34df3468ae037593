"""Data as people have it: partitioned folders, Arrow files and streams, frames; and where an error says that it is."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from tests.count_sample import EVERY_SETTINGS, PLAIN, SCORED, rows, write_partitioned
from tolbooth.measure.engines.frames import count_frame
from tolbooth.measure.engines.local import count, count_files
from tolbooth.measure.fairness.count_settings import CountSettings
from tolbooth.measure.fairness.counts import Cell
from tolbooth.model.errors import ConfigError, MeasureError

CANARY = "canary-7f3a"
ONE = CountSettings(features=("g",), label="y", prediction="y")


@pytest.fixture(scope="module")
def table() -> pa.Table:
    return rows()


@pytest.mark.parametrize("name", EVERY_SETTINGS)
def test_a_partitioned_folder_of_mixed_types_counts_as_the_rows_it_was_made_of(
    tmp_path: Path, table: pa.Table, name: str
) -> None:
    whole = tmp_path / "whole.parquet"
    pq.write_table(table, whole)
    settings = EVERY_SETTINGS[name]
    expected = count_files(whole, settings)
    assert expected.row_count == table.num_rows
    assert count_files(write_partitioned(tmp_path / "parts", table), settings).canonical() == expected.canonical()


def test_a_partition_column_may_be_the_label(tmp_path: Path) -> None:
    for value in ("0", "1"):
        folder = tmp_path / f"y={value}"
        folder.mkdir()
        pq.write_table(pa.table({"g": ["a", "b"]}), folder / "x.parquet")
    cells = count_files(tmp_path, ONE).cells
    assert cells == tuple(Cell((group,), code, code, 1) for group in "ab" for code in (0, 1))


def test_a_needed_column_both_in_the_file_and_in_its_path_is_refused(tmp_path: Path) -> None:
    (tmp_path / "g=a").mkdir()
    pq.write_table(pa.table({"g": ["b"], "y": [1]}), tmp_path / "g=a" / "x.parquet")
    with pytest.raises(ConfigError) as caught:
        count_files(tmp_path, ONE)
    assert caught.value.code == "measure.column-twice"


def test_a_column_that_one_partition_lacks_is_refused_naming_the_file_and_the_column(tmp_path: Path) -> None:
    pq.write_table(pa.table({"g": ["a"], "y": [1]}), tmp_path / "first.parquet")
    pq.write_table(pa.table({"y": [1]}), tmp_path / "second.parquet")
    with pytest.raises(ConfigError) as caught:
        count_files(tmp_path, ONE)
    assert caught.value.code == "measure.column-missing"
    assert "'g', in second.parquet" in str(caught.value)


def test_arrow_files_streams_and_folders_of_them_count_as_parquet(tmp_path: Path, table: pa.Table) -> None:
    expected = count_frame(table, SCORED).canonical()
    file, stream, feather, folder = (tmp_path / name for name in ("a.arrow", "b.arrows", "c.feather", "d"))
    with pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table, max_chunksize=190)
    with pa.ipc.new_stream(stream, table.schema) as writer:
        writer.write_table(table, max_chunksize=190)
    pa.feather.write_feather(table, str(feather), compression="lz4")
    folder.mkdir()
    pa.feather.write_feather(table.slice(0, 1000), str(folder / "a.feather"))
    pa.feather.write_feather(table.slice(1000), str(folder / "b.feather"))
    assert [count_files(path, SCORED).canonical() for path in (file, stream, feather, folder)] == [expected] * 4


@pytest.mark.parametrize("content", [b"", b"ARROW1", b"ARROW1\0\0" + b"\xee" * 50, b"no arrow at all"])
def test_an_arrow_file_that_is_none_is_unreadable(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "data.arrow"
    path.write_bytes(content)
    with pytest.raises(MeasureError) as caught:
        count_files(path, ONE)
    assert caught.value.code == "measure.unreadable"
    assert "Arrow IPC" in str(caught.value)


def test_an_arrow_file_that_is_cut_off_is_unreadable(tmp_path: Path, table: pa.Table) -> None:
    path = tmp_path / "data.arrows"
    with pa.ipc.new_stream(path, table.schema) as writer:
        writer.write_table(table)
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(MeasureError) as caught:
        count_files(path, SCORED)
    assert caught.value.code == "measure.unreadable"


def test_a_csv_score_is_a_number_and_every_other_column_text(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("race,sex,y,p,s\n01,x,0,1,0.25\n01,x,0,1,\n")
    cells = count_files(path, SCORED).cells
    assert [(each[0], each.bin, each.n) for each in cells] == [(("01", "x"), None, 1), (("01", "x"), 1, 1)]
    path.write_text(f"race,sex,y,p,s\n01,x,0,1,{CANARY}\n")
    with pytest.raises(MeasureError) as caught:
        count_files(path, SCORED)
    assert CANARY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_the_number_of_threads_changes_nothing(tmp_path: Path, table: pa.Table, threads: int) -> None:
    path = write_partitioned(tmp_path / "parts", table)
    assert count_files(path, PLAIN, threads=threads).canonical() == count_frame(table, PLAIN).canonical()


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ({"y": 7}, "measure.label-not-binary"),
        ({"s": 1.5}, "measure.score-outside"),
        ({"age": 0.5}, "measure.column-type"),
    ],
)
def test_the_first_row_that_can_not_be_counted_is_named_by_file_row_and_row_group(
    tmp_path: Path, bad: dict[str, float], code: str
) -> None:
    settings = CountSettings(features=("age",), label="y", prediction="p", score=SCORED.score)
    name, value = next(iter(bad.items()))
    good = rows(1_000)
    column = good[name].to_pylist()
    column[722] = column[900] = value
    place = good.schema.names.index(name)
    wrong = good.set_column(place, name, pa.array(column, pa.float64()))
    pq.write_table(good, tmp_path / "a.parquet")
    pq.write_table(wrong, tmp_path / "b.parquet", row_group_size=100)
    with pytest.raises((MeasureError, ConfigError)) as caught:
        count_files(tmp_path, settings)
    assert caught.value.code == code
    assert "first at row 723 of b.parquet (row group 7)" in str(caught.value)
    with pytest.raises((MeasureError, ConfigError), match=r"first at row 723$"):
        count_frame(wrong, settings)


def test_a_csv_names_the_first_wrong_row_after_its_header(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text(f"g,y\na,0\na,{CANARY}\n")
    with pytest.raises(MeasureError) as caught:
        count_files(path, ONE)
    assert "first at row 2 of data.csv" in str(caught.value)
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_one_category_in_bytes_text_and_dictionary_is_one_and_a_padded_one_is_another(tmp_path: Path) -> None:
    columns = [
        pa.array(["Male"]),
        pa.array([b"Male"]),
        pa.array(["Male"]).dictionary_encode(),
        pa.array(["Male "]),
        pa.array(["male"]),
    ]
    for place, column in enumerate(columns):
        pq.write_table(pa.table({"g": column, "y": [1]}), tmp_path / f"{place}.parquet")
    assert [(each[0][0], each.n) for each in count_files(tmp_path, ONE).cells] == [
        ("Male", 3),
        ("Male ", 1),
        ("male", 1),
    ]


def test_a_feature_of_100000_values_is_refused_soon_and_counted_if_the_limit_says_so(tmp_path: Path) -> None:
    path = tmp_path / "ids.parquet"
    pq.write_table(pa.table({"g": [f"id-{row}" for row in range(100_000)], "y": [1] * 100_000}), path)
    with pytest.raises(MeasureError) as caught:
        count(path, ["g"], "y", "y")
    assert caught.value.code == "measure.too-many-cells"
    assert "id-" not in str(caught.value)
    assert len(count(path, ["g"], "y", "y", cell_limit=100_000).cells) == 100_000


def test_a_pandas_frame_counts_as_its_rows_whatever_its_dtypes(table: pa.Table) -> None:
    expected = count_frame(table, PLAIN).canonical()
    frame = table.to_pandas()
    assert count_frame(frame, PLAIN).canonical() == expected
    other = frame.assign(race=frame["race"].astype("category"), sex=frame["sex"].astype("string"))
    other = other.assign(p=other["p"].astype("boolean"), y=other["y"].astype("Int8"), age=other["age"].astype("Int64"))
    assert count_frame(other.set_index("id").sample(frac=1, random_state=3), PLAIN).canonical() == expected


def test_an_arrow_stream_is_counted(table: pa.Table) -> None:
    reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=100))
    assert count_frame(reader, PLAIN).canonical() == count_frame(table, PLAIN).canonical()


def test_a_stream_is_counted_batch_by_batch_and_never_held() -> None:
    alive: list[Any] = []

    def batches() -> Iterator[pa.RecordBatch]:
        for _ in range(50):
            batch = pa.record_batch({"g": ["a"] * 1000, "y": [1] * 1000})
            alive.append(pa.total_allocated_bytes())
            yield batch

    schema = pa.schema([("g", pa.string()), ("y", pa.int64())])
    counts = count_frame(pa.RecordBatchReader.from_batches(schema, batches()), ONE)
    assert counts.row_count == 50_000
    assert max(alive) < 5 * (min(alive) + 100_000)


def test_a_stream_that_breaks_off_is_an_error_that_quotes_nothing() -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        yield pa.record_batch({"g": ["a"], "y": [1]})
        raise ValueError(CANARY)

    schema = pa.schema([("g", pa.string()), ("y", pa.int64())])
    with pytest.raises(MeasureError) as caught:
        count_frame(pa.RecordBatchReader.from_batches(schema, batches()), ONE)
    assert caught.value.code == "measure.frame-failed"
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_an_arrow_file_whose_category_lies_beyond_its_dictionary_is_refused_not_believed(tmp_path: Path) -> None:
    codes = pa.array([0, 77], pa.int8())
    column = pa.DictionaryArray.from_arrays(codes, pa.array(["a", "b"]), safe=False)
    table = pa.table({"g": column, "y": [1, 1]})
    path = tmp_path / "data.arrow"
    with pa.ipc.new_file(path, table.schema) as writer:
        writer.write_table(table)
    with pytest.raises(MeasureError) as caught:
        count_files(path, ONE)
    assert caught.value.code == "measure.unreadable"


def test_whole_numbers_in_16_bit_floats_are_categories_and_labels(tmp_path: Path) -> None:
    halves = pa.array(np.array([0, 1, np.nan], dtype=np.float16))
    table = pa.table({"g": halves, "y": halves})
    path = tmp_path / "data.parquet"
    pq.write_table(table, path)
    expected = (Cell((None,), None, None, 1), Cell(("0",), 0, 0, 1), Cell(("1",), 1, 1, 1))
    assert count_frame(table, ONE).cells == count_files(path, ONE).cells == expected


def test_a_pandas_column_that_is_named_by_a_number_is_asked_for_by_its_digits() -> None:
    frame = pd.DataFrame({3: ["a"], "y": [1]})
    counts = count_frame(frame, CountSettings(features=("3",), label="y", prediction="y"))
    assert counts.cells == (Cell(("a",), 1, 1, 1),)


@pytest.mark.parametrize(
    "values", [["a", 1], [1, CANARY], [object(), "a"]], ids=["text-number", "number-text", "object-text"]
)
def test_an_object_column_of_several_types_is_refused_without_its_values(values: list[Any]) -> None:
    frame = pd.DataFrame({"g": pd.Series(values, dtype=object), "y": [0, 1]})
    with pytest.raises(ConfigError) as caught:
        count_frame(frame, ONE)
    assert caught.value.code == "measure.column-type"
    assert "'g'" in str(caught.value)
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_text_and_bytes_of_one_category_in_an_object_column_are_one() -> None:
    frame = pd.DataFrame({"g": pd.Series(["é", "é".encode(), None], dtype=object), "y": [1, 1, 1]})
    assert [(each[0][0], each.n) for each in count_frame(frame, ONE).cells] == [(None, 1), ("é", 2)]


def test_a_frame_without_the_column_or_with_two_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        count_frame(pd.DataFrame({"G": ["a"], "y": [1], 3: [1]}), ONE)
    assert caught.value.hint == "did you mean 'G'?"
    with pytest.raises(ConfigError) as caught:
        count_frame(pd.DataFrame([["a", "a", 1]], columns=["g", "g", "y"]), ONE)
    assert caught.value.code == "measure.column-twice"


def test_what_is_no_frame_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        count_frame([("a", 1)], ONE)
    assert caught.value.code == "measure.frame-unknown"


@pytest.mark.polars
def test_a_polars_frame_eager_and_lazy_counts_as_its_rows(table: pa.Table) -> None:
    polars = pytest.importorskip("polars")
    frame = polars.from_arrow(table)
    expected = count_frame(table, PLAIN).canonical()
    assert count_frame(frame, PLAIN).canonical() == expected
    assert count_frame(frame.lazy(), PLAIN).canonical() == expected
    assert count_frame(frame.with_columns(polars.col("race").cast(polars.Categorical)), PLAIN).canonical() == expected
