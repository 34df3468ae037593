"""Counting rows by three features, side by side with decoding the same columns and with what others offer.

    python bench/fairness_counts.py [--rows 10000000] [--huge 100000000] [--slow-rows 1000000] [--engines]

Each measurement runs in a process of its own: the best of its repeats, and the largest memory that it ever held
(``ru_maxrss``). ``--rows`` is for everything but the slow ones, ``--huge`` for decoding (0 leaves it
out), ``--slow-rows`` for Fairlearn and Aequitas. ``--engines`` adds Ray, Dask and Spark at the huge size, their
start included. What is not installed is left out, and said so. Trust ratios.

Fairlearn's slow line is an element-wise ``np.stack`` over each metric's columns; without it, it gives the same numbers.
"""

from __future__ import annotations

import argparse
import json
import resource
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
from tolbooth.measure.fairness.count_settings import CountSettings

FEATURES = ("race", "sex", "age")
COLUMNS = [*FEATURES, "y_true", "y_pred"]
SETTINGS = CountSettings(features=FEATURES, label="y_true", prediction="y_pred")
CHUNK = 1_000_000
SIZES = {"race": 9, "sex": 2, "age": 6}
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


def decode(path: Path) -> Callable[[], object]:
    """The floor: the same columns, decoded by as many threads and in as large batches as the counting does."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - only this child needs it
    from os import cpu_count  # noqa: PLC0415

    workers = cpu_count() or 1

    def stripe(start: int) -> None:
        with pq.ParquetFile(path, read_dictionary=list(FEATURES)) as opened:
            groups = list(range(start, opened.metadata.num_row_groups, workers))
            for _ in opened.iter_batches(1 << 17, row_groups=groups, columns=COLUMNS):
                pass

    def run() -> None:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(stripe, range(workers)))

    return run


def ours(path: Path, engine: Engine) -> Callable[[], object]:
    return lambda: count_on(engine, path, SETTINGS).sha256


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


RUNS: dict[str, tuple[str | None, Callable[[Path], Callable[[], object]]]] = {
    "decode and nothing else": (None, decode),
    "tolbooth, NumPy": (None, lambda path: ours(path, Engine.LOCAL)),
    "tolbooth, DuckDB": ("duckdb", lambda path: ours(path, Engine.DUCKDB)),
    "tolbooth, Ray": ("ray", lambda path: ours(path, Engine.RAY)),
    "tolbooth, Dask": ("distributed", lambda path: ours(path, Engine.DASK)),
    "tolbooth, Spark": ("pyspark", lambda path: ours(path, Engine.SPARK)),
    "Fairlearn": ("fairlearn", lambda path: fairlearn(path, stacked=True)),
    "Fairlearn without its slow line": ("fairlearn", lambda path: fairlearn(path, stacked=False)),
    "Aequitas, no intersections": ("aequitas", aequitas),
}


def child(name: str, path: Path) -> None:
    action = RUNS[name][1](path)
    seconds: list[float] = []
    while not seconds or (len(seconds) < QUICK_REPEATS and sum(seconds) < QUICK_SECONDS):
        started = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write("\n" + json.dumps({"seconds": min(seconds), "peak": peak}) + "\n")


def measured(name: str, path: Path) -> dict[str, Any] | None:
    module = RUNS[name][0]
    if module is not None and find_spec(module) is None:
        return None
    command = [sys.executable, "-W", "ignore", __file__, "--child", name, str(path)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    if said.returncode:
        raise SystemExit(f"{name} failed: {said.stderr[-2000:]}")
    answer: dict[str, Any] = json.loads(said.stdout.strip().splitlines()[-1])
    return answer


def compare(title: str, path: Path, names: list[str], *, to: str) -> None:
    print(f"\n{title}")
    results = {name: measured(name, path) for name in names}
    floor = results[to]
    assert floor is not None
    for name, result in results.items():
        if result is None:
            print(f"  {name:<34} not installed")
        else:
            ratio = result["seconds"] / floor["seconds"]
            print(f"  {name:<34} {result['seconds']:9.3f} s  {ratio:9.2f} ×  {result['peak']:7.0f} MiB")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--huge", type=int, default=100_000_000)
    parser.add_argument("--slow-rows", type=int, default=1_000_000)
    parser.add_argument("--engines", action="store_true")
    parser.add_argument("--child", nargs=2, metavar=("NAME", "FILE"))
    asked = parser.parse_args()
    if asked.child:
        child(asked.child[0], Path(asked.child[1]))
        return
    floor, quick, slow = [*RUNS][:1], [*RUNS][1:3], [*RUNS][6:]
    engines = [*RUNS][3:6] if asked.engines else []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "predictions.parquet"
        write(path, asked.slow_rows)
        title = f"{asked.slow_rows:,} rows, 3 features, 108 groups; peers have the rows in memory already"
        compare(title, path, [*quick, *slow], to=quick[0])
        write(path, asked.rows)
        compare(f"{asked.rows:,} rows, Parquet decode included", path, [*floor, *quick], to=floor[0])
        if asked.huge:
            write(path, asked.huge)
            title = f"{asked.huge:,} rows, Parquet decode included" + (", engines started anew" if engines else "")
            compare(title, path, [*floor, *quick, *engines], to=floor[0])


if __name__ == "__main__":
    main()
