"""What can't be exact: log loss and weighted rates, in floating point, marked and kept outside every digest.

A logarithm and a sample weight are no whole numbers, so sums depend on rounding. ``math.fsum`` makes the result
independent of the order of rows within one process; platforms and engines may still differ in the last digits. No
verdict rests on these numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import tee
from typing import Any

from tolbooth.model.errors import MeasureError


@dataclass(frozen=True, slots=True, kw_only=True)
class Approximate:
    """A number that is right to about 12 digits and has no exact form; None is undefined (nothing was counted)."""

    value: float | None

    def as_json(self) -> dict[str, Any]:
        """Marked as approximate, so that nobody compares it to the digit."""
        return {} if self.value is None else {"approximate": self.value}


def log_loss(rows: Iterable[tuple[int, float]], *, least: float = 2.0**-52) -> Approximate:
    """The mean of -ln of the chance that the score gave to what happened: 0 or more; 0 is certain and right.

    Args:
        rows: label (0 or 1) and score in [0, 1], one pair a row.
        least: scores nearer to 0 or 1 are moved to it, as scikit-learn does, since the logarithm of 0 is infinite.

    Raises:
        MeasureError: ``measure.not-probability`` for a score outside [0, 1] or NaN, without showing it.
    """
    losses = [-math.log(_clipped(score if label else 1.0 - score, least)) for label, score in _checked(rows)]
    return Approximate(value=math.fsum(losses) / len(losses) if losses else None)


def brier_score(rows: Iterable[tuple[int, float]]) -> Approximate:
    """The mean of (score - label)², in [0, 1]: 0 is certain and right, 1 certain and wrong.

    For scores in fixed-point units ``calibration`` gives it exactly.
    """
    squares = [(score - label) ** 2 for label, score in _checked(rows)]
    return Approximate(value=math.fsum(squares) / len(squares) if squares else None)


def weighted_rate(rows: Iterable[tuple[bool, float]]) -> Approximate:
    """A rate with sample weights: the weight of the rows that count, of all weight; in [0, 1] like the rate itself.

    Args:
        rows: whether a row counts in the numerator, and its weight, 0 or more.

    Raises:
        MeasureError: ``measure.weight`` for a weight that is negative or not finite.
    """
    counted, every = tee(rows)
    hits = math.fsum(_weight(weight) for counts, weight in counted if counts)
    total = math.fsum(_weight(weight) for _, weight in every)
    return Approximate(value=hits / total if total else None)


def _weight(weight: float) -> float:
    if not (math.isfinite(weight) and weight >= 0):
        raise MeasureError.of("measure.weight", "a sample weight is negative or not a finite number")
    return weight


def _checked(rows: Iterable[tuple[int, float]]) -> Iterable[tuple[int, float]]:
    for label, score in rows:
        if not 0 <= score <= 1:
            raise MeasureError.of(
                "measure.not-probability",
                "a score is not a number from 0 to 1",
                hint="log loss and the Brier score ask for probabilities",
            )
        yield label, score


def _clipped(chance: float, least: float) -> float:
    return min(max(chance, least), 1.0 - least)
