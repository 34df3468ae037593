"""How many rows and which columns a data file states: Parquet by its footer, CSV by reading it to its end.

No text of an Arrow error leaves, since it may quote rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from tolbooth.model.observation import Column
from tolbooth.model.withholding import Withheld

PARQUET_SUFFIXES = frozenset({".parquet", ".pq", ".parq"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Rows that were found, rows that the source itself states (None if it states none), and the columns in order.

    What looks like a secret or like personal data in a column's name is withheld: a CSV without a header has cells for
    names.
    """

    returned: int
    reported_total: int | None
    columns: tuple[Column, ...]
    check: str


class UnreadableRowsError(Exception):
    """A data file's rows and columns could not be learned; the text says why and holds no cell."""


def read_rows(files: Sequence[Path]) -> Rows:
    """Rows and columns of a data set in one file or several of one format and schema.

    Raises:
        UnreadableRowsError: for another format, a broken file, or files whose columns differ.
    """
    suffixes = {file.suffix.lower() for file in files}
    try:
        if suffixes <= PARQUET_SUFFIXES:
            return _parquet(files)
        if suffixes == {".csv"} and len(files) == 1:
            return _csv(files[0])
    except (pa.ArrowException, OSError, UnicodeDecodeError):
        kind = "CSV" if suffixes == {".csv"} else "Parquet"
        raise UnreadableRowsError(f"its rows could not be read: it is no whole {kind} file") from None
    raise UnreadableRowsError("rows are counted in Parquet files and in a CSV file only")


def _parquet(files: Sequence[Path]) -> Rows:
    returned = stated = 0
    schemas: list[pa.Schema] = []
    for file in files:
        with pq.ParquetFile(file) as opened:
            metadata = opened.metadata
            schemas.append(opened.schema_arrow)
        stated += metadata.num_rows
        returned += sum(metadata.row_group(index).num_rows for index in range(metadata.num_row_groups))
    if any(not schema.equals(schemas[0]) for schema in schemas):
        raise UnreadableRowsError("its files have different columns")
    return Rows(
        returned=returned,
        reported_total=stated,
        columns=tuple(Column(name=Withheld().text(field.name), type=str(field.type)) for field in schemas[0]),
        check="The rows of all row groups, added, were compared with the total in the footer.",
    )


def _csv(file: Path) -> Rows:
    parsing = pa.csv.ParseOptions(newlines_in_values=True)
    with pa.csv.open_csv(file, parse_options=parsing) as opened:
        names = opened.schema.names
    # Every column as text: no cell is converted, so none can fail to be.
    converting = pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
    with pa.csv.open_csv(file, parse_options=parsing, convert_options=converting) as opened:
        returned = sum(batch.num_rows for batch in opened)
    return Rows(
        returned=returned,
        reported_total=None,
        columns=tuple(Column(name=Withheld().text(name), type="string") for name in names),
        check="A CSV file states no total: it was read to its end and its rows were counted.",
    )
