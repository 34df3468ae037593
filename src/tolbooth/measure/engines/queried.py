"""Counts files by queries: one query for each set of files that have the same columns, as every SQL engine needs it.

Engines take the types of the first file for all and cast the others, or fill an absent column with nulls; so files are
looked at here first, and only files with equal types of the needed columns share a query.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pyarrow as pa

from tolbooth.measure.engines.files import Format
from tolbooth.measure.engines.parts import Constants, Source, sources
from tolbooth.measure.engines.sql import Dialect, add_groups, count_query, refuse_case_alone
from tolbooth.measure.fairness.count_settings import CountSettings
from tolbooth.measure.fairness.counter import FairnessCounter
from tolbooth.measure.fairness.counts import FairnessCounts
from tolbooth.measure.interface import Progress
from tolbooth.model.errors import ConfigError

Read = Callable[[Sequence[str]], str]
"""Makes Parquet files known to the engine; gives what stands after FROM."""

Ask = Callable[[str], Iterable[pa.RecordBatch]]
"""Runs a query; gives its result in batches."""


def count_files_by(
    path: Path, settings: CountSettings, *, dialect: Dialect, read: Read, ask: Ask, progress: Progress | None
) -> FairnessCounts:
    """Count a Parquet file, or a folder of them (also partitioned as Hive does it), by queries.

    Raises:
        ConfigError: as ``sources`` and ``count_query``, and ``measure.engine-format`` for another format.
        MeasureError: what ``add_groups`` and the engine raise.
    """
    found = sources(path, settings)
    if other := next((source for source in found if source.format is not Format.PARQUET), None):
        raise ConfigError.of(
            "measure.engine-format",
            f"{other.name} is {other.format.value}; this engine reads Parquet files and folders of them",
            hint="count it with --engine local",
        )
    for source in found:
        refuse_case_alone(settings, source.schema)
    counter = FairnessCounter.of(settings)
    done, total = 0, sum(source.rows or 0 for source in found)
    for alike in _alike(found, settings):
        schema, constants = alike[0].schema, alike[0].constants
        asked = count_query(settings, schema, read([str(source.file) for source in alike]), dialect, dict(constants))
        for groups in ask(asked):
            add_groups(counter, groups, schema, constants)
        done += sum(source.rows or 0 for source in alike)
        if progress is not None:
            progress(done, total)
    return counter.finish()


def _alike(found: Sequence[Source], settings: CountSettings) -> list[list[Source]]:
    alike: dict[tuple[tuple[str, ...], Constants], list[Source]] = {}
    for source in found:
        absent = dict(source.constants)
        kinds = tuple(str(source.schema.field(name).type) for name in settings.columns if name not in absent)
        alike.setdefault((kinds, source.constants), []).append(source)
    return list(alike.values())
