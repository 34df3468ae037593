"""From an Arrow column to the texts that are scanned: which types can hold what is recognised, and how it is written.

Text is scanned as it is. Integers, and floats and decimals that are whole, are scanned as their decimal digits: all of
them where the column's name hints at an entity, else those of 12 and more digits (no shorter number without a header
is anything by its form). Under a header of social security numbers, leading zeros up to nine digits are given back.
Dates and times are scanned as ISO dates where the column's name hints at a birth. Booleans, fractions, times and
durations can hold nothing that is recognised. Bytes, and lists, structs and maps of anything else, are not scanned,
and counted as such. NaN is missing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from tolbooth.measure.arrays import nan_as_null, scalar_of
from tolbooth.measure.pii.entities import Entity
from tolbooth.measure.pii.headers import Hints
from tolbooth.model.errors import MeasureError, Problem

_TWELVE_DIGITS = 10**11
_EXACT = 2**53
_SSN_DIGITS = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """A column's rows: distinct texts with how many rows have each, missing ones, and those that were not looked at."""

    rows: int
    nulls: int
    unscanned: int = 0
    texts: tuple[tuple[str, int], ...] = ()


def cells_of(name: str, column: pa.Array, hints: Hints) -> Cells:
    """Read a column of any Arrow type.

    Raises:
        MeasureError: ``measure.not-text`` for text that is not UTF-8; no cell is quoted.
    """
    column = _plain(column)
    if types.is_floating(column.type):
        column = column.cast(pa.float64())
        column = nan_as_null(column)
    kind, rows, nulls = column.type, len(column), column.null_count
    if _is_text(kind):
        return Cells(rows=rows, nulls=nulls, texts=_counted(name, column))
    if types.is_nested(kind) or _is_bytes(kind):
        return Cells(rows=rows, nulls=nulls, unscanned=rows - nulls if _may_hold_text(kind) else 0)
    return Cells(rows=rows, nulls=nulls, texts=_numbers(name, column, hints))


def _plain(column: pa.Array) -> pa.Array:
    """The column without the wrapping of an extension, a dictionary or run ends."""
    while True:
        if isinstance(column, pa.ExtensionArray):
            column = column.storage
        elif types.is_dictionary(column.type):
            column = column.dictionary_decode()
        elif types.is_run_end_encoded(column.type):
            column = pc.run_end_decode(column)
        elif types.is_string_view(column.type):
            column = column.cast(pa.large_string())
        else:
            return column


def _is_text(kind: pa.DataType) -> bool:
    return bool(types.is_string(kind) or types.is_large_string(kind))


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(
        types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_binary_view(kind)
        or types.is_fixed_size_binary(kind)
    )


def _may_hold_text(kind: pa.DataType) -> bool:
    """Whether anything within could be text or a long number: all but floats, booleans, nulls and short integers."""
    if types.is_nested(kind):
        return any(_may_hold_text(kind.field(place).type) for place in range(kind.num_fields))
    short = types.is_integer(kind) and kind.bit_width < 32  # noqa: PLR2004
    return not (types.is_floating(kind) or types.is_boolean(kind) or types.is_null(kind) or short)


def _numbers(name: str, column: pa.Array, hints: Hints) -> tuple[tuple[str, int], ...]:
    kind = column.type
    if types.is_date(kind) or types.is_timestamp(kind):
        if Entity.DATE_OF_BIRTH not in hints.entities:
            return ()
        return _counted(name, column.cast(pa.date32(), safe=False).cast(pa.string()))
    if types.is_decimal(kind):
        counted = pc.value_counts(column.drop_null()).to_pylist()
        whole = ((int(item["values"]), item["counts"]) for item in counted if item["values"] % 1 == 0)
        return _written(whole, hints)
    if types.is_floating(kind):
        exact = pc.less_equal(pc.abs(column), scalar_of(_EXACT, column.type))
        column = column.filter(pc.and_(pc.equal(column, pc.floor(column)), exact)).cast(pa.int64())
    elif not types.is_integer(kind):
        return ()
    if not hints.entities:
        if column.type.bit_width < 64:  # noqa: PLR2004 - too narrow to be long
            return ()
        column = column.filter(_is_long(column))
    counted = pc.value_counts(column.drop_null()).to_pylist()
    return _written(((item["values"], item["counts"]) for item in counted), hints)


def _is_long(column: pa.Array) -> pa.Array:
    far = pc.greater_equal(column, scalar_of(_TWELVE_DIGITS, column.type))
    if types.is_unsigned_integer(column.type):
        return far
    return pc.or_(far, pc.less_equal(column, scalar_of(-_TWELVE_DIGITS, column.type)))


def _written(numbers: Iterable[tuple[int, int]], hints: Hints) -> tuple[tuple[str, int], ...]:
    digits = _SSN_DIGITS if Entity.US_SSN in hints.entities else 1
    least = 0 if hints.entities else _TWELVE_DIGITS
    return tuple(
        (str(number).zfill(digits) if number >= 0 else str(number), rows)
        for number, rows in numbers
        if abs(number) >= least
    )


def _counted(name: str, column: pa.Array) -> tuple[tuple[str, int], ...]:
    counted = pc.value_counts(column.drop_null())
    try:
        texts = counted.field("values").to_pylist()
    except UnicodeDecodeError:
        # NOTE: the error's own text quotes the bytes; cells never leave in an exception.
        message = f"column '{name}' holds text that is not UTF-8"
        raise MeasureError(Problem(code="measure.not-text", message=message, about=name)) from None
    return tuple(zip(texts, counted.field("counts").to_pylist(), strict=True))
