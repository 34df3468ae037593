"""Parameters: what a project writes, and what a rule reads."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tolbooth.judge.library.parameters import Parameter, ParameterType, read_value, stored_value
from tolbooth.model.errors import Problem

BOUND = Parameter(name="bound", type=ParameterType.RATE, description="", minimum=1, maximum=1_000_000)
PEOPLE = Parameter(name="people", type=ParameterType.INTEGER, description="", minimum=1)
METRIC = Parameter(name="metric", type=ParameterType.CHOICE, description="", choices=("accuracy", "selection_rate"))
WORD = Parameter(name="word", type=ParameterType.STRING, description="")
ROLES = Parameter(name="roles", type=ParameterType.LIST, description="", choices=("training", "predictions"))


def problem(parameter: Parameter, written: Any) -> Problem:
    found = read_value(parameter, written)
    assert isinstance(found, Problem)
    return found


@pytest.mark.parametrize(
    ("written", "ppm"),
    [
        (0.1, 100_000),
        ("0.1", 100_000),
        (Decimal("0.10"), 100_000),
        (1, 1_000_000),
        (0.000001, 1),
        ("0.999999", 999_999),
        (0.29, 290_000),
    ],
)
def test_rate_is_read_exactly_in_ppm(written: Any, ppm: int) -> None:
    assert read_value(BOUND, written) == ppm


@given(st.integers(min_value=1, max_value=1_000_000))
def test_every_rate_of_six_decimals_is_exact_as_float_and_as_text(ppm: int) -> None:
    assert read_value(BOUND, ppm / 1_000_000) == ppm
    assert read_value(BOUND, f"{ppm / 1_000_000:.6f}") == ppm


@pytest.mark.parametrize("written", [1.1, -0.1, "10", 10, "0.1234567", "NaN", "Infinity", 0])
def test_rate_out_of_range_is_refused(written: Any) -> None:
    assert problem(BOUND, written).code == "policy.parameter-range"


@pytest.mark.parametrize("written", [True, None, "ten", [0.1], "10 %"])
def test_rate_that_is_no_number_is_refused(written: Any) -> None:
    assert problem(BOUND, written).code == "policy.parameter-type"


def test_range_is_shown_as_a_rate() -> None:
    assert problem(BOUND, 0).hint == "it is at least 0.000001 and at most 1"


def test_percentage_gets_the_way_to_write_it() -> None:
    assert problem(BOUND, 10).hint == "a rate lies between 0 and 1: write 10 % as 0.1"


@pytest.mark.parametrize(("written", "code"), [(0, "range"), (True, "type"), (1.5, "type"), ("30", "type")])
def test_integer_refuses_what_is_none(written: Any, code: str) -> None:
    assert problem(PEOPLE, written).code == f"policy.parameter-{code}"
    assert read_value(PEOPLE, 30) == 30


def test_choice_hints_at_the_nearest() -> None:
    assert problem(METRIC, "acuracy").hint == "did you mean 'accuracy'?"
    assert read_value(METRIC, "accuracy") == "accuracy"


def test_list_is_checked_item_by_item() -> None:
    assert read_value(ROLES, ["training"]) == ("training",)
    assert read_value(ROLES, []) == ()
    assert problem(ROLES, ["trainig"]).hint == "did you mean 'training'?"
    assert problem(ROLES, "training").code == "policy.parameter-type"


def test_list_names_each_once_and_may_be_asked_not_to_be_empty() -> None:
    assert problem(ROLES, ["training", "training"]).code == "policy.parameter-range"
    named = Parameter(name="named", type=ParameterType.LIST, description="", minimum=1)
    assert problem(named, []).hint == "name at least one, or leave the parameter out"
    assert read_value(named, ["a"]) == ("a",)


@pytest.mark.parametrize(
    ("written", "told"),
    [(1.25, "0.8, not 1.25"), ("1.5", "0.6667, not 1.5"), (-1, "never below 0"), (2.5, "write 10 % as 0.1")],
)
def test_a_rate_on_the_wrong_side_is_told_what_was_meant(written: Any, told: str) -> None:
    hint = problem(BOUND, written).hint
    assert hint is not None
    assert hint.endswith(told)


def test_text_may_not_be_empty() -> None:
    assert read_value(WORD, "x") == "x"
    assert problem(WORD, "").code == "policy.parameter-type"


def test_stored_rate_is_already_in_ppm() -> None:
    assert stored_value(BOUND, 100_000) == 100_000
    for wrong in (0.1, 1_000_001, True, "100000"):
        assert isinstance(stored_value(BOUND, wrong), Problem)
