"""Rates of a binary classifier as exact fractions, and Wilson's interval for one, as bytes that no platform changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from statistics import NormalDist
from typing import Self, assert_never

from tolbooth.measure.fairness.counts import Cell

PPM = 1_000_000
"""Parts per million: 1 is written as 1,000,000."""

_PRECISE = Context(prec=50)


class Metric(StrEnum):
    """A rate of a binary classifier; class 1 is positive. Which way is good is the question's to say."""

    SELECTION_RATE = "selection_rate"
    TRUE_POSITIVE_RATE = "true_positive_rate"
    FALSE_POSITIVE_RATE = "false_positive_rate"
    FALSE_NEGATIVE_RATE = "false_negative_rate"
    ACCURACY = "accuracy"


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
    """Rows by label and prediction: true and false negatives and positives. Rows that lack either are not here."""

    tn: int = 0
    fp: int = 0
    fn: int = 0
    tp: int = 0

    @classmethod
    def of(cls, cells: Iterable[Cell]) -> Self:
        """Sum the cells of a count table, whatever their group."""
        sums = {(0, 0): 0, (0, 1): 0, (1, 0): 0, (1, 1): 0}
        for cell in cells:
            if cell.y_true is not None and cell.y_pred is not None:
                sums[cell.y_true, cell.y_pred] += cell.n
        return cls(tn=sums[0, 0], fp=sums[0, 1], fn=sums[1, 0], tp=sums[1, 1])

    @property
    def rows(self) -> int:
        """All rows with label and prediction."""
        return self.tn + self.fp + self.fn + self.tp

    def rate(self, metric: Metric, *, favourable: int = 1) -> Rate:
        """One rate of these rows.

        Selection rate: predicted ``favourable`` of all rows. True positive rate: tp of (tp + fn); false negative
        rate: fn of the same. False positive rate: fp of (fp + tn). Accuracy: (tp + tn) of all rows.
        """
        match metric:
            case Metric.SELECTION_RATE:
                selected = self.tp + self.fp if favourable == 1 else self.tn + self.fn
                return Rate(numerator=selected, denominator=self.rows)
            case Metric.TRUE_POSITIVE_RATE:
                return Rate(numerator=self.tp, denominator=self.tp + self.fn)
            case Metric.FALSE_POSITIVE_RATE:
                return Rate(numerator=self.fp, denominator=self.fp + self.tn)
            case Metric.FALSE_NEGATIVE_RATE:
                return Rate(numerator=self.fn, denominator=self.tp + self.fn)
            case Metric.ACCURACY:
                return Rate(numerator=self.tp + self.tn, denominator=self.rows)
            case _:
                assert_never(metric)


def ppm(numerator: int, denominator: int) -> int:
    """A fraction in parts per million, rounded half up, in integers only.

    Raises:
        ZeroDivisionError: if ``denominator`` is 0: such a rate is undefined.
    """
    return (2 * numerator * PPM + denominator) // (2 * denominator)


def wilson(numerator: int, denominator: int, *, alpha: int) -> tuple[Decimal, Decimal]:
    """Wilson's score interval for a binomial rate: E. B. Wilson, J. Am. Stat. Assoc. 22:209 (1927).

    With p = x/n and z the normal quantile at 1 - alpha/2, the bounds are
    (p + z²/2n ± z·√(p(1-p)/n + z²/4n²)) / (1 + z²/n). At x = 0 the low bound is exactly 0, at x = n the high one is 1.

    Args:
        numerator: x, in [0, denominator].
        denominator: n, at least 1.
        alpha: 1 minus the two-sided confidence, in ppm, in (0, 1,000,000).

    Returns:
        The low and high bound in [0, 1], to about 40 digits for the z that ``quantile`` gives.
    """
    c = _PRECISE
    x, n, z = Decimal(numerator), Decimal(denominator), quantile(alpha)
    z2 = c.multiply(z, z)
    # The formula times n, so that everything before the root and the one division is exact.
    centre = c.add(x, c.divide(z2, Decimal(2)))
    spread = c.divide(c.multiply(x, c.subtract(n, x)), n)
    half = c.multiply(z, c.sqrt(c.add(spread, c.divide(z2, Decimal(4)))))
    scale = c.add(n, z2)
    low = Decimal(0) if numerator == 0 else c.divide(c.subtract(centre, half), scale)
    high = Decimal(1) if numerator == denominator else c.divide(c.add(centre, half), scale)
    return low, high


def wilson_ppm(numerator: int, denominator: int, *, alpha: int) -> tuple[int, int]:
    """Wilson's interval in whole ppm, rounded outwards: the low bound down, the high bound up."""
    low, high = wilson(numerator, denominator, alpha=alpha)
    return (
        int(_PRECISE.multiply(low, Decimal(PPM)).to_integral_value(ROUND_FLOOR)),
        int(_PRECISE.multiply(high, Decimal(PPM)).to_integral_value(ROUND_CEILING)),
    )


@lru_cache(maxsize=64)
def quantile(alpha: int) -> Decimal:
    """The normal quantile at 1 - alpha/2, alpha in ppm, rounded to 12 decimals: 1.959963984540 for 50,000.

    The rounding drops the last digits of the platform's float arithmetic, so that the bounds are the same everywhere.
    """
    return Decimal(f"{NormalDist().inv_cdf(1 - alpha / (2 * PPM)):.12f}")
