"""Rates as fractions, and Wilson's interval against published values."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tolbooth.measure.fairness.counts import Cell
from tolbooth.measure.fairness.rates import Confusion, Metric, Rate, ppm, quantile, wilson, wilson_ppm


def test_a_rate_is_rounded_half_up_in_integers() -> None:
    assert ppm(1, 3) == 333_333
    assert ppm(2, 3) == 666_667
    assert ppm(1, 2_000_000) == 1
    assert ppm(1, 2_000_001) == 0
    assert ppm(0, 5) == 0
    assert ppm(10**30, 10**30) == 1_000_000


def test_the_rates_of_a_confusion_table_have_their_own_denominators() -> None:
    table = Confusion(tn=1, fp=2, fn=4, tp=8)
    assert table.rate(Metric.SELECTION_RATE) == Rate(numerator=10, denominator=15)
    assert table.rate(Metric.SELECTION_RATE, favourable=0) == Rate(numerator=5, denominator=15)
    assert table.rate(Metric.TRUE_POSITIVE_RATE) == Rate(numerator=8, denominator=12)
    assert table.rate(Metric.FALSE_NEGATIVE_RATE) == Rate(numerator=4, denominator=12)
    assert table.rate(Metric.FALSE_POSITIVE_RATE) == Rate(numerator=2, denominator=3)
    assert table.rate(Metric.ACCURACY) == Rate(numerator=9, denominator=15)


def test_the_favourable_prediction_changes_the_selection_rate_only() -> None:
    table = Confusion(tn=1, fp=2, fn=4, tp=8)
    changed = {metric for metric in Metric if table.rate(metric, favourable=0) != table.rate(metric, favourable=1)}
    assert changed == {Metric.SELECTION_RATE}


def test_rows_without_label_or_prediction_enter_no_rate() -> None:
    cells = [Cell(("a",), 1, 1, 3), Cell(("a",), None, 1, 50), Cell(("a",), 0, None, 70), Cell((None,), 0, 1, 2)]
    assert Confusion.of(cells) == Confusion(tp=3, fp=2)


def test_a_rate_of_nothing_is_undefined_and_not_zero() -> None:
    assert Rate(numerator=0, denominator=0).value is None
    assert Rate(numerator=0, denominator=1).value == 0


def test_the_quantile_is_the_tables_value_to_twelve_decimals() -> None:
    assert quantile(50_000) == Decimal("1.959963984540")
    assert quantile(10_000) == Decimal("2.575829303549")
    assert quantile(100_000) == Decimal("1.644853626951")


@pytest.mark.parametrize(
    ("x", "n", "low", "high"),
    [
        # Newcombe, Stat. Med. 17:857 (1998), table I, method 3 (score without continuity correction), 95 %.
        (81, 263, "0.2553", "0.3662"),
        (15, 148, "0.0624", "0.1605"),
        (0, 20, "0.0000", "0.1611"),
        (1, 29, "0.0061", "0.1718"),
    ],
)
def test_wilsons_interval_is_newcombes_published_one(x: int, n: int, low: str, high: str) -> None:
    found = wilson(x, n, alpha=50_000)
    assert tuple(bound.quantize(Decimal("0.0001")) for bound in found) == (Decimal(low), Decimal(high))


@pytest.mark.parametrize(("x", "n"), [(0, 20), (1, 29), (15, 148), (349, 1488), (805, 1795), (29, 29), (7, 10**9)])
@pytest.mark.parametrize("alpha", [50_000, 10_000, 317_311])
def test_wilsons_bounds_solve_the_score_equation_to_1e_9(x: int, n: int, alpha: int) -> None:
    """The bounds are the two roots of (p - x/n)² = z²·p·(1 - p)/n, by which Wilson defined them."""
    z2 = quantile(alpha) ** 2
    rate = Decimal(x) / n
    for bound in wilson(x, n, alpha=alpha):
        assert abs((bound - rate) ** 2 - z2 * bound * (1 - bound) / n) < Decimal("1e-20")


def test_wilsons_interval_for_1_of_29_is_known_to_nine_decimals() -> None:
    low, high = wilson(1, 29, alpha=50_000)
    assert abs(low - Decimal("0.006113213767")) < Decimal("1e-9")
    assert abs(high - Decimal("0.171755219200")) < Decimal("1e-9")


def test_the_bounds_of_none_and_of_all_are_exactly_zero_and_one() -> None:
    assert wilson(0, 7, alpha=50_000)[0] == 0
    assert wilson(7, 7, alpha=50_000)[1] == 1
    assert wilson_ppm(0, 7, alpha=50_000)[0] == 0
    assert wilson_ppm(7, 7, alpha=50_000)[1] == 1_000_000


def test_whole_ppm_are_rounded_outwards() -> None:
    low, high = wilson(805, 1795, alpha=50_000)
    assert wilson_ppm(805, 1795, alpha=50_000) == (425_594, 471_562)
    assert Decimal(425_594) < low * 1_000_000 < Decimal(425_595)
    assert Decimal(471_561) < high * 1_000_000 < Decimal(471_562)
