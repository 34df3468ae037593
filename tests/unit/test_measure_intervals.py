"""Intervals against published values, and against their own defining equations."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pytest

from tolbooth.measure.fairness.intervals import newcombe, newcombe_ppm, wilson, wilson_ppm
from tolbooth.measure.fairness.koopman import koopman, koopman_ppm
from tolbooth.measure.fairness.normal import millionths_up, quantile, two_sided_p, upper_quantile
from tolbooth.measure.fairness.score import ratio_score_at


def test_the_quantile_is_the_tables_value_to_twelve_decimals() -> None:
    assert quantile(50_000) == Decimal("1.959963984540")
    assert quantile(10_000) == Decimal("2.575829303549")
    assert quantile(100_000) == Decimal("1.644853626951")


def test_alpha_shared_by_tests_gives_the_quantile_of_the_share() -> None:
    assert upper_quantile(50_000) == quantile(100_000)
    assert upper_quantile(50_000, 2) == quantile(50_000)
    # 1e-9, far in the tail: R's qnorm(1e-9, lower.tail = FALSE) is 5.997807015.
    assert abs(upper_quantile(1, 1000) - Decimal("5.997807015")) < Decimal("1e-9")


def test_a_threshold_is_rounded_up_to_millionths() -> None:
    assert millionths_up(upper_quantile(50_000)) == 1_644_854
    assert millionths_up(Decimal("1.5")) == 1_500_000


def test_a_two_sided_p_value_is_one_at_zero_and_five_percent_at_the_usual_quantile() -> None:
    assert two_sided_p(Decimal(0)) == 1
    assert two_sided_p(Decimal("-1.959963984540")) == pytest.approx(0.05, abs=1e-12)


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


@pytest.mark.parametrize(
    ("table", "low", "high"),
    [
        # Newcombe, Stat. Med. 17:873 (1998), table II, method 10, 95 %.
        ((56, 70, 48, 80), "0.0524", "0.3339"),
        ((9, 10, 3, 10), "0.1705", "0.8090"),
        ((6, 7, 2, 7), "0.0582", "0.8062"),
        ((5, 56, 0, 29), "-0.0381", "0.1926"),
        ((0, 10, 0, 20), "-0.1611", "0.2775"),
        ((10, 10, 0, 20), "0.6791", "1.0000"),
    ],
    ids=str,
)
def test_newcombes_interval_is_his_published_one(table: tuple[int, int, int, int], low: str, high: str) -> None:
    found = newcombe(*table, alpha=50_000)
    assert tuple(bound.quantize(Decimal("0.0001")) for bound in found) == (Decimal(low), Decimal(high))


def test_newcombes_interval_turns_round_with_its_groups_and_never_leaves_minus_one_to_one() -> None:
    for table in ((56, 70, 48, 80), (5, 56, 0, 29), (10, 10, 0, 20), (1, 1, 0, 1)):
        low, high = newcombe(*table, alpha=50_000)
        assert newcombe(*table[2:], *table[:2], alpha=50_000) == (high.copy_negate(), low.copy_negate())
        assert -1 <= low <= high <= 1


def test_the_compas_difference_of_false_positive_rates_is_21_points() -> None:
    assert newcombe_ppm(805, 1795, 349, 1488, alpha=50_000) == (182_053, 245_024)


@pytest.mark.parametrize(
    ("table", "low", "high"),
    [
        # Koopman, Biometrics 40:513 (1984), example: 36/40 against 16/80.
        ((36, 40, 16, 80), "2.9396", "7.1522"),
        ((12, 40, 48, 80), "0.2933", "0.7939"),
    ],
    ids=str,
)
def test_koopmans_interval_is_his_published_one(table: tuple[int, int, int, int], low: str, high: str) -> None:
    found = koopman(*table, alpha=50_000)
    assert found[1] is not None
    assert tuple(bound.quantize(Decimal("0.0001")) for bound in found if bound) == (Decimal(low), Decimal(high))


TABLES = [
    (36, 40, 16, 80),
    (1, 10**9, 5 * 10**8, 10**9),
    (10, 10, 20, 20),
    (30, 30, 29, 30),
    (1, 1, 1, 1),
    (3, 1000, 1, 5),
    (999_999, 10**6, 1, 10**6),
]


@pytest.mark.parametrize("table", TABLES, ids=str)
@pytest.mark.parametrize("alpha", [50_000, 1, 999_000])
def test_at_koopmans_bounds_the_score_is_the_quantile(table: tuple[int, int, int, int], alpha: int) -> None:
    low, high = koopman(*table, alpha=alpha)
    assert high is not None
    with localcontext() as context:
        context.prec = 50
        for bound, side in ((low, 1), (high, -1)):
            assert abs(ratio_score_at(*table, bound) - side * quantile(alpha)) < Decimal("1e-14")
        assert low <= Decimal(table[0]) * table[3] / (Decimal(table[1]) * table[2]) <= high


def test_a_ratio_with_nobody_below_has_no_upper_bound_and_with_nobody_above_starts_at_zero() -> None:
    low, high = koopman(5, 20, 0, 10, alpha=50_000)
    assert low > 0
    assert high is None
    low, high = koopman(0, 10, 5, 20, alpha=50_000)
    assert low == 0
    assert high is not None
    assert abs(high * koopman(5, 20, 0, 10, alpha=50_000)[0] - 1) < Decimal("1e-17")
    assert koopman(0, 5, 0, 5, alpha=50_000) == (Decimal(0), None)
    assert koopman_ppm(0, 5, 0, 5, alpha=50_000) == (0, None)


def test_koopmans_interval_in_ppm_is_rounded_outwards() -> None:
    low, high = koopman(12, 40, 48, 80, alpha=50_000)
    assert high is not None
    assert koopman_ppm(12, 40, 48, 80, alpha=50_000) == (293_345, 793_865)
    assert 293_345 < low * 1_000_000 < 293_346
    assert 793_864 < high * 1_000_000 < 793_865
