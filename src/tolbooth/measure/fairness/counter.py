"""Counts record batches into a count table: vectorised, in memory bounded by a batch and the number of cells."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product, repeat
from typing import Any, NamedTuple, Self

import numpy as np
import pyarrow as pa

from tolbooth.measure.fairness.columns import (
    Coded,
    IntArray,
    code_binary,
    code_class,
    code_feature,
    require_columns,
    texts,
)
from tolbooth.measure.fairness.count_settings import CELL_LIMIT, CountSettings
from tolbooth.measure.fairness.counts import FairnessCounts, Group, PowerSums
from tolbooth.measure.fairness.score_bins import ScoreBins
from tolbooth.measure.fairness.score_columns import MOST_ROWS, CodedScores, code_scores, power_sums
from tolbooth.model.errors import MeasureError, Problem

_OUTCOME_CODES = tuple(product((0, 1, None), repeat=2))
_OUTCOMES = len(_OUTCOME_CODES)
DENSE_CELLS = 1 << 18
"""Up to how many combinations of codes rows are counted in an array with a place for each; beyond, they are sorted."""

_INDEXABLE = 1 << 62
_NONE: IntArray = np.zeros(0, dtype=np.int64)


class _Tally(NamedTuple):
    """The combinations of codes that occur: their codes in each column, and how many rows have each.

    Where they were counted in an array with a place for each, that is ``dense``, and ``numbers`` are the places with
    rows. ``slots`` says of each row which combination it has, where that was asked for.
    """

    places: tuple[IntArray, ...]
    rows: IntArray
    slots: IntArray | None
    numbers: IntArray = _NONE
    dense: IntArray | None = None


@dataclass(slots=True)
class _Waiting:
    """Rows of batches that have the same dictionaries, by the number of their combination, not yet in the counts.

    ``keys`` are the combinations that have rows.
    """

    values: list[pa.Array]
    keys: dict[int, tuple[Any, ...]]
    rows: IntArray

    def takes(self, values: list[pa.Array]) -> bool:
        """Whether codes stand for these values."""
        return all(mine.equals(other) for mine, other in zip(self.values, values, strict=True))


class FairnessCounter:
    """Counts rows by features, label and prediction: a ``Measure`` whose summary is a ``FairnessCounts``.

    Time is linear in the rows (vectorised); memory is bounded by the batch and the number of cells. It can be pickled,
    so a task elsewhere can count a part and send it back to be merged.
    """

    def __init__(
        self,
        *,
        features: Iterable[str],
        label: str,
        prediction: str,
        score: ScoreBins | None = None,
        multiclass: bool = False,
        cell_limit: int = CELL_LIMIT,
    ) -> None:
        self.settings = CountSettings(
            features=tuple(features),
            label=label,
            prediction=prediction,
            score=score,
            multiclass=multiclass,
            cell_limit=cell_limit,
        )
        self._counts: dict[Any, int] = {}
        self._sums: dict[Any, PowerSums] = {}
        self._waiting: _Waiting | None = None

    def __getstate__(self) -> dict[str, Any]:
        self._settle()
        return self.__dict__

    @classmethod
    def of(cls, settings: CountSettings) -> Self:
        """A counter that has counted nothing yet."""
        return cls(
            features=settings.features,
            label=settings.label,
            prediction=settings.prediction,
            score=settings.score,
            multiclass=settings.multiclass,
            cell_limit=settings.cell_limit,
        )

    @property
    def features(self) -> tuple[str, ...]:
        """The columns that make the groups."""
        return self.settings.features

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read, each once."""
        return self.settings.columns

    def empty(self) -> FairnessCounter:
        """Another counter with the same settings that has counted nothing, to be merged into this one."""
        return FairnessCounter.of(self.settings)

    def update(self, batch: pa.RecordBatch) -> None:
        """Count the rows of one batch.

        Args:
            batch: holds at least the declared columns, in any order and any encoding; its types may differ from
                those of other batches, since categories meet as text.

        Raises:
            ConfigError: ``measure.column-missing``, ``measure.column-twice`` or ``measure.column-type``.
            MeasureError: ``measure.label-not-binary``, ``measure.score-outside``, ``measure.not-text`` or
                ``measure.too-many-cells``.
        """
        require_columns(self.columns, batch.schema.names)
        self._update(batch.slice(0, MOST_ROWS))
        for start in range(MOST_ROWS, batch.num_rows, MOST_ROWS):
            self._update(batch.slice(start, MOST_ROWS))

    def _update(self, batch: pa.RecordBatch) -> None:
        settings = self.settings
        groups = [code_feature(name, batch.column(name)) for name in settings.features]
        outcomes = _outcomes(settings, batch)
        scores = None if settings.score is None else code_scores(settings.score, batch.column(settings.score.column))
        if not batch.num_rows:
            return
        columns = [(each.codes, each.size) for each in (*groups, *outcomes, *([] if scores is None else [scores]))]
        tally = _tally(columns, with_slots=scores is not None)
        if scores is None and tally.dense is not None:
            self._wait(groups, outcomes, tally, tally.dense)
            self.check_limit()
            return
        keys = _keys(settings, groups, outcomes, tally)
        if scores is None:
            for key, n in zip(keys, tally.rows.tolist(), strict=True):
                self.add(key, n)
        else:
            bins, sums = _bins_and_sums(settings, scores, tally)
            for key, place, n, powers in zip(keys, bins, tally.rows.tolist(), sums, strict=True):
                self.add((*key, place), n, powers)
        self.check_limit()

    def _wait(
        self, groups: list[Coded], outcomes: list[Coded] | list[_BinaryOutcome], tally: _Tally, dense: IntArray
    ) -> None:
        """Add a batch's rows to those that wait. New combinations get their keys and their place in the counts now."""
        values = [each.values for each in (*groups, *outcomes) if isinstance(each, Coded)]
        waiting = self._waiting
        if waiting is None or not waiting.takes(values):
            self._settle()
            waiting = self._waiting = _Waiting(values, {}, np.zeros_like(dense))
        new = np.flatnonzero(waiting.rows[tally.numbers] == 0)
        if len(new):
            fresh = tally._replace(places=tuple(places[new] for places in tally.places), rows=tally.rows[new])
            keys = list(_keys(self.settings, groups, outcomes, fresh))
            waiting.keys.update(zip(tally.numbers[new].tolist(), keys, strict=True))
            for key in keys:
                self._counts.setdefault(key, 0)
        waiting.rows += dense

    def _settle(self) -> None:
        """Add to the counts what waits."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            for number, key in waiting.keys.items():
                self.add(key, int(waiting.rows[number]))

    def merge(self, other: Self) -> None:
        """Add what another counter with the same settings has counted.

        Raises:
            ValueError: if the other counter counts other columns, or cuts its score elsewhere.
            MeasureError: ``measure.too-many-cells``.
        """
        mine, others = self.settings, other.settings
        if (mine.features, mine.label, mine.prediction, mine.score, mine.multiclass) != (
            others.features,
            others.label,
            others.prediction,
            others.score,
            others.multiclass,
        ):
            raise ValueError("counters over different columns do not merge")
        other._settle()
        for key, n in other._counts.items():
            self.add(key, n, other._sums.get(key, ()))
        self.check_limit()

    def add(self, key: tuple[Any, ...], n: int, sums: PowerSums = ()) -> None:
        """Add ``n`` rows of one key, with the power sums of their scores if the settings ask for them.

        For those who have counted already, such as a query: a key is (group, label, prediction), with the bin as
        fourth where there is a score. Whoever calls it calls ``check_limit`` afterwards.
        """
        self._counts[key] = self._counts.get(key, 0) + n
        if sums:
            before = self._sums.get(key, (0,) * len(sums))
            self._sums[key] = tuple(map(int.__add__, before, sums))

    def check_limit(self) -> None:
        """Check that there are not more cells than the settings allow.

        Raises:
            MeasureError: ``measure.too-many-cells``.
        """
        if len(self._counts) > self.settings.cell_limit:
            raise too_many_cells(self.settings)

    @property
    def cell_count(self) -> int:
        """How many cells there are so far."""
        return len(self._counts)

    def finish(self) -> FairnessCounts:
        """The count table of all rows so far; of none, a table without cells."""
        self._settle()
        settings = self.settings
        features, label, prediction = settings.features, settings.label, settings.prediction
        if settings.multiclass:
            return FairnessCounts.of_classes(features=features, label=label, prediction=prediction, counts=self._counts)
        if settings.score is not None:
            return FairnessCounts.scored(
                features=features,
                label=label,
                prediction=prediction,
                score=settings.score,
                counts=self._counts,
                sums=self._sums,
            )
        return FairnessCounts.of(features=features, label=label, prediction=prediction, counts=self._counts)


def too_many_cells(settings: CountSettings) -> MeasureError:
    """The error for a count table that would tell about persons, not about groups."""
    problem = Problem(
        code="measure.too-many-cells",
        message=f"the features {', '.join(settings.features)} give more than {settings.cell_limit} cells",
        hint="name fewer features, or cut those with many values into ranges: a column of ids is no feature",
    )
    return MeasureError(problem)


class _BinaryOutcome(NamedTuple):
    """Label and prediction of each row as one of nine codes."""

    codes: IntArray
    size: int = _OUTCOMES


def _outcomes(settings: CountSettings, batch: pa.RecordBatch) -> list[Coded] | list[_BinaryOutcome]:
    if settings.multiclass:
        return [code_class(name, batch.column(name)) for name in (settings.label, settings.prediction)]
    codes = code_binary(settings.label, batch.column(settings.label)) * np.uint8(3)
    codes += code_binary(settings.prediction, batch.column(settings.prediction))
    return [_BinaryOutcome(codes)]


def _keys(
    settings: CountSettings, groups: list[Coded], outcomes: list[Coded] | list[_BinaryOutcome], tally: _Tally
) -> Iterator[tuple[Any, ...]]:
    """Of each combination, its group, label and prediction."""
    width = len(groups)
    named = [_texts(*column) for column in zip(settings.features, groups, tally.places[:width], strict=True)]
    group_keys: Iterable[Group] = zip(*named, strict=True) if named else repeat((), len(tally.rows))
    pairs = _pairs(settings, outcomes, tally.places[width:])
    return ((group, *pair) for group, pair in zip(group_keys, pairs, strict=True))


def _texts(name: str, coded: Coded, codes: IntArray) -> list[str | None]:
    """As ``texts``, for codes of which few differ."""
    different, which = np.unique(codes, return_inverse=True)
    named = texts(name, coded, different)
    return [named[place] for place in which.tolist()]


def _pairs(
    settings: CountSettings, outcomes: list[Coded] | list[_BinaryOutcome], places: tuple[IntArray, ...]
) -> Iterable[tuple[Any, Any]]:
    names = (settings.label, settings.prediction)
    classes = [
        texts(name, coded, codes)
        for name, coded, codes in zip(names, outcomes, places, strict=False)
        if isinstance(coded, Coded)
    ]
    return zip(*classes, strict=True) if classes else (_OUTCOME_CODES[code] for code in places[0].tolist())


def _bins_and_sums(
    settings: CountSettings, scores: CodedScores, tally: _Tally
) -> tuple[list[int | None], Iterable[PowerSums]]:
    """Of each combination, its bin (None is missing) and, of probabilities that are there, the power sums."""
    missing = scores.size - 1
    bins = [None if place == missing else place for place in tally.places[-1].tolist()]
    if tally.slots is None or settings.score is None or not settings.score.probability:
        return bins, repeat((), len(bins))
    sums = power_sums(scores.units, tally.slots, len(bins))
    return bins, [() if place is None else powers for place, powers in zip(bins, sums, strict=True)]


def _tally(columns: Sequence[tuple[IntArray, int]], *, with_slots: bool) -> _Tally:
    """Count equal rows, given each column's codes and how many different codes it can have."""
    shape = tuple(size for _, size in columns)
    size = math.prod(shape)
    if size > _INDEXABLE:
        rows = np.stack([codes for codes, _ in columns], axis=1)
        table, slots, counts = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
        return _Tally(tuple(table.T), counts, slots.reshape(-1))
    # The narrowest integers that hold every combination: memory traffic is what this costs.
    width: Any = next(kind for kind in (np.uint16, np.uint32, np.int64) if size - 1 <= np.iinfo(kind).max)
    flat: IntArray = columns[0][0].astype(width)
    for codes, factor in columns[1:]:
        flat *= width(factor)
        flat += codes.astype(width, copy=False)
    dense: IntArray | None = None
    if size > DENSE_CELLS:
        keys, counts = np.unique(flat, return_counts=True)
    else:
        dense = np.bincount(flat, minlength=size)
        keys = np.flatnonzero(dense)
        counts = dense[keys]
    places: Any = np.unravel_index(keys, shape)
    return _Tally(places, counts, np.searchsorted(keys, flat) if with_slots else None, keys, dense)
