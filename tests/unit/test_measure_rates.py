"""Rates as exact fractions of counted rows."""

from __future__ import annotations

from tolbooth.measure.fairness.counts import Cell
from tolbooth.measure.fairness.rates import Confusion, Metric, Rate, ppm


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


def test_rows_without_a_label_enter_the_selection_rate_alone_and_those_without_a_prediction_no_rate() -> None:
    cells = [Cell(("a",), 1, 1, 3), Cell(("a",), None, 1, 50), Cell(("a",), None, 0, 7), Cell(("a",), 0, None, 70)]
    table = Confusion.of([*cells, Cell((None,), 0, 1, 2)])
    assert table == Confusion(tp=3, fp=2, up=50, un=7)
    assert table.rate(Metric.SELECTION_RATE) == Rate(numerator=55, denominator=62)
    assert table.rate(Metric.SELECTION_RATE, favourable=0) == Rate(numerator=7, denominator=62)
    labelled = Confusion(tp=3, fp=2)
    others = set(Metric) - {Metric.SELECTION_RATE}
    assert all(table.rate(metric) == labelled.rate(metric) for metric in others)


def test_people_who_were_not_selected_and_never_observed_count_against_a_group() -> None:
    a = Confusion.of([Cell(("a",), 1, 1, 10), Cell(("a",), 0, 0, 90), Cell(("a",), None, 1, 900)])
    b = Confusion.of([Cell(("b",), 1, 1, 10), Cell(("b",), 0, 0, 90), Cell(("b",), None, 0, 900)])
    assert a.rate(Metric.SELECTION_RATE) == Rate(numerator=910, denominator=1000)
    assert b.rate(Metric.SELECTION_RATE) == Rate(numerator=10, denominator=1000)


def test_a_rate_of_nothing_is_undefined_and_not_zero() -> None:
    assert Rate(numerator=0, denominator=0).value is None
    assert Rate(numerator=0, denominator=1).value == 0
