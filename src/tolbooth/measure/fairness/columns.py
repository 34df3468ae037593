"""From Arrow columns to small integer codes: which types are counted, and what each becomes.

A feature's value becomes text: strings as they are (no trimming, no Unicode normalisation, no folding of case, so a
padded category is another category: ``group_name`` shows it in quotation marks), bytes as the UTF-8 text that they
are, integers in decimal, booleans ``true`` and ``false``. Whether a column is plain or a dictionary (a categorical)
makes no difference. Floats count only where each value is integral and at most 2^53 (``3.0`` is ``3``), as integers
with nulls become floats in many tools; any other float is refused, since a continuous quantity names no group. Null,
and NaN in a float column, is missing. Labels and predictions: integers, booleans and floats that are 0 or 1, or the
strings or bytes ``0`` and ``1``; null and NaN are missing. Those of several classes become text as a feature does.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from tolbooth.measure.arrays import arrow_of, nan_as_null, numpy_of, text_array, valid_of
from tolbooth.model.errors import ConfigError, MeasureError, Problem
from tolbooth.model.withholding import Withheld

MISSING = 2
"""The code of a missing label or prediction; 0 and 1 stand for themselves."""

_BINARY = arrow_of(np.array([0, 1], dtype=np.int8))
_BINARY_TEXT = text_array(["0", "1"])
_EXACT = 2**53

_COLUMNS_SHOWN = 12
_FEW = 50
"""Up to how many texts are read one by one: Arrow takes longer to begin with many at once."""

IntArray = npt.NDArray[Any]


class CodedColumn(NamedTuple):
    """A column's rows as integers: ``size`` different ones are possible, yet each must be below ``limit``.

    Nobody has looked at them yet: who counts them refuses one that is negative or not below ``limit``.
    """

    codes: IntArray
    size: int
    limit: int


class Coded(NamedTuple):
    """A column's rows as positions in ``values``; the position ``len(values)`` is null.

    ``values`` may hold one category twice, may hold null, and may hold categories that no row has.
    """

    codes: IntArray
    values: pa.Array
    without_null: bool = False

    @property
    def column(self) -> CodedColumn:
        """The rows as they are counted."""
        size = len(self.values) + 1
        return CodedColumn(self.codes, size, size - 1 if self.without_null else size)


Coder = Callable[[pa.Array], Coded]
"""Turns columns of one type into codes: what depends on the type alone was decided when it was made."""


def require_columns(wanted: Iterable[str], available: Sequence[str]) -> None:
    """Check that each wanted column exists exactly once.

    Raises:
        ConfigError: ``measure.column-missing`` with the nearest name, or ``measure.column-twice``, for every column
            that is wrong; each problem is about its column.
    """
    problems = [
        _missing(name, available) if name not in available else _twice(name, available.count(name))
        for name in dict.fromkeys(wanted)
        if available.count(name) != 1
    ]
    if problems:
        raise ConfigError(problems)


def _missing(name: str, available: Sequence[str]) -> Problem:
    folded = {column.casefold(): column for column in reversed(available)}
    close = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.5)
    shown = ", ".join(available[:_COLUMNS_SHOWN]) or "none"
    more = f" and {len(available) - _COLUMNS_SHOWN} more" if len(available) > _COLUMNS_SHOWN else ""
    # NOTE: a CSV without a header has cells for names.
    hint = Withheld().text(f"did you mean '{folded[close[0]]}'?" if close else f"its columns: {shown}{more}")
    message = f"the data has no column '{name}'"
    return Problem(code="measure.column-missing", message=message, hint=hint, about=name)


def _twice(name: str, count: int) -> Problem:
    message = f"the data has {count} columns named '{name}'"
    return Problem(code="measure.column-twice", message=message, hint="rename all but one", about=name)


def check_feature_type(name: str, kind: pa.DataType) -> None:
    """Check that a column of this Arrow type can be a feature.

    Raises:
        ConfigError: ``measure.column-type``.
    """
    wanted = "a feature holds text, integers or true and false"
    _check_type(name, kind, wanted, hint="write the column as text, one short name for each group")


def check_binary_type(name: str, kind: pa.DataType) -> None:
    """Check that a column of this Arrow type can be a label or a prediction.

    Raises:
        ConfigError: ``measure.column-type``.
    """
    hint = "write the column as integers: 1 for the positive class, 0 for the other"
    _check_type(name, kind, "a label or prediction holds 0 and 1", hint=hint)


def check_class_type(name: str, kind: pa.DataType) -> None:
    """Check that a column of this Arrow type can be a label or a prediction of several classes.

    Raises:
        ConfigError: ``measure.column-type``.
    """
    wanted = "a label or prediction of several classes holds text, integers or true and false"
    _check_type(name, kind, wanted, hint="write the column as text, one short name for each class")


def _check_type(name: str, kind: pa.DataType, wanted: str, *, hint: str) -> None:
    value_type = kind.value_type if types.is_dictionary(kind) else kind
    if not (is_text(value_type) or is_number(value_type)):
        message = f"column '{name}' is {kind}; {wanted}"
        raise ConfigError(Problem(code="measure.column-type", message=message, hint=hint, about=name))


def feature_coder(name: str, kind: pa.DataType) -> Coder:
    """What turns a feature's columns of one type into codes; decoding to text waits for ``texts``, for codes in use.

    Raises:
        ConfigError: ``measure.column-type``.
    """
    check_feature_type(name, kind)
    return _coder(kind)


def class_coder(name: str, kind: pa.DataType) -> Coder:
    """What turns labels or predictions of several classes into codes, as ``feature_coder``.

    Raises:
        ConfigError: ``measure.column-type``.
    """
    check_class_type(name, kind)
    return _coder(kind)


def outcome_coder(name: str, kind: pa.DataType) -> Coder:
    """What turns labels or predictions into codes, with integers left as they are: who counts them finds a 2.

    Of other types it raises ``measure.label-not-binary`` as ``code_binary`` does.

    Raises:
        ConfigError: ``measure.column-type``.
    """
    check_binary_type(name, kind)
    return partial(_code_integers if types.is_integer(kind) else _code_outcomes, name)


def code_feature(name: str, column: pa.Array) -> Coded:
    """Turn one feature's column into codes, as ``feature_coder`` says."""
    return feature_coder(name, column.type)(column)


