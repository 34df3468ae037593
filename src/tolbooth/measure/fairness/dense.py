"""Counts rows in an array with a place for each combination of codes: by the compiled kernel, or else by NumPy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from tolbooth.measure.fairness.columns import CodedColumn, IntArray
from tolbooth.measure.fairness.tally import Numbering, histogram, number_type, require_codes, shape_of
from tolbooth.measure.kernel.library import Kernel, kernel

WAITING_ROWS = 1 << 20
"""How many rows wait at most for NumPy to count them at once."""


class DenseCounts(Protocol):
    """Rows by the number of their combination in C order, added up over batches of the same shape."""

    def add(self, columns: Sequence[CodedColumn]) -> None:
        """Add a batch.

        Raises:
            MeasureError: ``measure.codes-outside``; what was added before is lost then.
        """

    def take(self) -> IntArray | None:
        """What was added since this was asked last; None where nothing was. Another shape may follow."""


def dense_counts() -> DenseCounts:
    """The fastest counts that there are here; they can be pickled when everything was taken."""
    compiled = kernel()
    return NumpyCounts() if compiled is None else KernelCounts(compiled)


class KernelCounts:
    """Counts by the kernel: each batch is read once."""

    def __init__(self, compiled: Kernel) -> None:
        self._kernel = compiled
        self._rows: IntArray | None = None

    def __reduce__(self) -> tuple[object, ...]:
        return dense_counts, ()  # which may be others where there is no kernel

    def add(self, columns: Sequence[CodedColumn]) -> None:
        """Count a batch at once."""
        if self._rows is None:
            self._rows = np.zeros(math.prod(shape_of(columns)), dtype=np.int64)
        self._kernel.count_rows(columns, self._rows)

    def take(self) -> IntArray | None:
        """What was counted."""
        rows, self._rows = self._rows, None
        return rows


class NumpyCounts:
    """Counts by NumPy and Arrow: rows wait as numbers until there are many.

    Combinations are numbered with the columns of few codes first, so that most are put together as bytes.
    """

    def __init__(self) -> None:
        self._numbering = Numbering()
        self._waiting: IntArray = np.zeros(0, dtype=np.uint8)
        self._waiting_rows = 0
        self._shape: tuple[int, ...] = ()
        self._rows: IntArray | None = None

    def __reduce__(self) -> tuple[object, ...]:
        return dense_counts, ()

    def add(self, columns: Sequence[CodedColumn]) -> None:
        """Check and number a batch."""
        require_codes(columns)
        self._shape = shape_of(columns)
        room = self._room(len(columns[0][0]))
        self._numbering.number([columns[place] for place in self._order()], room)

    def take(self) -> IntArray | None:
        """What was numbered, counted."""
        self._count()
        rows, self._rows = self._rows, None
        if rows is None:
            return None
        order = self._order()
        ordered = rows.reshape([self._shape[place] for place in order])
        return ordered.transpose(np.argsort(order)).reshape(-1)

    def _order(self) -> list[int]:
        return sorted(range(len(self._shape)), key=self._shape.__getitem__)

    def _room(self, rows: int) -> IntArray:
        """Places behind the rows that wait; where there are too few, those are counted first."""
        kind = number_type(math.prod(self._shape))
        if self._waiting.dtype != kind or self._waiting_rows + rows > len(self._waiting):
            self._count()
            if self._waiting.dtype != kind or rows > len(self._waiting):
                self._waiting = np.empty(max(rows, WAITING_ROWS), dtype=kind)
        start, self._waiting_rows = self._waiting_rows, self._waiting_rows + rows
        return self._waiting[start : self._waiting_rows]

    def _count(self) -> None:
        waiting, self._waiting_rows = self._waiting[: self._waiting_rows], 0
        if len(waiting):
            rows = histogram(waiting, math.prod(self._shape))
            self._rows = rows if self._rows is None else self._rows + rows
