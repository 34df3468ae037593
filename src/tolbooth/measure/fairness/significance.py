"""Whether two selection rates differ by more than chance: Fisher's exact test, and the two z tests of adverse impact.

The agencies' guidelines ask beside the four-fifths rule for differences that are statistically significant (29 CFR
1607.4 D). Fisher's test is exact for any counts; Z_D is the score test of no difference; Z_IR tests the logarithm of
the ratio (S. B. Morris and R. E. Lobsenz, Pers. Psychol. 53:89, 2000). The z tests need large counts.
"""

from __future__ import annotations

from decimal import Decimal, localcontext

from tolbooth.measure.fairness.normal import PRECISE
from tolbooth.measure.fairness.rates import Rate

_NEGLIGIBLE = Decimal("1e-40")
_SAME = Decimal("1e-30")


def fisher_p(one: Rate, other: Rate) -> Decimal:
    """The two-sided p-value of Fisher's exact test: the chance of a table no likelier than this one, margins fixed.

    R. A. Fisher, J. R. Stat. Soc. 98:39 (1935); two-sided as in R and SciPy, by the tables' probabilities. Work grows
    with the standard deviation of the counts, so tables of any size are summed, to about 28 digits.

    Returns:
        In (0, 1]; 1 where a margin is 0, as nothing can be told.
    """
    n1, n2 = one.denominator, other.denominator
    selected = one.numerator + other.numerator
    least, most = max(0, selected - n2), min(selected, n1)
    if least == most:
        return Decimal(1)
    with localcontext(PRECISE):
        mode = min(max((n1 + 1) * (selected + 1) // (n1 + n2 + 2), least), most)
        weights = {mode: Decimal(1)}
        for k in range(mode, most):
            weights[k + 1] = weights[k] * ((n1 - k) * (selected - k)) / ((k + 1) * (n2 - selected + k + 1))
            if weights[k + 1] < _NEGLIGIBLE:
                break
        for k in range(mode, least, -1):
            weights[k - 1] = weights[k] * (k * (n2 - selected + k)) / ((n1 - k + 1) * (selected - k + 1))
            if weights[k - 1] < _NEGLIGIBLE:
                break
        observed = weights.get(one.numerator, Decimal(0))
        if not observed:
            return _NEGLIGIBLE
        # Equal probabilities come by different roundings, so a hair counts as equal.
        limit = observed * (1 + _SAME)
        tail = sum((weight for weight in weights.values() if weight <= limit), Decimal(0))
        return min(tail / sum(weights.values(), Decimal(0)), Decimal(1))


def z_difference(one: Rate, other: Rate) -> Decimal | None:
    """Z_D: the first rate minus the second, by its standard error where both are equal; 0 is no difference.

    None where a denominator is 0, and where all or none are selected: the standard error is 0.
    """
    n1, n2, selected, rows = *_sizes(one, other), one.numerator + other.numerator, one.denominator + other.denominator
    if not (n1 and n2) or selected in {0, rows}:
        return None
    with localcontext(PRECISE):
        variance = Decimal(selected * (rows - selected)) / (rows * n1 * n2)
        return Decimal(one.numerator * n2 - other.numerator * n1) / (n1 * n2) / variance.sqrt()


def z_ratio(one: Rate, other: Rate) -> Decimal | None:
    """Z_IR: the logarithm of the first rate over the second, by its standard error where both are equal.

    ln(p1/p2) / √((1 - p)/p · (1/n1 + 1/n2)), p being the rate of both together. None where a rate is 0 or undefined,
    or all are selected. The logarithm is decimal, right to 50 digits.
    """
    n1, n2, selected, rows = *_sizes(one, other), one.numerator + other.numerator, one.denominator + other.denominator
    if not (n1 and n2 and one.numerator and other.numerator) or selected == rows:
        return None
    with localcontext(PRECISE):
        variance = Decimal((rows - selected) * rows) / (selected * n1 * n2)
        return (Decimal(one.numerator * n2) / (other.numerator * n1)).ln() / variance.sqrt()


def _sizes(one: Rate, other: Rate) -> tuple[int, int]:
    return one.denominator, other.denominator
