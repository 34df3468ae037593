"""Local Law 144's impact ratios, the four-fifths rule, and significance: published numbers and every choice."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import comb
from typing import Any

import pytest

from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.measure.fairness.counts import FairnessCounts, Key
from tolbooth.measure.fairness.four_fifths import four_fifths
from tolbooth.measure.fairness.impact_ratio import (
    AuditSettings,
    BiasAudit,
    ImpactTable,
    Person,
    ShareOf,
    Ties,
    audit_scored,
    audit_selected,
)
from tolbooth.measure.fairness.rates import Rate
from tolbooth.measure.fairness.significance import fisher_p, z_difference, z_ratio
from tolbooth.model.errors import ConfigError

RACES = {
    "Hispanic": (204, 408),
    "White": (412, 797),
    "Black": (170, 390),
    "NHPI": (52, 119),
    "Asian": (302, 616),
    "Native American": (18, 41),
    "Two or more": (96, 213),
}


def rate(x: int, n: int) -> Rate:
    return Rate(numerator=x, denominator=n)


def people(groups: dict[Person, tuple[int, int]]) -> FairnessCounts:
    """So many of so many selected, by sex and race; nobody has a label."""
    counts: dict[Key, int] = {}
    for person, (x, n) in groups.items():
        counts[(person, None, 1)] = x
        counts[(person, None, 0)] = n - x
    return FairnessCounts.of(features=["sex", "race"], label="y", prediction="p", counts=counts)


def audit(groups: dict[Person, tuple[int, int]], **settings: Any) -> BiasAudit:
    return audit_selected(people(groups), sex="sex", race="race", settings=AuditSettings(**settings))


def impacts(table: ImpactTable) -> dict[str, Any]:
    return {each.name: each.impact for each in table.categories}


def test_the_rules_example_of_a_selecting_tool_has_its_published_ratios_by_race() -> None:
    """6 RCNY § 5-301 (b), example: the ratios that the rule prints."""
    found = audit({("Female", race): counts for race, counts in RACES.items()})
    ratios = impacts(found.tables[1])
    assert {name: round(float(value), 2) for name, value in ratios.items() if value is not None} == {
        "Hispanic": 0.97,
        "White": 1.0,
        "Black": 0.84,
        "NHPI": 0.85,
        "Asian": 0.95,
        "Two or more": 0.87,
    }


def test_native_americans_of_the_example_are_under_two_percent_unless_all_are_kept() -> None:
    groups: dict[Person, tuple[int, int]] = {("Female", race): counts for race, counts in RACES.items()}
    (small,) = [each for each in audit(groups).tables[1].categories if each.excluded]
    assert (small.name, small.rate, small.impact) == ("Native American", rate(18, 41), None)
    kept = impacts(audit(groups, exclude_under=0).tables[1])
    assert round(float(kept["Native American"] or 0), 2) == 0.85


def test_the_rules_example_by_sex_is_979_thousandths() -> None:
    found = audit({("Male", "White"): (667, 1390), ("Female", "White"): (555, 1181)})
    ratios = impacts(found.tables[0])
    assert ratios["Male"] == 1
    assert round(float(ratios["Female"] or 0), 3) == 0.979


def test_each_table_has_its_own_leading_category_and_its_own_unknown_people() -> None:
    found = audit(
        {
            ("Male", "White"): (50, 100),
            ("Female", "White"): (40, 100),
            ("Female", "Black"): (60, 100),
            (None, "Black"): (9, 10),
            ("Male", None): (1, 7),
            (None, None): (0, 3),
        }
    )
    sex, race, both = found.tables
    assert found.people == 320
    assert (sex.unknown, race.unknown, both.unknown) == (13, 10, 20)
    assert impacts(sex) == {"Female": 1, "Male": Fraction(51, 107) / Fraction(1, 2)}
    assert impacts(race) == {"Black": 1, "White": Fraction(90, 200) / Fraction(69, 110)}
    assert impacts(both) == {"Female & Black": 1, "Female & White": Fraction(2, 3), "Male & White": Fraction(5, 6)}
    assert [each.leads for each in both.categories] == [True, False, False]


def test_names_that_mean_unknown_are_left_out_like_null() -> None:
    groups: dict[Person, tuple[int, int]] = {("Male", "White"): (50, 100), ("Prefer not to say", "White"): (90, 100)}
    assert audit(groups).tables[0].unknown == 0
    known = audit(groups, unknown=frozenset({"Prefer not to say"})).tables[0]
    assert (known.unknown, impacts(known)) == (100, {"Male": 1})


def test_two_percent_is_less_than_and_not_at_most() -> None:
    for size, excluded in ((20, False), (19, True)):
        found = audit(
            {("Male", "White"): (490, 980), ("Male", "Black"): (size // 2, size), ("Male", None): (0, 20 - size)}
        )
        (black,) = [each for each in found.tables[1].categories if each.name == "Black"]
        assert black.excluded is excluded


def test_what_the_two_percent_are_of_can_turn_a_category_out() -> None:
    groups: dict[Person, tuple[int, int]] = {
        ("Male", "White"): (100, 200),
        ("Male", "Black"): (2, 5),
        ("Male", None): (100, 200),
    }
    for share_of, excluded in ((ShareOf.KNOWN, False), (ShareOf.ALL, True)):
        found = audit(groups, share_of=share_of).tables[1]
        assert [each.excluded for each in found.categories] == [excluded, False]


def test_whether_an_excluded_category_may_lead_changes_every_ratio() -> None:
    groups: dict[Person, tuple[int, int]] = {("Male", "White"): (500, 1000), ("Male", "Tiny"): (8, 10)}
    assert impacts(audit(groups).tables[1]) == {"Tiny": None, "White": 1}
    led = audit(groups, excluded_may_lead=True).tables[1]
    assert impacts(led) == {"Tiny": None, "White": Fraction(5, 8)}
    assert [each.leads for each in led.categories] == [True, False]


def test_exclusion_can_be_kept_to_some_tables() -> None:
    groups: dict[Person, tuple[int, int]] = {("Male", "White"): (500, 1000), ("Female", "Tiny"): (8, 10)}
    found = audit(groups, exclude_in=(("sex", "race"),))
    assert [sum(each.excluded for each in table.categories) for table in found.tables] == [0, 0, 1]


def test_nobody_selected_and_nobody_at_all_have_no_ratios() -> None:
    nobody = audit({("Male", "White"): (0, 50), ("Female", "White"): (0, 50)})
    assert impacts(nobody.tables[0]) == {"Female": None, "Male": None}
    assert not any(each.leads for table in nobody.tables for each in table.categories)
    empty = audit({})
    assert [table.categories for table in empty.tables] == [(), (), ()]


def test_people_whom_the_tool_did_not_assess_are_not_in_the_audit() -> None:
    counts: dict[Key, int] = {(("Male", "White"), 1, None): 50, (("Male", "White"), None, 1): 5}
    table = FairnessCounts.of(features=["sex", "race"], label="y", prediction="p", counts=counts)
    assert audit_selected(table, sex="sex", race="race").people == 5
    assert audit_selected(table, sex="sex", race="race", favourable=0).tables[0].categories[0].rate == rate(0, 5)


SCORES: dict[tuple[Person, int], int] = {
    (("Male", "White"), 10): 4,
    (("Male", "White"), 20): 4,
    (("Female", "White"), 20): 4,
    (("Female", "White"), 30): 4,
    (("Female", None), 40): 2,
}


def scored(**settings: Any) -> BiasAudit:
    return audit_scored(SCORES, sex="sex", race="race", settings=AuditSettings(**settings))


def test_a_scoring_rate_is_the_share_strictly_above_the_samples_median() -> None:
    found = scored()
    assert found.median == 20
    assert {each.name: each.rate for each in found.tables[0].categories} == {"Female": rate(6, 10), "Male": rate(0, 8)}
    assert impacts(found.tables[0]) == {"Female": 1, "Male": 0}


def test_a_score_at_the_median_may_be_counted_as_above_it() -> None:
    found = scored(ties=Ties.ABOVE)
    assert {each.name: each.rate for each in found.tables[0].categories} == {"Female": rate(10, 10), "Male": rate(4, 8)}


def test_the_median_may_be_of_people_with_known_categories_only() -> None:
    scores: dict[tuple[Person, int], int] = {(("Male", "White"), 1): 1, (("Male", "White"), 4): 1, ((None, None), 9): 3}
    assert audit_scored(scores, sex="s", race="r").median == 9
    known = audit_scored(scores, sex="s", race="r", settings=AuditSettings(median_of=ShareOf.KNOWN))
    assert known.median == Fraction(5, 2)
    assert audit_scored({}, sex="s", race="r").median is None


def test_the_summary_is_plain_values_and_names_no_pass_mark() -> None:
    for content in (scored().as_json(), audit({("Male", "White"): (5, 10)}).as_json()):
        text = canonical_bytes(content).decode()
        assert "pass" not in text
        assert "fail" not in text
        assert "800000" not in text
    assert scored().as_json()["median"] == {"numerator": 20, "denominator": 1}


def test_a_share_that_can_not_be_excluded_and_a_feature_that_was_not_counted_are_refused() -> None:
    for share in (-1, 1_000_000, 0.02):
        with pytest.raises(ConfigError) as caught:
            AuditSettings(exclude_under=share)  # type: ignore[arg-type]
        assert caught.value.code == "audit.exclude-under"
    with pytest.raises(ConfigError) as caught:
        audit_selected(people({}), sex="gender", race="race")
    assert caught.value.code == "measure.feature-not-counted"


def test_the_agencies_example_finds_only_the_75_percent_ratio_below_four_fifths() -> None:
    """Questions and answers on the Uniform Guidelines, 44 Fed. Reg. 11996 (1979): 60, 45, 48 and 51 percent."""
    groups = {"White": rate(60, 100), "Black": rate(45, 100), "Hispanic": rate(48, 100), "Asian": rate(51, 100)}
    found = four_fifths(groups)
    assert [(each.group, each.ratio, each.below) for each in found] == [
        ("Black", Fraction(3, 4), True),
        ("Hispanic", Fraction(4, 5), False),
        ("Asian", Fraction(17, 20), False),
    ]
    assert {each.reference for each in found} == {"White"}


def test_four_fifths_of_4_in_7_against_5_in_7_is_not_below_where_floats_say_so() -> None:
    assert 4 / 7 / (5 / 7) < 0.8
    (found,) = four_fifths({"a": rate(5, 7), "b": rate(4, 7)})
    assert not found.below


def test_12_in_40_against_48_in_80_is_below_in_practice_and_in_statistics() -> None:
    (found,) = four_fifths({"a": rate(12, 40), "b": rate(48, 80)})
    assert (found.below, found.ratio) == (True, Fraction(1, 2))
    assert (found.low_ppm, found.high_ppm) == (293_345, 793_865)
    assert found.fisher_significant
    assert found.z_difference_significant
    assert found.z_ratio_significant
    content = found.as_json()
    assert content["ratio_ppm"] == 500_000
    assert content["z_difference"]["millionths"] == -3_098_386


def test_small_numbers_may_be_below_and_not_significant_and_large_ones_the_other_way_round() -> None:
    (small,) = four_fifths({"men": rate(3, 20), "women": rate(1, 10)})
    assert small.below
    assert not any((small.fisher_significant, small.z_difference_significant, small.z_ratio_significant))
    (large,) = four_fifths({"men": rate(5000, 10_000), "women": rate(4500, 10_000)})
    assert not large.below
    assert large.fisher_significant
    assert large.z_difference_significant
    assert large.z_ratio_significant


def test_nobody_selected_and_groups_of_nobody_judge_nothing() -> None:
    (found,) = four_fifths({"a": rate(0, 10), "b": rate(0, 20), "c": rate(0, 0)})
    assert (found.ratio, found.below, found.z_ratio, found.z_difference) == (None, False, None, None)
    assert found.fisher == 1
    assert "ratio_ppm" not in found.as_json()
    assert four_fifths({"c": rate(0, 0)}) == ()


def test_fishers_tea_lady_has_her_p_value() -> None:
    """R. A. Fisher, The Design of Experiments (1935): three of four cups right on either side, 34/70."""
    assert abs(fisher_p(rate(3, 4), rate(1, 4)) - Decimal(34) / 70) < Decimal("1e-25")
    assert abs(fisher_p(rate(4, 4), rate(0, 4)) - Decimal(2) / 70) < Decimal("1e-25")


def exact_fisher(x1: int, n1: int, x2: int, n2: int) -> Fraction:
    selected = x1 + x2
    ways = {k: comb(n1, k) * comb(n2, selected - k) for k in range(max(0, selected - n2), min(n1, selected) + 1)}
    return Fraction(sum(way for way in ways.values() if way <= ways[x1]), sum(ways.values()))


def test_fishers_p_is_the_sum_of_whole_numbers() -> None:
    chance = random.Random(3)
    for _ in range(200):
        n1, n2 = chance.randint(1, 60), chance.randint(1, 60)
        x1, x2 = chance.randint(0, n1), chance.randint(0, n2)
        exact = exact_fisher(x1, n1, x2, n2)
        found = fisher_p(rate(x1, n1), rate(x2, n2))
        assert abs(found - Decimal(exact.numerator) / exact.denominator) < Decimal("1e-24")


def test_fishers_p_of_millions_is_near_the_z_tests_and_that_of_the_impossible_is_not_zero() -> None:
    one, other = rate(500_000, 1_000_000), rate(499_000, 1_000_000)
    z = z_difference(one, other)
    assert z is not None
    assert 0.15 < fisher_p(one, other) < 0.16
    assert abs(z - Decimal("1.41421")) < Decimal("0.001")
    assert 0 < fisher_p(rate(0, 10**6), rate(10**6, 10**6)) < Decimal("1e-30")


def test_the_z_tests_are_their_formulas() -> None:
    """Morris and Lobsenz, Pers. Psychol. 53:89 (2000), by floating point."""
    x1, n1, x2, n2 = 12, 40, 48, 80
    pooled = 60 / 120
    by_difference = (x1 / n1 - x2 / n2) / (pooled * (1 - pooled) * (1 / n1 + 1 / n2)) ** 0.5
    by_ratio = -0.6931471805599453 / ((1 - pooled) / pooled * (1 / n1 + 1 / n2)) ** 0.5
    assert float(z_difference(rate(x1, n1), rate(x2, n2)) or 0) == pytest.approx(by_difference, rel=1e-13)
    assert float(z_ratio(rate(x1, n1), rate(x2, n2)) or 0) == pytest.approx(by_ratio, rel=1e-13)


def test_z_tests_of_all_none_or_nobody_are_undefined() -> None:
    for one, other in ((rate(0, 5), rate(0, 9)), (rate(5, 5), rate(9, 9)), (rate(0, 0), rate(3, 9))):
        assert z_difference(one, other) is None
        assert z_ratio(one, other) is None
    assert z_ratio(rate(0, 5), rate(3, 9)) is None


def test_a_lower_rate_of_the_first_group_is_a_negative_z_and_grows_with_the_gap() -> None:
    scores = [z_difference(rate(x, 100), rate(50, 100)) or Decimal(0) for x in (10, 30, 50, 70)]
    assert all(one < other for one, other in pairwise(scores))
    assert scores[2] == 0
