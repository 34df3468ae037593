"""Score intervals for a rate and for the difference of two: exact decimals, bytes that no platform changes.

Wilson's for a rate, Newcombe's method 10 for a difference. For a ratio see ``koopman.py``.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from tolbooth.measure.fairness.normal import PRECISE, quantile
from tolbooth.measure.fairness.rates import PPM


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
    return wilson_at(numerator, denominator, quantile(alpha))


def wilson_at(numerator: int, denominator: int, z: Decimal) -> tuple[Decimal, Decimal]:
    """Wilson's interval for a given normal quantile ``z``, which must not be negative."""
    c = PRECISE
    x, n = Decimal(numerator), Decimal(denominator)
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
    return outwards(*wilson(numerator, denominator, alpha=alpha))


def newcombe(x1: int, n1: int, x2: int, n2: int, *, alpha: int) -> tuple[Decimal, Decimal]:
    """Newcombe's hybrid score interval for p1 - p2: R. G. Newcombe, Stat. Med. 17:873 (1998), method 10.

    With d = p1 - p2 and Wilson's bounds l and u of each rate: d - √((p1 - l1)² + (u2 - p2)²) to
    d + √((u1 - p1)² + (p2 - l2)²).

    Args:
        x1: the numerator of the first rate, in [0, n1].
        n1: its denominator, at least 1.
        x2: the numerator of the second rate, in [0, n2].
        n2: its denominator, at least 1.
        alpha: 1 minus the two-sided confidence, in ppm, in (0, 1,000,000).

    Returns:
        The low and high bound in [-1, 1]; 0 is no difference.
    """
    return newcombe_at(x1, n1, x2, n2, quantile(alpha))


def newcombe_at(x1: int, n1: int, x2: int, n2: int, z: Decimal) -> tuple[Decimal, Decimal]:
    """Newcombe's interval for a given normal quantile ``z``, which must not be negative."""
    c = PRECISE
    p1, p2 = c.divide(Decimal(x1), Decimal(n1)), c.divide(Decimal(x2), Decimal(n2))
    (l1, u1), (l2, u2) = wilson_at(x1, n1, z), wilson_at(x2, n2, z)
    difference = c.divide(Decimal(x1 * n2 - x2 * n1), Decimal(n1 * n2))
    low = c.subtract(difference, _length(c.subtract(p1, l1), c.subtract(u2, p2)))
    high = c.add(difference, _length(c.subtract(u1, p1), c.subtract(p2, l2)))
    return max(low, Decimal(-1)), min(high, Decimal(1))


def _length(one: Decimal, other: Decimal) -> Decimal:
    c = PRECISE
    return c.sqrt(c.add(c.multiply(one, one), c.multiply(other, other)))


def newcombe_ppm(x1: int, n1: int, x2: int, n2: int, *, alpha: int) -> tuple[int, int]:
    """Newcombe's interval in whole ppm, rounded outwards."""
    return outwards(*newcombe(x1, n1, x2, n2, alpha=alpha))


def outwards(low: Decimal, high: Decimal) -> tuple[int, int]:
    """An interval in whole ppm: the low bound rounded down, the high bound up."""
    return floor_ppm(low), ceiling_ppm(high)


def floor_ppm(number: Decimal) -> int:
    """A number in ppm, rounded down."""
    return int(PRECISE.multiply(number, Decimal(PPM)).to_integral_value(ROUND_FLOOR))


def ceiling_ppm(number: Decimal) -> int:
    """A number in ppm, rounded up."""
    return int(PRECISE.multiply(number, Decimal(PPM)).to_integral_value(ROUND_CEILING))
