"""Bad data, each kind on each way to count it: what the docstrings say happens, and nothing passes by accident."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.count_clusters import ENGINES, QUIET, Clusters, running
from tolbooth.measure.engines import duckdb as duckdb_engine
from tolbooth.measure.engines.choose import Engine, count_on
from tolbooth.measure.engines.frames import count_frame
from tolbooth.measure.fairness.assess import assess
from tolbooth.measure.fairness.count_settings import CountSettings
from tolbooth.measure.fairness.counts import Cell, FairnessCounts
from tolbooth.measure.fairness.question import FairnessQuestion, Mode, Statistic
from tolbooth.measure.fairness.rates import Metric
from tolbooth.measure.fairness.score_bins import ScoreBins
from tolbooth.model.errors import ConfigError, MeasureError

__all__ = ["running"]
pytestmark = QUIET

CANARY = "canary-7f3a"
SETTINGS = CountSettings(features=("g",), label="y", prediction="p")
SCORED = CountSettings(features=("g",), label="y", prediction="p", score=ScoreBins.equal("s", 2))
NAN = float("nan")

Way = Callable[[Path, CountSettings], FairnessCounts]


def _arrow(path: Path) -> pa.Table:
    files = sorted(path.rglob("*.parquet"))
    return pa.concat_tables([pq.read_table(file) for file in files], promote_options="permissive")


def _pandas(path: Path, settings: CountSettings) -> FairnessCounts:
    return count_frame(_arrow(path).to_pandas(), settings)


def _polars(path: Path, settings: CountSettings) -> FairnessCounts:
    return count_frame(import_module("polars").from_arrow(_arrow(path)), settings)


def _query(path: Path, settings: CountSettings) -> FairnessCounts:
    file = path.parent / f"{path.name}.sql"
    file.write_text(f"SELECT * FROM read_parquet('{path}/*.parquet', hive_partitioning = false)", encoding="utf-8")
    return count_on(Engine.AUTO, file, settings)


def _relation(path: Path, settings: CountSettings) -> FairnessCounts:
    with import_module("duckdb").connect() as connection:
        relation = connection.from_arrow(_arrow(path))
        return duckdb_engine.count_relation(relation, settings, connection)


def _on(engine: str) -> Way:
    return lambda path, settings: count_on(Engine(engine), path, settings)


WAYS: Mapping[str, Way] = {
    "local": _on("local"),
    "arrow": lambda path, settings: count_frame(_arrow(path), settings),
    "pandas": _pandas,
    "polars": _polars,
    "query": _query,
    "relation": _relation,
    **{engine: _on(engine) for engine in ENGINES},
}
NEEDS = {"query": "duckdb", "relation": "duckdb", "polars": "polars", **{engine: engine for engine in ENGINES}}
EVERY_WAY = pytest.mark.parametrize(
    "way", [pytest.param(way, marks=[getattr(pytest.mark, NEEDS[way])] if way in NEEDS else []) for way in WAYS]
)
OF_FILES = pytest.mark.parametrize(
    "way", [pytest.param(way, marks=[getattr(pytest.mark, way)] if way in NEEDS else []) for way in ("local", *ENGINES)]
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "data"
    made.mkdir()
    return made


def counted(running: Clusters, way: str, folder: Path, settings: CountSettings = SETTINGS) -> FairnessCounts:
    if way == "polars":
        pytest.importorskip("polars")
    else:
        running.need(NEEDS.get(way, "local"))
    return WAYS[way](folder, settings)


def refused(running: Clusters, way: str, folder: Path, settings: CountSettings = SETTINGS) -> tuple[str, str]:
    """The code and the text of the refusal, which quotes no cell."""
    with pytest.raises((ConfigError, MeasureError)) as caught:
        counted(running, way, folder, settings)
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    return caught.value.code, str(caught.value)


def write(folder: Path, **columns: Any) -> None:
    pq.write_table(pa.table(columns), folder / "data.parquet")


def asked(counts: FairnessCounts, metric: Metric = Metric.SELECTION_RATE, least: int = 1) -> dict[str, dict[str, Any]]:
    """The comparison in each mode, by a bound that any two defined rates would meet."""
    return {
        mode.value: assess(
            counts,
            FairnessQuestion(
                statistic=Statistic.DIFFERENCE,
                metric=metric,
                by=("g",),
                bound=1_000_000,
                minimum_denominator=least,
                mode=mode,
            ),
        )["comparison"]
        for mode in Mode
    }


def outcomes(comparisons: Mapping[str, Mapping[str, Any]]) -> set[tuple[str, str | None]]:
    return {(each["outcome"], each.get("reason")) for each in comparisons.values()}


@EVERY_WAY
def test_a_rate_of_no_rows_is_undefined_and_its_group_named_not_0_and_never_a_pass(
    running: Clusters, folder: Path, way: str
) -> None:
    # Nobody of b has the label 0, so its false positive rate is 0/0.
    write(folder, g=["a"] * 40 + ["b"] * 40, y=[0, 1] * 20 + [1] * 40, p=[0, 1] * 20 + [0, 1] * 20)
    counts = counted(running, way, folder)
    comparisons = asked(counts, Metric.FALSE_POSITIVE_RATE)
    assert outcomes(comparisons) == {("undecided", "insufficient-groups")}
    assert [[group["group"] for group in each["insufficient"]] for each in comparisons.values()] == [["b"]] * 2
    rates = assess(counts, _question(Metric.FALSE_POSITIVE_RATE))["groups"][1]["rates"]["false_positive_rate"]
    assert rates == {"numerator": 0, "denominator": 0}


def _question(metric: Metric) -> FairnessQuestion:
    return FairnessQuestion(
        statistic=Statistic.DIFFERENCE, metric=metric, by=("g",), bound=1_000_000, minimum_denominator=1
    )


@EVERY_WAY
def test_a_category_without_rows_makes_no_group(running: Clusters, folder: Path, way: str) -> None:
    column = pa.DictionaryArray.from_arrays(pa.array([0, 2] * 2, pa.int8()), pa.array(["a", "nobody", "b"]))
    write(folder, g=column, y=[0, 1] * 2, p=[1, 1, 0, 0])
    counts = counted(running, way, folder)
    assert {cell.values for cell in counts.cells} == {("a",), ("b",)}


@EVERY_WAY
def test_a_data_set_without_rows_is_counted_as_nothing_and_decides_nothing(
    running: Clusters, folder: Path, way: str
) -> None:
    write(folder, g=pa.array([], pa.string()), y=pa.array([], pa.int8()), p=pa.array([], pa.int8()))
    counts = counted(running, way, folder)
    assert counts.cells == ()
    assert outcomes(asked(counts)) == {("undecided", "too-few-groups")}


@EVERY_WAY
def test_one_group_only_is_compared_with_nobody_and_undecided(running: Clusters, folder: Path, way: str) -> None:
    write(folder, g=["a"] * 100, y=[0, 1] * 50, p=[0, 1] * 50)
    assert outcomes(asked(counted(running, way, folder))) == {("undecided", "too-few-groups")}


@EVERY_WAY
def test_a_missing_label_stays_in_the_table_and_enters_no_rate(running: Clusters, folder: Path, way: str) -> None:
    write(folder, g=["a", "a", "b", None], y=[1, None, 0, 1], p=[1, 1, None, 1])
    counts = counted(running, way, folder)
    assert counts.cells == (
        Cell((None,), 1, 1, 1),
        Cell(("a",), None, 1, 1),
        Cell(("a",), 1, 1, 1),
        Cell(("b",), 0, None, 1),
    )
    assert counts.rows_without_label == 2
    # A group whose every label is missing has no rate: it is named, and decides nothing.
    comparisons = asked(counts)
    assert outcomes(comparisons) == {("undecided", "insufficient-groups")}


@EVERY_WAY
@pytest.mark.parametrize("scores", [[NAN, 0.5, 0.25], [None, 0.5, 0.25]], ids=["NaN", "null"])
def test_a_missing_score_has_no_bin_and_is_counted_so(
    running: Clusters, folder: Path, way: str, scores: list[float | None]
) -> None:
    write(folder, g=["a"] * 3, y=[1, 1, 0], p=[1, 1, 0], s=scores)
    counts = counted(running, way, folder, SCORED)
    assert [(cell.bin, cell.y_true, cell.n) for cell in counts.cells] == [(0, 0, 1), (None, 1, 1), (1, 1, 1)]
    assert counts.rows_without_score == 1
    missing = next(cell for cell in counts.cells if cell.bin is None)
    assert missing.sums == ()


@EVERY_WAY
def test_nan_and_null_are_one_missing_label_and_one_missing_category(running: Clusters, folder: Path, way: str) -> None:
    write(folder, g=[NAN, None, 1.0, -0.0, 0.0], y=[NAN, None, 1.0, 0.0, -0.0], p=[1, 1, 1, 0, 0])
    assert counted(running, way, folder).cells == (
        Cell((None,), None, 1, 2),
        Cell(("0",), 0, 0, 2),
        Cell(("1",), 1, 1, 1),
    )


@EVERY_WAY
@pytest.mark.parametrize(
    ("labels", "code"),
    [
        (pa.array(["1", CANARY, "0"]), "measure.label-not-binary"),
        (pa.array(["1", "1.0", "0"]), "measure.label-not-binary"),
        (pa.array([1, 2, 3], pa.int32()).cast(pa.date32()), "measure.column-type"),
        (pa.array([[1], [0], [1]]), "measure.column-type"),
    ],
    ids=["words", "a float as text", "dates", "lists"],
)
def test_a_label_of_the_wrong_type_is_refused_naming_its_column(
    running: Clusters, folder: Path, way: str, labels: pa.Array, code: str
) -> None:
    write(folder, g=["a"] * 3, y=labels, p=[1, 0, 1])
    found, text = refused(running, way, folder)
    assert found == code
    assert "'y'" in text


@EVERY_WAY
@pytest.mark.parametrize("values", [[0, 1, 2], [0, 1, -1], [0.0, 1.0, 0.7], [0.0, 1.0, float("inf")]], ids=str)
def test_a_prediction_that_is_neither_0_nor_1_is_refused_naming_its_column(
    running: Clusters, folder: Path, way: str, values: list[float]
) -> None:
    write(folder, g=["a"] * 3, y=[0, 1, 1], p=values)
    found, text = refused(running, way, folder)
    assert found == "measure.label-not-binary"
    assert "'p'" in text


@EVERY_WAY
def test_a_feature_of_100000_values_is_refused_or_counted_whole_where_the_limit_allows(
    running: Clusters, folder: Path, way: str
) -> None:
    values = [f"{CANARY}-{row:06}" for row in range(100_000)]
    write(folder, g=values, y=[1] * 100_000, p=[1] * 100_000)
    assert refused(running, way, folder)[0] == "measure.too-many-cells"
    wide = CountSettings(features=("g",), label="y", prediction="p", cell_limit=100_000)
    counts = counted(running, way, folder, wide)
    assert counts.cells == tuple(Cell((value,), 1, 1, 1) for value in values)


@OF_FILES
def test_a_column_that_one_file_lacks_is_refused_naming_file_and_column(
    running: Clusters, folder: Path, way: str
) -> None:
    pq.write_table(pa.table({"g": ["a"], "y": [1], "p": [1]}), folder / "first.parquet")
    pq.write_table(pa.table({"g": ["a"], "y": [1]}), folder / "second.parquet")
    assert refused(running, way, folder) == (
        "measure.column-missing",
        "the data has no column 'p', in second.parquet",
    )


@OF_FILES
def test_a_column_of_another_type_in_one_file_is_counted_as_what_it_says_or_refused(
    running: Clusters, folder: Path, way: str
) -> None:
    pq.write_table(pa.table({"g": ["1", "2"], "y": [1, 0], "p": [1, 0]}), folder / "first.parquet")
    pq.write_table(pa.table({"g": [1, 2], "y": ["1", "0"], "p": [True, False]}), folder / "second.parquet")
    assert counted(running, way, folder).cells == (Cell(("1",), 1, 1, 2), Cell(("2",), 0, 0, 2))
    pq.write_table(pa.table({"g": [1.5], "y": [1], "p": [1]}), folder / "third.parquet")
    code, text = refused(running, way, folder)
    assert code == "measure.column-type"
    assert "'g'" in text


@OF_FILES
def test_one_category_in_mixed_encodings_is_one_and_a_padded_or_folded_one_is_another(
    running: Clusters, folder: Path, way: str
) -> None:
    columns = [
        pa.array(["Male", "Zoë"]),
        pa.array(["Male", "Zoë"], pa.large_string()),
        pa.array([b"Male", "Zoë".encode()]),
        pa.array(["Male", "Zoë"]).dictionary_encode(),
        pa.array(["Male ", "Zoe\u0308"]),
        pa.array(["male", " Zoë"]),
    ]
    for place, column in enumerate(columns):
        file = folder / f"{place}.parquet"
        pq.write_table(pa.table({"g": column, "y": [1, 1], "p": [1, 1]}), file, use_dictionary=place % 2 == 0)
    assert [(cell.values[0], cell.n) for cell in counted(running, way, folder).cells] == [
        (" Zoë", 1),
        ("Male", 4),
        ("Male ", 1),
        ("Zoe\u0308", 1),
        ("Zoë", 4),
        ("male", 1),
    ]


@OF_FILES
def test_text_that_is_not_utf8_is_refused_without_its_bytes(running: Clusters, folder: Path, way: str) -> None:
    write(folder, g=pa.array([b"a", CANARY.encode() + b"\xff"]), y=[1, 1], p=[1, 1])
    assert refused(running, way, folder)[0] == "measure.not-text"
