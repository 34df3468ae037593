"""Counting rows by three features, side by side with decoding the same columns and with what others offer.

    python bench/fairness_counts.py [--rows 10000000] [--huge 100000000] [--engine-rows 100000000]

``--rows`` is for the peers, of which Fairlearn takes minutes and 6 GB at the default; ``--huge`` for decoding;
``--engine-rows`` for Ray, Dask and Spark beside the local runner. 0 leaves a part out. Each measurement runs in a
process of its own, and those of a table take turns: the best time, and the largest memory that the process ever held
(``ru_maxrss``; an engine's workers are other processes). What is not installed is left out, and said so. Trust ratios.

Fairlearn's slow line is an element-wise ``np.stack`` over each metric's columns; without it, it gives the same numbers.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tolbooth.measure.engines.choose import Engine, count_on
from tolbooth.measure.engines.parts import BATCH_ROWS, even_batch_rows
from tolbooth.measure.fairness.count_settings import CountSettings
from tolbooth.measure.kernel.library import VARIABLE, built_kernel

FEATURES = ("race", "sex", "age")
COLUMNS = [*FEATURES, "y_true", "y_pred"]
SETTINGS = CountSettings(features=FEATURES, label="y_true", prediction="y_pred")
CHUNK = 1_000_000
SIZES = {"race": 9, "sex": 2, "age": 6}
TURNS = 9
QUICK_REPEATS = 3
QUICK_SECONDS = 10.0


def write(path: Path, rows: int) -> None:
    generator = np.random.default_rng(7)
    names = {name: pa.array([f"{name}-{number}" for number in range(size)]) for name, size in SIZES.items()}
    writer = None
    for start in range(0, rows, CHUNK):
        size = min(CHUNK, rows - start)
        columns = {
            name: names[name].take(pa.array(generator.integers(0, SIZES[name], size, dtype=np.int8)))
            for name in FEATURES
        }
        labels = {name: pa.array(generator.integers(0, 2, size, dtype=np.int8)) for name in ("y_true", "y_pred")}
        table = pa.table({**columns, **labels})
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def scan(path: Path) -> Callable[[], object]:
    """What pyarrow offers to decode columns with all processors: its dataset's scanner, text as dictionaries."""
    from pyarrow import dataset  # noqa: PLC0415 - only this child needs it

    options = dataset.ParquetReadOptions(dictionary_columns=list(FEATURES))
    data = dataset.dataset(path, format=dataset.ParquetFileFormat(read_options=options))

    def run() -> None:
        for _ in data.to_batches(columns=COLUMNS, batch_size=BATCH_ROWS):
            pass

    return run


