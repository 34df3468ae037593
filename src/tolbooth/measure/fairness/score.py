"""Signed score statistics for two rates: how clearly one does not lie below the other by more than a bound.

The statistic compares the estimate with the bound, divided by its standard error where the bound holds exactly: the
variance comes from the rates that are most likely under that hypothesis. For a ratio this is the signed root of
P. A. R. Koopman's statistic (Biometrics 40:513, 1984), for a difference that of O. Miettinen and M. Nurminen (Stat.
Med. 4:213, 1985) without their factor N/(N - 1). Arithmetic is decimal; the sign is decided in integers, so a tie is 0.
"""

from __future__ import annotations

import math
from decimal import Context, Decimal, localcontext
from typing import TypeVar

from tolbooth.measure.fairness.rates import PPM, Rate

INFINITE = Decimal("Infinity")

Number = TypeVar("Number", float, Decimal)

_PRECISE = Context(prec=36)
_CLOSE = Decimal("1e-28")
_STEPS = 400


def difference_score(one: Rate, other: Rate, *, bound: int) -> Decimal:
    """The score statistic of p1 - p2 = -bound: positive where the first rate is not lower by more than ``bound``.

    Args:
        one: the first rate, whose denominator is at least 1.
        other: the second rate, likewise.
        bound: in ppm, in [0, 1,000,000].

    Returns:
        Standard errors, without limit; 0 exactly at the bound. A bound of 1 can't be exceeded: infinite.
    """
    x1, n1, x2, n2 = one.numerator, one.denominator, other.numerator, other.denominator
    above = (x1 * n2 - x2 * n1) * PPM + bound * n1 * n2
    if bound == PPM:
        return INFINITE
    if above == 0:
        return Decimal(0)
    with localcontext(_PRECISE):
        gap = Decimal(bound) / PPM
        p2 = _most_likely(x1, n1, x2, n2, gap)
        p1 = p2 - gap
        variance = p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2
        return Decimal(above) / (PPM * n1 * n2) / variance.sqrt()


def ratio_score(one: Rate, other: Rate, *, bound: int) -> Decimal | None:
    """The score statistic of p1/p2 = bound: positive where the first rate is at least that share of the second.

    Args:
        one: the first rate, whose denominator is at least 1.
        other: the second rate, likewise.
        bound: in ppm, above 0.

    Returns:
        Standard errors, without limit; 0 exactly at the bound. None where both rates are 0: 0/0 is undefined.
    """
    if one.numerator == other.numerator == 0:
        return None
    above = one.numerator * other.denominator * PPM - bound * other.numerator * one.denominator
    if above == 0:
        return Decimal(0)
    with localcontext(_PRECISE):
        return ratio_score_at(one.numerator, one.denominator, other.numerator, other.denominator, Decimal(bound) / PPM)


def ratio_score_at(x1: int, n1: int, x2: int, n2: int, ratio: Number) -> Number:
    """The same for any ratio above 0, in floats or in the caller's decimal context; not both numerators may be 0.

    The most likely p2 under p1 = ratio·p2 is the smaller root of a quadratic equation, here in the form that
    subtracts nothing.
    """
    a = (n1 + n2) * ratio
    b = n1 * ratio + x1 + n2 + x2 * ratio
    one = ratio / ratio
    p2 = min(2 * (x1 + x2) / (b + _root_of(b * b - 4 * a * (x1 + x2))), one)
    p1 = min(ratio * p2, one)
    variance = p1 * (1 - p1) / n1 + ratio * ratio * p2 * (1 - p2) / n2
    above = one * x1 / n1 - ratio * x2 / n2
    # Both rates 1 under a ratio of 1 have no variance, and no distance from it either.
    return above / _root_of(variance) if above else above


def _root_of(number: Number) -> Number:
    number = max(number, number - number)
    return number.sqrt() if isinstance(number, Decimal) else math.sqrt(number)


def _most_likely(x1: int, n1: int, x2: int, n2: int, gap: Decimal) -> Decimal:
    """The most likely p2 under p1 = p2 - gap, for a gap in [0, 1)."""
    if gap == 0:
        return Decimal(x1 + x2) / (n1 + n2)
    start = _root(x1, n1, x2, n2, float(gap), start=(x1 + x2 + n1 * float(gap)) / (n1 + n2), close=1e-15)
    return _root(x1, n1, x2, n2, gap, start=Decimal(start), close=_CLOSE)


def _root(x1: int, n1: int, x2: int, n2: int, gap: Number, *, start: Number, close: Number) -> Number:
    """Where the likelihood's slope changes its sign, in floats or in decimals.

    The likelihood is concave in p2, so its slope, times p1·(1 - p1)·p2·(1 - p2), changes its sign once between gap
    and 1: Newton's steps within a bracket, halved where they leave it.
    """
    low, high, p2 = gap, gap / gap, start
    for _ in range(_STEPS):
        if not low < p2 < high:
            p2 = (low + high) / 2
        p1 = p2 - gap
        s1, s2 = p1 * (1 - p1), p2 * (1 - p2)
        g1, g2 = x1 - n1 * p1, x2 - n2 * p2
        slope = g1 * s2 + g2 * s1
        if slope == 0:
            return p2
        if slope > 0:
            low = p2
        else:
            high = p2
        steepness = g1 * (1 - 2 * p2) - n1 * s2 + g2 * (1 - 2 * p1) - n2 * s1
        following = p2 - slope / steepness if steepness else (low + high) / 2
        if abs(following - p2) < close and low - close <= following <= high + close:
            return min(max(following, gap), gap / gap)
        p2 = following
    return p2
