"""Counts with Spark: the query is pushed down, and only counts come back as Arrow.

The only module that imports pyspark (the extra ``spark``); Spark 4 needs Java 17. Files must be at the same path for
the driver, which looks at their columns, and for every executor.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from tolbooth.measure.engines.extras import imported
from tolbooth.measure.engines.queried import count_files_by
from tolbooth.measure.engines.sql import SPARK, add_groups, count_query
from tolbooth.measure.fairness.count_settings import CountSettings
from tolbooth.measure.fairness.counter import FairnessCounter
from tolbooth.measure.fairness.counts import FairnessCounts
from tolbooth.measure.interface import Progress
from tolbooth.model.errors import MeasureError

_VIEW = "tolbooth_counted_rows"


def count_files(path: Path, settings: CountSettings, *, progress: Progress | None = None) -> FairnessCounts:
    """Count a Parquet file, or a folder of them (also partitioned as Hive does it), with Spark.

    A session that is active in this process is used and left running; else one is made by Spark's own settings
    (``spark-defaults.conf``, ``SPARK_REMOTE``, ``MASTER``), on this machine if they name none, and stopped.

    Raises:
        ConfigError: ``measure.engine-missing`` without pyspark; else as ``count_files_by``.
        MeasureError: ``measure.query-failed`` if Spark refuses; its text is dropped, since it may quote values.
    """
    with _session() as session:

        def read(files: Sequence[str]) -> str:
            session.read.option("mergeSchema", "false").parquet(*files).createOrReplaceTempView(_VIEW)
            return _VIEW

        def ask(query: str) -> Iterable[pa.RecordBatch]:
            with _asking():
                batches: list[pa.RecordBatch] = session.sql(query).toArrow().to_batches()
            return batches

        return count_files_by(path, settings, dialect=SPARK, read=read, ask=ask, progress=progress)


def count_dataframe(frame: Any, settings: CountSettings) -> FairnessCounts:
    """Count the rows of a Spark DataFrame, which any table or query gives: ``session.sql("SELECT …")``.

    Raises:
        ConfigError: ``measure.column-missing``, ``measure.column-twice`` or ``measure.column-type``.
        MeasureError: as ``count_files``.
    """
    counter = FairnessCounter.of(settings)
    with _asking():
        schema = frame.limit(0).toArrow().schema
    settings.check(schema)
    frame.createOrReplaceTempView(_VIEW)
    with _asking():
        counted = frame.sparkSession.sql(count_query(settings, schema, _VIEW, SPARK)).toArrow()
    for groups in counted.to_batches():
        add_groups(counter, groups, schema)
    return counter.finish()


@contextmanager
def _session() -> Iterator[Any]:
    sql = imported("pyspark.sql", extra="spark", what="the engine spark")
    active = sql.SparkSession.getActiveSession()
    if active is not None:
        yield active
        return
    # NOTE: executors would else take whatever python the path names first.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    session = sql.SparkSession.builder.appName("tolbooth").config("spark.ui.enabled", "false").getOrCreate()
    try:
        yield session
    finally:
        session.stop()


@contextmanager
def _asking() -> Iterator[None]:
    errors = imported("pyspark.errors", extra="spark", what="the engine spark")
    try:
        yield
    except errors.PySparkException as error:
        raise MeasureError.of(
            "measure.query-failed",
            f"Spark could not count these rows ({type(error).__name__})",
            hint="run the query in Spark itself to see what it says",
        ) from None
