"""DuckDB, Ray, Dask and Spark for real: the same bytes as the local engine, the same refusals, and nothing leaks."""

from __future__ import annotations

import json
import subprocess
import sys
import traceback
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.count_sample import EVERY_SETTINGS, PLAIN, SCORED, rows, write_partitioned
from tests.project_sample import tolbooth
from tolbooth.measure.engines import duckdb as duckdb_engine
from tolbooth.measure.engines import spark as spark_engine
from tolbooth.measure.engines.choose import Engine, count_on, suited
from tolbooth.measure.engines.frames import count_frame
from tolbooth.measure.engines.local import count_files
from tolbooth.measure.fairness.count_settings import CountSettings
from tolbooth.model.errors import ConfigError, MeasureError

CANARY = "canary-7f3a"
ONE = CountSettings(features=("g",), label="y", prediction="y")

ENGINES = [pytest.param(name, marks=getattr(pytest.mark, name)) for name in ("duckdb", "ray", "dask", "spark")]
# Their own libraries warn of themselves: unclosed sockets at the end, deprecated calls within.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


@pytest.fixture(scope="module")
def table() -> pa.Table:
    return rows()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, table: pa.Table) -> Path:
    return write_partitioned(tmp_path_factory.mktemp("data") / "parts", table)


@pytest.fixture(scope="module")
def running() -> Iterator[_Clusters]:
    """Clusters that stay up while this file's tests run, as a person's session would."""
    clusters = _Clusters()
    yield clusters
    for stop in clusters.stops.values():
        stop()


class _Clusters:
    def __init__(self) -> None:
        self.stops: dict[str, Any] = {}

    def need(self, engine: str) -> None:
        """Skip where the engine is not installed; else start a cluster of this machine once."""
        pytest.importorskip({"dask": "distributed", "spark": "pyspark"}.get(engine, engine))
        if engine not in self.stops and engine != "duckdb":
            self.stops[engine] = _START[engine]()


def _start_ray() -> Any:
    ray = import_module("ray")
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    return ray.shutdown


def _start_dask() -> Any:
    client = import_module("distributed").Client(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    )
    return client.close


def _start_spark() -> Any:
    builder = import_module("pyspark.sql").SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    return builder.config("spark.sql.shuffle.partitions", "4").getOrCreate().stop


_START = {"ray": _start_ray, "dask": _start_dask, "spark": _start_spark}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", EVERY_SETTINGS)
def test_every_engine_gives_the_bytes_of_the_local_one(
    running: _Clusters, folder: Path, table: pa.Table, engine: str, name: str
) -> None:
    running.need(engine)
    settings = EVERY_SETTINGS[name]
    told: list[tuple[int, int | None]] = []
    counts = count_on(Engine(engine), folder, settings, progress=lambda done, total: told.append((done, total)))
    assert counts.canonical() == count_frame(table, settings).canonical()
    assert told[-1] == (table.num_rows, table.num_rows)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "bad",
    [
        ("y", 7.0, "measure.label-not-binary"),
        ("s", 1.5, "measure.score-outside"),
        ("s", float("inf"), "measure.score-outside"),
        ("age", 0.5, "measure.column-type"),
    ],
)
def test_what_can_not_be_counted_is_refused_with_the_same_code(
    running: _Clusters, tmp_path: Path, engine: str, bad: tuple[str, float, str]
) -> None:
    running.need(engine)
    column, value, code = bad
    settings = CountSettings(features=("age",), label="y", prediction="p", score=SCORED.score)
    table = rows(400)
    values = table[column].to_pylist()
    values[300] = value
    path = tmp_path / "data.parquet"
    place = table.schema.names.index(column)
    pq.write_table(table.set_column(place, column, pa.array(values, pa.float64())), path, row_group_size=100)
    with pytest.raises((ConfigError, MeasureError)) as caught:
        count_on(Engine(engine), path, settings)
    assert caught.value.code == code
    assert f"'{column}'" in str(caught.value)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_text_label_a_missing_column_and_too_many_groups_are_refused_without_a_cell(
    running: _Clusters, tmp_path: Path, engine: str
) -> None:
    running.need(engine)
    label, part, ids = (tmp_path / name for name in ("label.parquet", "parts", "ids.parquet"))
    pq.write_table(pa.table({"g": ["a", "b"], "y": ["1", CANARY]}), label)
    part.mkdir()
    pq.write_table(pa.table({"g": ["a"], "y": [1]}), part / "a.parquet")
    pq.write_table(pa.table({"y": [1]}), part / "b.parquet")
    pq.write_table(pa.table({"g": [f"{CANARY}-{row}" for row in range(6_000)], "y": [1] * 6_000}), ids)
    codes = []
    for path in (label, part, ids):
        with pytest.raises((ConfigError, MeasureError)) as caught:
            count_on(Engine(engine), path, ONE)
        codes.append(caught.value.code)
        assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert codes == ["measure.label-not-binary", "measure.column-missing", "measure.too-many-cells"]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_data_set_without_rows_has_an_empty_count_table(running: _Clusters, tmp_path: Path, engine: str) -> None:
    running.need(engine)
    path = tmp_path / "empty.parquet"
    pq.write_table(rows(10).slice(0, 0), path)
    assert count_on(Engine(engine), path, SCORED) == count_files(path, SCORED)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_command_prints_the_same_numbers_on_every_engine(running: _Clusters, folder: Path, engine: str) -> None:
    running.need(engine)
    columns = ["--label", "y", "--prediction", "p", "--groups", "race,sex", "--intersections", "--output", "json"]
    asked = ["measure", "fairness", str(folder), *columns]
    here, there = tolbooth(*asked), tolbooth(*asked, "--engine", engine)
    assert there.code == here.code == 0
    assert there.out == here.out
    by = [each["question"]["by"] for each in json.loads(there.out)["observations"]]
    assert by == [["race"], ["sex"], ["race", "sex"]]


