"""Rates of a binary classifier as exact fractions of counted rows: 0/0 is undefined, and nothing is rounded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Self, assert_never

from tolbooth.measure.fairness.counts import Cell

PPM = 1_000_000
"""Parts per million: 1 is written as 1,000,000."""


class Metric(StrEnum):
    """A rate of a binary classifier; class 1 is positive. Which way is good is the question's to say.

    Names are Fairlearn's and scikit-learn's, without ``_score``. Each lies in [0, 1] and is a count of a count.
    """

    SELECTION_RATE = "selection_rate"
    TRUE_POSITIVE_RATE = "true_positive_rate"
    FALSE_POSITIVE_RATE = "false_positive_rate"
    FALSE_NEGATIVE_RATE = "false_negative_rate"
    ACCURACY = "accuracy"
    TRUE_NEGATIVE_RATE = "true_negative_rate"
    PRECISION = "precision"
    NEGATIVE_PREDICTIVE_VALUE = "negative_predictive_value"


FIRST_METRICS = (
    Metric.SELECTION_RATE,
    Metric.TRUE_POSITIVE_RATE,
    Metric.FALSE_POSITIVE_RATE,
    Metric.FALSE_NEGATIVE_RATE,
    Metric.ACCURACY,
)
"""The rates that facts of the first form list: more of them would change the bytes of what is recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """``numerator`` of ``denominator`` rows; 0/0 is undefined, which is not 0."""

    numerator: int
    denominator: int

    @property
    def value(self) -> Fraction | None:
        """The exact rate in [0, 1], or None where it is undefined."""
        return Fraction(self.numerator, self.denominator) if self.denominator else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """Rows by label and prediction: true and false negatives and positives. Rows without a prediction are not here.

    ``un`` and ``up`` are rows without a label that were predicted negative and positive: selection needs no label, and
    who was selected and never observed must not drop out of its rate. No other rate knows them.
    """

    tn: int = 0
    fp: int = 0
    fn: int = 0
    tp: int = 0
    un: int = 0
    up: int = 0

    @classmethod
    def of(cls, cells: Iterable[Cell]) -> Self:
        """Sum the cells of a count table, whatever their group."""
        sums: dict[tuple[int | None, int], int] = {}
        for cell in cells:
            if cell.y_pred is not None:
                sums[cell.y_true, cell.y_pred] = sums.get((cell.y_true, cell.y_pred), 0) + cell.n
        names = {"tn": (0, 0), "fp": (0, 1), "fn": (1, 0), "tp": (1, 1), "un": (None, 0), "up": (None, 1)}
        return cls(**{name: sums.get(place, 0) for name, place in names.items()})

    @property
    def rows(self) -> int:
        """All rows with label and prediction."""
        return self.tn + self.fp + self.fn + self.tp

    def __add__(self, other: Self) -> Confusion:
        return Confusion(
            tn=self.tn + other.tn,
            fp=self.fp + other.fp,
            fn=self.fn + other.fn,
            tp=self.tp + other.tp,
            un=self.un + other.un,
            up=self.up + other.up,
        )

    def rate(self, metric: Metric, *, favourable: int = 1) -> Rate:
        """One rate of these rows.

        Selection rate: predicted ``favourable`` of all rows, labelled or not; 0 selects nobody, 1 everybody. True
        positive rate: tp of (tp + fn); 1 finds every positive. False negative rate: fn of the same; 0 misses none.
        False positive rate: fp of (fp + tn); 0 flags no negative. True negative rate: tn of the same. Accuracy:
        (tp + tn) of all labelled rows; 1 is always right. Precision: tp of (tp + fp); 1 flags positives only.
        Negative predictive value: tn of (tn + fn); 1 clears negatives only.
        """
        match metric:
            case Metric.SELECTION_RATE:
                selected = self.tp + self.fp + self.up if favourable == 1 else self.tn + self.fn + self.un
                return Rate(numerator=selected, denominator=self.rows + self.un + self.up)
            case Metric.TRUE_POSITIVE_RATE:
                return Rate(numerator=self.tp, denominator=self.tp + self.fn)
            case Metric.FALSE_POSITIVE_RATE:
                return Rate(numerator=self.fp, denominator=self.fp + self.tn)
            case Metric.FALSE_NEGATIVE_RATE:
                return Rate(numerator=self.fn, denominator=self.tp + self.fn)
            case Metric.ACCURACY:
                return Rate(numerator=self.tp + self.tn, denominator=self.rows)
            case Metric.TRUE_NEGATIVE_RATE:
                return Rate(numerator=self.tn, denominator=self.fp + self.tn)
            case Metric.PRECISION:
                return Rate(numerator=self.tp, denominator=self.tp + self.fp)
            case Metric.NEGATIVE_PREDICTIVE_VALUE:
                return Rate(numerator=self.tn, denominator=self.tn + self.fn)
            case _:
                assert_never(metric)


def ppm(numerator: int, denominator: int) -> int:
    """A fraction in parts per million, rounded half up, in integers only.

    Raises:
        ZeroDivisionError: if ``denominator`` is 0: such a rate is undefined.
    """
    return (2 * numerator * PPM + denominator) // (2 * denominator)
