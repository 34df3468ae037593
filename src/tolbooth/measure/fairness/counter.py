"""Counts record batches into a count table: vectorised, in memory bounded by a batch and the number of cells."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import repeat
from typing import Any, Self

import numpy as np
import pyarrow as pa

from tolbooth.measure.fairness.cells import Cells
from tolbooth.measure.fairness.columns import (
    Coded,
    Coder,
    IntArray,
    class_coder,
    code_binary,
    feature_coder,
    outcome_coder,
    require_columns,
    texts,
)
from tolbooth.measure.fairness.count_settings import CELL_LIMIT, CountSettings
from tolbooth.measure.fairness.counts import FairnessCounts, PowerSums
from tolbooth.measure.fairness.score_bins import ScoreBins
from tolbooth.measure.fairness.score_columns import MOST_ROWS, CodedScores, code_scores, power_sums
from tolbooth.measure.fairness.tally import DENSE_CELLS, Tally, shape_of, tally
from tolbooth.model.errors import MeasureError, Problem

_BINARY_VALUES = (0, 1, None)


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
        self._known: pa.Schema | None = None
        self._coders: list[tuple[int, Coder]] = []
        self._counts: dict[Any, int] = {}
        self._sums: dict[Any, PowerSums] = {}
        self._cells = Cells(len(self.settings.features) + 2, self._pour)

    def __getstate__(self) -> dict[str, Any]:
        self._cells.empty()
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
        if self._known is None or not batch.schema.equals(self._known):
            self._coders = _coders(self.settings, batch.schema)
            self._known = batch.schema
        if batch.num_rows <= MOST_ROWS:
            self._update(batch)
            return
        for start in range(0, batch.num_rows, MOST_ROWS):
            self._update(batch.slice(start, MOST_ROWS))

    def _update(self, batch: pa.RecordBatch) -> None:
        settings = self.settings
        coded = [code(batch.column(place)) for place, code in self._coders]
        scores = None if settings.score is None else code_scores(settings.score, batch.column(settings.score.column))
        if not batch.num_rows:
            return
        try:
            if scores is None:
                self._count(coded)
            else:
                self._count_scored(coded, scores)
        except MeasureError as error:
            if error.code == "measure.codes-outside":
                _require_outcomes(settings, batch)
            raise
        self.check_limit()

    def _count(self, coded: list[Coded]) -> None:
        columns = [each.column for each in coded]
        dictionaries = [each.values for each in coded]
        if math.prod(shape_of(columns)) <= DENSE_CELLS:
            self._cells.add(dictionaries, columns, partial(_values, self.settings, dictionaries))
            return
        counted = tally(columns, with_slots=False)
        for values, n in zip(_combinations(self.settings, dictionaries, counted), counted.rows.tolist(), strict=True):
            self._pour(values, n)

    def _count_scored(self, coded: list[Coded], scores: CodedScores) -> None:
        counted = tally([*(each.column for each in coded), scores.column], with_slots=True)
        bins, sums = _bins_and_sums(self.settings, scores, counted)
        combinations = _combinations(self.settings, [each.values for each in coded], counted)
        for values, place, n, powers in zip(combinations, bins, counted.rows.tolist(), sums, strict=True):
            self.add((*self._key(values), place), n, powers)

    def _key(self, values: tuple[Any, ...]) -> tuple[Any, ...]:
        """Group, label and prediction of a combination."""
        width = len(self.settings.features)
        return (values[:width], *values[width:])

    def _pour(self, values: tuple[Any, ...], n: int) -> None:
        self.add(self._key(values), n)

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
        other._cells.empty()
        for key, n in other._counts.items():
            self.add(key, n, other._sums.get(key, ()))
        self._cells.gather()
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
        limit = self.settings.cell_limit
        if len(self._counts) + self._cells.most <= limit:
            return
        self._cells.gather()
        if self._counts:
            self._cells.empty()
        if len(self._counts) + self._cells.most > limit:
            raise too_many_cells(self.settings)

    def finish(self) -> FairnessCounts:
        """The count table of all rows so far; of none, a table without cells.

        Raises:
            MeasureError: ``measure.too-many-cells``.
        """
        self._cells.gather()
        self.check_limit()
        self._cells.empty()
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


def _coders(settings: CountSettings, schema: pa.Schema) -> list[tuple[int, Coder]]:
    """Of features, label and prediction: where the column is, and what turns it into codes."""
    require_columns(settings.columns, schema.names)
    outcome_or_class = class_coder if settings.multiclass else outcome_coder
    makers = [(name, feature_coder) for name in settings.features]
    makers += [(name, outcome_or_class) for name in (settings.label, settings.prediction)]
    return [(schema.get_field_index(name), make(name, schema.field(name).type)) for name, make in makers]


def _require_outcomes(settings: CountSettings, batch: pa.RecordBatch) -> None:
    """Say which label or prediction it is that holds a code beyond 1."""
    if not settings.multiclass:
        for name in (settings.label, settings.prediction):
            code_binary(name, batch.column(name))


def _values(settings: CountSettings, dictionaries: list[pa.Array], column: int, codes: IntArray) -> Sequence[Any]:
    """What codes of one column stand for: a category, or a binary label or prediction."""
    names = (*settings.features, settings.label, settings.prediction)
    if column >= len(settings.features) and not settings.multiclass:
        return [_BINARY_VALUES[code] for code in codes]
    return texts(names[column], dictionaries[column], codes)


def _combinations(settings: CountSettings, dictionaries: list[pa.Array], counted: Tally) -> Iterator[tuple[Any, ...]]:
    """The values of each combination."""
    named = []
    for column in range(len(dictionaries)):
        different, which = np.unique(counted.places[column], return_inverse=True)
        values = _values(settings, dictionaries, column, different)
        named.append([values[place] for place in which.tolist()])
    return zip(*named, strict=True)


def _bins_and_sums(
    settings: CountSettings, scores: CodedScores, tally: Tally
) -> tuple[list[int | None], Iterable[PowerSums]]:
    """Of each combination, its bin (None is missing) and, of probabilities that are there, the power sums."""
    missing = scores.size - 1
    bins = [None if place == missing else place for place in tally.places[-1].tolist()]
    if tally.slots is None or settings.score is None or not settings.score.probability:
        return bins, repeat((), len(bins))
    sums = power_sums(scores.units, tally.slots, len(bins))
    return bins, [() if place is None else powers for place, powers in zip(bins, sums, strict=True)]