def code_class(name: str, column: pa.Array) -> Coded:
    """Turn one label or prediction of several classes into codes, as ``class_coder`` says."""
    return class_coder(name, column.type)(column)


def _coder(kind: pa.DataType) -> Coder:
    if types.is_dictionary(kind):
        return _code_dictionary
    if types.is_null(kind) or types.is_string_view(kind):
        return partial(_code_as, pa.large_string())
    if types.is_float16(kind):
        return partial(_code_as, pa.float32())
    return _code_plain


def _code_as(kind: pa.DataType, column: pa.Array) -> Coded:
    return _code_plain(column.cast(kind))


def _code_plain(column: pa.Array) -> Coded:
    return _code_dictionary(column.dictionary_encode())


def _code_dictionary(column: pa.Array) -> Coded:
    indices, values = column.indices, column.dictionary
    codes = numpy_of(indices)
    if indices.null_count:
        codes = np.where(valid_of(indices), codes.astype(np.int64), len(values))
    return Coded(codes, values)


def _code_integers(name: str, column: pa.Array) -> Coded:
    if column.null_count:
        return _code_outcomes(name, column)
    return Coded(numpy_of(column), _BINARY, without_null=True)


def _code_outcomes(name: str, column: pa.Array) -> Coded:
    return Coded(code_binary(name, column), _BINARY)


def texts(name: str, values: pa.Array, codes: IntArray) -> list[str | None]:
    """The categories that codes of a column stand for, as text; None is null.

    Args:
        name: the column's.
        values: those of ``Coded``.
        codes: some positions in it.

    Raises:
        ConfigError: ``measure.column-type`` for a float that is not integral.
        MeasureError: ``measure.not-text`` for bytes that are not UTF-8.
    """
    try:
        if len(codes) <= _FEW and _is_string(values.type):
            return [None if code == len(values) else values[code].as_py() for code in codes.tolist()]
        there = codes != len(values)
        found = values.take(arrow_of(codes[there]))
        if types.is_floating(found.type):
            found = _integral(name, found)
        if not _is_string(found.type):
            found = found.cast(pa.string())
        named = iter(found.to_pylist())
        return [next(named) if one else None for one in there.tolist()]
    except (UnicodeDecodeError, pa.ArrowInvalid):
        # NOTE: the error's own text quotes the bytes; cells never leave in an exception.
        message = f"column '{name}' holds text that is not UTF-8"
        raise MeasureError(Problem(code="measure.not-text", message=message, about=name)) from None


