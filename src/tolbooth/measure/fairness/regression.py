"""Errors of a regression by group: sums of fixed-point integers of a declared scale, which merge exactly.

A target and a prediction become whole units of 1/scale, each rounded half to even from its exact value. Sums must stay
below 2^127, so that engines with integers of 128 bits give the same bytes; what would not fit is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import Decimal
from fractions import Fraction

from tolbooth.measure.fairness.normal import PRECISE
from tolbooth.model.errors import MeasureError

LARGEST = 2**127 - 1
"""The largest absolute value of a sum."""


def units(value: float | Fraction | Decimal, scale: int) -> int:
    """A number in whole units of 1/scale, rounded half to even from its exact value.

    Raises:
        MeasureError: ``measure.not-finite`` for NaN and infinity, without showing the value.
    """
    try:
        return round(Fraction(value) * scale)
    except (ValueError, OverflowError):
        raise MeasureError.of(
            "measure.not-finite",
            "a target or a prediction is not a finite number",
            hint="rows that lack one are left out only where they are null",
        ) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegressionSums:
    """The sums of one group, in units of 1/scale: of no rows all are 0. An error is prediction minus target.

    ``errors`` is the sum of errors, ``absolute`` of their absolute values, ``squares`` of their squares (in units
    squared), ``targets`` and ``predictions`` of the values themselves.
    """

    scale: int
    rows: int = 0
    errors: int = 0
    absolute: int = 0
    squares: int = 0
    targets: int = 0
    predictions: int = 0

    def with_row(self, target: int, prediction: int) -> RegressionSums:
        """The sums with one more row, both its numbers in units.

        Raises:
            MeasureError: ``measure.sum-too-large``.
        """
        error = prediction - target
        return self.merged(
            RegressionSums(
                scale=self.scale,
                rows=1,
                errors=error,
                absolute=abs(error),
                squares=error * error,
                targets=target,
                predictions=prediction,
            )
        )

    def merged(self, other: RegressionSums) -> RegressionSums:
        """The sums of both sets of rows; associative and commutative.

        Raises:
            ValueError: if the scales differ.
            MeasureError: ``measure.sum-too-large``.
        """
        if self.scale != other.scale:
            raise ValueError("sums of different scales do not merge")
        names = [each.name for each in fields(self) if each.name != "scale"]
        sums = {name: getattr(self, name) + getattr(other, name) for name in names}
        if any(abs(total) > LARGEST for total in sums.values()):
            raise MeasureError.of(
                "measure.sum-too-large",
                "the sum of the errors or of their squares needs more than 128 bits",
                hint="declare a smaller scale: fewer units in 1",
            )
        return RegressionSums(scale=self.scale, **sums)

    @property
    def mean_error(self) -> Fraction | None:
        """Mean of prediction minus target, of any sign: 0 is right on average, 1 is one too high."""
        return self._mean(self.errors)

    @property
    def mean_absolute_error(self) -> Fraction | None:
        """MAE, 0 or more: 0 is exact, 1 is off by one on average."""
        return self._mean(self.absolute)

    @property
    def mean_squared_error(self) -> Fraction | None:
        """MSE, 0 or more, in squares of the target's unit: 0 is exact."""
        return Fraction(self.squares, self.rows * self.scale**2) if self.rows else None

    @property
    def root_mean_squared_error(self) -> Decimal | None:
        """RMSE, 0 or more, to 50 digits: 0 is exact; 1 is off by one, large errors weighing more."""
        squared = self.mean_squared_error
        if squared is None:
            return None
        return PRECISE.sqrt(PRECISE.divide(Decimal(squared.numerator), Decimal(squared.denominator)))

    @property
    def mean_target(self) -> Fraction | None:
        """The group's mean target, in the target's own unit."""
        return self._mean(self.targets)

    @property
    def mean_prediction(self) -> Fraction | None:
        """The group's mean prediction, in the target's own unit."""
        return self._mean(self.predictions)

    def _mean(self, total: int) -> Fraction | None:
        return Fraction(total, self.rows * self.scale) if self.rows else None
