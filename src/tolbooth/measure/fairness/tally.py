"""Counts equal rows of one batch, given as small integer codes for each column."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tolbooth.measure.fairness.columns import IntArray

DENSE_CELLS = 1 << 18
"""Up to how many combinations of codes rows are counted in an array with a place for each; beyond, they are sorted."""

_INDEXABLE = 1 << 62

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
    return np.bincount(_numbers(columns), minlength=math.prod(shape_of(columns)))


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
        dense = np.bincount(numbers, minlength=size)
        keys = np.flatnonzero(dense)
        counts = dense[keys]
    places: Any = np.unravel_index(keys, shape)
    return Tally(places, counts, np.searchsorted(keys, numbers) if with_slots else None)


def _numbers(columns: Sequence[CodedColumn]) -> IntArray:
    """The number of each row's combination, in C order."""
    size = math.prod(shape_of(columns))
    # The narrowest integers that hold every combination: memory traffic is what this costs.
    width: Any = next(kind for kind in (np.uint16, np.uint32, np.int64) if size - 1 <= np.iinfo(kind).max)
    flat: IntArray = columns[0][0].astype(width)
    for codes, factor in columns[1:]:
        flat *= width(factor)
        flat += codes.astype(width, copy=False)
    return flat
