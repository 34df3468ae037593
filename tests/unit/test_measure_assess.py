"""Assessing counts: ties, small groups, undefined rates, and worked examples from regulations."""

from __future__ import annotations

from typing import Any

import pytest

from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.measure.fairness.assess import assess, assess_performance
from tolbooth.measure.fairness.counts import FairnessCounts, Key
from tolbooth.measure.fairness.groups import group_name
from tolbooth.measure.fairness.question import FairnessQuestion, PerformanceQuestion, Statistic
from tolbooth.measure.fairness.rates import Metric
from tolbooth.model.errors import ConfigError


def selected(groups: dict[str | None, tuple[int, int]]) -> FairnessCounts:
    """A table in which so many of so many were selected, by group; the label is the prediction."""
    counts: dict[Key, int] = {}
    for name, (x, n) in groups.items():
        counts[((name,), 1, 1)] = x
        counts[((name,), 0, 0)] = n - x
    return FairnessCounts.of(features=["group"], label="y", prediction="p", counts=counts)


def ratio(bound: int = 800_000, **more: Any) -> FairnessQuestion:
    settings: dict[str, Any] = {"metric": Metric.SELECTION_RATE, "by": ("group",), **more}
    return FairnessQuestion(statistic=Statistic.RATIO, bound=bound, **settings)


def difference(bound: int, **more: Any) -> FairnessQuestion:
    settings: dict[str, Any] = {"metric": Metric.SELECTION_RATE, "by": ("group",), **more}
    return FairnessQuestion(statistic=Statistic.DIFFERENCE, bound=bound, **settings)


def test_the_agencies_example_of_1979_finds_only_the_75_percent_ratio_adverse() -> None:
    """Questions and answers on the Uniform Guidelines, 44 Fed. Reg. 11996 (1979): 60, 45, 48 and 51 percent."""
    table = selected({"White": (60, 100), "Black": (45, 100), "Hispanic": (48, 100), "Asian": (51, 100)})
    comparison = assess(table, ratio())["comparison"]
    against_white = {
        pair["low"]: (pair["value"], pair["outcome"]) for pair in comparison["pairs"] if pair["high"] == "White"
    }
    assert against_white == {"Black": (750_000, "fail"), "Hispanic": (800_000, "pass"), "Asian": (850_000, "pass")}
    assert comparison["outcome"] == "fail"
    assert comparison["worst"] == {"high": "White", "low": "Black", "value": 750_000}


def test_exactly_four_fifths_passes_where_floats_would_not() -> None:
    table = selected({"a": (50, 70), "b": (40, 70)})
    assert 40 / 70 / (50 / 70) < 0.8
    assert assess(table, ratio())["comparison"]["outcome"] == "pass"
    assert assess(table, ratio(800_001))["comparison"]["outcome"] == "fail"


def test_a_difference_exactly_at_the_bound_passes_and_one_row_more_fails() -> None:
    assert 0.4 - 0.3 > 0.1
    assert assess(selected({"a": (40, 100), "b": (30, 100)}), difference(100_000))["comparison"]["outcome"] == "pass"
    assert (
        assess(selected({"a": (401, 1000), "b": (300, 1000)}), difference(100_000))["comparison"]["outcome"] == "fail"
    )


