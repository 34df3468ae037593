"""Counting 10,000,000 rows by two features, side by side with decoding the same Parquet columns and nothing else.

Run ``python bench/fairness_counts.py [ROWS]``. Trust the ratio, not the seconds.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tolbooth.measure.engines.local import count

REPEATS = 5


def write(path: Path, rows: int) -> None:
    generator = np.random.default_rng(7)
    races = pa.array([f"race-{number}" for number in range(9)])
    sexes = pa.array(["Female", "Male"])
    chunk = 1_000_000
    writer = None
    for start in range(0, rows, chunk):
        size = min(chunk, rows - start)
        table = pa.table(
            {
                "race": races.take(pa.array(generator.integers(0, 9, size))),
                "sex": sexes.take(pa.array(generator.integers(0, 2, size))),
                "y_true": pa.array(generator.integers(0, 2, size, dtype=np.int8)),
                "y_pred": pa.array(generator.integers(0, 2, size, dtype=np.int8)),
            }
        )
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def decode(path: Path) -> None:
    with pq.ParquetFile(path, read_dictionary=["race", "sex"]) as opened:
        for _ in opened.iter_batches(batch_size=1 << 17, columns=["race", "sex", "y_true", "y_pred"]):
            pass


def best(action: Callable[[], object]) -> float:
    seconds = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "predictions.parquet"
        write(path, rows)
        floor = best(lambda: decode(path))
        counted = best(lambda: count(path, ["race", "sex"], "y_true", "y_pred"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"rows {rows:,}  decode {floor:.3f} s  count {counted:.3f} s  ratio {counted / floor:.2f}  peak {peak:.0f} MiB"
    )


if __name__ == "__main__":
    main()
