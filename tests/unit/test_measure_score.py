"""Score statistics: exact at ties, defined at the edges, and the most likely rates under the hypothesis."""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from math import inf, log, sqrt

import pytest

from tolbooth.measure.fairness.rates import Rate
from tolbooth.measure.fairness.score import INFINITE, difference_score, ratio_score


def rate(x: int, n: int) -> Rate:
    return Rate(numerator=x, denominator=n)


def loglik(x: int, n: int, p: float) -> float:
    hits = x * log(p) if x and p > 0 else (0.0 if not x else -inf)
    misses = (n - x) * log(1 - p) if n - x and p < 1 else (0.0 if n == x else -inf)
    return hits + misses


def by_search(x1: int, n1: int, x2: int, n2: int, *, gap: float, ratio: float) -> float:
    """The statistic with the most likely p2 under p1 = ratio·p2 - gap found by golden-section search."""
    low, high = gap, min(1.0, 1 / ratio)

    def value(p2: float) -> float:
        return loglik(x1, n1, min(max(ratio * p2 - gap, 0.0), 1.0)) + loglik(x2, n2, p2)

    golden = (sqrt(5) - 1) / 2
    for _ in range(200):
        left, right = high - golden * (high - low), low + golden * (high - low)
        if value(left) < value(right):
            low = left
        else:
            high = right
    p2 = (low + high) / 2
    p1 = ratio * p2 - gap
    variance = p1 * (1 - p1) / n1 + ratio**2 * p2 * (1 - p2) / n2
    return (x1 / n1 - ratio * x2 / n2 + gap) / sqrt(variance)


TABLES = [(7, 34, 1, 34), (30, 300, 90, 400), (1, 50, 20, 60), (45, 50, 400, 500), (12, 40, 48, 80)]


@pytest.mark.parametrize("table", TABLES, ids=str)
@pytest.mark.parametrize("bound", [50_000, 100_000, 400_000])
def test_the_difference_score_has_the_most_likely_rates_under_the_bound(
    table: tuple[int, int, int, int], bound: int
) -> None:
    found = difference_score(rate(*table[:2]), rate(*table[2:]), bound=bound)
    assert float(found) == pytest.approx(by_search(*table, gap=bound / 1e6, ratio=1.0), rel=1e-6)


@pytest.mark.parametrize("table", TABLES, ids=str)
@pytest.mark.parametrize("bound", [800_000, 500_000, 1_000_000])
def test_the_ratio_score_has_the_most_likely_rates_under_the_bound(
    table: tuple[int, int, int, int], bound: int
) -> None:
    found = ratio_score(rate(*table[:2]), rate(*table[2:]), bound=bound)
    assert found is not None
    assert float(found) == pytest.approx(by_search(*table, gap=0.0, ratio=bound / 1e6), rel=1e-6)


def test_a_tie_that_floats_misjudge_scores_exactly_zero() -> None:
    assert 4 / 7 / (5 / 7) < 0.8
    assert ratio_score(rate(4, 7), rate(5, 7), bound=800_000) == 0
    assert 0.4 - 0.3 > 0.1
    assert difference_score(rate(30, 100), rate(40, 100), bound=100_000) == 0


def test_one_row_beside_a_tie_of_a_billion_has_the_sign_of_that_row() -> None:
    big = 10**9
    assert (
        0 > difference_score(rate(3 * big // 10 - 1, big), rate(4 * big // 10, big), bound=100_000) > Decimal("-1e-4")
    )
    assert 0 < difference_score(rate(3 * big // 10 + 1, big), rate(4 * big // 10, big), bound=100_000) < Decimal("1e-4")


def test_no_difference_asked_for_is_the_pooled_z_test() -> None:
    pooled = 8 / 68
    expected = (7 - 1) / 34 / sqrt(pooled * (1 - pooled) * 2 / 34)
    assert float(difference_score(rate(7, 34), rate(1, 34), bound=0)) == pytest.approx(expected, rel=1e-12)
    assert float(ratio_score(rate(7, 34), rate(1, 34), bound=1_000_000) or 0) == pytest.approx(expected, rel=1e-12)


def test_a_difference_of_one_can_not_be_exceeded() -> None:
    assert difference_score(rate(0, 9), rate(9, 9), bound=1_000_000) == INFINITE


def test_a_ratio_of_nothing_to_nothing_has_no_score() -> None:
    assert ratio_score(rate(0, 9), rate(0, 5), bound=800_000) is None


@pytest.mark.parametrize("bound", [1, 100_000, 500_000, 999_999])
def test_every_small_table_has_a_finite_score_with_the_sign_of_its_estimate(bound: int) -> None:
    for n1, n2 in ((1, 1), (1, 4), (3, 2), (5, 5)):
        for x1, x2 in product(range(n1 + 1), range(n2 + 1)):
            gap = (x1 * n2 - x2 * n1) * 1_000_000 + bound * n1 * n2
            found = difference_score(rate(x1, n1), rate(x2, n2), bound=bound)
            assert found.is_finite()
            assert (found > 0, found < 0) == (gap > 0, gap < 0)
            share = x1 * n2 * 1_000_000 - bound * x2 * n1
            other = ratio_score(rate(x1, n1), rate(x2, n2), bound=bound)
            assert (other is None) == (x1 == x2 == 0)
            if other is not None:
                assert other.is_finite()
                assert (other > 0, other < 0) == (share > 0, share < 0)


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_a_score_grows_with_the_root_of_the_rows(table: tuple[int, int, int, int]) -> None:
    once = difference_score(rate(*table[:2]), rate(*table[2:]), bound=70_000)
    many = [9 * number for number in table]
    assert abs(difference_score(rate(*many[:2]), rate(*many[2:]), bound=70_000) / once - 3) < Decimal("1e-25")
