"""How far groups lie apart, as Fairlearn names and defines it: exact fractions, undefined where a denominator is 0.

Every number is a fraction of integers; whoever shows it divides once. ``between_groups`` compares the highest group
with the lowest, ``to_overall`` each group with all rows. Groups whose value is undefined are left out; ``undefined``
lists them. No verdict: that is ``assess``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from fractions import Fraction

from tolbooth.measure.fairness.rates import Confusion, Metric

Groups = Mapping[str, Confusion]
"""Counts by the name of a group."""


class Combined(StrEnum):
    """A number made of more than one count of a count.

    ``balanced_accuracy``: the mean of true positive and true negative rate, in [0, 1]; 1 is always right, 1/2 is what
    guessing gives. ``f1``: 2tp of (2tp + fp + fn), in [0, 1]; 1 finds all positives and nothing else, 0 finds none.
    ``treatment_equality``: fn over fp, from 0 without limit; 1 errs as often on either side (R. Berk et al., Sociol.
    Methods Res. 50:3, 2021).
    """

    BALANCED_ACCURACY = "balanced_accuracy"
    F1 = "f1"
    TREATMENT_EQUALITY = "treatment_equality"


class Method(StrEnum):
    """What each group is compared with."""

    BETWEEN_GROUPS = "between_groups"
    TO_OVERALL = "to_overall"


class Aggregate(StrEnum):
    """How equalized odds makes one number of two rates."""

    WORST_CASE = "worst_case"
    MEAN = "mean"


class FairnessMetric(StrEnum):
    """A notion of fairness with a name of its own; a difference of 0 or a ratio of 1 means that it holds exactly.

    ``demographic_parity``: the same selection rate. ``equal_opportunity``: the same true positive rate.
    ``equalized_odds``: the same true and false positive rates. ``predictive_parity``: the same precision.
    ``treatment_equality``: the same fn over fp.
    """

    DEMOGRAPHIC_PARITY = "demographic_parity"
    EQUAL_OPPORTUNITY = "equal_opportunity"
    EQUALIZED_ODDS = "equalized_odds"
    PREDICTIVE_PARITY = "predictive_parity"
    TREATMENT_EQUALITY = "treatment_equality"


_PARTS: Mapping[FairnessMetric, tuple[Metric | Combined, ...]] = {
    FairnessMetric.DEMOGRAPHIC_PARITY: (Metric.SELECTION_RATE,),
    FairnessMetric.EQUAL_OPPORTUNITY: (Metric.TRUE_POSITIVE_RATE,),
    FairnessMetric.EQUALIZED_ODDS: (Metric.TRUE_POSITIVE_RATE, Metric.FALSE_POSITIVE_RATE),
    FairnessMetric.PREDICTIVE_PARITY: (Metric.PRECISION,),
    FairnessMetric.TREATMENT_EQUALITY: (Combined.TREATMENT_EQUALITY,),
}


def metric_value(confusion: Confusion, metric: Metric | Combined, *, favourable: int = 1) -> Fraction | None:
    """One metric of these rows; None where a denominator is 0."""
    if isinstance(metric, Metric):
        return confusion.rate(metric, favourable=favourable).value
    if metric is Combined.F1:
        whole = 2 * confusion.tp + confusion.fp + confusion.fn
        return Fraction(2 * confusion.tp, whole) if whole else None
    if metric is Combined.TREATMENT_EQUALITY:
        return Fraction(confusion.fn, confusion.fp) if confusion.fp else None
    found = confusion.rate(Metric.TRUE_POSITIVE_RATE).value
    cleared = confusion.rate(Metric.TRUE_NEGATIVE_RATE).value
    return None if found is None or cleared is None else (found + cleared) / 2


def undefined(groups: Groups, metric: Metric | Combined, *, favourable: int = 1) -> tuple[str, ...]:
    """The names of groups for which the metric is 0/0 (or, for treatment equality, divided by 0), in order."""
    return tuple(
        name for name, group in sorted(groups.items()) if metric_value(group, metric, favourable=favourable) is None
    )


def difference(
    groups: Groups,
    metric: Metric | Combined,
    *,
    method: Method = Method.BETWEEN_GROUPS,
    favourable: int = 1,
) -> Fraction | None:
    """The widest difference of a metric: highest minus lowest, or the farthest from the metric of all rows.

    Returns:
        A fraction of 0 or more, at most 1 for rates; 0 means that all groups are alike, 1 that one has everything and
        another nothing. One group alone differs by 0 from itself. None where no group, or not the whole, is defined.
    """
    values = _values(groups, metric, favourable)
    if not values:
        return None
    if method is Method.BETWEEN_GROUPS:
        return max(values) - min(values)
    overall = metric_value(_all(groups), metric, favourable=favourable)
    return None if overall is None else max(abs(value - overall) for value in values)


def ratio(
    groups: Groups,
    metric: Metric | Combined,
    *,
    method: Method = Method.BETWEEN_GROUPS,
    favourable: int = 1,
) -> Fraction | None:
    """The lowest ratio of a metric: lowest over highest, or of a group and all rows, the lower over the higher.

    Returns:
        A fraction in [0, 1]; 1 means that all groups are alike, 0 that one has nothing where another has something.
        None where no group, or not the whole, is defined, and where all are 0: 0/0.
    """
    values = _values(groups, metric, favourable)
    if not values:
        return None
    if method is Method.BETWEEN_GROUPS:
        return min(values) / max(values) if max(values) else None
    overall = metric_value(_all(groups), metric, favourable=favourable)
    if overall is None:
        return None
    # A group at 0 beside a whole at 0 is 0/0, which compares nothing.
    ratios = [min(value, overall) / max(value, overall) for value in values if value or overall]
    return min(ratios, default=None)


def fairness_difference(
    groups: Groups,
    metric: FairnessMetric,
    *,
    method: Method = Method.BETWEEN_GROUPS,
    aggregate: Aggregate = Aggregate.WORST_CASE,
    favourable: int = 1,
) -> Fraction | None:
    """``demographic_parity_difference`` and its kin: 0 holds exactly; None where a part of it is undefined."""
    parts = [difference(groups, part, method=method, favourable=favourable) for part in _PARTS[metric]]
    return _one(parts, max, aggregate)


def fairness_ratio(
    groups: Groups,
    metric: FairnessMetric,
    *,
    method: Method = Method.BETWEEN_GROUPS,
    aggregate: Aggregate = Aggregate.WORST_CASE,
    favourable: int = 1,
) -> Fraction | None:
    """``demographic_parity_ratio`` and its kin: 1 holds exactly; None where a part of it is undefined."""
    parts = [ratio(groups, part, method=method, favourable=favourable) for part in _PARTS[metric]]
    return _one(parts, min, aggregate)


def _values(groups: Groups, metric: Metric | Combined, favourable: int) -> list[Fraction]:
    values = [metric_value(group, metric, favourable=favourable) for group in groups.values()]
    return [value for value in values if value is not None]


def _all(groups: Groups) -> Confusion:
    return sum(groups.values(), start=Confusion())


def _one(
    parts: list[Fraction | None], worst: Callable[[list[Fraction]], Fraction], aggregate: Aggregate
) -> Fraction | None:
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    return worst(known) if aggregate is Aggregate.WORST_CASE else sum(known, Fraction(0)) / len(known)
