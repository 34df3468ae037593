"""Plain sentences about a comparison, shared by every format."""

from __future__ import annotations

from tolbooth.report import words
from tolbooth.report.comparison import MINIMUM, Comparison, Group, ShortGroup


def subject_of(comparison: Comparison) -> str:
    """What was compared: ``false positive rate by race in predictions``."""
    by = f" by {words.listed([words.visible(name) for name in comparison.by])}" if comparison.by else ""
    return f"{words.metric_name(comparison.metric)}{by} in {words.visible(comparison.about)}"


def bound_of(comparison: Comparison) -> str:
    """The bound in words: ``at most 10 points``, ``at least 0.8``, ``at least 65 %``."""
    if comparison.statistic == MINIMUM:
        return f"at least {words.exact_percent(comparison.bound)} %"
    if comparison.statistic == "ratio":
        return f"at least {words.exact_ratio(comparison.bound)}"
    return f"at most {words.exact_percent(comparison.bound)} points"


def headline(comparison: Comparison) -> str:
    """What was found against what is asked, without a full stop."""
    subject = words.capital(subject_of(comparison))
    if comparison.value is None:
        return f"{subject}: {_nothing_compared(comparison)}"
    bound = bound_of(comparison).removesuffix(" points")
    return f"{subject}: {found_of(comparison.value, comparison)}, {bound}"


def _nothing_compared(comparison: Comparison) -> str:
    if comparison.pairs:
        return "no ratio is defined, since every compared rate is 0"
    return "too few rows to compare"


def found_of(value: int, comparison: Comparison) -> str:
    """A compared number in words: ``21.4 points apart``."""
    if comparison.statistic == MINIMUM:
        return words.percent(value, beside=comparison.bound)
    if comparison.statistic == "ratio":
        return f"lowest is {words.ratio(value, beside=comparison.bound)} of the highest"
    return f"{words.points(value, beside=comparison.bound)} apart"


def pair_value(value: int | None, comparison: Comparison) -> str:
    """The number of one pair, with its unit."""
    if value is None:
        return "undefined"
    if comparison.statistic == "ratio":
        return words.ratio(value, beside=comparison.bound)
    return words.points(value, beside=comparison.bound)


def pairs_sentence(comparison: Comparison) -> str | None:
    """How many pairs are beyond the bound and which is worst; None where one pair or none is."""
    failing = comparison.failing_pairs
    if len(failing) < 2:  # noqa: PLR2004 - a single pair is the headline already
        return None
    worst = failing[0]
    names = f"{words.visible(worst.high)} and {words.visible(worst.low)}"
    return f"{len(failing)} of {words.plural(len(comparison.pairs), 'pair')} are beyond the bound; worst: {names}."


def short_sentence(groups: tuple[ShortGroup, ...]) -> str:
    """Which groups are too small, with their denominators and the minimum."""
    if len({group.minimum for group in groups}) == 1:
        names = [f"{words.visible(group.name)} ({words.number(group.denominator)})" for group in groups]
        return f"{words.listed(names)}: fewer than {words.number(groups[0].minimum)} in the denominator."
    each = (f"{words.visible(g.name)} ({g.denominator} of at least {g.minimum})" for g in groups)
    return f"{words.listed(list(each))}: too few in the denominator."


def standing(group: Group, comparison: Comparison) -> str:
    """Where a group stands, in words: status is never a matter of colour."""
    if not group.sufficient:
        return f"too few, needs {words.number(comparison.minimum)}"
    if not group.beyond:
        return ""
    return "beyond the bound" if comparison.statistic != MINIMUM else "below the bound"
