"""What is asked of a count table: the rule's effective parameters, checked, in integers.

A question stands in the observation that answers it; a rule whose parameters differ from it has no answer. Every
number is in ppm, so that one question has one set of bytes.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Literal, TypeGuard, TypeVar

from tolbooth.measure.fairness.rates import PPM, Metric
from tolbooth.model.errors import ConfigError, Problem
from tolbooth.model.wire import as_json

Choice = TypeVar("Choice", bound=StrEnum)


class Statistic(StrEnum):
    """How two groups' rates are compared: high minus low, or low over high; both lie in [0, 1]."""

    DIFFERENCE = "difference"
    RATIO = "ratio"


class Mode(StrEnum):
    """Which number meets the bound. ``point``: the rate itself, as the four-fifths rule defines it."""

    POINT = "point"


@dataclass(frozen=True, slots=True, kw_only=True)
class FairnessQuestion:
    """Do any two groups' rates lie further apart than ``bound``?

    ``bound`` in ppm: a difference may be at most it, in [0, 1,000,000]; a ratio of the low to the high rate must be
    at least it, in (0, 1,000,000]. ``by`` names the features whose combinations are the groups. ``alpha`` is 1 minus
    the two-sided confidence of the intervals, in ppm, in (0, 1,000,000). A group whose rate has a denominator under
    ``minimum_denominator`` is not compared. ``favourable`` is the prediction that selection rate counts.

    Raises:
        ConfigError: ``question.*``, every mistake at once.
    """

    kind: Literal["fairness"] = field(default="fairness", init=False)
    statistic: Statistic
    metric: Metric
    by: tuple[str, ...]
    bound: int
    alpha: int = 50_000
    minimum_denominator: int = 30
    mode: Mode = Mode.POINT
    favourable: int = 1

    def __post_init__(self) -> None:
        problems = [*_shared_problems(self.alpha, self.minimum_denominator, self.favourable)]
        if self.statistic is Statistic.RATIO:
            problems += _bound_problems(self.bound, at_least=1, hint=_RATIO_HINT)
        else:
            problems += _bound_problems(self.bound, at_least=0, hint=_DIFFERENCE_HINT)
        if not self.by or len(set(self.by)) < len(self.by):
            problems.append(
                Problem(code="question.by", message="a fairness question names at least one feature, each once")
            )
        if problems:
            raise ConfigError(problems)

    def as_json(self) -> dict[str, Any]:
        """The question as it stands in an observation."""
        return dict(as_json(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceQuestion:
    """Is the rate over all rows at least ``bound`` (ppm, in (0, 1,000,000])?

    ``metric`` is one that is better when higher: accuracy, true positive rate or selection rate. The other fields are
    those of ``FairnessQuestion``.

    Raises:
        ConfigError: ``question.*``, every mistake at once.
    """

    kind: Literal["performance"] = field(default="performance", init=False)
    metric: Metric
    bound: int
    alpha: int = 50_000
    minimum_denominator: int = 30
    mode: Mode = Mode.POINT
    favourable: int = 1

    def __post_init__(self) -> None:
        problems = [*_shared_problems(self.alpha, self.minimum_denominator, self.favourable)]
        problems += _bound_problems(self.bound, at_least=1, hint="the rate must be at least the bound: 0 asks nothing")
        if self.metric in {Metric.FALSE_POSITIVE_RATE, Metric.FALSE_NEGATIVE_RATE}:
            problems.append(
                Problem(
                    code="question.metric",
                    message=f"{self.metric.value} is better when lower, and this question asks for at least its bound",
                    hint="ask for accuracy or true_positive_rate (1 minus the false negative rate)",
                )
            )
        if problems:
            raise ConfigError(problems)

    def as_json(self) -> dict[str, Any]:
        """The question as it stands in an observation."""
        return dict(as_json(self))


Question = FairnessQuestion | PerformanceQuestion

_KINDS: Mapping[str, type[FairnessQuestion | PerformanceQuestion]] = {
    "fairness": FairnessQuestion,
    "performance": PerformanceQuestion,
}

_RATIO_HINT = (
    "the ratio is the lower rate over the higher one, so its bound is above 0 and at most 1: "
    "four fifths is 0.8 (800000 ppm), never 1.25"
)
_DIFFERENCE_HINT = (
    "the difference is the higher rate minus the lower one, so its bound is from 0 to 1: 0.1 is 100000 ppm"
)


def question_from_parameters(kind: str, parameters: Mapping[str, Any], *, by: Sequence[str] = ()) -> Question:
    """Make the question of a rule's effective parameters.

    Args:
        kind: ``fairness`` or ``performance``.
        parameters: names and values as rules read them: rates in ppm, choices as their wire names. ``bound``,
            ``metric`` and, for fairness, ``statistic`` must be there; the rest has the defaults of the question.
        by: the features that make the groups; none for performance.

    Raises:
        ConfigError: ``question.kind``, ``question.parameter-unknown``, ``question.parameter-missing`` or what the
            question itself refuses.
    """
    if kind not in _KINDS:
        raise ConfigError.of("question.kind", f"{kind!r} is no kind of question", hint=f"one of: {', '.join(_KINDS)}")
    cls = _KINDS[kind]
    known = [item.name for item in fields(cls) if item.init and item.name != "by"]
    required = ["metric", "bound", *(["statistic"] if cls is FairnessQuestion else [])]
    problems = [_unknown(name, known) for name in parameters if name not in known]
    problems += [
        Problem(code="question.parameter-missing", message=f"a {kind} question needs the parameter {name!r}")
        for name in required
        if name not in parameters
    ]
    if problems:
        raise ConfigError(problems)
    values = dict(parameters)
    for name, choices in (("metric", Metric), ("statistic", Statistic), ("mode", Mode)):
        if name in values:
            values[name] = _choice(name, values[name], choices)
    if cls is FairnessQuestion:
        return FairnessQuestion(by=tuple(by), **values)
    return PerformanceQuestion(**values)


def _choice(name: str, value: Any, choices: type[Choice]) -> Choice:
    try:
        return choices(value)
    except ValueError:
        names = [item.value for item in choices]
        nearest = difflib.get_close_matches(str(value), names, n=1)
        raise ConfigError.of(
            f"question.{name}",
            f"'{value}' is no {name}",
            hint=f"did you mean '{nearest[0]}'?" if nearest else f"one of: {', '.join(names)}",
        ) from None


def _unknown(name: str, known: Sequence[str]) -> Problem:
    nearest = difflib.get_close_matches(name, known, n=1)
    return Problem(
        code="question.parameter-unknown",
        message=f"'{name}' is no parameter of this question",
        hint=f"did you mean '{nearest[0]}'?" if nearest else f"one of: {', '.join(known)}",
    )


def _bound_problems(bound: object, *, at_least: int, hint: str) -> list[Problem]:
    if _is_int(bound) and at_least <= bound <= PPM:
        return []
    return [Problem(code="question.bound", message=f"the bound {bound!r} ppm is out of its range", hint=hint)]


def _shared_problems(alpha: object, minimum_denominator: object, favourable: object) -> list[Problem]:
    problems = []
    if not (_is_int(alpha) and 0 < alpha < PPM):
        message = f"alpha {alpha!r} ppm is not between 0 and 1"
        problems.append(Problem(code="question.alpha", message=message, hint="0.05 (50000 ppm) gives 95 % intervals"))
    if not (_is_int(minimum_denominator) and minimum_denominator >= 1):
        message = f"the minimum denominator {minimum_denominator!r} is not a whole number from 1"
        hint = "30 is usual; a rate of no rows at all is undefined"
        problems.append(Problem(code="question.minimum-denominator", message=message, hint=hint))
    if not (_is_int(favourable) and favourable in {0, 1}):
        message = f"the favourable prediction {favourable!r} is neither 0 nor 1"
        hint = "name the prediction that people hope for: 1 for a loan granted, 0 for bail not denied"
        problems.append(Problem(code="question.favourable", message=message, hint=hint))
    return problems


def _is_int(value: object) -> TypeGuard[int]:
    return type(value) is int
