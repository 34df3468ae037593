"""Cuts a local data set into parts that can be counted apart, and counts one: what every batch engine shares.

A part is small and picklable: a file, which of its row groups, which columns. A folder may be partitioned as Hive does
it (``sex=Female/part-0.parquet``): a declared column that stands in the path is a column of text of that file's rows.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import types

from tolbooth.measure.arrays import arrow_of, text_array
from tolbooth.measure.engines.files import (
    Format,
    arrow_batch_count,
    arrow_batches,
    arrow_schema,
    csv_batches,
    csv_names,
    data_files,
    footer,
    format_of,
    reading,
)
from tolbooth.measure.fairness.count_settings import CountSettings
from tolbooth.measure.fairness.counter import FairnessCounter
from tolbooth.model.errors import ConfigError, MeasureError, TolboothError
from tolbooth.model.withholding import Withheld

BATCH_ROWS = 1 << 18
"""How many rows are decoded at once, at most."""

_HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
_OF_A_ROW = {"measure.label-not-binary", "measure.score-outside", "measure.not-text", "measure.column-type"}
"""Codes of problems that begin at one row, which is then named."""

Constants = tuple[tuple[str, str | None], ...]
"""Columns whose value follows from a file's path, each with its text; None is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file of a data set: its columns as the file has them, and those that its path gives.

    ``name`` is the path from the data set's folder. ``row_groups`` counts what can be read apart (row groups, record
    batches; 1 where the format has none), ``rows`` is None where the file does not say.
    """

    file: Path
    name: str
    schema: pa.Schema
    constants: Constants
    row_groups: int
    rows: int | None

    @property
    def format(self) -> Format:
        """The file's format; a source is always of a known one."""
        return format_of(self.file) or Format.PARQUET


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some row groups of one file: one task's work.

    ``column_threads`` says whether Parquet's columns are decoded on threads of their own: that costs time of every
    processor, and is worth it only where some would have nothing to do.
    """

    file: Path
    name: str
    row_groups: tuple[int, ...]
    columns: tuple[str, ...]
    text_columns: tuple[str, ...]
    constants: Constants
    column_threads: bool


def sources(path: Path, settings: CountSettings) -> list[Source]:
    """Look at every file of a data set, without its rows.

    Raises:
        ConfigError: ``measure.file-missing``, ``measure.format-unknown``; and for the first file that lacks a column,
            has it twice (also once in the file and once in its path) or has a wrong type of it:
            ``measure.column-missing``, ``measure.column-twice`` or ``measure.column-type``, naming the file if there
            are several.
        MeasureError: ``measure.unreadable``.
    """
    files = data_files(path, arrow=True)
    found = []
    for file in files:
        relative = file.relative_to(path) if path.is_dir() else Path(file.name)
        source = _source(file, relative, settings)
        try:
            settings.check(source.schema, [name for name, _ in source.constants])
        except ConfigError as error:
            raise (_placed(error, f"in {source.name}") if len(files) > 1 else error) from None
        found.append(source)
    return found


def _source(file: Path, relative: Path, settings: CountSettings) -> Source:
    constants = tuple((name, value) for name, value in _hive(relative) if name in settings.columns)
    rows: int | None = None
    row_groups = 1
    match format_of(file):
        case Format.CSV:
            schema = pa.schema([(name, pa.string()) for name in csv_names(file)])
            if settings.score is not None and settings.score.column in schema.names:
                place = schema.names.index(settings.score.column)
                schema = schema.set(place, pa.field(settings.score.column, pa.float64()))
        case Format.ARROW:
            schema, row_groups = arrow_schema(file), arrow_batch_count(file) or 1
        case _:
            schema, metadata = footer(file)
            rows, row_groups = metadata.num_rows, metadata.num_row_groups
    name = Withheld().text(relative.as_posix())
    # Absolute, since a worker elsewhere starts in another folder.
    return Source(file=file.absolute(), name=name, schema=schema, constants=constants, row_groups=row_groups, rows=rows)


def _hive(relative: Path) -> Iterator[tuple[str, str | None]]:
    """The columns that a path's folders give, as Hive writes them: ``name=value``, escaped by percent signs."""
    for folder in relative.parts[:-1]:
        name, equals, value = folder.partition("=")
        if equals and name:
            yield _unescaped(name), None if value == _HIVE_NULL else _unescaped(value)


def _unescaped(text: str) -> str:
    plain = _PERCENT.sub(lambda match: bytes([int(match[1], 16)]), text.encode())
    try:
        return plain.decode()
    except UnicodeDecodeError:
        return text


def parts(found: Sequence[Source], settings: CountSettings, workers: int) -> list[Part]:
    """Cut each file into at most ``workers`` parts of every so many row groups."""
    cut: list[Part] = []
    column_threads = sum(min(source.row_groups, workers) for source in found) < workers
    for source in found:
        constants = [name for name, _ in source.constants]
        columns = tuple(name for name in settings.columns if name not in constants)
        part = Part(
            file=source.file,
            name=source.name,
            row_groups=(),
            columns=columns,
            text_columns=tuple(name for name in columns if _is_plain_text(source.schema.field(name).type)),
            constants=source.constants,
            column_threads=column_threads,
        )
        groups = range(source.row_groups)
        cut += [replace(part, row_groups=tuple(groups[start::workers])) for start in groups[:workers]]
    return cut