@pytest.mark.duckdb
def test_a_relation_and_a_query_file_count_as_the_rows_they_give(tmp_path: Path, table: pa.Table) -> None:
    duckdb = pytest.importorskip("duckdb")
    path, query = tmp_path / "it's.parquet", tmp_path / "query.sql"
    pq.write_table(table, path)
    expected = count_frame(table, SCORED).canonical()
    with duckdb.connect() as connection:
        relation = connection.read_parquet(str(path))
        assert duckdb_engine.count_relation(relation, SCORED, connection).canonical() == expected
    name = str(path).replace("'", "''")
    query.write_text(f"SELECT race, sex, y, p, s, y AS label FROM '{name}'", encoding="utf-8")
    assert count_on(Engine.AUTO, query, SCORED).canonical() == expected


@pytest.mark.duckdb
@pytest.mark.parametrize(
    "query", ["", "SELECT", "SELECT 1; SELECT 2", "COPY (SELECT 1) TO 'x.csv'", "DROP TABLE x", "\xff"]
)
def test_a_query_file_that_is_not_one_select_is_refused(tmp_path: Path, query: str) -> None:
    pytest.importorskip("duckdb")
    path = tmp_path / "query.sql"
    path.write_text(query, encoding="latin-1")
    with pytest.raises(ConfigError) as caught:
        count_on(Engine.DUCKDB, path, ONE)
    assert caught.value.code == "measure.query"


@pytest.mark.duckdb
def test_a_query_that_fails_on_a_value_does_not_quote_it(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    path = tmp_path / "query.sql"
    path.write_text(f"SELECT '{CANARY}'::INT + random()::INT AS g, 1 AS y", encoding="utf-8")
    with pytest.raises(MeasureError) as caught:
        count_on(Engine.DUCKDB, path, ONE)
    assert caught.value.code == "measure.query-failed"
    assert CANARY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.duckdb
def test_very_many_combinations_are_counted_by_duckdb_and_few_by_numpy(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    many, few = tmp_path / "many.parquet", tmp_path / "few.parquet"
    pq.write_table(pa.table({"g": [str(row) for row in range(100_000)], "y": [1] * 100_000}), many)
    pq.write_table(pa.table({"g": ["a"], "y": [1]}), few)
    wide = CountSettings(features=("g",), label="y", prediction="y", cell_limit=100_000)
    assert (suited(many, wide), suited(few, wide)) == (Engine.DUCKDB, Engine.LOCAL)
    assert count_on(Engine.AUTO, many, wide).canonical() == count_files(many, wide).canonical()


@pytest.mark.spark
def test_a_spark_dataframe_counts_as_its_rows(running: _Clusters, tmp_path: Path, table: pa.Table) -> None:
    running.need("spark")
    path = tmp_path / "data.parquet"
    pq.write_table(table, path)
    session = import_module("pyspark.sql").SparkSession.getActiveSession()
    assert session is not None
    frame = session.read.parquet(str(path)).repartition(5)
    assert spark_engine.count_dataframe(frame, PLAIN).canonical() == count_frame(table, PLAIN).canonical()


@pytest.mark.parametrize("engine", [ENGINES[0], ENGINES[3]])
def test_a_format_that_an_engine_does_not_read_is_refused(tmp_path: Path, running: _Clusters, engine: str) -> None:
    running.need(engine)
    path = tmp_path / "data.csv"
    path.write_text("g,y\na,1\n")
    with pytest.raises(ConfigError) as caught:
        count_on(Engine(engine), path, ONE)
    assert caught.value.code == "measure.engine-format"


@pytest.mark.parametrize("engine", ["duckdb", "ray", "dask", "spark"])
def test_an_engine_that_is_not_installed_is_named_with_its_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    path = tmp_path / "data.parquet"
    pq.write_table(pa.table({"g": ["a"], "y": [1]}), path)
    for module in ("duckdb", "ray", "distributed", "pyspark.sql"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ConfigError) as caught:
        count_on(Engine(engine), path, ONE)
    assert caught.value.code == "measure.engine-missing"
    assert f"tolbooth[{engine}]" in (caught.value.hint or "")


def test_choosing_an_engine_imports_none() -> None:
    heavy = ["ray", "dask", "distributed", "pyspark", "duckdb", "polars", "pandas"]
    code = f"import sys, tolbooth.measure.engines.choose; print([name for name in {heavy} if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
