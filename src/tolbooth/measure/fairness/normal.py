"""Quantiles of the normal distribution, as decimals that no platform changes, and tails for what is only shown."""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, Context, Decimal
from functools import lru_cache
from statistics import NormalDist

_PPM = 1_000_000

PRECISE = Context(prec=50)
"""Where bounds and statistics are computed: 50 digits, rounded half even, the same on any machine."""


@lru_cache(maxsize=64)
def quantile(alpha: int) -> Decimal:
    """The normal quantile at 1 - alpha/2, alpha in ppm, rounded to 12 decimals: 1.959963984540 for 50,000.

    The rounding drops the last digits of the platform's float arithmetic, so that the bounds are the same everywhere.
    """
    return Decimal(f"{NormalDist().inv_cdf(1 - alpha / (2 * _PPM)):.12f}")


@lru_cache(maxsize=4096)
def upper_quantile(alpha: int, tests: int = 1) -> Decimal:
    """The normal quantile that is exceeded with the chance alpha/tests, rounded to 12 decimals.

    Args:
        alpha: in ppm, in (0, 1,000,000).
        tests: how many tests share alpha (Bonferroni), at least 1. 1.644853626951 for 50,000 and one test.
    """
    # NOTE: the lower tail keeps its digits where 1 - alpha/tests would lose them.
    return Decimal(f"{-NormalDist().inv_cdf(alpha / (_PPM * tests)):.12f}")


def millionths_up(number: Decimal) -> int:
    """``number`` in millionths, rounded up: a threshold that integers meet exactly."""
    return int(PRECISE.multiply(number, Decimal(_PPM)).to_integral_value(ROUND_CEILING))


def two_sided_p(score: Decimal) -> float:
    """How often a standard normal is at least as far from 0 as ``score``: 1 at 0. A float, shown and never compared."""
    return math.erfc(abs(float(score)) / math.sqrt(2))