def _is_plain_text(kind: pa.DataType) -> bool:
    return bool(types.is_string(kind) or types.is_large_string(kind))


def first_batch(found: Sequence[Source], settings: CountSettings) -> pa.RecordBatch | None:
    """The first rows of a data set, or None if it has none.

    Raises:
        MeasureError: ``measure.unreadable``.
    """
    for part in parts(found, settings, 1):
        for batch in _batches(part, settings):
            if batch.num_rows:
                return batch
    return None


def count_part(part: Part, settings: CountSettings, goes_on: Callable[[int], bool] = lambda _: True) -> FairnessCounter:
    """Count one part.

    Args:
        part: which rows.
        settings: what is counted.
        goes_on: told of each batch's rows when they are counted; says whether to go on.

    Raises:
        ConfigError: ``measure.column-type`` for a float feature that holds no whole numbers.
        MeasureError: ``measure.unreadable``, ``measure.label-not-binary``, ``measure.score-outside``,
            ``measure.not-text`` or ``measure.too-many-cells``. What begins at a row names file, row and row group,
            never the row's value.
    """
    counter = FairnessCounter.of(settings)
    try:
        for batch in _batches(part, settings):
            counter.update(batch)
            if not goes_on(batch.num_rows):
                break
    except TolboothError as error:
        if error.code not in _OF_A_ROW:
            raise
        raise _placed(error, _first_wrong_row(part, settings)) from None
    return counter


def _batches(part: Part, settings: CountSettings) -> Iterator[pa.RecordBatch]:
    for batch in _file_batches(part, settings):
        yield with_constants(batch, part.constants)


def _file_batches(part: Part, settings: CountSettings) -> Iterator[pa.RecordBatch]:
    match format_of(part.file):
        case Format.CSV:
            floats = () if settings.score is None else (settings.score.column,)
            yield from csv_batches(part.file, part.columns, floats=floats)
        case Format.ARROW:
            for batch in arrow_batches(part.file, part.columns, part.row_groups):
                yield from (batch.slice(start, BATCH_ROWS) for start in range(0, batch.num_rows, BATCH_ROWS))
        case _:
            # Without pre_buffer, which keeps the compressed bytes of every row group that is yet to come.
            options: dict[str, Any] = {"read_dictionary": list(part.text_columns), "pre_buffer": False}
            with reading(part.file), pq.ParquetFile(part.file, **options) as opened:
                yield from opened.iter_batches(
                    even_batch_rows(opened.metadata),
                    row_groups=list(part.row_groups),
                    columns=list(part.columns),
                    use_threads=part.column_threads,
                )


def even_batch_rows(metadata: pq.FileMetaData) -> int:
    """How many rows to decode at once so that the largest row group is cut into even batches.

    A batch ends where a row group's dictionaries end, so a row group that is cut unevenly leaves a small one behind.
    """
    largest = max((metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)), default=0)
    batches = max(1, math.ceil(largest / BATCH_ROWS))
    return BATCH_ROWS if batches == 1 else math.ceil(largest / batches)


def with_constants(batch: pa.RecordBatch, constants: Iterable[tuple[str, str | None]]) -> pa.RecordBatch:
    """The batch with a column more for each constant."""
    for name, value in constants:
        zeros = arrow_of(np.zeros(batch.num_rows, dtype=np.int8))
        text = pa.nulls(1, pa.string()) if value is None else text_array([value])
        column = pa.DictionaryArray.from_arrays(zeros, text)
        batch = batch.append_column(name, column)
    return batch


def _first_wrong_row(part: Part, settings: CountSettings) -> str:
    """Where the first row stands that can't be counted; read again, since only an error needs to know."""
    before = _rows_before(part)
    for number in part.row_groups:
        done = 0
        for batch in _batches(replace(part, row_groups=(number,)), settings):
            if not countable(batch, settings):
                row = before.get(number, 0) + done + first_wrong(batch, settings) + 1
                group = f" (row group {number})" if format_of(part.file) is Format.PARQUET else ""
                return f"first at row {row} of {part.name}{group}"
            done += batch.num_rows
    return f"in {part.name}"


def _rows_before(part: Part) -> dict[int, int]:
    if format_of(part.file) is not Format.PARQUET:
        return {}
    metadata = footer(part.file)[1]
    before, total = {}, 0
    for number in range(metadata.num_row_groups):
        before[number] = total
        total += metadata.row_group(number).num_rows
    return before


def countable(batch: pa.RecordBatch, settings: CountSettings) -> bool:
    """Whether all rows of a batch can be counted."""
    try:
        FairnessCounter.of(replace(settings, cell_limit=batch.num_rows + 1)).update(batch)
    except (ConfigError, MeasureError):
        return False
    return True


def first_wrong(batch: pa.RecordBatch, settings: CountSettings) -> int:
    """The place of a batch's first row that can't be counted, from 0; one row of it can't."""
    good, bad = 0, batch.num_rows
    while bad - good > 1:
        middle = (good + bad) // 2
        if countable(batch.slice(0, middle), settings):
            good = middle
        else:
            bad = middle
    return good


def _placed(error: TolboothError, where: str) -> TolboothError:
    return type(error)([replace(problem, message=f"{problem.message}, {where}") for problem in error.problems])
