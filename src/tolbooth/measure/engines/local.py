"""Runs a measure in this process over local files: record batches, only the columns needed, bounded memory.

Owns opening and decoding of Parquet files, folders of them, and CSV. The row groups of a Parquet file are counted by
as many threads as there are processors, each with a counter of its own, and merged. No error's text holds a cell:
Arrow's own messages may quote rows and are dropped.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from pyarrow import types

from tolbooth.measure.fairness.columns import check_binary_type, check_feature_type, require_columns
from tolbooth.measure.fairness.counter import CELL_LIMIT, FairnessCounter
from tolbooth.measure.fairness.counts import FairnessCounts
from tolbooth.measure.interface import Progress
from tolbooth.model.errors import ConfigError, MeasureError, Problem, TolboothError
from tolbooth.model.withholding import Withheld

_PARQUET = {".parquet", ".pq", ".parq"}
_BATCH_ROWS = 1 << 17
_MAX_THREADS = 16
_CSV_BLOCK_BYTES = 1 << 22
_ROW_NUMBER = re.compile(r"Row #(\d+)")


def count(
    path: Path,
    features: Sequence[str],
    label: str,
    prediction: str,
    *,
    progress: Progress | None = None,
    cell_limit: int = CELL_LIMIT,
) -> FairnessCounts:
    """Count a data set's rows by features, label and prediction.

    Args:
        path: a Parquet file, a folder with Parquet files (at any depth; names that start with ``.`` or ``_`` are left
            out), or a CSV file with a header. In a CSV every needed column is read as text: ``01`` stays ``01``, an
            empty field without quotation marks is missing, and labels are exactly ``0`` or ``1``.
        features: columns that make the groups; none counts labels and predictions only.
        label: the column with the true class.
        prediction: the column with the predicted class.
        progress: called after each batch, in any thread but one at a time, with rows done and rows in all (None
            for CSV).
        cell_limit: how many cells the table may have.

    Returns:
        The count table; of a data set without rows, one without cells.

    Raises:
        ConfigError: ``measure.file-missing``, ``measure.format-unknown``, ``measure.column-missing``,
            ``measure.column-twice``, ``measure.column-type`` or ``measure.feature-twice``.
        MeasureError: ``measure.unreadable``, ``measure.label-not-binary``, ``measure.not-text`` or
            ``measure.too-many-cells``.
    """
    counter = FairnessCounter(features=features, label=label, prediction=prediction, cell_limit=cell_limit)
    files = data_files(path)
    if is_csv(path):
        _count_csv(path, counter, _Rows(progress, None))
    else:
        _count_parquet(files, counter, progress)
    return counter.finish()


def check_columns(path: Path, features: Sequence[str], label: str, prediction: str) -> None:
    """Look at the columns of a data set without reading its rows; the arguments are those of ``count``.

    A file that can't be read is no mistake here: ``count`` says so.

    Raises:
        ConfigError: what ``count`` would find by names and types alone, all of it together.
    """
    counter = FairnessCounter(features=features, label=label, prediction=prediction)
    files = data_files(path)
    try:
        if is_csv(path):
            require_columns(counter.columns, csv_names(path))
        else:
            for file in files:
                _check(footer(file)[0], counter)
    except MeasureError:
        return


def data_files(path: Path) -> list[Path]:
    """The files that make the data set.

    Raises:
        ConfigError: ``measure.file-missing`` or ``measure.format-unknown``.
    """
    if path.is_dir():
        files = [file for file in sorted(path.rglob("*")) if is_part(file.relative_to(path)) and file.is_file()]
        if not files:
            raise ConfigError.of("measure.file-missing", f"the folder {path.name} holds no Parquet file")
        return files
    if not path.exists():
        raise _no_file(path)
    if path.suffix.lower() not in _PARQUET and not is_csv(path):
        raise ConfigError.of(
            "measure.format-unknown",
            f"{path.name} is neither Parquet nor CSV by its name",
            hint="name the file .parquet or .csv",
        )
    return [path]


def _no_file(path: Path) -> TolboothError:
    there = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    close = difflib.get_close_matches(path.name, there, n=1)
    hint = f"did you mean '{Withheld().text(str(path.with_name(close[0])))}'?" if close else None
    return ConfigError.of("measure.file-missing", f"there is no file {path.name}", hint=hint)


def is_csv(path: Path) -> bool:
    """Whether a data set is a CSV file, by its name."""
    return path.suffix.lower() == ".csv" and not path.is_dir()


class _Rows:
    """Counts the rows done, over all threads, and tells whoever waits; a stop ends every thread at its next batch."""

    def __init__(self, progress: Progress | None, total: int | None) -> None:
        self._progress = progress
        self._total = total
        self._done = 0
        self._lock = Lock()
        self.stop = Event()

    def add(self, rows: int) -> None:
        with self._lock:
            self._done += rows
            if self._progress is not None:
                self._progress(self._done, self._total)


@dataclass(frozen=True, slots=True)
class _Stripe:
    """Some row groups of a Parquet file: one thread's work."""

    file: Path
    row_groups: list[int]
    columns: list[str]
    text_columns: list[str]


