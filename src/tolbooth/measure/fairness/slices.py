"""Where a model does worst: every combination of categories that a count table knows, ranked with chance allowed for.

A slice is compared with all other rows, which it shares none with, by Newcombe's interval of the difference. Ranking by
the estimate would put the smallest slices first, where chance is largest; the rank here is the bound that the gaps of
all slices exceed together with the confidence 1 - alpha (Bonferroni over the slices that were compared). Where few
cases carry it, Fisher's exact test has to agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from itertools import combinations
from typing import Any

from tolbooth.measure.fairness.counts import FairnessCounts
from tolbooth.measure.fairness.groups import CountedGroup, count_groups, require_binary
from tolbooth.measure.fairness.intervals import floor_ppm, newcombe_at
from tolbooth.measure.fairness.normal import upper_quantile
from tolbooth.measure.fairness.rates import PPM, Confusion, Metric, Rate
from tolbooth.measure.fairness.significance import fisher_p
from tolbooth.model.errors import ConfigError, Problem

DEPTH = 3
MOST_SLICES = 5_000
_FEW_CASES = 200

_HIGHER_IS_WORSE = {Metric.FALSE_POSITIVE_RATE, Metric.FALSE_NEGATIVE_RATE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Rows of some categories beside all others.

    ``gap`` is how much worse the slice's rate is than the rest's, in [-1, 1]; 0 is no worse. ``bound_ppm`` is what
    the gap exceeds, for all slices at once; above 0 the slice does worse with evidence.
    """

    group: Mapping[str, str | None]
    name: str
    rows: int
    rate: Rate
    rest: Rate
    gap: Fraction
    bound_ppm: int

    def as_json(self) -> dict[str, Any]:
        """The slice as plain values; the gap in ppm is rounded down."""
        return {
            "group": dict(self.group),
            "name": self.name,
            "rows": self.rows,
            "numerator": self.rate.numerator,
            "denominator": self.rate.denominator,
            "rest_numerator": self.rest.numerator,
            "rest_denominator": self.rest.denominator,
            "gap_ppm": self.gap.numerator * PPM // self.gap.denominator,
            "bound_ppm": self.bound_ppm,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstSlices:
    """Slices, worst first, and all that was not compared.

    ``insufficient`` counts slices whose rate, or whose rest's, has too small a denominator. ``cut`` names the
    combinations of features that the cap on work left out, ``deeper`` counts those beyond the depth.
    """

    metric: Metric
    slices: tuple[Slice, ...]
    compared: int
    insufficient: int
    cut: tuple[tuple[str, ...], ...]
    deeper: int

    def as_json(self) -> dict[str, Any]:
        """The ranking as plain values."""
        return {
            "metric": self.metric.value,
            "slices": [each.as_json() for each in self.slices],
            "compared": self.compared,
            "insufficient": self.insufficient,
            "cut": [list(features) for features in self.cut],
            "deeper": self.deeper,
        }


def worst_slices(
    counts: FairnessCounts,
    metric: Metric,
    *,
    alpha: int = 50_000,
    minimum_denominator: int = 30,
    favourable: int = 1,
    depth: int = DEPTH,
    most_slices: int = MOST_SLICES,
    shown: int = 20,
) -> WorstSlices:
    """Rank the slices of all combinations of up to ``depth`` features.

    Worse is higher for false positive and false negative rate, lower for every other metric. Combinations are taken
    in the order of their size, then of the table's features; the one that would exceed ``most_slices`` slices is cut,
    and smaller ones after it are still taken. A combination's slices together hold all rows.

    Args:
        counts: a binary count table.
        metric: the rate that is compared.
        alpha: 1 minus the confidence of all bounds together, in ppm, in (0, 500,000].
        minimum_denominator: of a slice's rate and of its rest's, at least 1.
        favourable: the prediction that selection rate counts.
        depth: at most so many features a slice, at least 1.
        most_slices: at most so many slices are looked at, at least 1.
        shown: how many of the worst are returned.

    Raises:
        ConfigError: ``slices.limits``, ``measure.not-binary``.
    """
    require_binary(counts)
    _check(alpha, minimum_denominator, depth, most_slices)
    subsets = [subset for size in range(1, depth + 1) for subset in combinations(counts.features, size)]
    groups: list[CountedGroup] = []
    cut = []
    for subset in subsets:
        found = count_groups(counts, subset)
        if len(groups) + len(found) > most_slices:
            cut.append(subset)
        else:
            groups += found
    whole = Confusion.of(counts.cells)
    pairs = list(_pairs(groups, whole, metric, favourable))
    enough = [pair for pair in pairs if min(pair[1].denominator, pair[2].denominator) >= minimum_denominator]
    z = upper_quantile(alpha, max(len(enough), 1))
    worse = 1 if metric in _HIGHER_IS_WORSE else -1
    slices = [
        _unless_chance(_slice(group, rate, rest, z, worse=worse), alpha=alpha, looks=len(enough))
        for group, rate, rest in enough
    ]
    slices.sort(key=lambda each: (-each.bound_ppm, -each.gap, len(each.group), each.name))
    return WorstSlices(
        metric=metric,
        slices=tuple(slices[:shown]),
        compared=len(enough),
        insufficient=len(pairs) - len(enough),
        cut=tuple(cut),
        deeper=2 ** len(counts.features) - 1 - len(subsets),
    )


def _check(alpha: int, minimum_denominator: int, depth: int, most_slices: int) -> None:
    sound = (
        (0 < alpha <= PPM // 2, "alpha"),
        (minimum_denominator >= 1, "minimum_denominator"),
        (depth >= 1, "depth"),
        (most_slices >= 1, "most_slices"),
    )
    problems = [
        Problem(code="slices.limits", message=f"the {name.replace('_', ' ')} of the search is out of range", about=name)
        for holds, name in sound
        if not holds
    ]
    if problems:
        raise ConfigError(problems)


def _pairs(
    groups: Sequence[CountedGroup], whole: Confusion, metric: Metric, favourable: int
) -> Iterator[tuple[CountedGroup, Rate, Rate]]:
    every = whole.rate(metric, favourable=favourable)
    for group in groups:
        rate = group.confusion.rate(metric, favourable=favourable)
        rest = Rate(
            numerator=every.numerator - rate.numerator,
            denominator=every.denominator - rate.denominator,
        )
        yield group, rate, rest


def _unless_chance(found: Slice, *, alpha: int, looks: int) -> Slice:
    """With a bound of 0 where few cases carry it and Fisher's exact test, for so many looks, does not agree.

    So far out, the normal tail of an interval over few cases is much too thin.
    """
    cases = min(found.rate.numerator, found.rate.denominator - found.rate.numerator)
    if found.bound_ppm <= 0 or cases >= _FEW_CASES or fisher_p(found.rate, found.rest) * PPM * looks <= alpha:
        return found
    return replace(found, bound_ppm=0)


def _slice(group: CountedGroup, rate: Rate, rest: Rate, z: Decimal, *, worse: int) -> Slice:
    numbers = (rate.numerator, rate.denominator, rest.numerator, rest.denominator)
    low, high = newcombe_at(*numbers, z)
    gap = Fraction(rate.numerator, rate.denominator) - Fraction(rest.numerator, rest.denominator)
    return Slice(
        group=group.group,
        name=group.name,
        rows=group.rows,
        rate=rate,
        rest=rest,
        gap=worse * gap,
        bound_ppm=floor_ppm(low if worse > 0 else -high),
    )
