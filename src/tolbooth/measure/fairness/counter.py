"""Counts record batches into a count table: vectorised, in memory bounded by a batch and the number of cells."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import product, repeat
from typing import Any, Self

import numpy as np
import pyarrow as pa

from tolbooth.measure.fairness.columns import Coded, IntArray, code_binary, code_feature, require_columns, texts
from tolbooth.measure.fairness.counts import FairnessCounts, Key
from tolbooth.model.errors import ConfigError, MeasureError

CELL_LIMIT = 5_000
"""How many cells a count table may have unless told otherwise."""

_OUTCOME_CODES = tuple(product((0, 1, None), repeat=2))
_OUTCOMES = len(_OUTCOME_CODES)
_DENSE_CELLS = 1 << 18
_INDEXABLE = 1 << 62


class FairnessCounter:
    """Counts rows by features, label and prediction: a ``Measure`` whose summary is a ``FairnessCounts``.

    Time is linear in the rows (vectorised); memory is bounded by the batch and the number of cells.
    """

    def __init__(self, *, features: Iterable[str], label: str, prediction: str, cell_limit: int = CELL_LIMIT) -> None:
        self.features = tuple(features)
        self._label = label
        self._prediction = prediction
        self._cell_limit = cell_limit
        self._counts: dict[Key, int] = {}
        if len(set(self.features)) < len(self.features) or {label, prediction} & set(self.features):
            raise ConfigError.of(
                "measure.feature-twice",
                f"the features {', '.join(self.features)} name a column twice, or the label or the prediction",
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read, each once."""
        return tuple(dict.fromkeys((*self.features, self._label, self._prediction)))

    def empty(self) -> FairnessCounter:
        """Another counter with the same settings that has counted nothing, to be merged into this one."""
        return FairnessCounter(
            features=self.features, label=self._label, prediction=self._prediction, cell_limit=self._cell_limit
        )

    def update(self, batch: pa.RecordBatch) -> None:
        """Count the rows of one batch.

        Args:
            batch: holds at least the declared columns, in any order and any encoding; its types may differ from
                those of other batches, since categories meet as text.

        Raises:
            ConfigError: ``measure.column-missing``, ``measure.column-twice`` or ``measure.column-type``.
            MeasureError: ``measure.label-not-binary``, ``measure.not-text`` or ``measure.too-many-cells``.
        """
        require_columns(self.columns, batch.schema.names)
        coded = [code_feature(name, batch.column(name)) for name in self.features]
        outcome = code_binary(self._label, batch.column(self._label)) * np.uint8(3)
        outcome += code_binary(self._prediction, batch.column(self._prediction))
        if batch.num_rows:
            self._add(coded, *_tally(coded, outcome))

    def merge(self, other: Self) -> None:
        """Add what another counter over the same columns has counted.

        Raises:
            ValueError: if the other counter counts other columns.
            MeasureError: ``measure.too-many-cells``.
        """
        if (self.features, self._label, self._prediction) != (other.features, other._label, other._prediction):
            raise ValueError("counters over different columns do not merge")
        for key, n in other._counts.items():
            self._counts[key] = self._counts.get(key, 0) + n
        self._check_limit()

    def finish(self) -> FairnessCounts:
        """The count table of all rows so far; of none, a table without cells."""
        return FairnessCounts.of(
            features=self.features, label=self._label, prediction=self._prediction, counts=self._counts
        )

    def _add(self, coded: list[Coded], positions: tuple[IntArray, ...], rows: IntArray) -> None:
        *groups, outcomes = positions
        columns = [texts(*column) for column in zip(self.features, coded, groups, strict=True)]
        named = zip(*columns, strict=True) if columns else repeat(())
        for group, outcome, n in zip(named, outcomes.tolist(), rows.tolist(), strict=bool(columns)):
            key = (group, *_OUTCOME_CODES[outcome])
            self._counts[key] = self._counts.get(key, 0) + n
        self._check_limit()

    def _check_limit(self) -> None:
        if len(self._counts) > self._cell_limit:
            raise MeasureError.of(
                "measure.too-many-cells",
                f"the features {', '.join(self.features)} give more than {self._cell_limit} cells",
                hint="name fewer features, or cut those with many values into ranges: a column of ids is no feature",
            )


def _tally(coded: list[Coded], outcome: IntArray) -> tuple[tuple[IntArray, ...], IntArray]:
    """Count equal rows: for each combination that occurs, its code in each column, and how many rows have it."""
    shape = (*(feature.size for feature in coded), _OUTCOMES)
    size = math.prod(shape)
    if size > _INDEXABLE:
        rows = np.stack([*(feature.codes for feature in coded), outcome], axis=1)
        table, counts = np.unique(rows, axis=0, return_counts=True)
        return tuple(table.T), counts
    # The narrowest integers that hold every combination: memory traffic is what this costs.
    width: Any = next(kind for kind in (np.uint16, np.uint32, np.int64) if size - 1 <= np.iinfo(kind).max)
    flat: IntArray = np.zeros(len(outcome), dtype=width)
    for feature in coded:
        flat *= width(feature.size)
        flat += feature.codes.astype(width, copy=False)
    flat *= width(_OUTCOMES)
    flat += outcome
    if size > _DENSE_CELLS:
        keys, counts = np.unique(flat, return_counts=True)
    else:
        dense = np.bincount(flat, minlength=size)
        keys = np.flatnonzero(dense)
        counts = dense[keys]
    places: Any = np.unravel_index(keys, shape)
    return places, counts
