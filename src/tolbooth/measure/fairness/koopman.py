"""Koopman's score interval for the ratio of two rates: P. A. R. Koopman, Biometrics 40:513 (1984)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Context, Decimal, localcontext

from tolbooth.measure.fairness.intervals import ceiling_ppm, floor_ppm
from tolbooth.measure.fairness.normal import quantile
from tolbooth.measure.fairness.score import Number, ratio_score_at

_PRECISE = Context(prec=36)
_CLOSE = Decimal("1e-20")
_NEAR = Decimal("1e-11")
_STEPS = 500


def koopman(x1: int, n1: int, x2: int, n2: int, *, alpha: int) -> tuple[Decimal, Decimal | None]:
    """The interval of all ratios p1/p2 that the score test at alpha does not reject.

    It keeps its confidence where rates are small and groups are unequal, and where a count is 0 or all: a low bound
    of 0 where x1 is 0, no high bound where x2 is 0, neither where both are.

    Args:
        x1: the numerator of the first rate, in [0, n1].
        n1: its denominator, at least 1.
        x2: the numerator of the second rate, in [0, n2].
        n2: its denominator, at least 1.
        alpha: 1 minus the two-sided confidence, in ppm, in (0, 1,000,000).

    Returns:
        The low bound, at least 0, and the high bound, None where there is none; 1 is no difference. Right to 17
        significant digits.
    """
    with localcontext(_PRECISE):
        z = quantile(alpha)
        low = _low(x1, n1, x2, n2, z) if x1 else Decimal(0)
        # The ratio turned over has the bounds turned over.
        high = 1 / _low(x2, n2, x1, n1, z) if x2 else None
    return low, high


def koopman_ppm(x1: int, n1: int, x2: int, n2: int, *, alpha: int) -> tuple[int, int | None]:
    """Koopman's interval in whole ppm, rounded outwards."""
    low, high = koopman(x1, n1, x2, n2, alpha=alpha)
    return floor_ppm(low), None if high is None else ceiling_ppm(high)


def _low(x1: int, n1: int, x2: int, n2: int, z: Decimal) -> Decimal:
    """Where the score, which falls as the ratio grows, meets z; x1 is at least 1. First in floats, then in decimals."""
    rough = float(z)
    start = x1 * n2 / (n1 * x2) if x2 else 1.0
    near = _meeting(lambda ratio: ratio_score_at(x1, n1, x2, n2, ratio) - rough, start, shrink=0.5, close=1e-14)
    return _meeting(
        lambda ratio: ratio_score_at(x1, n1, x2, n2, ratio) - z,
        Decimal(near) * (1 + _NEAR),
        shrink=1 - 2 * _NEAR,
        close=_CLOSE,
    )


def _meeting(above: Callable[[Number], Number], start: Number, *, shrink: Number, close: Number) -> Number:
    """Where ``above``, which falls, is 0: a bracket around the root, then regula falsi with the Illinois rule.

    M. Dowell and P. Jarratt, BIT 11:168 (1971). ``shrink`` is how far below ``start`` the bracket begins.
    """
    high = start
    f_high = above(high)
    while f_high > 0:
        high *= 2
        f_high = above(high)
    low = high * shrink
    f_low = above(low)
    while f_low < 0:
        high, f_high = low, f_low
        low /= 2
        f_low = above(low)
    side = 0
    for _ in range(_STEPS):
        if f_low == f_high or high - low <= close * high:
            break
        middle = (low * f_high - high * f_low) / (f_high - f_low)
        found = above(middle)
        if abs(found) <= close:
            return middle
        if found > 0:
            low, f_low = middle, found
            f_high = f_high / 2 if side == 1 else f_high
            side = 1
        else:
            high, f_high = middle, found
            f_low = f_low / 2 if side == -1 else f_low
            side = -1
    return (low + high) / 2
