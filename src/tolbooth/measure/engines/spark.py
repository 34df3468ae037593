"""Counts with Spark: the query is pushed down, and only counts come back as Arrow.

The only module that imports pyspark (the extra ``spark``); Spark 4 needs Java 17. Files must be at the same path for
the driver, which looks at their columns, and for every executor.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa

from tolbooth.measure.engines.extras import imported, refusing
from tolbooth.measure.engines.queried import count_files_by
from tolbooth.measure.engines.sql import SPARK, add_groups, count_query
from tolbooth.measure.fairness.count_settings import CountSettings
from tolbooth.measure.fairness.counter import FairnessCounter
from tolbooth.measure.fairness.counts import FairnessCounts
from tolbooth.measure.interface import Progress

_GLOB = re.compile(r"[*?\[\]{}\\]")
_QUIET = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.log.level": "ERROR"}
_HERE_ALONE = {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}
_ELSEWHERE = ("MASTER", "SPARK_REMOTE", "SPARK_HOME", "SPARK_CONF_DIR", "PYSPARK_SUBMIT_ARGS")
"""Settings that may name a cluster, which has to reach the driver."""


def count_files(path: Path, settings: CountSettings, *, progress: Progress | None = None) -> FairnessCounts:
    """Count a Parquet file, or a folder of them (also partitioned as Hive does it), with Spark.

    A session that runs in this process is used and left running; else one is made by Spark's own settings
    (``spark-defaults.conf``, ``SPARK_REMOTE``, ``MASTER``) and stopped; without any, on this machine and reachable
    from it alone.

    Raises:
        ConfigError: ``measure.engine-missing`` without pyspark; else as ``count_files_by``.
        MeasureError: ``measure.engine-failed`` if no session starts; ``measure.query-failed`` if Spark refuses, also
            for what it can't read and others can (16-bit floats, a colon in a file's name). Its text is dropped, since
            it may quote values.
    """
    with _session() as session, _view(session) as view:

        def read(files: Sequence[str]) -> str:
            # NOTE: Spark takes a path for a pattern; and without the scheme, for one of the cluster's file system.
            plain = ["file://" + _GLOB.sub(r"\\\g<0>", file) for file in files]
            with _asking():
                session.read.option("mergeSchema", "false").parquet(*plain).createOrReplaceTempView(view)
            return view

        def ask(query: str) -> Iterable[pa.RecordBatch]:
            with _asking():
                batches: list[pa.RecordBatch] = session.sql(query).toArrow().to_batches()
            return batches

        return count_files_by(path, settings, dialect=SPARK, read=read, ask=ask, progress=progress)


def count_dataframe(frame: Any, settings: CountSettings) -> FairnessCounts:
    """Count the rows of a Spark DataFrame, which any table or query gives: ``session.sql("SELECT …")``.

    Raises:
        ConfigError: ``measure.column-missing``, ``measure.column-twice``, ``measure.column-type`` or
            ``measure.engine-columns``.
        MeasureError: as ``count_files``.
    """
    counter = FairnessCounter.of(settings)
    with _asking():
        # NOTE: before the rows are asked for, a frame with a column twice has a schema all the same.
        names, kinds = frame.columns, frame.limit(0).toArrow().schema.types
    schema = pa.schema(list(zip(names, kinds, strict=True)))
    settings.check(schema)
    with _view(frame.sparkSession) as view:
        asked = count_query(settings, schema, view, SPARK)
        with _asking():
            frame.createOrReplaceTempView(view)
            counted = frame.sparkSession.sql(asked).toArrow()
    for groups in counted.to_batches():
        add_groups(counter, groups, schema)
    return counter.finish()


@contextmanager
def _view(session: Any) -> Iterator[str]:
    """A name that no other count and no table of the session's owner has."""
    name = f"tolbooth_{uuid4().hex}"
    try:
        yield name
    finally:
        # A session that is gone took its views along.
        with suppress(Exception):
            session.catalog.dropTempView(name)


@contextmanager
def _session() -> Iterator[Any]:
    sql = imported("pyspark.sql", extra="spark", what="the engine spark")
    errors = imported("pyspark.errors", extra="spark", what="the engine spark")
    try:
        running = sql.SparkSession.active()
    except errors.PySparkException:
        running = None
    if running is not None:
        yield running
        return
    # NOTE: executors would else take whatever python the path names first.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    settings = _QUIET if any(name in os.environ for name in _ELSEWHERE) else _QUIET | _HERE_ALONE
    hint = "Spark 4 needs Java 17 or newer (JAVA_HOME); is the master of Spark's settings up?"
    with interrupts_as_before():
        with refusing("measure.engine-failed", "Spark could not be started or reached", hint=hint):
            session = sql.SparkSession.builder.appName("tolbooth").config(map=settings).getOrCreate()
        try:
            yield session
        finally:
            session.stop()


@contextmanager
def interrupts_as_before() -> Iterator[None]:
    """Give Ctrl-C back at the end: Spark's handler stays when Spark has stopped, and then fails at what is gone."""
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        if before is not None and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, before)


def _asking() -> Any:
    hint = "Spark's log says why; what Spark can't read, --engine local may"
    return refusing("measure.query-failed", "Spark could not count these rows", hint=hint)
