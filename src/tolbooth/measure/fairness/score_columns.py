"""From Arrow columns of scores to bins and units, and the exact power sums of each cell."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import types

from tolbooth.measure.arrays import numpy_of, valid_of
from tolbooth.measure.fairness.columns import CodedColumn, IntArray, is_number
from tolbooth.measure.fairness.counts import PowerSums
from tolbooth.measure.fairness.score_bins import LARGEST_UNIT, ScoreBins
from tolbooth.model.errors import ConfigError, MeasureError, Problem

MOST_ROWS = 1 << 20
"""How many rows ``power_sums`` may be given at once, so that no 64-bit sum overflows."""

_HALF_BITS = 20


class CodedScores(NamedTuple):
    """Each row's bin (``size - 1`` where the score is missing) and its units (0 where it is)."""

    codes: IntArray
    size: int
    units: npt.NDArray[np.int64]

    @property
    def column(self) -> CodedColumn:
        """The bins as they are counted."""
        return CodedColumn(self.codes, self.size, self.size)


def check_score_type(name: str, kind: pa.DataType) -> None:
    """Check that a column of this Arrow type can be a score.

    Raises:
        ConfigError: ``measure.column-type``.
    """
    if not is_number(kind) or types.is_boolean(kind):
        message = f"column '{name}' is {kind}; a score holds floats or integers"
        hint = "write the column as a float, without a unit sign"
        raise ConfigError(Problem(code="measure.column-type", message=message, hint=hint, about=name))


def code_scores(bins: ScoreBins, column: pa.Array) -> CodedScores:
    """Cut scores into bins; null and NaN are missing.

    Raises:
        ConfigError: ``measure.column-type``.
        MeasureError: ``measure.score-outside`` for an infinite score, one beyond 2^53 units, or a probability
            outside [0, 1].
    """
    check_score_type(bins.column, column.type)
    floats = column.cast(pa.float64(), safe=False)
    values = numpy_of(floats)
    missing = np.isnan(values) | ~valid_of(floats)
    values = np.where(missing, 0.0, values)
    units = np.floor(values * bins.scale + 0.5)
    low, high = (0.0, 1.0) if bins.probability else (-LARGEST_UNIT / bins.scale, LARGEST_UNIT / bins.scale)
    outside = int(np.count_nonzero((values < low) | (values > high)))
    if outside:
        raise score_outside(bins, outside)
    exact = units.astype(np.int64)
    places = np.searchsorted(np.asarray(bins.edges, dtype=np.int64), exact, side="right")
    absent = len(bins.edges) + 1
    return CodedScores(np.where(missing, absent, places), absent + 1, exact)


def score_outside(bins: ScoreBins, rows: int) -> MeasureError:
    """The error for scores that can't be."""
    wanted = "between 0 and 1" if bins.probability else "finite, and within 2^53 units"
    problem = Problem(
        code="measure.score-outside",
        message=f"column '{bins.column}' is not {wanted} in at least {rows} rows",
        hint="is it the probability of class 1? a log-odds or a percentage is not; null and NaN are missing",
        about=bins.column,
    )
    return MeasureError(problem)


def power_sums(units: npt.NDArray[np.int64], slots: IntArray, size: int) -> list[PowerSums]:
    """The sums of u, u², u³ and u⁴ over the rows of each slot, exactly.

    Args:
        units: in [0, 2^20], at most ``MOST_ROWS`` of them.
        slots: each row's slot, in [0, size).
        size: how many slots there are.
    """
    square = units * units
    high, low = square >> _HALF_BITS, square & ((1 << _HALF_BITS) - 1)
    # A product of two 20-bit numbers, 2^20 times, stays below 2^63; u³ and u⁴ are put together from such.
    parts = (units, square, units * high, units * low, high * high, high * low, low * low)
    one, two, u_high, u_low, hh, hl, ll = (_sums(part, slots, size) for part in parts)
    half, whole = 1 << _HALF_BITS, 1 << 2 * _HALF_BITS
    return [
        (a, b, half * c + d, whole * e + 2 * half * f + g)
        for a, b, c, d, e, f, g in zip(one, two, u_high, u_low, hh, hl, ll, strict=True)
    ]


def _sums(values: npt.NDArray[np.int64], slots: IntArray, size: int) -> list[int]:
    totals = np.zeros(size, dtype=np.int64)
    np.add.at(totals, slots, values)
    return [int(total) for total in totals]
