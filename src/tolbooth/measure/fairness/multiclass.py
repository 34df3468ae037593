"""A classifier of several classes: each class against the rest, their macro mean, and all classes at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from tolbooth.measure.fairness.counts import FairnessCounts
from tolbooth.measure.fairness.disparity import Combined, metric_value
from tolbooth.measure.fairness.groups import cells_by_group, group_name
from tolbooth.measure.fairness.rates import Confusion, Metric, Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Macro:
    """The mean of a metric over classes, each weighing the same, whatever its rows.

    ``value`` is over the classes for which the metric is defined, in [0, 1] for rates; None where there is none.
    ``undefined`` names the others: they are left out of the mean, not counted as 0.
    """

    value: Fraction | None
    undefined: tuple[str, ...]


def one_vs_rest(counts: FairnessCounts, by: Sequence[str]) -> Mapping[str, Mapping[str, Confusion]]:
    """For each class, the binary counts of each group: rows of that class are positive, all others negative.

    Classes are those that occur in the whole table, so that every group answers for each; rows without label or
    prediction are left out. Groups are named as everywhere.

    Raises:
        ConfigError: ``measure.feature-not-counted``.
    """
    groups = cells_by_group(counts, by)
    found: dict[str, dict[str, Confusion]] = {}
    for place, name in enumerate(counts.classes):
        found[name] = {}
        for group, cells in groups.items():
            sums = {(False, False): 0, (False, True): 0, (True, False): 0, (True, True): 0}
            for cell in cells:
                if cell.y_true is not None and cell.y_pred is not None:
                    sums[cell.y_true == place, cell.y_pred == place] += cell.n
            found[name][group_name(group)] = Confusion(
                tn=sums[False, False], fp=sums[False, True], fn=sums[True, False], tp=sums[True, True]
            )
    return found


def macro(classes: Mapping[str, Confusion], metric: Metric | Combined) -> Macro:
    """The macro mean of a metric over the classes of one group, each class against the rest.

    Of the true positive rate this is balanced accuracy for several classes; 1 finds every row of every class.
    """
    values = {name: metric_value(confusion, metric) for name, confusion in classes.items()}
    known = [value for value in values.values() if value is not None]
    return Macro(
        value=sum(known, Fraction(0)) / len(known) if known else None,
        undefined=tuple(sorted(name for name, value in values.items() if value is None)),
    )


def accuracy(counts: FairnessCounts, by: Sequence[str]) -> Mapping[str, Rate]:
    """Rows whose prediction is their label, of all with both, by group; 1 is always right."""
    found = {}
    for group, cells in cells_by_group(counts, by).items():
        known = [cell for cell in cells if cell.y_true is not None and cell.y_pred is not None]
        right = sum(cell.n for cell in known if cell.y_true == cell.y_pred)
        found[group_name(group)] = Rate(numerator=right, denominator=sum(cell.n for cell in known))
    return dict(sorted(found.items()))
