"""From a count table and a question to a verdict: pure, in integers, the same bytes on any machine.

Bounds are compared by cross-multiplication, never by floats, so a tie is a tie: a difference or a ratio exactly at its
bound passes (the agencies' questions and answers on the Uniform Guidelines, 44 Fed. Reg. 11996, 1979, Q&A 11: less
than four fifths is adverse, exactly four fifths is not). A pair's ``value`` is rounded towards the failing side, so
that ``value`` meets ``bound`` exactly when the pair passes; a rate's ``ppm`` is rounded half up.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Any

from tolbooth.measure.fairness.counts import Cell, FairnessCounts, Group
from tolbooth.measure.fairness.question import FairnessQuestion, PerformanceQuestion, Statistic
from tolbooth.measure.fairness.rates import PPM, Confusion, Metric, Rate, ppm, wilson_ppm
from tolbooth.model.errors import ConfigError

MISSING_NAME = "(missing)"
"""How the group of rows without a category is called."""

_JOIN = " & "
_FEWEST = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    """A group with its rows and, for the question's metric, its rate."""

    name: str
    group: dict[str, str | None]
    rows: int
    confusion: Confusion
    rate: Rate
    sufficient: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """Two groups, the one with the higher rate first, and their exact difference or ratio."""

    high: str
    low: str
    value: Fraction
    fails: bool

    def as_json(self, statistic: Statistic) -> dict[str, Any]:
        scaled = self.value * PPM
        value = math.ceil(scaled) if statistic is Statistic.DIFFERENCE else math.floor(scaled)
        return {"high": self.high, "low": self.low, "value": value, "outcome": "fail" if self.fails else "pass"}


def assess(counts: FairnessCounts, question: FairnessQuestion) -> dict[str, Any]:
    """Compare every two groups of a count table.

    Returns:
        A JSON object of integers and strings: ``row_count``, ``rows_without_label``, ``label``, ``prediction``,
        ``counts_sha256``; ``groups`` sorted by name, each with its rows, its rates and whether it is ``sufficient``
        (its denominator for the question's metric reaches the minimum); ``overall``; and ``comparison``: ``outcome``,
        all ``pairs`` of sufficient groups (worst first, so those beyond the bound lead), ``insufficient`` groups,
        the ``worst`` pair if there is one, and, if undecided, ``reason``. The outcome is ``fail`` if any pair is
        beyond the bound; else ``undecided`` if any group is insufficient (``insufficient-groups``), fewer than two are
        sufficient (``too-few-groups``) or all rates are 0 and a ratio is asked for (``undefined-ratio``); else
        ``pass``. A ratio of two zero rates, 0/0, is undefined: such groups are named in ``undefined``, and between
        them there is no pair.

        Rows without label or prediction count in ``rows`` and enter no rate. Missing categories are a group of their
        own, compared like any other. No rows at all give no groups and ``undecided``.

    Raises:
        ConfigError: ``measure.feature-not-counted`` if the question asks by a feature that the table lacks.
    """
    groups = [_count(group, cells, question) for group, cells in _roll_up(counts, question.by).items()]
    groups.sort(key=lambda group: group.name)
    return {
        **_origin(counts),
        "groups": [
            {
                "group": group.group,
                "name": group.name,
                "rows": group.rows,
                "rates": _rates(group.confusion, question),
                "sufficient": group.sufficient,
            }
            for group in groups
        ],
        "overall": {"rows": counts.row_count, "rates": _rates(Confusion.of(counts.cells), question)},
        "comparison": _compare(groups, question),
    }


def assess_performance(counts: FairnessCounts, question: PerformanceQuestion) -> dict[str, Any]:
    """Compare a rate over all rows with the least that is asked.

    Returns:
        A JSON object like that of ``assess``, with ``rates`` over all rows and ``comparison``: ``outcome``,
        ``numerator``, ``denominator``, and ``value`` in ppm (rounded down) where the rate is defined. A denominator
        under the minimum is ``undecided`` with ``reason`` ``insufficient``.
    """
    confusion = Confusion.of(counts.cells)
    rate = confusion.rate(question.metric, favourable=question.favourable)
    comparison: dict[str, Any] = {"numerator": rate.numerator, "denominator": rate.denominator}
    if rate.value is not None:
        comparison["value"] = math.floor(rate.value * PPM)
    if rate.value is None or rate.denominator < question.minimum_denominator:
        comparison |= {"outcome": "undecided", "reason": "insufficient", "minimum": question.minimum_denominator}
    else:
        comparison["outcome"] = "pass" if rate.numerator * PPM >= question.bound * rate.denominator else "fail"
    return {**_origin(counts), "rates": _rates(confusion, question), "comparison": comparison}


def group_name(values: Iterable[str | None]) -> str:
    """What a group is called: its categories joined by " & "; ``(missing)`` for null.

    A category that could be taken for something else (empty, padded, unprintable, ``(missing)`` itself, or holding
    a quotation mark or the joint) is written as a JSON string, so different groups have different names.
    """
    return _JOIN.join(_category_name(value) for value in values)


