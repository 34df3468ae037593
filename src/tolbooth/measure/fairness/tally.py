"""Counts equal rows of one batch, given as small integer codes for each column."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tolbooth.measure.fairness.columns import IntArray

DENSE_CELLS = 1 << 18
"""Up to how many combinations of codes rows are counted in an array with a place for each; beyond, they are sorted."""

_INDEXABLE = 1 << 62
_ROWS_FOR_MODE = 100

CodedColumn = tuple[IntArray, int]
"""A column's codes, and how many different ones it can have."""


class Tally(NamedTuple):
    """The combinations of codes that occur: their codes in each column, and how many rows have each.

    ``slots`` says of each row which combination it has, where that was asked for.
    """

    places: tuple[IntArray, ...]
    rows: IntArray
    slots: IntArray | None


def shape_of(columns: Sequence[CodedColumn]) -> tuple[int, ...]:
    """How many different codes each column can have."""
    return tuple(size for _, size in columns)


def tally_dense(columns: Sequence[CodedColumn]) -> IntArray:
    """Rows of every combination of codes, by its number in C order: for at most ``DENSE_CELLS`` combinations."""
    return _histogram(_numbers(columns), math.prod(shape_of(columns)))


def _histogram(numbers: IntArray, size: int) -> IntArray:
    if len(numbers) < _ROWS_FOR_MODE * size:
        return np.bincount(numbers, minlength=size)
    # Arrow's mode counts narrow integers as they are, without Python's lock; bincount widens them and holds the lock.
    # It sorts what it found, so it pays where there are far more rows than combinations.
    found = pc.mode(pa.array(numbers), n=size)
    rows: IntArray = np.zeros(size, dtype=np.int64)
    rows[found.field("mode").to_numpy()] = found.field("count").to_numpy()
    return rows


def tally(columns: Sequence[CodedColumn], *, with_slots: bool) -> Tally:
    """Count equal rows, whatever number of combinations there could be."""
    shape = shape_of(columns)
    size = math.prod(shape)
    if size > _INDEXABLE:
        rows = np.stack([codes for codes, _ in columns], axis=1)
        table, slots, counts = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
        return Tally(tuple(table.T), counts, slots.reshape(-1))
    numbers = _numbers(columns)
    if size > DENSE_CELLS:
        keys, counts = np.unique(numbers, return_counts=True)
    else:
        dense = _histogram(numbers, size)
        keys = np.flatnonzero(dense)
        counts = dense[keys]
    places: Any = np.unravel_index(keys, shape)
    return Tally(places, counts, np.searchsorted(keys, numbers) if with_slots else None)


def _numbers(columns: Sequence[CodedColumn]) -> IntArray:
    """The number of each row's combination, in C order."""
    codes, size = columns[0]
    numbers = codes.astype(_width(size))
    for codes, factor in columns[1:]:
        size *= factor
        # The narrowest integers that hold every combination so far: memory traffic is what this costs.
        width = _width(size)
        numbers = numbers.astype(width, copy=False)
        numbers *= width(factor)
        numbers += codes.astype(width, copy=False)
    return numbers


def _width(size: int) -> Any:
    return next(kind for kind in (np.uint8, np.uint16, np.uint32, np.int64) if size - 1 <= np.iinfo(kind).max)
