"""Worst slices: ranked by what is beyond chance, with everything that was not looked at said."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import pytest

from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.measure.fairness.counts import FairnessCounts, Key
from tolbooth.measure.fairness.rates import Metric, Rate
from tolbooth.measure.fairness.slices import worst_slices
from tolbooth.model.errors import ConfigError

FEATURES = ("race", "sex", "age")
Wrong = dict[tuple[str, ...], tuple[int, int]]


def table(wrong: Wrong, features: tuple[str, ...] = FEATURES) -> FairnessCounts:
    """So many of so many negatives flagged, by group."""
    counts: dict[Key, int] = {}
    for group, (x, n) in wrong.items():
        counts[(group, 0, 1)] = x
        counts[(group, 0, 0)] = n - x
    return FairnessCounts.of(features=features, label="y", prediction="p", counts=counts)


EVEN: Wrong = dict.fromkeys(product("AB", "fm", "oy"), (100, 1000))


def search(counts: FairnessCounts, **more: Any) -> Any:
    return worst_slices(counts, Metric.FALSE_POSITIVE_RATE, **more)


def test_the_slice_with_evidence_leads_and_not_the_smallest_one() -> None:
    groups: Wrong = {**EVEN, ("B", "f", "y"): (300, 1000), ("C", "f", "y"): (15, 30)}
    found = search(table(groups))
    assert found.slices[0].name == "B & f & y"
    assert found.slices[0].group == {"race": "B", "sex": "f", "age": "y"}
    assert found.slices[0].rate == Rate(numerator=300, denominator=1000)
    assert found.slices[0].rest == Rate(numerator=715, denominator=7030)
    assert found.slices[0].gap == Fraction(3, 10) - Fraction(715, 7030)
    small = next(each for each in found.slices if each.name.startswith("C"))
    assert small.gap > found.slices[0].gap
    assert small.bound_ppm < found.slices[0].bound_ppm


def test_where_all_are_alike_no_slice_does_worse_with_evidence() -> None:
    assert all(each.bound_ppm <= 0 for each in search(table(EVEN)).slices)


def test_every_combination_up_to_the_depth_is_compared() -> None:
    found = search(table(EVEN))
    assert (found.compared, found.insufficient, found.cut, found.deeper) == (6 + 12 + 8, 0, (), 0)
    shallow = search(table(EVEN), depth=1)
    assert (shallow.compared, shallow.deeper) == (6, 4)
    assert search(table(EVEN), depth=9).compared == 26


def test_a_cap_on_work_cuts_whole_combinations_and_names_them() -> None:
    found = search(table(EVEN), most_slices=14)
    assert found.compared == 6 + 8
    assert found.cut == (("sex", "age"), ("race", "sex", "age"))


def test_small_slices_and_slices_that_leave_too_little_are_counted_and_not_ranked() -> None:
    groups: Wrong = {("A", "f", "o"): (100, 1000), ("A", "m", "o"): (2, 29)}
    found = search(table(groups))
    assert found.compared == 0
    assert found.insufficient == 4 + 5 + 2
    assert found.slices == ()


def test_lower_is_worse_for_every_rate_but_the_two_error_rates() -> None:
    counts: dict[Key, int] = {}
    for group, found in (("a", 900), ("b", 500)):
        counts[((group,), 1, 1)] = found
        counts[((group,), 1, 0)] = 1000 - found
    one = FairnessCounts.of(features=["g"], label="y", prediction="p", counts=counts)
    assert worst_slices(one, Metric.TRUE_POSITIVE_RATE).slices[0].name == "b"
    assert worst_slices(one, Metric.FALSE_NEGATIVE_RATE).slices[0].name == "b"
    assert worst_slices(one, Metric.SELECTION_RATE).slices[0].name == "b"
    assert worst_slices(one, Metric.SELECTION_RATE, favourable=0).slices[0].name == "a"


def test_more_slices_ask_for_more_evidence() -> None:
    groups: Wrong = {("A", "f", "o"): (150, 1000), ("B", "f", "o"): (100, 1000)}
    alone = search(table({(a,): n for (a, _, _), n in groups.items()}, features=("race",)))
    among = search(table({**EVEN, **groups}))
    assert alone.slices[0].name == "A"
    assert alone.slices[0].bound_ppm > 0
    assert search(table(groups), alpha=1000).slices[0].bound_ppm < search(table(groups)).slices[0].bound_ppm
    assert among.compared > alone.compared


def test_only_as_many_as_asked_are_shown_and_the_plain_form_is_integers() -> None:
    found = search(table(EVEN), shown=3)
    assert len(found.slices) == 3
    assert canonical_bytes(found.as_json())
    assert found.as_json()["compared"] == 26


@pytest.mark.parametrize(
    "wrong", [{"alpha": 0}, {"alpha": 600_000}, {"minimum_denominator": 0}, {"depth": 0}, {"most_slices": 0}]
)
def test_limits_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigError) as caught:
        search(table(EVEN), **wrong)
    assert caught.value.problems[0].about == next(iter(wrong))


def test_few_cases_among_many_small_slices_that_are_alike_are_chance() -> None:
    groups: Wrong = {(f"g{number}", "f", "o"): (0, 30) for number in range(199)}
    alike = {place: (number % 2, 30) for number, place in enumerate(groups)}
    one = ("A", "f", "o")
    by_place = search(table({**alike, one: (4, 30)}), depth=1)
    assert (by_place.slices[0].name, by_place.slices[0].bound_ppm) == ("A", 0)
    assert search(table({**alike, one: (12, 30)}), depth=1).slices[0].bound_ppm > 0
