"""Regression sums in fixed point, several classes, and what is only approximate."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import pytest

from tolbooth.measure.fairness.approximate import brier_score, log_loss, weighted_rate
from tolbooth.measure.fairness.counts import ClassKey, FairnessCounts
from tolbooth.measure.fairness.disparity import Combined
from tolbooth.measure.fairness.multiclass import accuracy, macro, one_vs_rest
from tolbooth.measure.fairness.rates import Confusion, Metric, Rate
from tolbooth.measure.fairness.regression import LARGEST, RegressionSums, units
from tolbooth.model.errors import MeasureError


def sums(rows: list[tuple[float, float]], scale: int = 100) -> RegressionSums:
    total = RegressionSums(scale=scale)
    for target, prediction in rows:
        total = total.with_row(units(target, scale), units(prediction, scale))
    return total


def test_errors_are_prediction_minus_target() -> None:
    found = sums([(1.0, 2.0), (5.0, 2.0), (3.5, 3.5), (-1.0, -0.5)])
    assert found.mean_error == Fraction(-3, 8)
    assert found.mean_absolute_error == Fraction(9, 8)
    assert found.mean_squared_error == Fraction(41, 16)
    assert found.root_mean_squared_error is not None
    assert float(found.root_mean_squared_error) == pytest.approx(math.sqrt(41 / 16), rel=1e-15)
    assert found.mean_target == Fraction(85, 40)
    assert found.mean_prediction == Fraction(7, 4)


def test_no_rows_have_no_means() -> None:
    empty = RegressionSums(scale=100)
    assert empty.mean_error is empty.mean_absolute_error is empty.mean_squared_error is None
    assert empty.root_mean_squared_error is None
    assert empty.mean_target is empty.mean_prediction is None


def test_sums_merge_in_any_order_and_only_at_one_scale() -> None:
    rows = [(0.1, 0.7), (123.45, 100.0), (-7.0, 3.25)]
    parts = [sums([row]) for row in rows]
    assert parts[2].merged(parts[0]).merged(parts[1]) == sums(rows)
    with pytest.raises(ValueError, match="scales"):
        parts[0].merged(RegressionSums(scale=10))


def test_units_are_rounded_half_to_even_from_the_exact_value() -> None:
    assert units(0.125, 100) == 12
    assert units(0.375, 100) == 38
    assert units(Decimal("2.675"), 100) == 268
    # The double 2.675 is a little less than that.
    assert units(2.675, 100) == 267
    assert units(-0.125, 100) == -12


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused_without_showing_it(value: float) -> None:
    with pytest.raises(MeasureError) as caught:
        units(value, 100)
    assert caught.value.code == "measure.not-finite"


def test_a_sum_that_needs_more_than_128_bits_is_refused() -> None:
    near = RegressionSums(scale=1, rows=1, squares=LARGEST)
    assert near.merged(RegressionSums(scale=1, rows=1)).squares == LARGEST
    with pytest.raises(MeasureError) as caught:
        near.merged(RegressionSums(scale=1, rows=1, squares=1))
    assert caught.value.code == "measure.sum-too-large"


def classes(counts: dict[ClassKey, int]) -> FairnessCounts:
    return FairnessCounts.of_classes(features=["group"], label="y", prediction="p", counts=counts)


TABLE: dict[ClassKey, int] = {
    (("a",), "cat", "cat"): 5,
    (("a",), "cat", "dog"): 3,
    (("a",), "dog", "dog"): 7,
    (("a",), "owl", "dog"): 2,
    (("a",), "owl", None): 9,
    (("b",), "dog", "dog"): 4,
    (("b",), "dog", "cat"): 1,
}


def test_each_class_stands_against_the_rest_in_each_group() -> None:
    found = one_vs_rest(classes(TABLE), ["group"])
    assert found["dog"] == {"a": Confusion(tn=5, fp=5, fn=0, tp=7), "b": Confusion(tn=0, fp=0, fn=1, tp=4)}
    assert found["owl"] == {"a": Confusion(tn=15, fp=0, fn=2, tp=0), "b": Confusion(tn=5, fp=0, fn=0, tp=0)}
    assert list(found) == ["cat", "dog", "owl"]


def test_macro_weighs_classes_alike_and_names_those_without_a_value() -> None:
    found = one_vs_rest(classes(TABLE), ["group"])
    of_a = {name: groups["a"] for name, groups in found.items()}
    of_b = {name: groups["b"] for name, groups in found.items()}
    assert macro(of_a, Metric.TRUE_POSITIVE_RATE).value == (Fraction(5, 8) + 1 + 0) / 3
    assert macro(of_a, Combined.F1).value == (Fraction(10, 13) + Fraction(14, 19) + 0) / 3
    only_dogs = macro(of_b, Metric.TRUE_POSITIVE_RATE)
    assert (only_dogs.value, only_dogs.undefined) == (Fraction(4, 5), ("cat", "owl"))
    assert macro({}, Metric.ACCURACY).value is None


def test_accuracy_is_of_all_classes_at_once() -> None:
    assert accuracy(classes(TABLE), ["group"]) == {
        "a": Rate(numerator=12, denominator=17),
        "b": Rate(numerator=4, denominator=5),
    }


def test_log_loss_and_brier_are_marked_approximate() -> None:
    rows = [(1, 0.9), (0, 0.2), (1, 0.5)]
    found = log_loss(rows)
    assert found.value == pytest.approx(-(math.log(0.9) + math.log(0.8) + math.log(0.5)) / 3, rel=1e-15)
    assert found.as_json() == {"approximate": found.value}
    assert brier_score(rows).value == pytest.approx((0.01 + 0.04 + 0.25) / 3, rel=1e-15)
    assert log_loss([]).value is None
    assert brier_score([]).as_json() == {}


def test_a_certain_error_costs_much_and_not_everything() -> None:
    assert log_loss([(1, 0.0)]).value == pytest.approx(52 * math.log(2))


@pytest.mark.parametrize("score", [-0.1, 1.1, math.nan])
def test_a_score_that_is_no_probability_is_refused(score: float) -> None:
    with pytest.raises(MeasureError) as caught:
        log_loss([(1, score)])
    assert caught.value.code == "measure.not-probability"


def test_a_weighted_rate_does_not_depend_on_the_order() -> None:
    rows = [(True, 0.1), (False, 0.7), (True, 1e16), (True, 1.0), (False, 1e16)]
    assert weighted_rate(rows).value == weighted_rate(reversed(rows)).value
    assert weighted_rate([(True, 1.0), (False, 3.0)]).value == 0.25
    assert weighted_rate([(True, 0.0)]).value is None
    for weight in (-1.0, math.nan):
        with pytest.raises(MeasureError):
            weighted_rate([(True, weight)])
