"""Questions: what may be asked, and how a wrong one is answered."""

from __future__ import annotations

from typing import Any

import pytest

from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.measure.fairness.question import (
    FairnessQuestion,
    Mode,
    PerformanceQuestion,
    Statistic,
    question_from_parameters,
)
from tolbooth.measure.fairness.rates import Metric
from tolbooth.model.errors import ConfigError

FAIRNESS: dict[str, Any] = {
    "statistic": "ratio",
    "metric": "selection_rate",
    "bound": 800_000,
    "alpha": 10_000,
    "minimum_denominator": 12,
    "mode": "point",
    "favourable": 0,
}
PERFORMANCE: dict[str, Any] = {"metric": "accuracy", "bound": 650_000}


def codes(caught: pytest.ExceptionInfo[ConfigError]) -> list[str]:
    return [problem.code for problem in caught.value.problems]


def test_every_parameter_reaches_the_question() -> None:
    assert question_from_parameters("fairness", FAIRNESS, by=["race", "sex"]) == FairnessQuestion(
        statistic=Statistic.RATIO,
        metric=Metric.SELECTION_RATE,
        by=("race", "sex"),
        bound=800_000,
        alpha=10_000,
        minimum_denominator=12,
        mode=Mode.POINT,
        favourable=0,
    )


def test_a_question_in_an_observation_has_its_kind_and_every_parameter() -> None:
    question = question_from_parameters("fairness", FAIRNESS, by=["race"])
    assert question.as_json() == {"kind": "fairness", "by": ["race"], **FAIRNESS}
    assert canonical_bytes(question.as_json())
    assert question_from_parameters("performance", PERFORMANCE).as_json() == {
        "kind": "performance",
        "alpha": 50_000,
        "minimum_denominator": 30,
        "mode": "point",
        "favourable": 1,
        **PERFORMANCE,
    }


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"bound": 1_250_000}, "question.bound"),
        ({"bound": 0}, "question.bound"),
        ({"bound": 0.8}, "question.bound"),
        ({"bound": "0.8"}, "question.bound"),
        ({"bound": True}, "question.bound"),
        ({"statistic": "difference", "bound": -1}, "question.bound"),
        ({"statistic": "difference", "bound": 1_000_001}, "question.bound"),
        ({"alpha": 0}, "question.alpha"),
        ({"alpha": 1_000_000}, "question.alpha"),
        ({"minimum_denominator": 0}, "question.minimum-denominator"),
        ({"favourable": 2}, "question.favourable"),
        ({"favourable": True}, "question.favourable"),
        ({"metric": "selection_rat"}, "question.metric"),
        ({"statistic": "quotient"}, "question.statistic"),
        ({"mode": "interval"}, "question.mode"),
        ({"bond": 1}, "question.parameter-unknown"),
    ],
    ids=str,
)
def test_a_wrong_parameter_is_refused_with_its_own_code_and_a_hint(change: dict[str, Any], code: str) -> None:
    with pytest.raises(ConfigError) as caught:
        question_from_parameters("fairness", {**FAIRNESS, **change}, by=["race"])
    assert codes(caught) == [code]
    assert caught.value.hint


def test_both_ends_of_each_bounds_range_are_allowed_where_they_ask_something() -> None:
    for statistic, bounds in (("difference", (0, 1_000_000)), ("ratio", (1, 1_000_000))):
        for bound in bounds:
            question = question_from_parameters(
                "fairness", {**FAIRNESS, "statistic": statistic, "bound": bound}, by="r"
            )
            assert question.bound == bound


def test_a_ratio_above_one_is_told_which_way_round_it_goes() -> None:
    with pytest.raises(ConfigError) as caught:
        question_from_parameters("fairness", {**FAIRNESS, "bound": 1_250_000}, by=["race"])
    assert caught.value.hint is not None
    assert "0.8" in caught.value.hint


def test_a_misspelt_name_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(ConfigError) as caught:
        question_from_parameters("fairness", {**FAIRNESS, "metric": "selection_rat"}, by=["race"])
    assert "'selection_rate'" in (caught.value.hint or "")


def test_every_mistake_is_reported_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        question_from_parameters("fairness", {**FAIRNESS, "bound": 0, "alpha": 0, "favourable": 3}, by=["a", "a"])
    assert codes(caught) == ["question.alpha", "question.favourable", "question.bound", "question.by"]


def test_a_fairness_question_without_features_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        question_from_parameters("fairness", FAIRNESS)
    assert codes(caught) == ["question.by"]


@pytest.mark.parametrize("name", ["statistic", "metric", "bound"])
def test_a_parameter_that_has_no_default_must_be_there(name: str) -> None:
    parameters = {key: value for key, value in FAIRNESS.items() if key != name}
    with pytest.raises(ConfigError) as caught:
        question_from_parameters("fairness", parameters, by=["race"])
    assert codes(caught) == ["question.parameter-missing"]
    assert f"'{name}'" in str(caught.value)


@pytest.mark.parametrize("metric", [Metric.FALSE_POSITIVE_RATE, Metric.FALSE_NEGATIVE_RATE])
def test_an_error_rate_can_not_be_asked_to_be_at_least_something(metric: Metric) -> None:
    with pytest.raises(ConfigError) as caught:
        PerformanceQuestion(metric=metric, bound=1)
    assert codes(caught) == ["question.metric"]


def test_a_performance_bound_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        question_from_parameters("performance", {**PERFORMANCE, "bound": 0})
    assert codes(caught) == ["question.bound"]


def test_an_unknown_kind_of_question_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        question_from_parameters("drift", PERFORMANCE)
    assert codes(caught) == ["question.kind"]
