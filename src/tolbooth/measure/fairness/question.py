"""What is asked of a count table: the rule's effective parameters, checked, in integers.

A question stands in the observation that answers it; a rule whose parameters differ from it has no answer. Every
number is in ppm, so that one question has one set of bytes.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Literal, TypeGuard

from tolbooth.measure.fairness.rates import FIRST_METRICS, PPM, Metric
from tolbooth.model.errors import ConfigError, Problem
from tolbooth.model.wire import as_json

MOST_FEATURES = 5
"""Up to how many features a question may put together."""


class Statistic(StrEnum):
    """How two groups' rates are compared: high minus low, or low over high; both lie in [0, 1]."""

    DIFFERENCE = "difference"
    RATIO = "ratio"


class Mode(StrEnum):
    """How a bound is met.

    ``point``: the number as counted is compared with the bound, as the four-fifths rule and New York City's Local Law
    144 define it. ``simultaneous``: a pass or a fail needs evidence, at most ``alpha`` of them wrong; what the rows
    can't tell is undecided.
    """

    POINT = "point"
    SIMULTANEOUS = "simultaneous"


class Parity(StrEnum):
    """A comparison of more than one rate. ``equalized_odds``: true and false positive rates, both."""

    EQUALIZED_ODDS = "equalized_odds"


