"""From a count table and a question to a verdict: pure, in integers, the same bytes on any machine.

Bounds are compared by cross-multiplication, never by floats, so a tie is a tie: a difference or a ratio exactly at its
bound passes in point mode (the agencies' questions and answers on the Uniform Guidelines, 44 Fed. Reg. 11996, 1979,
Q&A 11: less than four fifths is adverse, exactly four fifths is not). A pair's ``value`` is rounded towards the failing
side, so that ``value`` meets ``bound`` exactly when the pair passes in point mode; a rate's ``ppm`` is rounded half up.
"""

from __future__ import annotations

import math
from typing import Any

from tolbooth.measure.fairness.bootstrap import worst_interval
from tolbooth.measure.fairness.compare import compare
from tolbooth.measure.fairness.counts import FairnessCounts
from tolbooth.measure.fairness.groups import CountedGroup, count_groups, require_binary
from tolbooth.measure.fairness.intervals import wilson_ppm
from tolbooth.measure.fairness.question import FairnessQuestion, Mode, Parity, PerformanceQuestion
from tolbooth.measure.fairness.rates import PPM, Confusion, Rate, ppm


def assess(counts: FairnessCounts, question: FairnessQuestion) -> dict[str, Any]:
    """Compare every two groups of a count table, or every group with the reference.

    Returns:
        A JSON object of integers and strings: ``row_count``, ``rows_without_label``, ``label``, ``prediction``,
        ``counts_sha256``; ``groups`` sorted by name, each with its rows, its rates and whether it is ``sufficient``
        (its denominators for the question's metric reach the minimum); ``overall``; and ``comparison``: ``outcome``,
        all ``pairs`` of sufficient groups (worst first, so those beyond the bound lead), ``insufficient`` groups,
        the ``worst`` pair if there is one, and, if undecided, ``reason``.

        In point mode the outcome is ``fail`` if any pair is beyond the bound; in simultaneous mode, if any is so with
        evidence (``simultaneous.py``). Else it is ``undecided`` if the reference names no group of the table or more
        than one (``no-reference``), any group is insufficient (``insufficient-groups``), fewer than two are sufficient
        (``too-few-groups``), all rates are 0 and a ratio is asked for (``undefined-ratio``), or the rows can't tell
        (``too-few-rows``); else ``pass``. A ratio of two zero rates, 0/0, is undefined: such groups are named in
        ``undefined``, and between them there is no pair.

        Rows without label or prediction count in ``rows`` and enter no rate. Missing categories are a group of their
        own, compared like any other. No rows at all give no groups and ``undecided``.

    Raises:
        ConfigError: ``measure.feature-not-counted`` if the question asks by a feature that the table lacks;
            ``measure.not-binary`` if the table counts several classes.
    """
    groups = count_groups(counts, question.by)
    comparison = compare(groups, question)
    if isinstance(question.metric, Parity) and question.mode is Mode.SIMULTANEOUS:
        comparison |= worst_interval(counts, groups, question)
    return {
        **_origin(counts),
        "groups": [
            {
                "group": group.group,
                "name": group.name,
                "rows": group.rows,
                "rates": _rates(group.confusion, question),
                "sufficient": _sufficient(group, question),
            }
            for group in groups
        ],
        "overall": {"rows": counts.row_count, "rates": _rates(Confusion.of(counts.cells), question)},
        "comparison": comparison,
    }


def assess_performance(counts: FairnessCounts, question: PerformanceQuestion) -> dict[str, Any]:
    """Compare a rate over all rows with the least that is asked.

    Returns:
        A JSON object like that of ``assess``, with ``rates`` over all rows and ``comparison``: ``outcome``,
        ``numerator``, ``denominator``, and ``value`` in ppm (rounded down) where the rate is defined. A denominator
        under the minimum is ``undecided`` with ``reason`` ``insufficient``.

    Raises:
        ConfigError: ``measure.not-binary`` if the table counts several classes.
    """
    require_binary(counts)
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


def _origin(counts: FairnessCounts) -> dict[str, Any]:
    return {
        "row_count": counts.row_count,
        "rows_without_label": counts.rows_without_label,
        "label": counts.label,
        "prediction": counts.prediction,
        "counts_sha256": counts.sha256,
    }


def _sufficient(group: CountedGroup, question: FairnessQuestion) -> bool:
    rates = [group.confusion.rate(metric, favourable=question.favourable) for metric in question.rates]
    return all(rate.denominator >= question.minimum_denominator for rate in rates)


def _rates(confusion: Confusion, question: FairnessQuestion | PerformanceQuestion) -> dict[str, dict[str, int]]:
    return {
        metric.value: _rate(confusion.rate(metric, favourable=question.favourable), question.alpha)
        for metric in question.listed
    }


def _rate(rate: Rate, alpha: int) -> dict[str, int]:
    content = {"numerator": rate.numerator, "denominator": rate.denominator}
    if rate.denominator:
        low, high = wilson_ppm(rate.numerator, rate.denominator, alpha=alpha)
        content |= {"ppm": ppm(rate.numerator, rate.denominator), "low_ppm": low, "high_ppm": high}
    return content
