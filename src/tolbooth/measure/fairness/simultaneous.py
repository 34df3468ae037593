"""Three verdicts with their errors held at alpha, however many groups there are.

With the bound θ, every ordered pair of groups is tested by its signed score (``score.py``). *Pass* needs every score at
or above the normal quantile at 1 - alpha: the hypothesis that some pair is beyond the bound is rejected for each pair
(intersection-union: R. L. Berger, Technometrics 24:295, 1982), which needs no correction. *Fail* needs some score at or
below minus the quantile at 1 - alpha/m, m being the number of ordered pairs (Bonferroni). Else the rows can't tell.
Quantiles are rounded up and scores towards 0, to millionths, so what is shown never contradicts the verdict.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction
from typing import Any

from tolbooth.measure.fairness.intervals import newcombe_ppm
from tolbooth.measure.fairness.koopman import koopman_ppm
from tolbooth.measure.fairness.normal import PRECISE, millionths_up, upper_quantile
from tolbooth.measure.fairness.question import FairnessQuestion, Statistic
from tolbooth.measure.fairness.rates import PPM, Rate
from tolbooth.measure.fairness.score import difference_score, ratio_score

_HAIR = 1 + Fraction(1, 10**20)

MOST = 10**15
"""A score that has no limit, as where a difference of at most 1 is asked for."""

ASSUMING = "rates and shares of groups as counted"
"""Under what the number of rows that would settle holds; a new sample's own rates decide about as often as not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """What scores are compared with, in millionths: pass at or above the one, fail at or below minus the other."""

    passing: int
    failing: int
    tests: int

    def as_json(self) -> dict[str, int]:
        """The thresholds as they stand in an answer; ``tests`` is the number of ordered pairs."""
        return {"pass_at": self.passing, "fail_at": -self.failing, "tests": self.tests}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """A pair's lesser score in millionths, its outcome, and the interval of its value in ppm.

    ``low_ppm`` to ``high_ppm`` is Newcombe's interval of the difference or Koopman's of the ratio, for this pair alone,
    two-sided at 1 - alpha; the outcome comes from the tests. ``high_ppm`` is None where a ratio has no upper bound.
    ``least`` is the smaller denominator, ``exact`` the score before it was rounded.
    """

    score: int
    exact: Decimal
    least: int
    outcome: str = "undecided"
    low_ppm: int | None = None
    high_ppm: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The test as it stands in an answer."""
        bounds = {"low_ppm": self.low_ppm, "high_ppm": self.high_ppm}
        known = {name: bound for name, bound in bounds.items() if bound is not None}
        return {"score": self.score, "outcome": self.outcome, **known}


def thresholds(alpha: int, pairs: int) -> Thresholds:
    """The thresholds for so many pairs of groups, each tested in both orders; of no pairs, as for one.

    ``alpha`` in ppm, below 500,000. Two groups at 50,000 pass at 1.644854 and fail at -1.959964.
    """
    tests = 2 * max(pairs, 1)
    return Thresholds(
        passing=millionths_up(upper_quantile(alpha)),
        failing=millionths_up(upper_quantile(alpha, tests)),
        tests=tests,
    )


def decide_pair(high: Rate, low: Rate, question: FairnessQuestion, limits: Thresholds) -> Tested:
    """Test two rates in both orders. Both denominators are at least 1; for a ratio not both rates are 0."""
    found = score_pair(high, low, question)
    outcome = "pass" if found.score >= limits.passing else "fail" if found.score <= -limits.failing else "undecided"
    numbers = (high.numerator, high.denominator, low.numerator, low.denominator)
    if question.statistic is Statistic.DIFFERENCE:
        least, most = newcombe_ppm(*numbers, alpha=question.alpha)
        return replace(found, outcome=outcome, low_ppm=least, high_ppm=most)
    bottom, top = koopman_ppm(*numbers[2:], *numbers[:2], alpha=question.alpha)
    return replace(found, outcome=outcome, low_ppm=bottom, high_ppm=top)


def score_pair(high: Rate, low: Rate, question: FairnessQuestion) -> Tested:
    """Only the score of two rates, undecided."""
    score = difference_score if question.statistic is Statistic.DIFFERENCE else ratio_score
    found = [score(*order, bound=question.bound) for order in ((low, high), (high, low))]
    lesser = min(each for each in found if each is not None)
    return Tested(score=_millionths(lesser), exact=lesser, least=min(high.denominator, low.denominator))


def _millionths(score: Decimal) -> int:
    if score.is_infinite():
        return MOST
    return int(PRECISE.multiply(score, Decimal(PPM)).to_integral_value(ROUND_DOWN))


def settle(tested: Sequence[Tested], *, rows: int, alpha: int, minimum: int) -> dict[str, Any]:
    """How many rows would decide, if the rates and the shares of the groups stay as they are.

    Scores grow with the root of the rows. Where some score is below 0, the cheapest fail is told; where all are above,
    the pass of the last pair; a score of exactly 0 lies on the bound, and no number of rows settles it.

    Args:
        tested: all pairs, those of groups that are too small included; at least one.
        rows: all rows that were counted.
        alpha: of the tests, in ppm.
        minimum: the least denominator.

    Returns:
        ``settle`` with ``outcome``, ``rows`` in all (rounded up), ``more_rows`` than now, ``assuming``; or nothing.
    """
    limits = thresholds(alpha, len(tested))
    behind = [each for each in tested if each.exact < 0]
    if behind:
        outcome = "fail"
        factor = min(_factor(each, limits.failing, minimum) for each in behind)
    elif all(each.exact > 0 for each in tested):
        outcome = "pass"
        factor = max(_factor(each, limits.passing, minimum) for each in tested)
    else:
        return {}
    needed = max(math.ceil(factor * rows), rows)
    content = {"outcome": outcome, "rows": needed, "more_rows": needed - rows, "assuming": ASSUMING}
    return {"settle": content}


def _factor(tested: Tested, threshold: int, minimum: int) -> Fraction:
    enough = Fraction(minimum, tested.least)
    if tested.exact.is_infinite():
        return enough
    # Scores have 28 digits, so a hair more keeps a last digit from leaving it one row short.
    return max((Fraction(threshold, PPM) / Fraction(tested.exact)) ** 2 * _HAIR, enough)