@dataclass(frozen=True, slots=True, kw_only=True)
class FairnessQuestion:
    """Do any two groups' rates lie further apart than ``bound``?

    ``bound`` in ppm: a difference may be at most it, in [0, 1,000,000]; a ratio of the low to the high rate must be
    at least it, in (0, 1,000,000]. ``by`` names the features whose combinations are the groups. ``alpha`` is 1 minus
    the two-sided confidence of the intervals, in ppm, in (0, 1,000,000). A group whose rate has a denominator under
    ``minimum_denominator`` is not compared. ``favourable`` is the prediction that selection rate counts.

    ``mode`` ``simultaneous`` tests every ordered pair of groups at ``alpha``, below 0.5. ``metric`` is a rate, or
    ``equalized_odds``, which asks for both its rates. With ``reference``, names of groups of which each table has at
    most one, groups are compared with that one only; without, each with each. ``intersections`` is up to how many
    features were put together when the question was asked, 1 to 5; it changes nothing about one answer.

    Raises:
        ConfigError: ``question.*``, every mistake at once.
    """

    kind: Literal["fairness"] = field(default="fairness", init=False)
    statistic: Statistic
    metric: Metric | Parity
    by: tuple[str, ...]
    bound: int
    alpha: int = 50_000
    minimum_denominator: int = 30
    mode: Mode = Mode.POINT
    favourable: int = 1
    reference: tuple[str, ...] | None = None
    intersections: int | None = None

    def __post_init__(self) -> None:
        problems = [*_shared_problems(self.alpha, self.minimum_denominator, self.favourable)]
        problems += _test_problems(self.mode, self.alpha)
        if self.statistic is Statistic.RATIO:
            problems += _bound_problems(self.bound, at_least=1, hint=_RATIO_HINT)
        else:
            problems += _bound_problems(self.bound, at_least=0, hint=_DIFFERENCE_HINT)
        if not self.by or len(set(self.by)) < len(self.by):
            problems.append(
                Problem(code="question.by", message="a fairness question names at least one feature, each once")
            )
        problems += _reference_problems(self.reference)
        problems += _intersection_problems(self.intersections)
        if problems:
            raise ConfigError(problems)

    @property
    def rates(self) -> tuple[Metric, ...]:
        """The rates that are compared: one, or two for equalized odds."""
        if isinstance(self.metric, Parity):
            return (Metric.TRUE_POSITIVE_RATE, Metric.FALSE_POSITIVE_RATE)
        return (self.metric,)

    @property
    def listed(self) -> tuple[Metric, ...]:
        """The rates that an answer lists by group: those of the first form, or all where the question is newer."""
        newer = self.mode is Mode.SIMULTANEOUS or self.reference or self.metric not in FIRST_METRICS
        return tuple(Metric) if newer else FIRST_METRICS

    def as_json(self) -> dict[str, Any]:
        """The question as it stands in an observation; ``reference`` and ``intersections`` only where there are."""
        return dict(as_json(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceQuestion:
    """Is the rate over all rows at least ``bound`` (ppm, in (0, 1,000,000])?

    ``metric`` is one that is better when higher: any rate but the false positive and the false negative one. The other
    fields are those of ``FairnessQuestion``; ``mode`` is ``point``.

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
        if self.mode is not Mode.POINT:
            problems.append(
                Problem(
                    code="question.mode",
                    message="a performance question compares one rate with its bound: its mode is point",
                    hint="the simultaneous mode compares groups: ask a fairness question",
                    about="mode",
                )
            )
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

    @property
    def listed(self) -> tuple[Metric, ...]:
        """The rates that an answer lists: those of the first form, and the one that is asked for."""
        return FIRST_METRICS if self.metric in FIRST_METRICS else (*FIRST_METRICS, self.metric)

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
    metrics: tuple[StrEnum, ...] = (*Metric, *(Parity if cls is FairnessQuestion else ()))
    for name, choices in (("metric", metrics), ("statistic", tuple(Statistic)), ("mode", tuple(Mode))):
        if name in values:
            values[name] = _choice(name, values[name], choices)
    if cls is FairnessQuestion:
        return FairnessQuestion(by=tuple(by), reference=_names(values.pop("reference", None)), **values)
    return PerformanceQuestion(**values)


def rate_named(name: str) -> Metric:
    """A rate by its name.

    Raises:
        ConfigError: ``question.metric``, with the nearest name.
    """
    found = _choice("metric", name, tuple(Metric))
    assert isinstance(found, Metric)
    return found


def _names(reference: str | Sequence[str] | None) -> tuple[str, ...] | None:
    # A lone text would fall apart into its letters.
    return (reference,) if isinstance(reference, str) else None if reference is None else tuple(reference)


def _choice(name: str, value: Any, choices: Sequence[StrEnum]) -> StrEnum:
    for choice in choices:
        if choice == value:
            return choice
    names = [item.value for item in choices]
    nearest = difflib.get_close_matches(str(value), names, n=1)
    raise ConfigError(
        Problem(
            code=f"question.{name}",
            message=f"'{value}' is no {name}",
            hint=f"did you mean '{nearest[0]}'?" if nearest else f"one of: {', '.join(names)}",
            about=name,
        )
    )


def _unknown(name: str, known: Sequence[str]) -> Problem:
    nearest = difflib.get_close_matches(name, known, n=1)
    return Problem(
        code="question.parameter-unknown",
        message=f"'{name}' is no parameter of this question",
        hint=f"did you mean '{nearest[0]}'?" if nearest else f"one of: {', '.join(known)}",
        about=name,
    )


def _bound_problems(bound: object, *, at_least: int, hint: str) -> list[Problem]:
    if _is_int(bound) and at_least <= bound <= PPM:
        return []
    message = f"the bound {bound!r} ppm is out of its range"
    return [Problem(code="question.bound", message=message, hint=hint, about="bound")]


def _reference_problems(reference: tuple[object, ...] | None) -> list[Problem]:
    named = () if reference is None else reference
    if all(isinstance(name, str) for name in named) and len(set(named)) == len(named) and (named or reference is None):
        return []
    message = "the reference is a list of names of groups, each once"
    hint = "one name for each feature that is asked by: [White, Male]"
    return [Problem(code="question.reference", message=message, hint=hint, about="reference")]


def _intersection_problems(intersections: object) -> list[Problem]:
    if intersections is None or (_is_int(intersections) and 1 <= intersections <= MOST_FEATURES):
        return []
    message = f"{intersections!r} features together are not between 1 and {MOST_FEATURES}"
    hint = "2 asks by each feature and by every two of them"
    return [Problem(code="question.intersections", message=message, hint=hint, about="intersections")]


def _test_problems(mode: Mode, alpha: object) -> list[Problem]:
    if mode is Mode.POINT or not _is_int(alpha) or alpha < PPM // 2 or alpha >= PPM:
        return []
    message = f"alpha {alpha!r} ppm is no level of a test, which is below a half"
    return [Problem(code="question.alpha", message=message, hint="0.05 (50000 ppm) is usual", about="alpha")]


def _shared_problems(alpha: object, minimum_denominator: object, favourable: object) -> list[Problem]:
    problems = []
    if not (_is_int(alpha) and 0 < alpha < PPM):
        message = f"alpha {alpha!r} ppm is not between 0 and 1"
        problems.append(
            Problem(code="question.alpha", message=message, hint="0.05 (50000 ppm) gives 95 % intervals", about="alpha")
        )
    if not (_is_int(minimum_denominator) and minimum_denominator >= 1):
        message = f"the minimum denominator {minimum_denominator!r} is not a whole number from 1"
        hint = "30 is usual; a rate of no rows at all is undefined"
        problems.append(
            Problem(code="question.minimum-denominator", message=message, hint=hint, about="minimum_denominator")
        )
    if not (_is_int(favourable) and favourable in {0, 1}):
        message = f"the favourable prediction {favourable!r} is neither 0 nor 1"
        hint = "name the prediction that people hope for: 1 for a loan granted, 0 for bail not denied"
        problems.append(Problem(code="question.favourable", message=message, hint=hint, about="favourable"))
    return problems


def _is_int(value: object) -> TypeGuard[int]:
    return type(value) is int
