"""Fairlearn's measures of disparity as exact fractions, undefined where they have to be."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tolbooth.measure.fairness.disparity import (
    Aggregate,
    Combined,
    FairnessMetric,
    Method,
    difference,
    fairness_difference,
    fairness_ratio,
    metric_value,
    ratio,
    undefined,
)
from tolbooth.measure.fairness.rates import Confusion, Metric

A = Confusion(tn=40, fp=10, fn=20, tp=30)
B = Confusion(tn=20, fp=30, fn=10, tp=40)
C = Confusion(tn=30, fp=20, fn=25, tp=25)
GROUPS = {"a": A, "b": B, "c": C}
NOBODY = Confusion()


def test_each_metric_is_the_fraction_that_its_name_promises() -> None:
    table = Confusion(tn=1, fp=2, fn=4, tp=8)
    expected: dict[Metric | Combined, Fraction] = {
        Metric.SELECTION_RATE: Fraction(10, 15),
        Metric.TRUE_POSITIVE_RATE: Fraction(8, 12),
        Metric.FALSE_POSITIVE_RATE: Fraction(2, 3),
        Metric.FALSE_NEGATIVE_RATE: Fraction(4, 12),
        Metric.ACCURACY: Fraction(9, 15),
        Metric.TRUE_NEGATIVE_RATE: Fraction(1, 3),
        Metric.PRECISION: Fraction(8, 10),
        Metric.NEGATIVE_PREDICTIVE_VALUE: Fraction(1, 5),
        Combined.BALANCED_ACCURACY: Fraction(1, 2),
        Combined.F1: Fraction(16, 22),
        Combined.TREATMENT_EQUALITY: Fraction(2),
    }
    assert {metric: metric_value(table, metric) for metric in expected} == expected
    assert set(expected) == {*Metric, *Combined}


@pytest.mark.parametrize("metric", [*Metric, *Combined])
def test_every_metric_of_nobody_is_undefined(metric: Metric | Combined) -> None:
    assert metric_value(NOBODY, metric) is None
    assert difference({"a": NOBODY}, metric) is None
    assert ratio({}, metric) is None


def test_a_difference_is_highest_minus_lowest_or_the_farthest_from_all() -> None:
    assert difference(GROUPS, Metric.SELECTION_RATE) == Fraction(70 - 40, 100)
    assert difference(GROUPS, Metric.SELECTION_RATE, method=Method.TO_OVERALL) == Fraction(70, 100) - Fraction(155, 300)
    assert difference(GROUPS, Metric.SELECTION_RATE, favourable=0) == Fraction(30, 100)


def test_a_ratio_is_lowest_over_highest_or_the_lowest_against_all_either_way_round() -> None:
    assert ratio(GROUPS, Metric.SELECTION_RATE) == Fraction(40, 70)
    assert ratio(GROUPS, Metric.SELECTION_RATE, method=Method.TO_OVERALL) == Fraction(155, 300) / Fraction(70, 100)
    assert ratio(GROUPS, Metric.SELECTION_RATE, favourable=0) == Fraction(30, 60)


def test_one_group_alone_is_like_itself() -> None:
    assert difference({"a": A}, Metric.PRECISION) == 0
    assert ratio({"a": A}, Metric.PRECISION) == 1


def test_a_ratio_where_all_are_zero_is_undefined_and_a_difference_is_zero() -> None:
    nobody_flagged = {"a": Confusion(tn=5, fn=5), "b": Confusion(tn=9, fn=1)}
    for method in Method:
        assert ratio(nobody_flagged, Metric.SELECTION_RATE, method=method) is None
        assert difference(nobody_flagged, Metric.SELECTION_RATE, method=method) == 0


def test_a_group_at_zero_where_others_are_not_has_the_ratio_zero() -> None:
    groups = {"a": Confusion(tn=5, fn=5), "b": B}
    for method in Method:
        assert ratio(groups, Metric.SELECTION_RATE, method=method) == 0


def test_undefined_groups_are_left_out_and_listed() -> None:
    groups = {**GROUPS, "no positives": Confusion(tn=10, fp=10), "nobody": NOBODY}
    assert undefined(groups, Metric.TRUE_POSITIVE_RATE) == ("no positives", "nobody")
    assert difference(groups, Metric.TRUE_POSITIVE_RATE) == difference(GROUPS, Metric.TRUE_POSITIVE_RATE)
    assert undefined(groups, Combined.TREATMENT_EQUALITY) == ("nobody",)
    assert undefined({"never wrong": Confusion(tn=3, fn=2)}, Combined.TREATMENT_EQUALITY) == ("never wrong",)


def test_named_notions_compare_the_rates_that_they_are_made_of() -> None:
    pairs: dict[FairnessMetric, Metric | Combined] = {
        FairnessMetric.DEMOGRAPHIC_PARITY: Metric.SELECTION_RATE,
        FairnessMetric.EQUAL_OPPORTUNITY: Metric.TRUE_POSITIVE_RATE,
        FairnessMetric.PREDICTIVE_PARITY: Metric.PRECISION,
        FairnessMetric.TREATMENT_EQUALITY: Combined.TREATMENT_EQUALITY,
    }
    for notion, metric in pairs.items():
        for method in Method:
            assert fairness_difference(GROUPS, notion, method=method) == difference(GROUPS, metric, method=method)
            assert fairness_ratio(GROUPS, notion, method=method) == ratio(GROUPS, metric, method=method)


def test_equalized_odds_is_the_worse_of_both_rates_or_their_mean() -> None:
    odds = FairnessMetric.EQUALIZED_ODDS
    tpr, fpr = Fraction(40 - 25, 50), Fraction(30 - 10, 50)
    assert fairness_difference(GROUPS, odds) == max(tpr, fpr) == fpr
    assert fairness_difference(GROUPS, odds, aggregate=Aggregate.MEAN) == (tpr + fpr) / 2
    assert fairness_ratio(GROUPS, odds) == Fraction(10, 30)
    assert fairness_ratio(GROUPS, odds, aggregate=Aggregate.MEAN) == (Fraction(10, 30) + Fraction(25, 40)) / 2


def test_equalized_odds_without_any_negatives_is_undefined_and_not_half_of_it() -> None:
    groups = {"a": Confusion(fn=5, tp=5), "b": Confusion(fn=1, tp=9)}
    assert fairness_difference(groups, FairnessMetric.EQUALIZED_ODDS) is None
    assert fairness_ratio(groups, FairnessMetric.EQUALIZED_ODDS) is None