def _category_name(value: str | None) -> str:
    if value is None:
        return MISSING_NAME
    plain = value.strip() == value != "" and value.isprintable() and value != MISSING_NAME
    return value if plain and '"' not in value and "&" not in value else json.dumps(value, ensure_ascii=False)


def _origin(counts: FairnessCounts) -> dict[str, Any]:
    return {
        "row_count": counts.row_count,
        "rows_without_label": counts.rows_without_label,
        "label": counts.label,
        "prediction": counts.prediction,
        "counts_sha256": counts.sha256,
    }


def _roll_up(counts: FairnessCounts, by: tuple[str, ...]) -> dict[Group, list[Cell]]:
    unknown = [feature for feature in by if feature not in counts.features]
    if unknown:
        raise ConfigError.of(
            "measure.feature-not-counted",
            f"the count table has no feature {', '.join(repr(name) for name in unknown)}",
            hint=f"it was counted by: {', '.join(counts.features) or 'nothing'}",
        )
    places = [counts.features.index(feature) for feature in by]
    groups: dict[Group, list[Cell]] = {}
    for cell in counts.cells:
        groups.setdefault(tuple(cell.values[place] for place in places), []).append(cell)
    return groups


def _count(group: Group, cells: list[Cell], question: FairnessQuestion) -> _Counted:
    confusion = Confusion.of(cells)
    rate = confusion.rate(question.metric, favourable=question.favourable)
    return _Counted(
        name=group_name(group),
        group=dict(zip(question.by, group, strict=True)),
        rows=sum(cell.n for cell in cells),
        confusion=confusion,
        rate=rate,
        sufficient=rate.denominator >= question.minimum_denominator,
    )


def _rates(confusion: Confusion, question: FairnessQuestion | PerformanceQuestion) -> dict[str, dict[str, int]]:
    return {
        metric.value: _rate(confusion.rate(metric, favourable=question.favourable), question.alpha) for metric in Metric
    }


def _rate(rate: Rate, alpha: int) -> dict[str, int]:
    content = {"numerator": rate.numerator, "denominator": rate.denominator}
    if rate.denominator:
        low, high = wilson_ppm(rate.numerator, rate.denominator, alpha=alpha)
        content |= {"ppm": ppm(rate.numerator, rate.denominator), "low_ppm": low, "high_ppm": high}
    return content


def _compare(groups: list[_Counted], question: FairnessQuestion) -> dict[str, Any]:
    enough = [group for group in groups if group.sufficient]
    pairs = sorted(_pairs(enough, question), key=lambda pair: _worst_first(pair, question.statistic))
    zero = [group.name for group in enough if group.rate.numerator == 0]
    undefined = zero if question.statistic is Statistic.RATIO and len(zero) > 1 else []
    insufficient = [
        {"group": group.name, "denominator": group.rate.denominator, "minimum": question.minimum_denominator}
        for group in groups
        if not group.sufficient
    ]
    comparison: dict[str, Any] = {
        "pairs": [pair.as_json(question.statistic) for pair in pairs],
        "insufficient": insufficient,
    }
    if pairs:
        comparison["worst"] = {name: comparison["pairs"][0][name] for name in ("high", "low", "value")}
    if undefined:
        comparison["undefined"] = undefined
    if any(pair.fails for pair in pairs):
        return {"outcome": "fail", **comparison}
    if insufficient:
        return {"outcome": "undecided", "reason": "insufficient-groups", **comparison}
    if len(enough) < _FEWEST:
        return {"outcome": "undecided", "reason": "too-few-groups", **comparison}
    if undefined:
        return {"outcome": "undecided", "reason": "undefined-ratio", **comparison}
    return {"outcome": "pass", **comparison}


def _pairs(groups: list[_Counted], question: FairnessQuestion) -> Iterator[_Pair]:
    for one, other in combinations(groups, 2):
        # A group's name breaks a tie, since ``one`` comes first by name.
        behind = other.rate.numerator * one.rate.denominator > one.rate.numerator * other.rate.denominator
        high, low = (other, one) if behind else (one, other)
        a, b = high.rate.numerator, high.rate.denominator
        c, d = low.rate.numerator, low.rate.denominator
        if question.statistic is Statistic.DIFFERENCE:
            fails = (a * d - c * b) * PPM > question.bound * b * d
            yield _Pair(high=high.name, low=low.name, value=Fraction(a * d - c * b, b * d), fails=fails)
        elif a:
            fails = c * b * PPM < question.bound * d * a
            yield _Pair(high=high.name, low=low.name, value=Fraction(c * b, d * a), fails=fails)


def _worst_first(pair: _Pair, statistic: Statistic) -> tuple[Fraction, str, str]:
    return (-pair.value if statistic is Statistic.DIFFERENCE else pair.value, pair.high, pair.low)
