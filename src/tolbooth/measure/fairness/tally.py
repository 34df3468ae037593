"""Counts equal rows of one batch, given as small integer codes for each column."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow.compute as pc

from tolbooth.measure.arrays import arrow_of, numpy_of
from tolbooth.measure.fairness.columns import CodedColumn, IntArray
from tolbooth.measure.kernel.library import codes_outside

DENSE_CELLS = 1 << 18
"""Up to how many combinations of codes rows are counted in an array with a place for each; beyond, they are sorted."""

_INDEXABLE = 1 << 62
_ROWS_FOR_MODE = 100


class Tally(NamedTuple):
    """The combinations of codes that occur: their codes in each column, and how many rows have each.

    ``slots`` says of each row which combination it has, where that was asked for.
    """

    places: tuple[IntArray, ...]
    rows: IntArray
    slots: IntArray | None


def shape_of(columns: Sequence[CodedColumn]) -> tuple[int, ...]:
    """How many different codes each column can have."""
    return tuple(column.size for column in columns)


def require_codes(columns: Sequence[CodedColumn]) -> None:
    """Check that each code is one.

    Raises:
        MeasureError: ``measure.codes-outside`` if one is negative or not below its column's limit.
    """
    for codes, _, limit in columns:
        if len(codes) and (codes.min() < 0 or codes.max() >= limit):
            raise codes_outside()


def histogram(numbers: IntArray, size: int) -> IntArray:
    """Rows of each number below ``size``."""
    if len(numbers) < _ROWS_FOR_MODE * size:
        return np.bincount(numbers, minlength=size)
    # Arrow's mode counts narrow integers as they are, without Python's lock; bincount widens them and holds the lock.
    # It sorts what it found, so it pays where there are far more rows than combinations.
    found = pc.mode(arrow_of(numbers), n=size)
    rows: IntArray = np.zeros(size, dtype=np.int64)
    rows[numpy_of(found.field("mode"))] = numpy_of(found.field("count"))
    return rows


def tally(columns: Sequence[CodedColumn], *, with_slots: bool) -> Tally:
    """Count equal rows, whatever number of combinations there could be.

    Raises:
        MeasureError: ``measure.codes-outside``.
    """
    require_codes(columns)
    shape = shape_of(columns)
    size = math.prod(shape)
    if size > _INDEXABLE:
        rows = np.stack([column.codes for column in columns], axis=1)
        table, slots, counts = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
        return Tally(tuple(table.T), counts, slots.reshape(-1))
    numbers = np.empty(len(columns[0][0]), number_type(size))
    Numbering().number(columns, numbers)
    if size > DENSE_CELLS:
        keys, counts = np.unique(numbers, return_counts=True)
    else:
        dense = histogram(numbers, size)
        keys = np.flatnonzero(dense)
        counts = dense[keys]
    places: Any = np.unravel_index(keys, shape)
    return Tally(places, counts, np.searchsorted(keys, numbers) if with_slots else None)


class Numbering:
    """Numbers rows by their combination of codes; keeps the room that this takes from one batch to the next.

    It is memory traffic that this costs: each step works on the narrowest integers that hold every combination so far.
    """

    def __init__(self) -> None:
        self._room: dict[tuple[Any, str], IntArray] = {}

    def number(self, columns: Sequence[CodedColumn], numbers: IntArray) -> None:
        """Write the number of each row's combination, in C order.

        Args:
            columns: of checked codes; their sizes multiply to no more than 2^62.
            numbers: a place for each row, of the type that ``number_type`` gives for the product of the sizes.
        """
        several = [column for column in columns if column.size > 1]  # else a factor may not fit: 256 times one code
        if not several:
            numbers.fill(0)
            return
        done, size = several[0].codes, several[0].size
        for codes, factor, _ in several[1:]:
            size *= factor
            kind = number_type(size)
            wider = numbers if kind == numbers.dtype else self._of(kind, "numbers", len(numbers))
            np.multiply(self._as(kind, done), kind(factor), out=wider)
            np.add(wider, self._as(kind, codes), out=wider)
            done = wider
        if done is not numbers:
            np.copyto(numbers, done, casting="unsafe")

    def _as(self, kind: Any, codes: IntArray) -> IntArray:
        if codes.dtype == kind:
            return codes
        found = self._of(kind, "codes", len(codes))
        np.copyto(found, codes, casting="unsafe")
        return found

    def _of(self, kind: Any, use: str, rows: int) -> IntArray:
        room = self._room.get((kind, use))
        if room is None or len(room) < rows:
            room = self._room[kind, use] = np.empty(rows, dtype=kind)
        return room[:rows]


def number_type(size: int) -> Any:
    """The narrowest integers that hold every number below ``size``."""
    return next(kind for kind in (np.uint8, np.uint16, np.uint32, np.int64) if size - 1 <= np.iinfo(kind).max)
