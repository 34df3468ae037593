"""Which engine counts: the one that was asked for, or the runner that suits the data on this machine.

Both local runners give the same bytes, so this is a matter of time alone: NumPy is as fast as decoding while the
combinations of categories fit a small array; DuckDB's hash table is faster beyond.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa

from tolbooth.measure.engines import dask, duckdb, local, ray, spark
from tolbooth.measure.engines.files import Format
from tolbooth.measure.engines.parts import first_batch, sources
from tolbooth.measure.engines.sql import case_alone
from tolbooth.measure.fairness.columns import code_feature
from tolbooth.measure.fairness.count_settings import CountSettings
from tolbooth.measure.fairness.counter import FairnessCounter
from tolbooth.measure.fairness.counts import FairnessCounts
from tolbooth.measure.fairness.tally import DENSE_CELLS
from tolbooth.measure.interface import Progress
from tolbooth.model.errors import ConfigError, MeasureError

_OUTCOMES = 9


class Engine(StrEnum):
    """Where counting runs. ``auto`` is ``local``, or ``duckdb`` for a query and for very many combinations."""

    AUTO = "auto"
    LOCAL = "local"
    DUCKDB = "duckdb"
    RAY = "ray"
    DASK = "dask"
    SPARK = "spark"


_COUNTING: Mapping[Engine, Callable[..., FairnessCounts]] = {
    Engine.LOCAL: local.count_files,
    Engine.DUCKDB: duckdb.count_files,
    Engine.RAY: ray.count_files,
    Engine.DASK: dask.count_files,
    Engine.SPARK: spark.count_files,
}


def count_on(
    engine: Engine, path: Path, settings: CountSettings, *, progress: Progress | None = None
) -> FairnessCounts:
    """Count a data set on an engine; the count table is the same on each.

    Raises:
        ConfigError: ``measure.engine-missing`` if the engine's extra is not installed, ``measure.engine-format`` if it
            can't read the format, ``measure.engine-columns`` if it can't tell two columns apart by their names; else
            as ``local.count_files``.
        MeasureError: as ``local.count_files``; of ``duckdb`` and ``spark`` also ``measure.query-failed``; of what runs
            on a cluster also ``measure.engine-failed``.
    """
    chosen = suited(path, settings) if engine is Engine.AUTO else engine
    if _is_query(path) and chosen is not Engine.DUCKDB:
        raise ConfigError.of(
            "measure.engine-format",
            f"{path.name} holds a query, which the engine {chosen.value} does not read",
            hint="count it with --engine duckdb",
        )
    return _COUNTING[chosen](path, settings, progress=progress)


def suited(path: Path, settings: CountSettings) -> Engine:
    """The local runner that suits a data set, by its name and by the categories of its first rows.

    What can't be counted is left to the local engine, which says where and at once.

    Raises:
        ConfigError: as ``sources``.
        MeasureError: ``measure.unreadable``.
    """
    if _is_query(path):
        return Engine.DUCKDB
    found = sources(path, settings)
    if find_spec("duckdb") is None or any(
        source.format is not Format.PARQUET or case_alone(settings, source.schema) for source in found
    ):
        return Engine.LOCAL
    batch = first_batch(found, settings)
    if batch is None:
        return Engine.LOCAL
    combinations = (
        math.prod(code_feature(name, batch.column(name)).column.size for name in settings.features) * _OUTCOMES
    )
    return Engine.DUCKDB if combinations > DENSE_CELLS and _countable(batch, settings) else Engine.LOCAL


def _countable(batch: pa.RecordBatch, settings: CountSettings) -> bool:
    try:
        FairnessCounter.of(settings).update(batch)
    except (ConfigError, MeasureError):
        return False
    return True


def _is_query(path: Path) -> bool:
    return path.suffix.lower() == ".sql" and not path.is_dir()
