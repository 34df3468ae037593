"""Numbers in words come from integers alone."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from tolbooth.report import words


@pytest.mark.parametrize(
    ("ppm", "text"),
    [(448_468, "44.8 %"), (999, "0.1 %"), (499, "0.0 %"), (500, "0.1 %"), (1_000_000, "100.0 %"), (234_543, "23.5 %")],
)
def test_rate_has_one_decimal_rounded_half_up(ppm: int, text: str) -> None:
    assert words.percent(ppm) == text


def test_half_rounds_up_where_a_float_would_round_to_even() -> None:
    assert words.percent(2_500) == "0.3 %"
    assert f"{0.25:.1f}" == "0.2"


def test_undefined_rate_is_not_zero() -> None:
    assert words.percent(None) == "undefined"


def test_number_beyond_a_bound_never_looks_equal_to_it() -> None:
    assert words.points(100_100, beside=100_000) == "10.01 points"
    assert words.points(100_001, beside=100_000) == "10.0001 points"
    assert words.ratio(799_999, beside=800_000) == "0.799999"


def test_number_on_its_bound_is_written_plainly() -> None:
    assert words.points(100_000, beside=100_000) == "10.0 points"


def test_negative_difference_keeps_its_sign() -> None:
    assert words.points(-213_902) == "-21.4 points"
    assert words.points(-400) == "0.0 points"


def test_bound_is_never_rounded() -> None:
    assert words.exact_percent(33_333) == "3.3333"
    assert words.exact_percent(100_000) == "10"
    assert words.exact_ratio(800_000) == "0.8"


def test_instant_of_another_zone_is_written_in_utc() -> None:
    value = datetime(2026, 11, 23, 10, 14, 7, tzinfo=timezone(timedelta(hours=1)))
    assert words.when(value) == "2026-11-23 09:14:07Z"


def test_plurals_and_lists() -> None:
    assert [words.plural(count, "rule") for count in (0, 1, 2)] == ["0 rules", "1 rule", "2 rules"]
    assert words.plural(7214, "row") == "7,214 rows"
    assert [words.listed(items) for items in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


def test_unseen_characters_of_a_name_become_visible() -> None:
    assert words.visible("a\x1b[31mb\u202ec\nd") == "a\\x1b[31mb\\u202ec\\nd"
    assert words.visible("Größe 日本") == "Größe 日本"