def _count_parquet(files: Sequence[Path], counter: FairnessCounter, progress: Progress | None) -> None:
    total = 0
    stripes: list[_Stripe] = []
    workers = min(os.cpu_count() or 1, _MAX_THREADS)
    for file in files:
        schema, metadata = footer(file)
        _check(schema, counter)
        total += metadata.num_rows
        columns = list(counter.columns)
        text = [name for name in columns if _is_plain_text(schema.field(name).type)]
        groups = range(metadata.num_row_groups)
        stripes += [_Stripe(file, list(groups[start::workers]), columns, text) for start in groups[:workers]]
    rows = _Rows(progress, total)
    with ThreadPoolExecutor(max_workers=workers) as pool:
        try:
            for part in pool.map(lambda stripe: _count_stripe(stripe, counter.empty(), rows), stripes):
                counter.merge(part)
        finally:
            rows.stop.set()
            pool.shutdown(cancel_futures=True)


def footer(file: Path) -> tuple[pa.Schema, pq.FileMetaData]:
    """A Parquet file's schema and metadata.

    Raises:
        MeasureError: ``measure.unreadable``.
    """
    with reading(file), pq.ParquetFile(file) as opened:
        return opened.schema_arrow, opened.metadata


def _count_stripe(stripe: _Stripe, counter: FairnessCounter, rows: _Rows) -> FairnessCounter:
    for batch in _parquet_batches(stripe):
        if rows.stop.is_set():
            break
        counter.update(batch)
        rows.add(batch.num_rows)
    return counter


def _parquet_batches(stripe: _Stripe) -> Iterator[pa.RecordBatch]:
    with reading(stripe.file), pq.ParquetFile(stripe.file, read_dictionary=stripe.text_columns) as opened:
        yield from opened.iter_batches(_BATCH_ROWS, row_groups=stripe.row_groups, columns=stripe.columns)


def is_part(relative: Path) -> bool:
    """Whether a file of a folder is one of its parts: Parquet by name, and no folder or file of its path is hidden."""
    return relative.suffix.lower() in _PARQUET and not any(part.startswith((".", "_")) for part in relative.parts)


def _is_plain_text(kind: pa.DataType) -> bool:
    return bool(types.is_string(kind) or types.is_large_string(kind))


def _count_csv(file: Path, counter: FairnessCounter, rows: _Rows) -> None:
    for batch in csv_batches(file, counter.columns):
        counter.update(batch)
        rows.add(batch.num_rows)


def csv_batches(file: Path, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The rows of a CSV with these columns, all of them as text; an empty field without quotation marks is null.

    Raises:
        ConfigError: ``measure.column-missing`` or ``measure.column-twice``.
        MeasureError: ``measure.unreadable``.
    """
    require_columns(columns, csv_names(file))
    converting = pa.csv.ConvertOptions(
        include_columns=list(columns),
        column_types=dict.fromkeys(columns, pa.string()),
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    options = {"read_options": _csv_reading(), "parse_options": _csv_parsing(), "convert_options": converting}
    with reading(file), pa.csv.open_csv(file, **options) as opened:
        yield from opened


def csv_names(file: Path) -> list[str]:
    """The names in the first line of a CSV.

    Raises:
        MeasureError: ``measure.unreadable``.
    """
    options = {"read_options": _csv_reading(), "parse_options": _csv_parsing()}
    with reading(file), pa.csv.open_csv(file, **options) as opened:
        return list(opened.schema.names)


def _csv_reading() -> pa.csv.ReadOptions:
    return pa.csv.ReadOptions(block_size=_CSV_BLOCK_BYTES)


def _csv_parsing() -> pa.csv.ParseOptions:
    return pa.csv.ParseOptions(newlines_in_values=True)


def _check(schema: pa.Schema, counter: FairnessCounter) -> None:
    """Every column that is missing or of a wrong type, together."""
    problems: list[Problem] = []
    for name in counter.columns:
        check = check_feature_type if name in counter.features else check_binary_type
        try:
            require_columns([name], schema.names)
            check(name, schema.field(name).type)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)


@contextmanager
def reading(file: Path) -> Iterator[None]:
    """Turns what goes wrong while a data file is read into a ``MeasureError`` that quotes nothing of it."""
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        # NOTE: Arrow's texts quote the rows that they could not parse; only the row's number may leave.
        row = _ROW_NUMBER.search(str(error))
        where = f" at row {row.group(1)}" if row else ""
        kind = "CSV" if is_csv(file) else "Parquet"
        raise MeasureError.of(
            "measure.unreadable",
            f"{Withheld().text(file.name)} could not be read{where}: it is no whole {kind} file",
            hint="is it complete, in UTF-8, and what its name says?",
        ) from None