def test_a_difference_beyond_the_bound_by_less_than_a_ppm_never_shows_as_the_bound() -> None:
    big = 10**9
    table = selected({"a": (big // 10 * 4 + 1, big), "b": (big // 10 * 3, big)})
    pair = assess(table, difference(100_000))["comparison"]["pairs"][0]
    assert (pair["outcome"], pair["value"]) == ("fail", 100_001)
    below = selected({"a": (big // 2, big), "b": (big // 10 * 4 - 1, big)})
    pair = assess(below, ratio())["comparison"]["pairs"][0]
    assert (pair["outcome"], pair["value"]) == ("fail", 799_999)


LL144_SEX: dict[str | None, tuple[int, int]] = {"Male": (667, 1390), "Female": (555, 1181)}
LL144_RACE: dict[str | None, tuple[int, int]] = {
    "Hispanic": (204, 408),
    "White": (412, 797),
    "Black": (170, 390),
    "NHPI": (52, 119),
    "Asian": (302, 616),
    "Native American": (18, 41),
    "Two or more": (96, 213),
}


def test_local_law_144s_example_gives_its_impact_ratios() -> None:
    """6 RCNY § 5-301, example of a selecting tool; ratios to the two or three digits that the rule prints."""
    comparison = assess(selected(LL144_SEX), ratio())["comparison"]
    assert comparison["pairs"] == [{"high": "Male", "low": "Female", "value": 979_336, "outcome": "pass"}]
    comparison = assess(selected(LL144_RACE), ratio())["comparison"]
    of_white = {pair["low"]: round(pair["value"] / 10_000) for pair in comparison["pairs"] if pair["high"] == "White"}
    assert of_white == {"Hispanic": 97, "Black": 84, "NHPI": 85, "Asian": 95, "Native American": 85, "Two or more": 87}


def test_the_guidelines_example_of_12_in_40_against_48_in_80_is_half() -> None:
    comparison = assess(selected({"a": (12, 40), "b": (48, 80)}), ratio())["comparison"]
    assert comparison["worst"] == {"high": "b", "low": "a", "value": 500_000}
    assert comparison["outcome"] == "fail"


def test_a_group_under_the_minimum_is_listed_and_leaves_the_rule_undecided() -> None:
    table = selected({"a": (50, 100), "b": (50, 100), "c": (0, 29)})
    answer = assess(table, difference(100_000))
    assert answer["comparison"]["outcome"] == "undecided"
    assert answer["comparison"]["reason"] == "insufficient-groups"
    assert answer["comparison"]["insufficient"] == [{"group": "c", "denominator": 29, "minimum": 30}]
    assert [group["sufficient"] for group in answer["groups"]] == [True, True, False]
    assert len(answer["comparison"]["pairs"]) == 1
    assert assess(table, difference(100_000, minimum_denominator=29))["comparison"]["outcome"] == "fail"


def test_a_pair_beyond_the_bound_fails_whatever_else_is_too_small() -> None:
    table = selected({"a": (90, 100), "b": (50, 100), "c": (1, 2)})
    assert assess(table, difference(100_000))["comparison"]["outcome"] == "fail"


def test_the_denominator_that_counts_is_the_metrics_own() -> None:
    counts: dict[Key, int] = {(("a",), 0, 1): 29, (("a",), 1, 1): 500, (("b",), 0, 1): 30, (("b",), 1, 1): 1}
    table = FairnessCounts.of(features=["group"], label="y", prediction="p", counts=counts)
    small = assess(table, difference(0, metric=Metric.FALSE_POSITIVE_RATE))["comparison"]["insufficient"]
    assert small == [{"group": "a", "denominator": 29, "minimum": 30}]


def test_fewer_than_two_groups_are_undecided() -> None:
    for table in (selected({"a": (50, 100)}), selected({})):
        answer = assess(table, difference(1_000_000))
        assert (answer["comparison"]["outcome"], answer["comparison"]["reason"]) == ("undecided", "too-few-groups")
        assert "worst" not in answer["comparison"]


def test_no_rows_give_no_groups_and_undefined_rates() -> None:
    answer = assess(selected({}), difference(0))
    assert answer["groups"] == []
    assert answer["row_count"] == 0
    assert answer["overall"]["rates"]["accuracy"] == {"numerator": 0, "denominator": 0}


def test_a_ratio_of_two_zero_rates_is_undecided_and_names_the_groups() -> None:
    table = selected({"a": (0, 100), "b": (0, 100)})
    comparison = assess(table, ratio())["comparison"]
    assert (comparison["outcome"], comparison["reason"]) == ("undecided", "undefined-ratio")
    assert comparison["undefined"] == ["a", "b"]
    assert comparison["pairs"] == []
    assert assess(table, difference(0))["comparison"]["outcome"] == "pass"


def test_a_zero_rate_beside_any_other_fails_every_ratio() -> None:
    table = selected({"a": (0, 100), "b": (0, 100), "c": (1, 100)})
    comparison = assess(table, ratio(1))["comparison"]
    assert comparison["outcome"] == "fail"
    assert [(pair["high"], pair["low"], pair["value"]) for pair in comparison["pairs"]] == [
        ("c", "a", 0),
        ("c", "b", 0),
    ]


def test_rows_without_a_category_are_a_group_of_their_own() -> None:
    answer = assess(selected({None: (90, 100), "a": (10, 100)}), difference(100_000))
    assert answer["groups"][0]["group"] == {"group": None}
    assert answer["comparison"]["worst"] == {"high": "(missing)", "low": "a", "value": 800_000}


def test_rows_without_label_count_as_rows_and_enter_no_rate() -> None:
    counts: dict[Key, int] = {(("a",), 1, 1): 3, (("a",), None, 1): 40, (("b",), 1, None): 50}
    table = FairnessCounts.of(features=["group"], label="y", prediction="p", counts=counts)
    answer = assess(table, difference(0))
    assert (answer["row_count"], answer["rows_without_label"]) == (93, 90)
    assert [(group["name"], group["rows"]) for group in answer["groups"]] == [("a", 43), ("b", 50)]
    assert answer["groups"][1]["rates"]["selection_rate"] == {"numerator": 0, "denominator": 0}


def test_the_favourable_prediction_turns_the_ratio() -> None:
    table = selected({"a": (90, 100), "b": (95, 100)})
    assert assess(table, ratio())["comparison"]["outcome"] == "pass"
    turned = assess(table, ratio(favourable=0))["comparison"]
    assert (turned["outcome"], turned["worst"]["value"]) == ("fail", 500_000)


def test_pairs_come_worst_first_and_equal_rates_by_name() -> None:
    table = selected({"c": (50, 100), "a": (50, 100), "b": (20, 100)})
    found = assess(table, difference(100_000))["comparison"]["pairs"]
    assert [(pair["high"], pair["low"], pair["value"]) for pair in found] == [
        ("a", "b", 300_000),
        ("c", "b", 300_000),
        ("a", "c", 0),
    ]


def test_a_joint_table_answers_for_each_feature_and_for_their_intersections() -> None:
    counts: dict[Key, int] = {
        (("x", "m"), 1, 1): 40,
        (("x", "w"), 0, 0): 40,
        (("y", "m"), 0, 0): 40,
        (("y", None), 1, 1): 40,
    }
    table = FairnessCounts.of(features=["race", "sex"], label="y", prediction="p", counts=counts)
    by_race = assess(table, difference(0, by=("race",)))
    assert by_race["comparison"]["outcome"] == "pass"
    by_both = assess(table, difference(0, by=("race", "sex")))
    assert [group["name"] for group in by_both["groups"]] == ["x & m", "x & w", "y & (missing)", "y & m"]
    assert by_both["comparison"]["worst"]["value"] == 1_000_000
    assert by_both["groups"][2]["group"] == {"race": "y", "sex": None}


def test_a_feature_that_was_not_counted_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        assess(selected({"a": (1, 2)}), difference(0, by=("age",)))
    assert caught.value.code == "measure.feature-not-counted"


def test_different_groups_never_share_a_name() -> None:
    values = [None, "", " ", "(missing)", '"(missing)"', "a & b", "a", "a\n", "\\n", '""']
    assert len({group_name([value]) for value in values}) == len(values)
    assert group_name(["a", "b"]) != group_name(["a & b"])
    assert group_name(["African-American"]) == "African-American"


def test_the_answer_is_json_of_integers_and_text_with_the_counts_digest() -> None:
    table = selected({"a": (50, 100), "b": (40, 100)})
    answer = assess(table, difference(100_000))
    assert canonical_bytes(answer)
    assert answer["counts_sha256"] == table.sha256
    assert answer["groups"][0] == {
        "group": {"group": "a"},
        "name": "a",
        "rows": 100,
        "sufficient": True,
        "rates": {
            "selection_rate": {
                "numerator": 50,
                "denominator": 100,
                "ppm": 500_000,
                "low_ppm": 403_831,
                "high_ppm": 596_169,
            },
            "true_positive_rate": {
                "numerator": 50,
                "denominator": 50,
                "ppm": 1_000_000,
                "low_ppm": 928_652,
                "high_ppm": 1_000_000,
            },
            "false_positive_rate": {"numerator": 0, "denominator": 50, "ppm": 0, "low_ppm": 0, "high_ppm": 71_348},
            "false_negative_rate": {"numerator": 0, "denominator": 50, "ppm": 0, "low_ppm": 0, "high_ppm": 71_348},
            "accuracy": {
                "numerator": 100,
                "denominator": 100,
                "ppm": 1_000_000,
                "low_ppm": 963_006,
                "high_ppm": 1_000_000,
            },
        },
    }


def test_alpha_changes_the_intervals_and_nothing_else() -> None:
    table = selected({"a": (50, 100), "b": (40, 100)})
    usual, wider = assess(table, difference(0)), assess(table, difference(0, alpha=10_000))
    one, other = (answer["groups"][0]["rates"]["selection_rate"] for answer in (usual, wider))
    assert other["low_ppm"] < one["low_ppm"] < one["ppm"] < one["high_ppm"] < other["high_ppm"]
    assert usual["comparison"] == wider["comparison"]


def performance(bound: int, metric: Metric = Metric.SELECTION_RATE, **more: Any) -> PerformanceQuestion:
    return PerformanceQuestion(metric=metric, bound=bound, **more)


def test_performance_exactly_at_the_bound_passes_and_just_below_fails() -> None:
    table = selected({"a": (3, 30), "b": (18, 30)})
    answer = assess_performance(table, performance(350_000))
    assert answer["comparison"] == {"outcome": "pass", "value": 350_000, "numerator": 21, "denominator": 60}
    assert assess_performance(table, performance(350_001))["comparison"]["outcome"] == "fail"


def test_performance_below_the_bound_by_less_than_a_ppm_never_shows_as_the_bound() -> None:
    big = 10**9
    found = assess_performance(selected({"a": (big // 2 - 1, big)}), performance(500_000))["comparison"]
    assert (found["outcome"], found["value"]) == ("fail", 499_999)


def test_performance_of_too_few_rows_is_undecided_even_at_a_hundred_percent() -> None:
    found = assess_performance(selected({"a": (29, 29)}), performance(1))["comparison"]
    assert found == {
        "outcome": "undecided",
        "reason": "insufficient",
        "minimum": 30,
        "value": 1_000_000,
        "numerator": 29,
        "denominator": 29,
    }


def test_performance_of_no_rows_is_undecided_without_a_value() -> None:
    found = assess_performance(selected({}), performance(1))["comparison"]
    assert found["outcome"] == "undecided"
    assert "value" not in found
