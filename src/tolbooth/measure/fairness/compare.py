"""Groups compared in pairs, and the one outcome of all pairs: by the number as counted, or by simultaneous tests."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Any

from tolbooth.measure.fairness.groups import CountedGroup
from tolbooth.measure.fairness.question import FairnessQuestion, Mode, Parity, Statistic
from tolbooth.measure.fairness.rates import PPM, Metric, Rate
from tolbooth.measure.fairness.simultaneous import Tested, decide_pair, score_pair, settle, thresholds

_FEWEST = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """One group with the rate that is compared."""

    name: str
    metric: Metric
    rate: Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """Two groups, the one with the higher rate first; ``value`` is their exact difference or ratio, None for 0/0."""

    high: _Side
    low: _Side
    value: Fraction | None
    fails: bool

    @classmethod
    def of(cls, one: _Side, other: _Side, question: FairnessQuestion) -> _Pair:
        # A group's name breaks a tie, since ``one`` comes first by name.
        behind = other.rate.numerator * one.rate.denominator > one.rate.numerator * other.rate.denominator
        high, low = (other, one) if behind else (one, other)
        a, b = high.rate.numerator, high.rate.denominator
        c, d = low.rate.numerator, low.rate.denominator
        if question.statistic is Statistic.DIFFERENCE:
            fails = (a * d - c * b) * PPM > question.bound * b * d
            return cls(high=high, low=low, value=Fraction(a * d - c * b, b * d), fails=fails)
        fails = c * b * PPM < question.bound * d * a
        return cls(high=high, low=low, value=Fraction(c * b, d * a) if a else None, fails=fails)


def compare(groups: Sequence[CountedGroup], question: FairnessQuestion) -> dict[str, Any]:
    """The comparison of an answer: see ``assess``. ``groups`` are sorted by name.

    In simultaneous mode each pair also has its ``score`` (the lesser of its two, in millionths of a standard error,
    rounded towards 0) and the interval of its value; ``thresholds`` are what scores are compared with, and ``settle``,
    where it can be told, is the number of rows that would decide.
    """
    reference = _reference(groups, question)
    candidates = [_sides(groups, question, metric) for metric in question.rates]
    enough = [[side for side in sides if _is_enough(side, question)] for sides in candidates]
    compared = [pair for sides in enough for pair in _pairs(sides, question, reference)]
    defined = [pair for pair in compared if pair.value is not None]
    undefined = sorted({side.name for pair in compared if pair.value is None for side in (pair.high, pair.low)})
    small = [side for sides in candidates for side in sides if not _is_enough(side, question)]
    found: dict[str, Any] = _by_point(defined, question)
    if question.mode is Mode.SIMULTANEOUS:
        found = _by_tests(defined, question, len(compared))
    comparison = {**found, "insufficient": [_insufficient(side, question) for side in small]}
    if comparison["pairs"]:
        worst = comparison["pairs"][0]
        comparison["worst"] = {name: worst[name] for name in ("high", "low", "value", "metric") if name in worst}
    if undefined:
        comparison["undefined"] = undefined
    outcome = _outcome(
        comparison,
        lost=question.reference is not None and reference is None,
        few=min(len(sides) for sides in enough) < _FEWEST,
    )
    if question.mode is Mode.SIMULTANEOUS and outcome.get("reason") in {"insufficient-groups", "too-few-rows"}:
        outcome |= _settle(groups, candidates, question, reference)
    return {**outcome, **comparison}


def _outcome(comparison: dict[str, Any], *, lost: bool, few: bool) -> dict[str, Any]:
    outcomes = {pair["outcome"] for pair in comparison["pairs"]}
    if "fail" in outcomes:
        return {"outcome": "fail"}
    obstacles = (
        (lost, "no-reference"),
        (comparison["insufficient"], "insufficient-groups"),
        (few, "too-few-groups"),
        ("undefined" in comparison, "undefined-ratio"),
        ("undecided" in outcomes, "too-few-rows"),
    )
    for stands, reason in obstacles:
        if stands:
            return {"outcome": "undecided", "reason": reason}
    return {"outcome": "pass"}


def _reference(groups: Sequence[CountedGroup], question: FairnessQuestion) -> str | None:
    """The one group of the table that the question names as its reference."""
    names = [group.name for group in groups if group.name in (question.reference or ())]
    return names[0] if len(names) == 1 else None


def _sides(groups: Sequence[CountedGroup], question: FairnessQuestion, metric: Metric) -> list[_Side]:
    rates = [(group.name, group.confusion.rate(metric, favourable=question.favourable)) for group in groups]
    return [_Side(name=name, metric=metric, rate=rate) for name, rate in rates]


def _is_enough(side: _Side, question: FairnessQuestion) -> bool:
    return side.rate.denominator >= question.minimum_denominator


def _pairs(sides: Sequence[_Side], question: FairnessQuestion, reference: str | None) -> Iterator[_Pair]:
    for one, other in combinations(sides, 2):
        if question.reference is None or reference in (one.name, other.name):
            yield _Pair.of(one, other, question)


def _by_point(pairs: list[_Pair], question: FairnessQuestion) -> dict[str, Any]:
    ordered = sorted(pairs, key=lambda pair: (_badness(pair, question), *_names(pair)))
    return {"pairs": [{**_plain(pair, question), "outcome": "fail" if pair.fails else "pass"} for pair in ordered]}


def _by_tests(pairs: list[_Pair], question: FairnessQuestion, count: int) -> dict[str, Any]:
    limits = thresholds(question.alpha, count)
    tested = [(pair, decide_pair(pair.high.rate, pair.low.rate, question, limits)) for pair in pairs]
    tested.sort(key=lambda item: (item[1].score, _badness(item[0], question), *_names(item[0])))
    listed = [{**_plain(pair, question), **found.as_json()} for pair, found in tested]
    return {"pairs": listed, "thresholds": limits.as_json()}


def _settle(
    groups: Sequence[CountedGroup],
    candidates: Sequence[Sequence[_Side]],
    question: FairnessQuestion,
    reference: str | None,
) -> dict[str, Any]:
    if not all(side.rate.denominator for sides in candidates for side in sides):
        return {}
    pairs = [pair for sides in candidates for pair in _pairs(sides, question, reference)]
    if not pairs or any(pair.value is None for pair in pairs):
        return {}
    tested: list[Tested] = [score_pair(pair.high.rate, pair.low.rate, question) for pair in pairs]
    rows = sum(group.rows for group in groups)
    return settle(tested, rows=rows, alpha=question.alpha, minimum=question.minimum_denominator)


def _plain(pair: _Pair, question: FairnessQuestion) -> dict[str, Any]:
    scaled = (pair.value or Fraction(0)) * PPM
    value = math.ceil(scaled) if question.statistic is Statistic.DIFFERENCE else math.floor(scaled)
    content: dict[str, Any] = {"high": pair.high.name, "low": pair.low.name, "value": value}
    return {**content, "metric": pair.high.metric.value} if isinstance(question.metric, Parity) else content


def _insufficient(side: _Side, question: FairnessQuestion) -> dict[str, Any]:
    content: dict[str, Any] = {
        "group": side.name,
        "denominator": side.rate.denominator,
        "minimum": question.minimum_denominator,
    }
    return {**content, "metric": side.metric.value} if isinstance(question.metric, Parity) else content


def _badness(pair: _Pair, question: FairnessQuestion) -> Fraction:
    value = pair.value or Fraction(0)
    return -value if question.statistic is Statistic.DIFFERENCE else value


def _names(pair: _Pair) -> tuple[str, str, str]:
    return pair.high.name, pair.low.name, pair.high.metric.value
