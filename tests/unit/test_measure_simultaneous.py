"""The simultaneous mode: pass and fail by evidence, undecided with the rows that would settle it."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest

from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.measure.fairness.assess import assess, assess_performance
from tolbooth.measure.fairness.counts import FairnessCounts, Key
from tolbooth.measure.fairness.normal import two_sided_p
from tolbooth.measure.fairness.question import (
    FairnessQuestion,
    Mode,
    Parity,
    PerformanceQuestion,
    Statistic,
    question_from_parameters,
)
from tolbooth.measure.fairness.rates import FIRST_METRICS, Metric, Rate
from tolbooth.measure.fairness.score import difference_score
from tolbooth.measure.fairness.simultaneous import thresholds
from tolbooth.model.errors import ConfigError

Groups = dict[str | None, tuple[int, int]]


def selected(groups: Groups) -> FairnessCounts:
    """A table in which so many of so many were selected, by group; the label is the prediction."""
    counts: dict[Key, int] = {}
    for name, (x, n) in groups.items():
        counts[((name,), 1, 1)] = x
        counts[((name,), 0, 0)] = n - x
    return FairnessCounts.of(features=["group"], label="y", prediction="p", counts=counts)


def odds(groups: dict[str | None, tuple[int, int, int, int]]) -> FairnessCounts:
    """A table of (tn, fp, fn, tp) by group."""
    counts: dict[Key, int] = {}
    for name, cells in groups.items():
        for (y_true, y_pred), n in zip(((0, 0), (0, 1), (1, 0), (1, 1)), cells, strict=True):
            counts[((name,), y_true, y_pred)] = n
    return FairnessCounts.of(features=["group"], label="y", prediction="p", counts=counts)


def ask(statistic: Statistic, bound: int, **more: Any) -> FairnessQuestion:
    settings: dict[str, Any] = {"metric": Metric.SELECTION_RATE, "by": ("group",), "mode": Mode.SIMULTANEOUS, **more}
    return FairnessQuestion(statistic=statistic, bound=bound, **settings)


def ratio(bound: int = 800_000, **more: Any) -> FairnessQuestion:
    return ask(Statistic.RATIO, bound, **more)


def difference(bound: int = 100_000, **more: Any) -> FairnessQuestion:
    return ask(Statistic.DIFFERENCE, bound, **more)


def compared(groups: Groups, question: FairnessQuestion) -> dict[str, Any]:
    found: dict[str, Any] = assess(selected(groups), question)["comparison"]
    return found


def test_seven_identical_groups_of_fifty_are_undecided_and_not_failed_by_chance() -> None:
    groups: Groups = {f"g{number}": (x, 50) for number, x in enumerate((15, 11, 19, 14, 16, 13, 18))}
    found = compared(groups, ratio())
    assert (found["outcome"], found["reason"]) == ("undecided", "too-few-rows")
    point = compared(groups, ratio(mode=Mode.POINT))
    assert point["outcome"] == "fail"


def test_the_guidelines_example_of_12_in_40_against_48_in_80_fails_with_its_interval() -> None:
    found = compared({"a": (12, 40), "b": (48, 80)}, ratio())
    assert found["outcome"] == "fail"
    (pair,) = found["pairs"]
    assert (pair["high"], pair["low"], pair["value"]) == ("b", "a", 500_000)
    assert (pair["low_ppm"], pair["high_ppm"]) == (293_345, 793_865)
    assert found["thresholds"] == {"pass_at": 1_644_854, "fail_at": -1_959_964, "tests": 2}
    assert pair["score"] <= found["thresholds"]["fail_at"]


def test_many_rows_at_like_rates_pass_in_both_orders() -> None:
    found = compared({"a": (5_000, 10_000), "b": (4_900, 10_000)}, difference(30_000))
    assert found["outcome"] == "pass"
    assert found["worst"] == {"high": "a", "low": "b", "value": 10_000}
    assert found["pairs"][0]["score"] >= found["thresholds"]["pass_at"]
    assert "settle" not in found


def test_exactly_at_the_bound_is_undecided_for_any_number_of_rows_and_nothing_settles_it() -> None:
    for times in (1, 1_000_000):
        found = compared({"a": (40 * times, 70 * times), "b": (50 * times, 70 * times)}, ratio())
        assert (found["outcome"], found["pairs"][0]["score"]) == ("undecided", 0)
        assert "settle" not in found


@pytest.mark.parametrize(
    ("groups", "question", "outcome"),
    [
        ({"a": (50, 100), "b": (47, 100)}, difference(), "pass"),
        ({"a": (50, 100), "b": (35, 100)}, difference(), "fail"),
        ({"a": (50, 100), "b": (38, 100)}, ratio(), "fail"),
        ({"a": (50, 100), "b": (45, 90), "c": (49, 110)}, ratio(), "pass"),
        ({"a": (50, 100), "b": (13, 29)}, ratio(), "pass"),
    ],
    ids=str,
)
def test_as_many_rows_as_it_says_settle_it_and_fewer_do_not(
    groups: Groups, question: FairnessQuestion, outcome: str
) -> None:
    found = compared(groups, question)
    assert found["outcome"] == "undecided"
    settle = found["settle"]
    rows = sum(n for _, n in groups.values())
    assert settle["outcome"] == outcome
    assert settle["more_rows"] == settle["rows"] - rows > 0
    # Whole multiples keep the rates and the shares as they are.
    times = math.ceil(settle["rows"] / rows)
    there = {name: (x * times, n * times) for name, (x, n) in groups.items()}
    assert compared(there, question)["outcome"] == outcome
    short = {name: (x * (times - 1), n * (times - 1)) for name, (x, n) in groups.items()}
    assert compared(short, question)["outcome"] == "undecided"


def test_a_group_without_any_denominator_settles_at_no_number_of_rows() -> None:
    table = odds({"a": (50, 50, 50, 50), "b": (60, 40, 0, 0)})
    found = assess(table, difference(metric=Metric.TRUE_POSITIVE_RATE))["comparison"]
    assert found["reason"] == "insufficient-groups"
    assert "settle" not in found


def test_a_small_group_is_listed_and_keeps_the_rest_from_passing() -> None:
    found = compared({"a": (5_000, 10_000), "b": (4_900, 10_000), "c": (14, 29)}, difference())
    assert (found["outcome"], found["reason"]) == ("undecided", "insufficient-groups")
    assert found["insufficient"] == [{"group": "c", "denominator": 29, "minimum": 30}]
    assert found["settle"]["outcome"] == "pass"


def test_evidence_of_a_failure_outweighs_groups_that_are_too_small() -> None:
    found = compared({"a": (9_000, 10_000), "b": (4_900, 10_000), "c": (1, 2)}, difference())
    assert found["outcome"] == "fail"


def test_more_groups_ask_for_more_evidence_of_a_failure_and_not_of_a_pass() -> None:
    two, seven = thresholds(50_000, 1), thresholds(50_000, 21)
    assert (two.passing, two.failing) == (1_644_854, 1_959_964)
    assert seven.passing == two.passing
    # All 42 ordered pairs share alpha.
    assert two_sided_p(Decimal(seven.failing) / 1_000_000) / 2 == pytest.approx(0.05 / 42, rel=1e-5)
    assert seven.tests == 42


def test_rates_of_zero_have_no_ratio_and_never_pass() -> None:
    found = compared({"a": (0, 5_000), "b": (0, 5_000)}, ratio())
    assert (found["outcome"], found["reason"]) == ("undecided", "undefined-ratio")
    assert (found["pairs"], found["undefined"]) == ([], ["a", "b"])
    found = compared({"a": (0, 5_000), "b": (0, 5_000)}, difference())
    assert found["outcome"] == "pass"


def test_no_selected_against_many_fails_and_shows_a_ratio_from_zero() -> None:
    (pair,) = compared({"a": (0, 100), "b": (50, 100)}, ratio())["pairs"]
    assert (pair["outcome"], pair["value"], pair["low_ppm"]) == ("fail", 0, 0)
    assert pair["high_ppm"] < 100_000


def test_a_difference_of_one_always_holds_and_no_difference_at_all_is_never_proved() -> None:
    assert compared({"a": (0, 50), "b": (50, 50)}, difference(1_000_000))["outcome"] == "pass"
    assert compared({"a": (5 * 10**6, 10**7), "b": (5 * 10**6, 10**7)}, difference(0))["outcome"] == "undecided"


def test_a_missing_category_is_tested_like_any_other() -> None:
    found = compared({"a": (5_000, 10_000), None: (3_000, 10_000)}, difference())
    assert (found["outcome"], found["worst"]["low"]) == ("fail", "(missing)")


def test_with_a_reference_only_its_pairs_are_compared() -> None:
    groups: Groups = {"a": (50_000, 100_000), "b": (45_000, 100_000), "c": (54_000, 100_000)}
    found = compared(groups, difference(80_000, reference=("a",)))
    assert [(pair["high"], pair["low"]) for pair in found["pairs"]] == [("a", "b"), ("c", "a")]
    assert found["outcome"] == "pass"
    assert found["thresholds"]["tests"] == 4
    assert compared(groups, difference(80_000))["outcome"] == "fail"
    point = compared(groups, difference(80_000, reference=("a",), mode=Mode.POINT))
    assert (point["outcome"], len(point["pairs"])) == ("pass", 2)


def test_a_reference_that_is_not_there_or_stands_for_two_groups_decides_nothing() -> None:
    groups: Groups = {"a": (5_000, 10_000), "b": (4_900, 10_000)}
    for names in (("z",), ("a", "b")):
        found = compared(groups, difference(reference=names))
        assert (found["outcome"], found["reason"], found["pairs"]) == ("undecided", "no-reference", [])
    assert compared(groups, difference(reference=("a", "Male")))["outcome"] == "pass"


def test_a_reference_that_is_too_small_compares_nothing() -> None:
    found = compared({"a": (10, 20), "b": (4_900, 10_000), "c": (1, 10_000)}, difference(reference=("a",)))
    assert (found["outcome"], found["reason"], found["pairs"]) == ("undecided", "insufficient-groups", [])


def test_equalized_odds_compares_both_rates_and_names_the_one_of_each_pair() -> None:
    table = odds({"a": (9_000, 1_000, 2_000, 8_000), "b": (8_000, 2_000, 2_000, 8_000)})
    question = difference(metric=Parity.EQUALIZED_ODDS, bound=50_000)
    found = assess(table, question)["comparison"]
    assert found["outcome"] == "fail"
    assert found["worst"] == {"high": "b", "low": "a", "value": 100_000, "metric": "false_positive_rate"}
    assert found["thresholds"]["tests"] == 4
    assert found["bootstrap"]["low_ppm"] < 100_000 < found["bootstrap"]["high_ppm"]
    assert found["bootstrap"]["undefined"] == 0
    looser = difference(metric=Parity.EQUALIZED_ODDS, bound=150_000)
    assert assess(table, looser)["comparison"]["outcome"] == "pass"
    point = difference(metric=Parity.EQUALIZED_ODDS, bound=100_000, mode=Mode.POINT)
    assert assess(table, point)["comparison"]["outcome"] == "pass"


def test_equalized_odds_of_a_group_without_negatives_is_insufficient_for_that_rate() -> None:
    table = odds({"a": (100, 100, 100, 100), "b": (0, 0, 100, 100)})
    answer = assess(table, difference(metric=Parity.EQUALIZED_ODDS))
    found = answer["comparison"]["insufficient"]
    assert found == [{"group": "b", "denominator": 0, "minimum": 30, "metric": "false_positive_rate"}]
    assert [group["sufficient"] for group in answer["groups"]] == [True, False]
    assert answer["comparison"]["outcome"] == "undecided"


def test_a_newer_question_lists_every_rate_and_an_older_one_those_it_always_listed() -> None:
    table = odds({"a": (9, 1, 2, 8), "b": (8, 2, 2, 8)})
    old = assess(table, difference(mode=Mode.POINT))["overall"]["rates"]
    assert list(old) == [metric.value for metric in FIRST_METRICS]
    for question in (difference(), difference(mode=Mode.POINT, metric=Metric.PRECISION)):
        assert list(assess(table, question)["overall"]["rates"]) == [metric.value for metric in Metric]
    asked = PerformanceQuestion(metric=Metric.PRECISION, bound=500_000, minimum_denominator=1)
    answer = assess_performance(table, asked)
    assert answer["rates"]["precision"]["numerator"] == 16
    assert answer["comparison"] == {"outcome": "pass", "value": 842_105, "numerator": 16, "denominator": 19}


def test_the_answer_is_json_of_integers_and_text() -> None:
    table = odds({"a": (9_000, 1_000, 2_000, 8_000), "b": (8_000, 2_000, 2_000, 8_000)})
    for question in (ratio(), difference(metric=Parity.EQUALIZED_ODDS, reference=("a",)), ratio(alpha=10_000)):
        assert canonical_bytes(assess(table, question))
        assert canonical_bytes(question.as_json())


def test_an_old_questions_bytes_know_nothing_of_a_reference() -> None:
    assert "reference" not in difference(mode=Mode.POINT).as_json()
    assert difference(reference=("a",)).as_json()["reference"] == ["a"]


PARAMETERS: dict[str, Any] = {"statistic": "difference", "metric": "equalized_odds", "bound": 100_000}


def test_the_newer_parameters_reach_the_question() -> None:
    asked = question_from_parameters("fairness", {**PARAMETERS, "mode": "simultaneous", "reference": ["w"]}, by=["r"])
    assert asked == difference(metric=Parity.EQUALIZED_ODDS, by=("r",), reference=("w",))
    assert "reference" not in question_from_parameters("fairness", PARAMETERS, by=["r"]).as_json()


@pytest.mark.parametrize(
    ("kind", "change", "code", "about"),
    [
        ("fairness", {"mode": "simultaneous", "alpha": 500_000}, "question.alpha", "alpha"),
        ("fairness", {"statistic": "ratio", "bound": 1_250_000}, "question.bound", "bound"),
        ("fairness", {"bound": -1}, "question.bound", "bound"),
        ("fairness", {"metric": "equalised_odds"}, "question.metric", "metric"),
        ("fairness", {"mode": "simultanous"}, "question.mode", "mode"),
        ("fairness", {"reference": ["a", "a"]}, "question.reference", "reference"),
        ("fairness", {"reference": []}, "question.reference", "reference"),
        ("fairness", {"intersections": 0}, "question.intersections", "intersections"),
        ("fairness", {"intersections": 6}, "question.intersections", "intersections"),
        ("fairness", {"reference": [1]}, "question.reference", "reference"),
        ("performance", {"metric": "accuracy", "mode": "simultaneous"}, "question.mode", "mode"),
        ("performance", {"metric": "equalized_odds"}, "question.metric", "metric"),
    ],
    ids=str,
)
def test_a_wrong_parameter_is_refused_and_says_which_it_is(
    kind: str, change: dict[str, Any], code: str, about: str
) -> None:
    base = PARAMETERS if kind == "fairness" else {"bound": 500_000}
    with pytest.raises(ConfigError) as caught:
        question_from_parameters(kind, {**base, **change}, by=["r"] if kind == "fairness" else [])
    (problem,) = caught.value.problems
    assert (problem.code, problem.about) == (code, about)
    assert problem.hint


def test_a_table_of_several_classes_is_refused() -> None:
    table = FairnessCounts.of_classes(
        features=["group"], label="y", prediction="p", counts={(("a",), "x", "y"): 3, (("a",), "z", "z"): 3}
    )
    with pytest.raises(ConfigError) as caught:
        assess(table, difference())
    assert caught.value.code == "measure.not-binary"
    with pytest.raises(ConfigError) as caught:
        assess_performance(table, PerformanceQuestion(metric=Metric.ACCURACY, bound=1))
    assert caught.value.code == "measure.not-binary"


def test_settling_rows_are_rounded_up() -> None:
    groups: Groups = {"a": (50, 100), "b": (47, 100)}
    found = compared(groups, difference())
    score = float(
        difference_score(Rate(numerator=47, denominator=100), Rate(numerator=50, denominator=100), bound=100_000)
    )
    assert found["settle"]["rows"] == math.ceil(200 * (1.644854 / score) ** 2)
