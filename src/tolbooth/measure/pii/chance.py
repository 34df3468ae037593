"""What chance explains: check digits that hold by accident, and how much a sample may have missed; exact or bounded."""

from __future__ import annotations

from decimal import ROUND_CEILING, Context, Decimal, localcontext
from fractions import Fraction
from math import comb

_EXACT_TRIALS = 1_000
_PRECISION = 40
_MILLION = 1_000_000
_CONFIDENCE_REST = Decimal("0.05")


def is_beyond_chance(passes: int, trials: int, rate: Fraction, *, alpha_ppm: int) -> bool:
    """Whether more checks hold than chance lets hold: the one-sided binomial test P(X ≥ passes) ≤ alpha.

    Up to 1,000 trials the tail is summed in integers. Beyond, Hoeffding's bound exp(−n·D(k/n ‖ p)) stands for it
    (J. Amer. Statist. Assoc. 58:13, 1963, theorem 1), which is never below the tail: it can only call too much chance.

    Args:
        passes: how many checks held, 0 to ``trials``.
        trials: how many were made; of none nothing is beyond chance.
        rate: how often a check holds by chance, within (0, 1).
        alpha_ppm: the error that is allowed, in ppm.
    """
    if passes * rate.denominator <= trials * rate.numerator:
        return False
    if trials <= _EXACT_TRIALS:
        hit, miss = rate.numerator, rate.denominator - rate.numerator
        tail = sum(comb(trials, k) * hit**k * miss ** (trials - k) for k in range(passes, trials + 1))
        return bool(tail * _MILLION <= alpha_ppm * rate.denominator**trials)
    with localcontext(Context(prec=_PRECISION)):
        chance = Decimal(rate.numerator) / rate.denominator
        share = Decimal(passes) / trials
        divergence = share * (share / chance).ln()
        if passes < trials:
            divergence += (1 - share) * ((1 - share) / (1 - chance)).ln()
        return bool(-trials * divergence <= (Decimal(alpha_ppm) / _MILLION).ln())


def missed_bound_ppm(scanned: int, rows: int) -> int:
    """How many rows in a million may at most hold something if ``scanned`` random rows of ``rows`` hold nothing.

    1 − 0.05^(1/n), with 95 % confidence (Clopper–Pearson for zero found), rounded up; 0 if every row was scanned, and
    1,000,000 if none of them was.
    """
    if scanned >= rows:
        return 0
    if scanned == 0:
        return _MILLION
    with localcontext(Context(prec=_PRECISION)):
        bound = (1 - _CONFIDENCE_REST ** (Decimal(1) / scanned)) * _MILLION
        return int(bound.to_integral_value(rounding=ROUND_CEILING))
