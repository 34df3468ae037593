"""Opens and decodes local data files: which files make a data set, their columns, their rows in batches.

Parquet, CSV with a header, and Arrow IPC (the file and the stream format). No error's text holds a cell: Arrow's own
messages may quote rows and are dropped.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet as pq

from tolbooth.measure.fairness.columns import require_columns
from tolbooth.model.errors import ConfigError, MeasureError, TolboothError
from tolbooth.model.withholding import Withheld

_PARQUET = {".parquet", ".pq", ".parq"}
_ARROW = {".arrow", ".arrows", ".feather", ".ipc"}
_ARROW_FILE_MAGIC = b"ARROW1"
_CSV_BLOCK_BYTES = 1 << 22
_ROW_NUMBER = re.compile(r"Row #(\d+)")


class Format(StrEnum):
    """What a data file is, by its name."""

    PARQUET = "Parquet"
    CSV = "CSV"
    ARROW = "Arrow IPC"


def format_of(file: Path) -> Format | None:
    """The format that a file's name says, if any."""
    suffix = file.suffix.lower()
    if suffix in _PARQUET:
        return Format.PARQUET
    if suffix in _ARROW:
        return Format.ARROW
    return Format.CSV if suffix == ".csv" else None


def data_files(path: Path, *, arrow: bool = False) -> list[Path]:
    """The files that make the data set: a file itself, or the Parquet files below a folder.

    Args:
        path: the file or folder.
        arrow: whether Arrow IPC files are data too; a folder without Parquet may then hold them.

    Raises:
        ConfigError: ``measure.file-missing`` or ``measure.format-unknown``.
    """
    if path.is_dir():
        below = [file for file in sorted(path.rglob("*")) if _is_shown(file.relative_to(path)) and file.is_file()]
        files = [file for file in below if format_of(file) is Format.PARQUET]
        if not files and arrow:
            files = [file for file in below if format_of(file) is Format.ARROW]
        if not files:
            raise ConfigError.of("measure.file-missing", f"the folder {path.name} holds no Parquet file")
        return files
    if not path.exists():
        raise _no_file(path)
    known = {Format.PARQUET, Format.CSV, Format.ARROW} if arrow else {Format.PARQUET, Format.CSV}
    if format_of(path) not in known:
        raise ConfigError.of(
            "measure.format-unknown",
            f"{path.name} is neither Parquet nor CSV{' nor Arrow IPC' if arrow else ''} by its name",
            hint=f"name the file .parquet or .csv{' or .arrow' if arrow else ''}",
        )
    return [path]


def _no_file(path: Path) -> TolboothError:
    there = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    close = difflib.get_close_matches(path.name, there, n=1)
    hint = f"did you mean '{Withheld().text(str(path.with_name(close[0])))}'?" if close else None
    return ConfigError.of("measure.file-missing", f"there is no file {path.name}", hint=hint)


def is_csv(path: Path) -> bool:
    """Whether a data set is a CSV file, by its name."""
    return format_of(path) is Format.CSV and not path.is_dir()


def footer(file: Path) -> tuple[pa.Schema, pq.FileMetaData]:
    """A Parquet file's schema and metadata.

    Raises:
        MeasureError: ``measure.unreadable``.
    """
    with reading(file), pq.ParquetFile(file) as opened:
        return opened.schema_arrow, opened.metadata


def is_part(relative: Path) -> bool:
    """Whether a file of a folder is one of its parts: Parquet by name, and no folder or file of its path is hidden."""
    return format_of(relative) is Format.PARQUET and _is_shown(relative)


def _is_shown(relative: Path) -> bool:
    return not any(part.startswith((".", "_")) for part in relative.parts)


def csv_batches(file: Path, columns: Sequence[str], *, floats: Sequence[str] = ()) -> Iterator[pa.RecordBatch]:
    """The rows of a CSV with these columns; an empty field without quotation marks is null.

    Args:
        file: has a header.
        columns: which columns, all of them as text but
        floats: those of them that are numbers.

    Raises:
        ConfigError: ``measure.column-missing`` or ``measure.column-twice``.
        MeasureError: ``measure.unreadable``.
    """
    require_columns(columns, csv_names(file))
    converting = pa.csv.ConvertOptions(
        include_columns=list(columns),
        column_types={name: pa.float64() if name in floats else pa.string() for name in columns},
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


def arrow_schema(file: Path) -> pa.Schema:
    """The schema of an Arrow IPC file or stream.

    Raises:
        MeasureError: ``measure.unreadable``.
    """
    with reading(file), _open_arrow(file, None) as opened:
        return opened.schema


def arrow_batches(file: Path, columns: Sequence[str], numbers: Sequence[int] | None = None) -> Iterator[pa.RecordBatch]:
    """The record batches of an Arrow IPC file or stream, with these columns alone.

    Args:
        file: memory-mapped, so what is not needed is not read.
        columns: each stands in the schema once.
        numbers: which record batches, from 0; None is all. A stream has all its batches alone.

    Raises:
        MeasureError: ``measure.unreadable``.
    """
    with reading(file):
        names = arrow_schema(file).names
        options = pa.ipc.IpcReadOptions(included_fields=sorted(names.index(name) for name in columns))
        with _open_arrow(file, options) as opened:
            if isinstance(opened, pa.ipc.RecordBatchFileReader):
                for number in range(opened.num_record_batches) if numbers is None else numbers:
                    yield _sound(opened.get_batch(number))
            else:
                yield from map(_sound, opened)


def _sound(batch: pa.RecordBatch) -> pa.RecordBatch:
    # NOTE: Arrow believes offsets and dictionary indices of a file; wrong ones would read any memory.
    batch.validate(full=True)
    return batch


def arrow_batch_count(file: Path) -> int | None:
    """How many record batches an Arrow IPC file has; None for a stream, which does not say.

    Raises:
        MeasureError: ``measure.unreadable``.
    """
    with reading(file), _open_arrow(file, None) as opened:
        return opened.num_record_batches if isinstance(opened, pa.ipc.RecordBatchFileReader) else None


@contextmanager
def _open_arrow(file: Path, options: Any) -> Iterator[Any]:
    with pa.memory_map(str(file)) as source:
        is_file = source.read(len(_ARROW_FILE_MAGIC)) == _ARROW_FILE_MAGIC
        source.seek(0)
        with (pa.ipc.open_file if is_file else pa.ipc.open_stream)(source, options=options) as opened:
            yield opened


@contextmanager
def reading(file: Path) -> Iterator[None]:
    """Turns what goes wrong while a data file is read into a ``MeasureError`` that quotes nothing of it."""
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        # NOTE: Arrow's texts quote the rows that they could not parse; only the row's number may leave.
        row = _ROW_NUMBER.search(str(error))
        where = f" at row {row.group(1)}" if row else ""
        kind = format_of(file) or Format.PARQUET
        raise MeasureError.of(
            "measure.unreadable",
            f"{Withheld().text(file.name)} could not be read{where}: it is no whole {kind.value} file",
            hint="is it complete, in UTF-8, and what its name says?",
        ) from None
