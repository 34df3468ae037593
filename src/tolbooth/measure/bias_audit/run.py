"""Counts the exact scores of a local data set: Parquet, a folder of it, CSV or Arrow IPC."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tolbooth.measure.bias_audit.exact_scores import ExactScores, ScoredPeople
from tolbooth.measure.engines.files import (
    Format,
    arrow_batches,
    arrow_schema,
    csv_batches,
    csv_names,
    data_files,
    footer,
    format_of,
    reading,
)
from tolbooth.measure.fairness.columns import require_columns
from tolbooth.measure.interface import Progress
from tolbooth.model.errors import ConfigError

_BATCH_ROWS = 1 << 17


def count_scores(path: Path, features: Sequence[str], score: str, *, progress: Progress | None = None) -> ScoredPeople:
    """Count a data set's people by category and exact score.

    In a CSV categories are read as text, and scores as doubles. Columns are looked for in each file; folders named
    ``name=value`` give none here.

    Args:
        path: a file, or a folder of Parquet or Arrow IPC files.
        features: the columns of categories.
        score: the column of scores.
        progress: told of the rows counted, and of all rows where the files say.

    Raises:
        ConfigError: ``measure.file-missing``, ``measure.format-unknown``, ``measure.column-missing``,
            ``measure.column-twice``, ``measure.column-type``, or ``audit.columns`` for a column named twice.
        MeasureError: ``measure.unreadable`` and what ``ExactScores.update`` raises.
    """
    counter = ExactScores(features=features, score=score)
    if len(set(counter.columns)) < len(counter.columns):
        raise ConfigError.of("audit.columns", "sex, race and score are three different columns")
    files = data_files(path, arrow=True)
    total = _rows(files)
    done = 0
    for file in files:
        for batch in _batches(file, counter.columns, score):
            counter.update(batch)
            done += batch.num_rows
            if progress is not None:
                progress(done, total)
    return counter.finish()


def _rows(files: Sequence[Path]) -> int | None:
    if any(format_of(file) is not Format.PARQUET for file in files):
        return None
    return sum(int(footer(file)[1].num_rows) for file in files)


def _batches(file: Path, columns: Sequence[str], score: str) -> Iterator[pa.RecordBatch]:
    match format_of(file):
        case Format.CSV:
            require_columns(columns, csv_names(file))
            yield from csv_batches(file, columns, floats=[score])
        case Format.ARROW:
            require_columns(columns, arrow_schema(file).names)
            yield from arrow_batches(file, columns)
        case _:
            require_columns(columns, footer(file)[0].names)
            with reading(file), pq.ParquetFile(file) as opened:
                yield from opened.iter_batches(_BATCH_ROWS, columns=list(columns))
