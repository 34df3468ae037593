"""AUC from score bins: how often a positive outranks a negative, exact but for ties inside a bin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from tolbooth.measure.fairness.counts import Cell, FairnessCounts
from tolbooth.measure.fairness.groups import cells_by_group, group_name
from tolbooth.model.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Auc:
    """The area under the ROC curve of binned scores.

    ``value`` counts a pair in one bin as half, as for equal scores; the area of the scores themselves lies from
    ``low`` to ``high``, which differ by the share of such pairs. All in [0, 1]: 1 ranks every positive above every
    negative, 1/2 is chance, 0 ranks all of them below. None without positives or without negatives.
    """

    positives: int
    negatives: int
    value: Fraction | None
    low: Fraction | None
    high: Fraction | None


def auc(bins: Iterable[tuple[int, int]]) -> Auc:
    """The area from (negatives, positives) for each bin, the lowest scores first."""
    below = ties = positives = negatives = 0
    for bin_negatives, bin_positives in bins:
        below += bin_positives * negatives
        ties += bin_positives * bin_negatives
        negatives += bin_negatives
        positives += bin_positives
    pairs = positives * negatives
    if not pairs:
        return Auc(positives=positives, negatives=negatives, value=None, low=None, high=None)
    return Auc(
        positives=positives,
        negatives=negatives,
        value=Fraction(2 * below + ties, 2 * pairs),
        low=Fraction(below, pairs),
        high=Fraction(below + ties, pairs),
    )


def auc_by_group(counts: FairnessCounts, by: Sequence[str]) -> Mapping[str, Auc]:
    """The area for each group that the features ``by`` make, by name; rows without label or score are left out.

    Raises:
        ConfigError: ``measure.no-score`` if the table was counted without a score; ``measure.feature-not-counted``.
    """
    if counts.score is None:
        raise ConfigError.of(
            "measure.no-score",
            "the area under the ROC curve asks for a score, and the count table has none",
            hint="count again with a score column and the edges of its bins",
        )
    groups = {group_name(group): cells for group, cells in cells_by_group(counts, by).items()}
    return {name: auc(_bins(cells)) for name, cells in sorted(groups.items())}


def _bins(cells: Iterable[Cell]) -> list[tuple[int, int]]:
    bins: dict[int, list[int]] = {}
    for cell in cells:
        if cell.y_true is not None and cell.bin is not None:
            bins.setdefault(cell.bin, [0, 0])[cell.y_true] += cell.n
    return [(negatives, positives) for _, (negatives, positives) in sorted(bins.items())]
