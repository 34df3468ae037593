"""Adds up counts of combinations while batches come, as whole arrays, whatever codes each batch uses.

A batch's codes stand for the values of its dictionaries, which change from one row group to the next. Here each value
has a number of its own, given when it first has a row, so that counts of other codes are translated without a loop
over combinations. Rows of batches with the same dictionaries wait until they are looked at together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Sequence

import numpy as np
import pyarrow as pa

from tolbooth.measure.fairness.columns import CodedColumn, IntArray, is_surely_text
from tolbooth.measure.fairness.dense import dense_counts
from tolbooth.measure.fairness.tally import DENSE_CELLS, shape_of

Values = Sequence[Hashable]

Name = Callable[[int, IntArray], Values]
"""Gives, for a column's number and some of its codes, the values that they stand for."""

_NOT_YET = -1


class Cells:
    """Rows by combination of values, for any number of columns; at most about ``DENSE_CELLS`` combinations at a time.

    Beyond that, what was added up so far is given away to ``pour``, one combination after another.
    """

    def __init__(self, columns: int, pour: Callable[[tuple[Hashable, ...], int], None]) -> None:
        self._pour = pour
        self._numbers: list[dict[Hashable, int]] = [{} for _ in range(columns)]
        self._rows: IntArray = np.zeros((1,) * columns, dtype=np.int64)
        self._gathered = 0
        self._batches: _Batches | None = None
        self._dense = dense_counts()

    @property
    def most(self) -> int:
        """How many combinations there are, at most, among the rows that wait no more.

        One may stand for itself twice until ``gather``.
        """
        return self._gathered + (0 if self._batches is None else self._batches.combinations)

    def add(self, dictionaries: list[pa.Array], columns: Sequence[CodedColumn], name: Name) -> None:
        """Add a batch.

        Args:
            dictionaries: what decides which values its codes stand for.
            columns: at most ``DENSE_CELLS`` combinations of their codes.
            name: asked for codes that have rows and had none before with these dictionaries. Rows wait only where it
                can't refuse any, so that it refuses a value in its own batch.
        """
        shape = shape_of(columns)
        if self._batches is None or not self._batches.take(dictionaries, shape):
            self.gather()
            self._batches = _Batches(dictionaries, shape, name)
        self._dense.add(columns)
        if not self._batches.may_wait:
            self._look(self._batches)

    def _look(self, batches: _Batches) -> None:
        """Look at the rows that wait: which combinations have some for the first time?"""
        rows = self._dense.take()
        if rows is None:
            return
        fresh = np.flatnonzero((rows != 0) & (batches.rows == 0))
        if len(fresh):
            for column, codes in enumerate(np.unravel_index(fresh, batches.shape)):
                own = batches.own[column]
                used = np.zeros(len(own), dtype=bool)
                used[codes] = True
                new = np.flatnonzero(used & (own == _NOT_YET))
                if len(new):
                    numbers = self._numbers[column]
                    own[new] = [numbers.setdefault(value, len(numbers)) for value in batches.name(column, new)]
            batches.combinations += len(fresh)
        batches.rows += rows

    def gather(self) -> None:
        """Translate what batches with the last dictionaries gave."""
        batches, self._batches = self._batches, None
        if batches is None:
            return
        self._look(batches)
        occupied = np.flatnonzero(batches.rows)
        codes = np.unravel_index(occupied, batches.shape)
        places = tuple(own[code] for own, code in zip(batches.own, codes, strict=True))
        if math.prod(len(numbers) for numbers in self._numbers) > DENSE_CELLS:
            self._pour_all(places, batches.rows[occupied])
            return
        self._make_room()
        np.add.at(self._rows.reshape(-1), np.ravel_multi_index(places, self._rows.shape), batches.rows[occupied])
        self._gathered = int(np.count_nonzero(self._rows))

    def empty(self) -> None:
        """Give everything away and begin anew."""
        self.gather()
        nothing = np.zeros(0, dtype=np.intp)
        self._pour_all((nothing,) * len(self._numbers), nothing)

    def _make_room(self) -> None:
        before = self._rows
        wanted = [len(numbers) for numbers in self._numbers]
        if all(length >= want for length, want in zip(before.shape, wanted, strict=True)):
            return
        self._rows = np.zeros([max(pair) for pair in zip(before.shape, wanted, strict=True)], dtype=np.int64)
        self._rows[tuple(slice(length) for length in before.shape)] = before

    def _pour_all(self, places: tuple[IntArray, ...], rows: IntArray) -> None:
        occupied = np.nonzero(self._rows)
        for some, counts in ((occupied, self._rows[occupied]), (places, rows)):
            for values, n in zip(self._values(some), counts.tolist(), strict=True):
                self._pour(values, n)
        self._numbers = [{} for _ in self._numbers]
        self._rows = np.zeros((1,) * len(self._numbers), dtype=np.int64)
        self._gathered = 0

    def _values(self, places: tuple[IntArray, ...]) -> Iterator[tuple[Hashable, ...]]:
        named = []
        for numbers, column in zip(self._numbers, places, strict=True):
            values = list(numbers)
            named.append([values[place] for place in column.tolist()])
        return zip(*named, strict=True)


class _Batches:
    """Rows of batches that have the same dictionaries, by the number of their combination.

    ``own`` says for each column and code which number its value has in ``Cells``.
    """

    def __init__(self, dictionaries: list[pa.Array], shape: tuple[int, ...], name: Name) -> None:
        self._dictionaries = dictionaries
        self.shape = shape
        self.name = name
        self.may_wait = all(is_surely_text(values) for values in dictionaries)
        self.rows: IntArray = np.zeros(math.prod(shape), dtype=np.int64)
        self.own: list[IntArray] = [np.full(size, _NOT_YET, dtype=np.intp) for size in shape]
        self.combinations = 0

    def take(self, dictionaries: list[pa.Array], shape: tuple[int, ...]) -> bool:
        """Whether codes stand for these values."""
        return self.shape == shape and all(
            mine.equals(other) for mine, other in zip(self._dictionaries, dictionaries, strict=True)
        )
