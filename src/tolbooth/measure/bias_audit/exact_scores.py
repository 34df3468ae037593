"""Counts people by category and exact score: what the median of a sample, and who lies above it, follow from.

A count table cuts scores into bins; a median needs each score as it is, to the last bit. So this summary may be nearly
as long as the data: it stays in memory, and only rates by category and a digest leave.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.measure.arrays import arrow_of, nan_as_null, numpy_of, scalar_of
from tolbooth.measure.fairness.columns import code_feature, require_columns, texts
from tolbooth.measure.fairness.counts import Group
from tolbooth.measure.fairness.score_columns import check_score_type
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import MeasureError, Problem

MOST_SCORES = 2_000_000
"""How many different pairs of categories and score are counted at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredPeople:
    """How many people have each categories and score; ``without_score`` are those whom the tool did not score."""

    features: tuple[str, ...]
    score: str
    people: Mapping[tuple[Group, Fraction], int]
    without_score: int

    @property
    def sha256(self) -> str:
        """The SHA-256 of the counts in canonical form; the same for the same people in any order."""
        cells = [
            [list(group), str(score.numerator), str(score.denominator), n]
            for (group, score), n in sorted(self.people.items(), key=_order)
        ]
        value = {
            "version": 1,
            "kind": "score-counts",
            "features": list(self.features),
            "score": self.score,
            "cells": cells,
            "without_score": self.without_score,
        }
        return sha256_hex(canonical_bytes(value))


class ExactScores:
    """Counts people by features and exact score: a ``Measure``.

    Args:
        features: columns of categories, as a count table takes them; null is a category of its own.
        score: a column of numbers. Integers, decimals and floats count as the number that they are; null and NaN are
            people without score.
        most: how many different pairs of categories and score may be counted.
    """

    def __init__(self, *, features: Sequence[str], score: str, most: int = MOST_SCORES) -> None:
        self.features = tuple(features)
        self.score = score
        self._most = most
        self._people: dict[tuple[Group, Fraction], int] = {}
        self._without = 0

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read."""
        return (*self.features, self.score)

    def update(self, batch: pa.RecordBatch) -> None:
        """Count the people of one batch.

        Raises:
            ConfigError: ``measure.column-missing``, ``measure.column-twice`` or ``measure.column-type``.
            MeasureError: ``measure.score-outside`` for an infinite score, ``measure.not-text`` or
                ``measure.too-many-scores``.
        """
        require_columns(self.columns, batch.schema.names)
        coded = [code_feature(name, batch.column(name)) for name in self.features]
        scores = _numbers(self.score, batch.column(self.score))
        known = scores.is_valid()
        self._without += batch.num_rows - int(pc.sum(known).as_py() or 0)
        places = [f"place {number}" for number in range(len(coded))]
        codes = [arrow_of(np.asarray(each.codes, dtype=np.int64)) for each in coded]
        table = pa.table([*codes, scores], names=[*places, "score"]).filter(known)
        found = table.group_by([*places, "score"]).aggregate([([], "count_all")])
        named = [
            texts(name, each.values, numpy_of(found.column(place).combine_chunks()))
            for name, each, place in zip(self.features, coded, places, strict=True)
        ]
        counted = zip(found.column("score").to_pylist(), found.column("count_all").to_pylist(), strict=True)
        for *group, (score, n) in zip(*named, counted, strict=True):
            self._add((tuple(group), Fraction(score)), n)
        self._check()

    def merge(self, other: ExactScores) -> None:
        """Add what another counter of the same columns has counted.

        Raises:
            ValueError: if the other counts other columns.
            MeasureError: ``measure.too-many-scores``.
        """
        if self.columns != other.columns:
            raise ValueError("counters over different columns do not merge")
        for key, n in other._people.items():
            self._add(key, n)
        self._without += other._without
        self._check()

    def finish(self) -> ScoredPeople:
        """What was counted so far."""
        return ScoredPeople(
            features=self.features, score=self.score, people=dict(self._people), without_score=self._without
        )

    def _add(self, key: tuple[Group, Fraction], n: int) -> None:
        self._people[key] = self._people.get(key, 0) + n

    def _check(self) -> None:
        if len(self._people) > self._most:
            raise MeasureError(
                Problem(
                    code="measure.too-many-scores",
                    message=f"column '{self.score}' gives more than {self._most} different scores by category",
                    hint="round the scores as the tool shows them, and audit what it shows",
                    about=self.score,
                )
            )


def _numbers(name: str, column: pa.Array) -> pa.Array:
    """The scores, with null for NaN."""
    if types.is_decimal(column.type):
        return column
    check_score_type(name, column.type)
    if not types.is_floating(column.type):
        return column
    values = column.cast(pa.float64())
    infinite = int(pc.sum(pc.is_inf(values)).as_py() or 0)
    if infinite:
        problem = Problem(
            code="measure.score-outside",
            message=f"column '{name}' is infinite in at least {infinite} rows",
            hint="an infinite score has no place in a median; null and NaN are people without score",
            about=name,
        )
        raise MeasureError(problem)
    # NOTE: -0.0 and 0.0 are one score.
    return pc.add(nan_as_null(values), scalar_of(0.0, pa.float64()))


def _order(item: tuple[tuple[Group, Fraction], int]) -> tuple[Any, ...]:
    group, score = item[0]
    return (*((value is not None, value or "") for value in group), score)
