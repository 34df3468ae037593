"""Counts what is in memory already: a pandas or polars frame, an Arrow table, anything with Arrow's C stream.

Imports neither pandas nor polars: a frame says by its methods what it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pyarrow as pa

from tolbooth.measure.engines.extras import refusing
from tolbooth.measure.engines.parts import BATCH_ROWS, countable, first_wrong
from tolbooth.measure.fairness.columns import require_columns
from tolbooth.measure.fairness.count_settings import CountSettings
from tolbooth.measure.fairness.counter import FairnessCounter
from tolbooth.measure.fairness.counts import FairnessCounts
from tolbooth.model.errors import ConfigError, MeasureError, Problem


def count_frame(frame: Any, settings: CountSettings) -> FairnessCounts:
    """Count the rows of a frame.

    Args:
        frame: a pandas or polars DataFrame, a polars LazyFrame (collected by its streaming engine, the needed columns
            alone), a ``pyarrow.Table``, or whatever has ``__arrow_c_stream__`` (a stream is counted batch by batch,
            never held). Columns as in ``columns``; a pandas categorical counts as what it holds, an object column must
            hold one type (text and bytes may mix), and NaN is missing.
        settings: what is counted.

    Raises:
        ConfigError: ``measure.frame-unknown``, ``measure.column-missing``, ``measure.column-twice`` or
            ``measure.column-type``, also for an object column of several types.
        MeasureError: ``measure.label-not-binary``, ``measure.score-outside``, ``measure.not-text`` or
            ``measure.too-many-cells``; rows are counted from 1, and no cell is quoted. ``measure.frame-failed`` if a
            lazy frame or a stream fails while it gives its rows.
    """
    counter = FairnessCounter.of(settings)
    done = 0
    for batch in _batches(frame, settings):
        try:
            counter.update(batch)
        except (ConfigError, MeasureError) as error:
            if error.code == "measure.too-many-cells" or countable(batch, settings):
                raise
            row = done + first_wrong(batch, settings) + 1
            problems = [replace(each, message=f"{each.message}, first at row {row}") for each in error.problems]
            raise type(error)(problems) from None
        done += batch.num_rows
    return counter.finish()


def _batches(frame: Any, settings: CountSettings) -> Iterator[pa.RecordBatch]:
    wanted = list(settings.columns)
    if isinstance(frame, pa.Table):
        require_columns(wanted, frame.schema.names)
        rows = frame.select(wanted)
    elif hasattr(frame, "iloc") and hasattr(frame, "columns"):
        names = [name if isinstance(name, str) else repr(name) for name in frame.columns]
        require_columns(wanted, names)
        rows = pa.table({name: _pandas_column(name, frame.iloc[:, names.index(name)]) for name in wanted})
    elif hasattr(frame, "collect_schema"):
        rows = _polars_table(frame, wanted)
    elif hasattr(frame, "__arrow_c_stream__"):
        with _giving(frame):
            rows = pa.RecordBatchReader.from_stream(frame)
    else:
        raise ConfigError.of(
            "measure.frame-unknown",
            f"a {type(frame).__name__} is no frame that can be counted",
            hint="give a pandas or polars frame, a pyarrow.Table, or what has __arrow_c_stream__",
        )
    settings.check(rows.schema)
    given = iter(rows.to_batches(max_chunksize=BATCH_ROWS) if isinstance(rows, pa.Table) else rows)
    while True:
        with _giving(frame):
            batch = next(given, None)
        if batch is None:
            return
        yield batch


def _polars_table(frame: Any, wanted: list[str]) -> pa.Table:
    with _giving(frame):
        names = frame.collect_schema().names()
    require_columns(wanted, names)
    with _giving(frame):
        chosen = frame.select(wanted)
        return (chosen.collect(engine="streaming") if hasattr(chosen, "collect") else chosen).to_arrow()


def _giving(frame: Any) -> Any:
    hint = "collect it first, to see what it says"
    return refusing("measure.frame-failed", f"a {type(frame).__name__} did not give its rows", hint=hint)


def _pandas_column(name: str, series: Any) -> Any:
    try:
        return pa.array(series, from_pandas=True)
    except (pa.ArrowException, UnicodeError, TypeError, ValueError):
        # NOTE: Arrow's text quotes the value that it could not convert.
        problem = Problem(
            code="measure.column-type",
            message=f"column '{name}' is {series.dtype} with values of several types",
            hint="make it one type first: astype('string') for groups, integers 0 and 1 for labels",
            about=name,
        )
        raise ConfigError(problem) from None
