"""A bootstrap interval for the widest gap between groups: a row bootstrap drawn as a multinomial over the cells.

Drawing rows with replacement and counting them is drawing the counts themselves, so a replicate costs as much for a
thousand rows as for a billion. Percentile intervals of a widest gap lie too high where groups are alike, and cover too
little where rates are small: they show how certain the number is, and no verdict rests on them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tolbooth.measure.fairness.counts import FairnessCounts
from tolbooth.measure.fairness.draws import Draws, IntArray
from tolbooth.measure.fairness.groups import CountedGroup
from tolbooth.measure.fairness.question import FairnessQuestion, Statistic
from tolbooth.measure.fairness.rates import PPM, Confusion, Metric

REPLICATES = 10_000

_FEWEST = 2

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replicated:
    """A group's cells in every replicate."""

    tn: IntArray
    fp: IntArray
    fn: IntArray
    tp: IntArray


def resample(groups: Sequence[Confusion], draws: Draws, *, replicates: int) -> list[Replicated]:
    """Draw the cells of all groups anew, ``replicates`` times, keeping the number of rows in all.

    The multinomial is drawn as a chain of binomial numbers: in the order given, each group's rows of those left; then
    its positives of its rows, and the predicted ones of its positives and of its negatives.
    """
    left_rows = sum(group.rows for group in groups)
    left: IntArray = np.full(replicates, left_rows, dtype=np.int64)
    found = []
    for group in groups:
        rows = draws.binomial(left, group.rows, left_rows)
        left, left_rows = left - rows, left_rows - group.rows
        positives = draws.binomial(rows, group.tp + group.fn, group.rows)
        tp = draws.binomial(positives, group.tp, group.tp + group.fn)
        fp = draws.binomial(rows - positives, group.fp, group.fp + group.tn)
        found.append(Replicated(tn=rows - positives - fp, fp=fp, fn=positives - tp, tp=tp))
    return found


def worst_interval(
    counts: FairnessCounts, groups: Sequence[CountedGroup], question: FairnessQuestion, *, replicates: int = REPLICATES
) -> dict[str, Any]:
    """The interval of the widest gap over all rates of the question and all groups with enough rows.

    Returns:
        ``bootstrap`` with ``low_ppm`` and ``high_ppm`` (percentiles at alpha/2 and 1 - alpha/2, rounded outwards),
        ``replicates``, and ``undefined``: how many replicates had no gap, because all but one group lost every row of
        a denominator or, for a ratio, all rates were 0. Nothing where fewer than two groups have enough rows, or where
        the gap is to a reference.
    """
    enough = [group.confusion for group in groups if _is_enough(group.confusion, question)]
    if len(enough) < _FEWEST or question.reference is not None:
        return {}
    drawn = resample(enough, Draws(counts.sha256), replicates=replicates)
    gaps = [_gap(drawn, metric, question.statistic) for metric in question.rates]
    is_ratio = question.statistic is Statistic.RATIO
    worst = np.minimum.reduce(gaps) if is_ratio else np.maximum.reduce(gaps)
    content = percentiles(worst, alpha=question.alpha)
    return {"bootstrap": content}


def percentiles(values: FloatArray, *, alpha: int) -> dict[str, int]:
    """The percentile interval of replicates, in ppm; NaN is undefined and counted."""
    defined = np.sort(values[~np.isnan(values)])
    content = {"replicates": len(values), "undefined": len(values) - len(defined)}
    if not len(defined):
        return content
    aside = len(defined) * alpha // (2 * PPM)
    low, high = float(defined[aside]), float(defined[len(defined) - 1 - aside])
    return {**content, "low_ppm": math.floor(low * PPM), "high_ppm": math.ceil(high * PPM)}


def _is_enough(confusion: Confusion, question: FairnessQuestion) -> bool:
    rates = [confusion.rate(metric, favourable=question.favourable) for metric in question.rates]
    return all(rate.denominator >= question.minimum_denominator for rate in rates)


_PARTS: Mapping[Metric, tuple[tuple[str, ...], tuple[str, ...]]] = {
    Metric.TRUE_POSITIVE_RATE: (("tp",), ("tp", "fn")),
    Metric.FALSE_POSITIVE_RATE: (("fp",), ("fp", "tn")),
    Metric.SELECTION_RATE: (("tp", "fp"), ("tp", "fp", "fn", "tn")),
    Metric.FALSE_NEGATIVE_RATE: (("fn",), ("tp", "fn")),
    Metric.TRUE_NEGATIVE_RATE: (("tn",), ("fp", "tn")),
    Metric.ACCURACY: (("tp", "tn"), ("tp", "fp", "fn", "tn")),
    Metric.PRECISION: (("tp",), ("tp", "fp")),
    Metric.NEGATIVE_PREDICTIVE_VALUE: (("tn",), ("tn", "fn")),
}


def _gap(drawn: Sequence[Replicated], metric: Metric, statistic: Statistic) -> FloatArray:
    """Widest difference or lowest ratio of one rate in every replicate; NaN where it is undefined."""
    top, bottom = _PARTS[metric]
    least = np.full(len(drawn[0].tp), np.inf)
    most = np.full(len(drawn[0].tp), -np.inf)
    groups = np.zeros(len(drawn[0].tp), dtype=np.int64)
    for group in drawn:
        numerator = sum(getattr(group, part) for part in top)
        denominator = sum(getattr(group, part) for part in bottom)
        known = denominator > 0
        rate = np.divide(numerator, denominator, out=np.full(len(known), np.nan), where=known)
        least, most = np.fmin(least, rate), np.fmax(most, rate)
        groups += known
    known = groups >= _FEWEST
    if statistic is Statistic.DIFFERENCE:
        return np.where(known, most - least, np.nan)
    known &= most > 0
    ratio: FloatArray = np.divide(least, most, out=np.full(len(known), np.nan), where=known)
    return ratio
