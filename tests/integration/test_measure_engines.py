"""DuckDB, Ray, Dask and Spark for real: the same bytes as the local engine, the same refusals, and nothing leaks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from importlib import import_module
from pathlib import Path
from threading import Thread

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.count_clusters import MARKED, QUIET, Clusters, running
from tests.count_sample import EVERY_SETTINGS, PLAIN, SCORED, rows, write_partitioned
from tests.project_sample import tolbooth
from tolbooth.measure.engines import duckdb as duckdb_engine
from tolbooth.measure.engines import spark as spark_engine
from tolbooth.measure.engines.choose import Engine, count_on, suited
from tolbooth.measure.engines.extras import imported
from tolbooth.measure.engines.frames import count_frame
from tolbooth.measure.engines.local import count_files
from tolbooth.measure.fairness.count_settings import CountSettings
from tolbooth.model.errors import ConfigError, MeasureError

CANARY = "canary-7f3a"
ONE = CountSettings(features=("g",), label="y", prediction="y")

__all__ = ["running"]
pytestmark = QUIET


@pytest.fixture(scope="module")
def table() -> pa.Table:
    return rows()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, table: pa.Table) -> Path:
    return write_partitioned(tmp_path_factory.mktemp("data") / "parts", table)


@pytest.mark.parametrize("engine", MARKED)
@pytest.mark.parametrize("name", EVERY_SETTINGS)
def test_every_engine_gives_the_bytes_of_the_local_one(
    running: Clusters, folder: Path, table: pa.Table, engine: str, name: str
) -> None:
    running.need(engine)
    settings = EVERY_SETTINGS[name]
    told: list[tuple[int, int | None]] = []
    counts = count_on(Engine(engine), folder, settings, progress=lambda done, total: told.append((done, total)))
    assert counts.canonical() == count_frame(table, settings).canonical()
    assert told[-1] == (table.num_rows, table.num_rows)


@pytest.mark.parametrize("engine", MARKED)
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
    running: Clusters, tmp_path: Path, engine: str, bad: tuple[str, float, str]
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


@pytest.mark.parametrize("engine", MARKED)
def test_a_text_label_a_missing_column_and_too_many_groups_are_refused_without_a_cell(
    running: Clusters, tmp_path: Path, engine: str
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


@pytest.mark.parametrize("engine", MARKED)
def test_a_data_set_without_rows_has_an_empty_count_table(running: Clusters, tmp_path: Path, engine: str) -> None:
    running.need(engine)
    path = tmp_path / "empty.parquet"
    pq.write_table(rows(10).slice(0, 0), path)
    assert count_on(Engine(engine), path, SCORED) == count_files(path, SCORED)


@pytest.mark.parametrize("engine", MARKED)
def test_the_command_prints_the_same_numbers_on_every_engine(running: Clusters, folder: Path, engine: str) -> None:
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
def test_a_spark_dataframe_counts_as_its_rows(running: Clusters, tmp_path: Path, table: pa.Table) -> None:
    running.need("spark")
    path = tmp_path / "data.parquet"
    pq.write_table(table, path)
    session = import_module("pyspark.sql").SparkSession.getActiveSession()
    assert session is not None
    frame = session.read.parquet(str(path)).repartition(5)
    assert spark_engine.count_dataframe(frame, PLAIN).canonical() == count_frame(table, PLAIN).canonical()


@pytest.mark.parametrize("engine", [MARKED[0], MARKED[3]])
def test_a_format_that_an_engine_does_not_read_is_refused(tmp_path: Path, running: Clusters, engine: str) -> None:
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


@pytest.mark.parametrize("engine", MARKED)
def test_a_name_that_is_a_pattern_names_its_own_file_alone(running: Clusters, tmp_path: Path, engine: str) -> None:
    running.need(engine)
    for name in ("a[1]", "a*", "a?b", "a{b,c}", "it's", "a\\b", "a1", "ab", "axb"):
        pq.write_table(pa.table({"g": [name], "y": [1]}), tmp_path / f"{name}.parquet")
    for name in ("a[1]", "a*", "a?b", "a{b,c}", "it's", "a\\b"):
        cells = count_on(Engine(engine), tmp_path / f"{name}.parquet", ONE).cells
        assert [(cell.values, cell.n) for cell in cells] == [((name,), 1)]


@pytest.mark.parametrize("engine", MARKED)
def test_a_path_from_the_working_folder_is_found_by_workers_elsewhere(
    running: Clusters, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    running.need(engine)
    pq.write_table(pa.table({"g": ["a"], "y": [1]}), tmp_path / "data.parquet")
    monkeypatch.chdir(tmp_path)
    assert count_on(Engine(engine), Path("data.parquet"), ONE).row_count == 1


@pytest.mark.parametrize("engine", MARKED)
def test_columns_whose_names_differ_by_case_alone_are_told_apart_or_refused(
    running: Clusters, tmp_path: Path, engine: str
) -> None:
    running.need(engine)
    path = tmp_path / "data.parquet"
    pq.write_table(pa.table({"G": ["wrong"], "g": ["right"], "y": [1]}), path)
    assert suited(path, ONE) is Engine.LOCAL
    if engine in {"ray", "dask"}:
        assert count_on(Engine(engine), path, ONE).cells[0].values == ("right",)
        return
    with pytest.raises(ConfigError) as caught:
        count_on(Engine(engine), path, ONE)
    assert caught.value.code == "measure.engine-columns"
    assert "'g' and 'G'" in str(caught.value)


@pytest.mark.parametrize("engine", MARKED)
@pytest.mark.parametrize("kind", ["uint8", "uint16", "uint32", "uint64", "int8", "int64", "float32", "bool", "null"])
def test_every_type_of_category_has_the_name_that_the_local_engine_gives(
    running: Clusters, tmp_path: Path, engine: str, kind: str
) -> None:
    running.need(engine)
    arrow = pa.type_for_alias(kind)
    values = [None] * 4 if kind == "null" else [True, False, None, True] if kind == "bool" else [0, 1, None, 1]
    extreme = 2**64 - 1 if kind == "uint64" else -(2**63) if kind == "int64" else values[0]
    column = pa.array([extreme, *values], arrow)
    path = tmp_path / "data.parquet"
    pq.write_table(pa.table({"g": column, "y": pa.array([None, *values], arrow)}), path)
    classes = CountSettings(features=("g",), label="y", prediction="y", multiclass=True)
    for settings in (ONE, classes):
        assert count_on(Engine(engine), path, settings).canonical() == count_files(path, settings).canonical()


@pytest.mark.parametrize("engine", MARKED)
def test_what_goes_wrong_within_an_engine_is_told_without_a_cell(
    running: Clusters, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    running.need(engine)
    path = tmp_path / "data.parquet"
    pq.write_table(pa.table({"g": [CANARY], "y": [1]}), path, compression="none")
    broken = bytearray(path.read_bytes())
    broken[4:60] = b"\xff" * 56
    path.write_bytes(broken)
    with pytest.raises(MeasureError) as caught:
        count_on(Engine(engine), path, ONE)
    assert caught.value.code == ("measure.unreadable" if engine in {"ray", "dask"} else "measure.query-failed")
    assert caught.value.hint
    assert CANARY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("engine", MARKED[1:3])
def test_a_worker_that_lacks_a_module_is_no_traceback(
    running: Clusters, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    running.need(engine)
    path = tmp_path / "data.parquet"
    pq.write_table(pa.table({"g": ["a"], "y": [1]}), path)

    def lost(part: object, settings: object) -> None:
        raise ModuleNotFoundError(f"No module named {CANARY}")

    monkeypatch.setattr(import_module(f"tolbooth.measure.engines.{engine}"), "run", lost)
    with pytest.raises(MeasureError) as caught:
        count_on(Engine(engine), path, ONE)
    assert caught.value.code == "measure.engine-failed"
    assert "ModuleNotFoundError" in str(caught.value)
    assert CANARY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("engine", MARKED[1:3])
def test_one_refusal_among_many_parts_ends_the_count_and_leaves_the_cluster_in_use(
    running: Clusters, tmp_path: Path, engine: str
) -> None:
    running.need(engine)
    for place in range(30):
        labels = [1, 7] if place == 3 else [0, 1]
        pq.write_table(pa.table({"g": ["a", "b"], "y": labels}), tmp_path / f"{place:02}.parquet")
    for _ in range(3):
        with pytest.raises(MeasureError, match=r"first at row 2 of 03\.parquet"):
            count_on(Engine(engine), tmp_path, ONE)
    (tmp_path / "03.parquet").unlink()
    assert count_on(Engine(engine), tmp_path, ONE).row_count == 58


@pytest.mark.parametrize(
    ("engine", "setting", "value"),
    [
        pytest.param("dask", "DASK_SCHEDULER_ADDRESS", "tcp://127.0.0.1:1", marks=pytest.mark.dask),
        pytest.param("spark", "JAVA_HOME", "/nowhere", marks=pytest.mark.spark),
    ],
)
def test_a_cluster_that_can_not_be_reached_or_started_is_an_error_that_names_the_setting(
    tmp_path: Path, engine: str, setting: str, value: str
) -> None:
    pytest.importorskip({"dask": "distributed", "spark": "pyspark"}[engine])
    pq.write_table(pa.table({"g": ["a"], "y": [1]}), tmp_path / "data.parquet")
    said = _elsewhere(
        tmp_path,
        f"from tolbooth.model.errors import MeasureError\n"
        f"try: count_on(Engine({engine!r}), Path('data.parquet'), ONE)\n"
        f"except MeasureError as error: print(error.code, error.hint)",
        {setting: value, "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "300ms"},
    )
    assert said.startswith("measure.engine-failed ")
    assert setting in said


@pytest.mark.dask
def test_without_a_client_dask_counts_here_and_leaves_no_cluster(tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    pq.write_table(pa.table({"g": ["a"] * 5, "y": [1] * 5}), tmp_path / "data.parquet")
    said = _elsewhere(
        tmp_path,
        "for _ in range(2): print(count_on(Engine.DASK, Path('data.parquet'), ONE).row_count)\n"
        "import distributed, os\n"
        "print([each for each in distributed.LocalCluster._instances if each.status.name == 'running'])\n"
        "print(os.listdir())",
        {},
    )
    assert said.split("\n") == ["5", "5", "[]", "['data.parquet']", ""]


@pytest.mark.dask
@pytest.mark.spark
@pytest.mark.parametrize("engine", ["dask", "spark"])
def test_what_is_started_here_listens_to_this_machine_alone(tmp_path: Path, engine: str) -> None:
    pytest.importorskip({"dask": "distributed", "spark": "pyspark"}[engine])
    pytest.importorskip("psutil")
    pq.write_table(pa.table({"g": ["a"], "y": [1]}), tmp_path / "data.parquet")
    said = _elsewhere(
        tmp_path,
        "import psutil\n"
        "def look(done, total):\n"
        "    here = [psutil.Process(), *psutil.Process().children(recursive=True)]\n"
        "    found = [each for process in here for each in process.net_connections('tcp') if each.status == 'LISTEN']\n"
        "    print(len(found), {each.laddr.ip.removeprefix('::ffff:') for each in found})\n"
        f"count_on(Engine({engine!r}), Path('data.parquet'), ONE, progress=look)",
        {},
    )
    assert said.splitlines()[-1].endswith(" {'127.0.0.1'}"), said


@pytest.mark.spark
def test_ctrl_c_is_as_before_when_spark_has_counted(tmp_path: Path) -> None:
    pytest.importorskip("pyspark")
    pq.write_table(pa.table({"g": ["a"], "y": [1]}), tmp_path / "data.parquet")
    said = _elsewhere(
        tmp_path,
        "import signal\n"
        "before = signal.getsignal(signal.SIGINT)\n"
        "count_on(Engine.SPARK, Path('data.parquet'), ONE)\n"
        "print(signal.getsignal(signal.SIGINT) is before)",
        {},
    )
    assert said == "True\n"


def _elsewhere(folder: Path, code: str, settings: dict[str, str]) -> str:
    """What a process of its own in a folder prints; it may count ONE."""
    first = (
        "from pathlib import Path\n"
        "from tolbooth.measure.engines.choose import Engine, count_on\n"
        "from tolbooth.measure.fairness.count_settings import CountSettings\n"
        "ONE = CountSettings(features=('g',), label='y', prediction='y')\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src"), **settings}
    said = subprocess.run(
        [sys.executable, "-c", first + code],
        capture_output=True,
        text=True,
        env=environment,
        cwd=folder,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    return said.stdout


@pytest.mark.spark
def test_spark_uses_the_session_of_another_thread_and_leaves_it_and_its_views(
    running: Clusters, tmp_path: Path
) -> None:
    running.need("spark")
    path = tmp_path / "data.parquet"
    pq.write_table(pa.table({"g": ["a"], "y": [1]}), path)
    session = import_module("pyspark.sql").SparkSession.active()
    found: list[int] = []
    thread = Thread(target=lambda: found.append(count_on(Engine.SPARK, path, ONE).row_count))
    thread.start()
    thread.join()
    assert found == [1]
    assert session.range(3).count() == 3
    assert spark_engine.count_dataframe(session.read.parquet(str(path)), ONE).row_count == 1
    assert [table.name for table in session.catalog.listTables()] == []


@pytest.mark.spark
def test_a_spark_dataframe_with_a_column_twice_or_without_it_is_refused(running: Clusters) -> None:
    running.need("spark")
    session = import_module("pyspark.sql").SparkSession.active()
    twice, none = session.sql("SELECT 'a' AS g, 'b' AS g, 1 AS y"), session.sql("SELECT 'a' AS G, 1 AS y")
    codes = []
    for frame in (twice, none):
        with pytest.raises(ConfigError) as caught:
            spark_engine.count_dataframe(frame, ONE)
        codes.append(caught.value.code)
    assert codes == ["measure.column-twice", "measure.column-missing"]


@pytest.mark.duckdb
@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ("'a' AS g, 'b' AS g, 1 AS y", "measure.column-twice"),
        ("'a' AS g, 'b' AS \"G\", 1 AS y", "measure.engine-columns"),
        ("'a' AS \"G\", 1 AS y", "measure.column-missing"),
        ("'a' AS g, DATE '2026-01-01' AS y", "measure.column-type"),
    ],
)
def test_a_query_whose_columns_can_not_be_counted_is_refused(tmp_path: Path, columns: str, code: str) -> None:
    pytest.importorskip("duckdb")
    path = tmp_path / "query.sql"
    path.write_text(f"SELECT {columns}", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        count_on(Engine.AUTO, path, ONE)
    assert caught.value.code == code


@pytest.mark.duckdb
def test_counting_a_relation_leaves_its_connection_as_it_was() -> None:
    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect() as connection:
        connection.execute("CREATE VIEW mine AS SELECT 5 AS five")
        relation = connection.sql("SELECT 'a' AS g, 1 AS y")
        assert duckdb_engine.count_relation(relation, ONE, connection).row_count == 1
        assert connection.sql("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall() == [("mine",)]
        assert connection.execute("SELECT current_setting('disabled_optimizers')").fetchone() == ("",)


@pytest.mark.duckdb
def test_a_query_fetches_no_extension(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    path = tmp_path / "query.sql"
    path.write_text("SELECT * FROM 'https://example.invalid/data.parquet'", encoding="utf-8")
    with pytest.raises(MeasureError) as caught:
        count_on(Engine.DUCKDB, path, ONE)
    assert caught.value.code == "measure.query-failed"


@pytest.mark.parametrize("engine", ["local", "ray", "dask", "spark"])
def test_a_query_is_counted_by_duckdb_alone(tmp_path: Path, engine: str) -> None:
    path = tmp_path / "query.sql"
    path.write_text("SELECT 1 AS g, 1 AS y", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        count_on(Engine(engine), path, ONE)
    assert caught.value.code == "measure.engine-format"
    assert caught.value.hint == "count it with --engine duckdb"


def test_an_engine_that_is_installed_and_lacks_a_part_says_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "half_there.py").write_text("import never_heard_of.it\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ConfigError) as caught:
        imported("half_there", extra="half", what="the engine half")
    assert "half_there, which could not be imported: never_heard_of is missing" in str(caught.value)
