"""Counts in this process over local files and frames: threads over record batches, only the columns needed.

Owns no decoding (``parts``, ``files``) and no query (``duckdb``): it runs parts on as many threads as there are
processors, each with a counter of its own, and merges. Memory is bounded by a batch for each thread.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Lock

from tolbooth.measure.engines.parts import Part, count_part, parts, sources
from tolbooth.measure.fairness.count_settings import CELL_LIMIT, CountSettings
from tolbooth.measure.fairness.counter import FairnessCounter
from tolbooth.measure.fairness.counts import FairnessCounts
from tolbooth.measure.interface import Progress
from tolbooth.model.errors import MeasureError

_MAX_THREADS = 16


def count(
    path: Path,
    features: Sequence[str],
    label: str,
    prediction: str,
    *,
    progress: Progress | None = None,
    cell_limit: int = CELL_LIMIT,
) -> FairnessCounts:
    """Count a data set's rows by features, label and prediction: ``count_files`` with these columns."""
    settings = CountSettings(features=tuple(features), label=label, prediction=prediction, cell_limit=cell_limit)
    return count_files(path, settings, progress=progress)


def count_files(
    path: Path, settings: CountSettings, *, progress: Progress | None = None, threads: int | None = None
) -> FairnessCounts:
    """Count the rows of a data set on this machine.

    Args:
        path: a Parquet file; a folder with Parquet files (at any depth; names that start with ``.`` or ``_`` are left
            out; ``name=value`` folders give columns of text), or else with Arrow IPC files; an Arrow IPC file or
            stream; or a CSV file with a header. In a CSV every needed column is read as text but the score: ``01``
            stays ``01``, an empty field without quotation marks is missing, and labels are exactly ``0`` or ``1``.
        settings: what is counted.
        progress: called after each batch, in any thread but one at a time, with rows done and rows in all (None
            where a file does not say).
        threads: how many; one for each processor, but at most 16, unless told otherwise.

    Returns:
        The count table; of a data set without rows, one without cells.

    Raises:
        ConfigError: ``measure.file-missing``, ``measure.format-unknown``, ``measure.column-missing``,
            ``measure.column-twice`` or ``measure.column-type``.
        MeasureError: ``measure.unreadable``, ``measure.label-not-binary``, ``measure.score-outside``,
            ``measure.not-text`` or ``measure.too-many-cells``.
    """
    workers = threads or min(os.cpu_count() or 1, _MAX_THREADS)
    found = sources(path, settings)
    known = [source.rows for source in found if source.rows is not None]
    rows = _Rows(progress, sum(known) if len(known) == len(found) else None)
    return count_parts(parts(found, settings, workers), settings, rows, workers)


def check_columns(path: Path, features: Sequence[str], label: str, prediction: str) -> None:
    """Look at the columns of a data set without reading its rows; the arguments are those of ``count``.

    A file that can't be read is no mistake here: ``count`` says so.

    Raises:
        ConfigError: what ``count`` would find by names and types alone, all of it together.
    """
    try:
        sources(path, CountSettings(features=tuple(features), label=label, prediction=prediction))
    except MeasureError:
        return


class _Rows:
    """Counts the rows done, over all threads, and tells whoever waits; a stop ends every thread at its next batch."""

    def __init__(self, progress: Progress | None, total: int | None) -> None:
        self._progress = progress
        self._total = total
        self._done = 0
        self._lock = Lock()
        self.stop = Event()

    def add(self, rows: int) -> bool:
        """Add rows; whether to go on."""
        with self._lock:
            self._done += rows
            if self._progress is not None:
                self._progress(self._done, self._total)
        return not self.stop.is_set()


def count_parts(work: Sequence[Part], settings: CountSettings, rows: _Rows, workers: int) -> FairnessCounts:
    """Count parts on threads and merge what each gives."""
    counter = FairnessCounter.of(settings)
    with ThreadPoolExecutor(max_workers=workers) as pool:
        try:
            for part in pool.map(lambda each: count_part(each, settings, rows.add), work):
                counter.merge(part)
        finally:
            rows.stop.set()
            pool.shutdown(cancel_futures=True)
    return counter.finish()