def is_surely_text(values: pa.Array) -> bool:
    """Whether ``texts`` refuses none of these values."""
    if not _is_string(values.type):
        return is_number(values.type) and not types.is_floating(values.type)
    try:
        values.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def code_binary(name: str, column: pa.Array) -> npt.NDArray[np.uint8]:
    """Turn a label or prediction into 0, 1 or ``MISSING``.

    Raises:
        MeasureError: ``measure.label-not-binary`` if any value is neither 0, 1 nor missing.
    """
    check_binary_type(name, column.type)
    kind = column.type
    if types.is_dictionary(kind):
        column = column.dictionary_decode()
    if types.is_null(column.type):
        return np.full(len(column), MISSING, dtype=np.uint8)
    if is_text(column.type):
        return _binary_text(name, kind, column)
    if types.is_boolean(column.type):
        column = column.cast(pa.uint8())
    missing = numpy_of(column.is_null(nan_is_null=True)) if _has_missing(column) else None
    values = numpy_of(column)
    if missing is not None:
        values = np.where(missing, 0, values)
    _refuse_other(name, kind, values)
    codes: npt.NDArray[np.uint8] = values.astype(np.uint8, copy=False)
    return codes if missing is None else np.where(missing, np.uint8(MISSING), codes)


def _has_missing(column: pa.Array) -> bool:
    return bool(column.null_count) or types.is_floating(column.type)


def _refuse_other(name: str, kind: pa.DataType, values: npt.NDArray[Any]) -> None:
    if not len(values) or (values.min() >= 0 and values.max() <= 1 and values.dtype.kind != "f"):
        return
    others = int(np.count_nonzero((values != 0) & (values != 1)))
    if others:
        raise not_binary(name, kind, others)


def _binary_text(name: str, kind: pa.DataType, column: pa.Array) -> npt.NDArray[np.uint8]:
    if types.is_string_view(column.type):
        column = column.cast(pa.large_string())
    found = pc.index_in(column, value_set=_BINARY_TEXT.cast(column.type))
    others = found.null_count - column.null_count
    if others:
        raise not_binary(name, kind, others)
    codes: npt.NDArray[np.uint8] = np.where(valid_of(found), numpy_of(found), MISSING).astype(np.uint8)
    return codes


def not_binary(name: str, kind: pa.DataType, rows: int) -> MeasureError:
    """The error for a label or prediction that is neither 0, 1 nor missing."""
    problem = Problem(
        code="measure.label-not-binary",
        message=f"column '{name}' ({kind}) is neither 0, 1 nor null in at least {rows} rows",
        hint="write 1 for the positive class and 0 for the other; a score needs a threshold first",
        about=name,
    )
    return MeasureError(problem)


def _integral(name: str, values: pa.Array) -> pa.Array:
    numbers = nan_as_null(values.cast(pa.float64()))
    there = numpy_of(numbers.drop_null())
    if np.any((there != np.floor(there)) | (np.abs(there) > _EXACT)):
        problem = Problem(
            code="measure.column-type",
            message=f"column '{name}' is {values.type} with values that are no whole numbers; a feature names groups",
            hint="cut the quantity into named ranges, written as text",
            about=name,
        )
        raise ConfigError(problem)
    return numbers.cast(pa.int64())


def is_text(kind: pa.DataType) -> bool:
    """Whether values of this type are read as text: strings, and bytes that are UTF-8."""
    return _is_string(kind) or bool(types.is_binary(kind) or types.is_large_binary(kind))


def _is_string(kind: pa.DataType) -> bool:
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def is_number(kind: pa.DataType) -> bool:
    """Whether values of this type are integers, booleans or floats, or all missing."""
    return bool(types.is_integer(kind) or types.is_boolean(kind) or types.is_floating(kind) or types.is_null(kind))