def decode(path: Path) -> Callable[[], object]:
    """The floor: what the counting does but for counting. A thread a processor, each with its own row groups."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - only this child needs it
    from os import cpu_count  # noqa: PLC0415

    workers = cpu_count() or 1

    def stripe(start: int) -> None:
        with pq.ParquetFile(path, read_dictionary=list(FEATURES), pre_buffer=False) as opened:
            groups = list(range(start, opened.metadata.num_row_groups, workers))
            rows = even_batch_rows(opened.metadata)
            for _ in opened.iter_batches(rows, row_groups=groups, columns=COLUMNS, use_threads=False):
                pass

    def run() -> None:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(stripe, range(workers)))

    return run


def ours(path: Path, engine: Engine) -> Callable[[], object]:
    return lambda: count_on(engine, path, SETTINGS).sha256


def without_kernel(path: Path) -> Callable[[], object]:
    os.environ[VARIABLE] = "off"
    return ours(path, Engine.LOCAL)


def on_running_ray(path: Path) -> Callable[[], object]:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray  # noqa: PLC0415

    ray.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    return ours(path, Engine.RAY)


def on_running_dask(path: Path) -> Callable[[], object]:
    from distributed import Client  # noqa: PLC0415

    client = Client(processes=False, dashboard_address="127.0.0.1:0", worker_dashboard_address="127.0.0.1:0")
    count = ours(path, Engine.DASK)

    def run() -> object:
        return client and count()

    return run


def on_running_spark(path: Path) -> Callable[[], object]:
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    from pyspark.sql import SparkSession  # noqa: PLC0415

    SparkSession.builder.config("spark.ui.enabled", "false").getOrCreate()
    return ours(path, Engine.SPARK)


def fairlearn(path: Path, *, stacked: bool) -> Callable[[], object]:
    """Five rates by all three features and overall; reading the file is not timed."""
    from fairlearn import metrics  # noqa: PLC0415
    from fairlearn.metrics import _annotated_metric_function as inner  # noqa: PLC0415
    from sklearn.metrics import accuracy_score  # noqa: PLC0415

    if not stacked:
        inner.np = SimpleNamespace(stack=np.asarray)
    frame = pq.read_table(path, columns=COLUMNS).to_pandas(strings_to_categorical=True)
    asked = {
        "selection_rate": metrics.selection_rate,
        "tpr": metrics.true_positive_rate,
        "fpr": metrics.false_positive_rate,
        "fnr": metrics.false_negative_rate,
        "accuracy": accuracy_score,
    }

    def run() -> object:
        return metrics.MetricFrame(
            metrics=asked,
            y_true=frame["y_true"],
            y_pred=frame["y_pred"],
            sensitive_features=frame[list(FEATURES)],
        ).by_group

    return run


def aequitas(path: Path) -> Callable[[], object]:
    """Its crosstabs of each feature; it has no intersections; reading the file is not timed."""
    from aequitas.group import Group  # noqa: PLC0415

    frame = pq.read_table(path, columns=COLUMNS).to_pandas()
    frame = frame.rename(columns={"y_true": "label_value", "y_pred": "score"})
    return lambda: Group().get_crosstabs(frame, attr_cols=list(FEATURES))


SCAN, DECODE = "decode: pyarrow's scanner", "decode: as tolbooth does"
LOCAL, NUMPY, DUCKDB = "tolbooth", "tolbooth, without its kernel", "tolbooth, DuckDB"
PEERS: dict[str, tuple[str | None, Callable[[Path], Callable[[], object]]]] = {
    "Fairlearn": ("fairlearn", lambda path: fairlearn(path, stacked=True)),
    "Fairlearn without its slow line": ("fairlearn", lambda path: fairlearn(path, stacked=False)),
    "Aequitas, no intersections": ("aequitas", aequitas),
}
ENGINES: dict[str, tuple[str | None, Callable[[Path], Callable[[], object]]]] = {
    "tolbooth, Ray running": ("ray", on_running_ray),
    "tolbooth, Ray started anew": ("ray", lambda path: ours(path, Engine.RAY)),
    "tolbooth, Dask running": ("distributed", on_running_dask),
    "tolbooth, Dask started anew": ("distributed", lambda path: ours(path, Engine.DASK)),
    "tolbooth, Spark running": ("pyspark", on_running_spark),
    "tolbooth, Spark started anew": ("pyspark", lambda path: ours(path, Engine.SPARK)),
}
RUNS: dict[str, tuple[str | None, Callable[[Path], Callable[[], object]]]] = {
    SCAN: (None, scan),
    DECODE: (None, decode),
    LOCAL: (None, lambda path: ours(path, Engine.LOCAL)),
    NUMPY: (None, without_kernel),
    DUCKDB: ("duckdb", lambda path: ours(path, Engine.DUCKDB)),
    **PEERS,
    **ENGINES,
}


def absent(name: str) -> str | None:
    """What is not installed that the run needs."""
    module = RUNS[name][0]
    if module is not None and find_spec(module) is None:
        return module
    return "java" if module == "pyspark" and shutil.which("java") is None else None


def child(name: str, path: Path) -> None:
    action = RUNS[name][1](path)
    seconds: list[float] = []
    while not seconds or (len(seconds) < QUICK_REPEATS and sum(seconds) < QUICK_SECONDS):
        started = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write("\n" + json.dumps({"seconds": min(seconds), "peak": peak}) + "\n")


def measured(name: str, path: Path) -> dict[str, Any]:
    command = [sys.executable, "-W", "ignore", __file__, "--child", name, str(path)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    if said.returncode:
        raise SystemExit(f"{name} failed: {said.stderr[-2000:]}")
    answer: dict[str, Any] = json.loads(said.stdout.strip().splitlines()[-1])
    return answer


def compare(title: str, path: Path, names: list[str], *, to: str) -> None:
    print(f"\n{title}", flush=True)
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in names if absent(name) is None}
    for turn in range(TURNS):
        for name, found in results.items():
            if turn == 0 or found[0]["seconds"] < QUICK_SECONDS:
                found.append(measured(name, path))
    floor = min(each["seconds"] for each in results[to])
    for name in names:
        if missing := absent(name):
            print(f"  {name:<32} left out: {missing} is not installed")
        else:
            seconds, peak = (
                key(each[what] for each in results[name]) for key, what in ((min, "seconds"), (max, "peak"))
            )
            print(f"  {name:<32} {seconds:9.3f} s  {seconds / floor:9.2f} ×  {peak:7.0f} MiB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--huge", type=int, default=100_000_000)
    parser.add_argument("--engine-rows", type=int, default=100_000_000)
    parser.add_argument("--child", nargs=2, metavar=("NAME", "FILE"))
    asked = parser.parse_args()
    if asked.child:
        child(asked.child[0], Path(asked.child[1]))
        return
    if built_kernel() is None:
        print("no compiled kernel: there was no C compiler when the package was installed")
    decoded = "rows, Parquet decode included (wanted: tolbooth within 1.25 × decoding as it does, and 512 MiB)"
    ready = "rows, 3 features, 108 groups; peers have the rows in memory (wanted: 1,000, 250 and 15 ×)"
    started = "rows, and what an engine costs on one machine beside the local runner"
    with tempfile.TemporaryDirectory() as folder:
        path, written = Path(folder) / "predictions.parquet", 0
        for rows, what, names, to in (
            (asked.huge, decoded, [SCAN, DECODE, LOCAL, NUMPY, DUCKDB], DECODE),
            (asked.engine_rows, started, [LOCAL, *ENGINES], LOCAL),
            (asked.rows, decoded, [SCAN, DECODE, LOCAL, NUMPY, DUCKDB], DECODE),
            (asked.rows, ready, [LOCAL, *PEERS], LOCAL),
        ):
            if rows and rows != written:
                write(path, rows)
                written = rows
            if rows:
                compare(f"{rows:,} {what}", path, names, to=to)


if __name__ == "__main__":
    main()
