"""Scans local data sets: Parquet files, folders of them, and CSV; a random sample of rows in a given time, or all."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tolbooth.measure.arrays import no_rows
from tolbooth.measure.engines.files import csv_batches, csv_names, data_files, footer, is_csv, is_part, reading
from tolbooth.measure.pii.assess import assess
from tolbooth.measure.pii.sampling import RowSample
from tolbooth.measure.pii.scanner import PiiScanner
from tolbooth.measure.pii.summary import PiiSummary
from tolbooth.model.errors import ConfigError
from tolbooth.model.wire import JsonObject

SAMPLE_ROWS = 20_000
"""How many rows a sample has at most."""

BUDGET_SECONDS = 10.0
"""How long a sample may take; reading it from the data is part of it and is never cut short."""

_BATCH_ROWS = 1 << 14
_CHUNK_ROWS = 500

PhaseProgress = Callable[[str, int, int | None], None]
"""Called with what is being done, rows done, and rows in all (None where the source does not say)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSets:
    """What of a path can be scanned: data sets by their paths, and how many files are of other formats."""

    paths: tuple[Path, ...]
    others: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PiiScan:
    """What was found in one data set of ``rows`` rows, as counted and as judged (``assess``)."""

    summary: PiiSummary
    rows: int

    @property
    def values(self) -> JsonObject:
        """The values of the ``pii`` observation."""
        return assess(self.summary, rows=self.rows)


def data_sets(path: Path) -> DataSets:
    """The data sets of a path: a file is one; of a folder its Parquet files together and each CSV by itself.

    Hidden files and folders (names that start with ``.`` or ``_``) are left out.

    Raises:
        ConfigError: ``measure.file-missing`` if there is nothing to scan.
    """
    if not path.is_dir():
        return DataSets(paths=(path,))
    files = [file for file in sorted(path.rglob("*")) if file.is_file() and _is_shown(file.relative_to(path))]
    parts = [file for file in files if is_part(file.relative_to(path))]
    tables = [file for file in files if is_csv(file)]
    if not parts and not tables:
        raise ConfigError.of("measure.file-missing", f"the folder {path.name} holds neither Parquet nor CSV files")
    whole = (path,) if parts else ()
    return DataSets(paths=(*whole, *tables), others=len(files) - len(parts) - len(tables))


def _is_shown(relative: Path) -> bool:
    return not any(part.startswith((".", "_")) for part in relative.parts)


def scan(
    path: Path,
    *,
    key: bytes,
    full: bool = False,
    sample_rows: int = SAMPLE_ROWS,
    budget_seconds: float = BUDGET_SECONDS,
    progress: PhaseProgress | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> PiiScan:
    """Scan one data set for personal data and secrets.

    Args:
        path: a Parquet file, a folder with Parquet files, or a CSV with a header, all of whose fields are text.
        key: at least 16 secret bytes for the keyed hashes; see ``PiiScanner``.
        full: whether every row is scanned, however long it takes.
        sample_rows: how many random rows are scanned otherwise.
        budget_seconds: after so long, counted from the call, the scan of the sample stops; the first 500 rows of the
            sample are always scanned. Which rows the sample has is the same each time, how far it gets is not.
        progress: told what is done.
        clock: seconds that never go back.

    Raises:
        ConfigError: ``measure.file-missing``, ``measure.format-unknown`` or ``measure.column-twice``.
        MeasureError: ``measure.unreadable`` or ``measure.not-text``; no cell is quoted.
    """
    started = clock()
    scanner = PiiScanner(key=key)
    tell = progress or _silent
    total = None if is_csv(path) else sum(footer(file)[1].num_rows for file in data_files(path))
    if full:
        done = 0
        for batch in _batches(path):
            scanner.update(batch)
            done += batch.num_rows
            tell("scanning rows", done, total)
        return PiiScan(summary=scanner.finish(), rows=done)
    sample = RowSample(sample_rows)
    for batch in _batches(path):
        if batch.num_rows == 0:
            scanner.update(batch)  # a data set without rows has columns all the same
        sample.offer(batch)
        tell("drawing rows", sample.seen, total)
    for chunk in sample.chunks(_CHUNK_ROWS):
        for batch in chunk:
            scanner.update(batch)
        tell("scanning rows", scanner.finish().rows, min(sample_rows, sample.seen))
        if clock() - started >= budget_seconds:
            break
    return PiiScan(summary=scanner.finish(), rows=sample.seen)


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    files = data_files(path)
    if is_csv(path):
        names = csv_names(path)
        if len(set(names)) < len(names):
            # NOTE: the names aren't quoted, since a CSV without a header has values for names.
            message = f"{path.name} names {len(names) - len(set(names))} of its columns twice"
            raise ConfigError.of("measure.column-twice", message, hint="does its first line hold the columns' names?")
        yield no_rows(pa.schema([(name, pa.string()) for name in names]))
        yield from csv_batches(path, names)
        return
    for file in files:
        with reading(file), pq.ParquetFile(file) as opened:
            yield no_rows(opened.schema_arrow)
            yield from opened.iter_batches(_BATCH_ROWS)


def _silent(_what: str, _done: int, _total: int | None) -> None:
    return
