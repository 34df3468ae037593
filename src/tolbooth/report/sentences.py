"""Plain sentences about a comparison, shared by every format."""

from __future__ import annotations

from tolbooth.model.rule import Outcome
from tolbooth.report import words
from tolbooth.report.comparison import MINIMUM, Comparison, Group, Pair, ShortGroup


def subject_of(comparison: Comparison) -> str:
    """What was compared: ``false positive rate by race in predictions``."""
    by = f" by {words.listed([words.visible(name) for name in comparison.by])}" if comparison.by else ""
    part = f" ({words.metric_name(comparison.part_of)})" if comparison.part_of else ""
    return f"{words.metric_name(comparison.metric)}{part}{by} in {words.visible(comparison.about)}"


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
    pair = comparison.told_pair
    if pair is not None:
        names = f"{words.visible(pair.high)} and {words.visible(pair.low)}"
        return f"{subject}: {names} {tested_value(pair, comparison)}, {bound}"
    return f"{subject}: {found_of(comparison.value, comparison)}, {bound}"


def _nothing_compared(comparison: Comparison) -> str:
    if comparison.reference is not None and not comparison.insufficient:
        return f"no pair with the reference {words.listed([words.visible(name) for name in comparison.reference])}"
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


def pair_interval(pair: Pair, comparison: Comparison) -> str:
    """The interval of a pair's number, in its unit; empty where none was asked for."""
    shown = words.ratio_interval if comparison.statistic == "ratio" else words.interval
    return shown(pair.low_ppm, pair.high_ppm)


def tested_value(pair: Pair, comparison: Comparison) -> str:
    """A tested pair's number with its interval: ``21.4 points apart [18.2, 24.5]``."""
    interval = pair_interval(pair, comparison)
    number = pair_value(pair.value, comparison)
    number = f"ratio {number}" if comparison.statistic == "ratio" else f"{number} apart"
    return f"{number} {interval}".rstrip()


def certainty_sentences(comparison: Comparison) -> tuple[str, ...]:
    """What the tests say of chance, and how many rows would settle it; nothing where the number as counted decides."""
    if not comparison.tested:
        return ()
    alpha = words.exact_ratio(1_000_000 - (comparison.confidence_ppm or 0))
    found = []
    if comparison.outcome is Outcome.FAIL and comparison.failing_pairs:
        found.append(f"Not by chance: {_nearest_end(comparison)} (alpha {alpha}).")
    if comparison.outcome is Outcome.PASS:
        found.append(f"Within the bound, and not by chance, for {_every(comparison)} (alpha {alpha}).")
    if comparison.open_pairs:
        count, total = len(comparison.open_pairs), words.plural(len(comparison.pairs), "pair")
        found.append(f"Could be chance: {count} of {total} can't be told from the bound (alpha {alpha}).")
    settling = settle_sentence(comparison)
    return (*found, *([settling] if settling else []))


def further_sentences(comparison: Comparison) -> tuple[str, ...]:
    """What is told below a table of groups: who is too small, what may be chance, and how wide a gap may be."""
    short = (short_sentence(comparison.insufficient), enough_sentence(comparison)) if comparison.insufficient else ()
    found = (*short, *certainty_sentences(comparison), bootstrap_sentence(comparison))
    return tuple(sentence for sentence in found if sentence)


def bootstrap_sentence(comparison: Comparison) -> str | None:
    """The interval of the widest gap over all groups and rates, where it was asked for."""
    found = comparison.bootstrap
    if found is None:
        return None
    is_ratio = comparison.statistic == "ratio"
    name = "Lowest ratio" if is_ratio else "Widest gap"
    over = " over both rates" if found.rates > 1 else ""
    number = words.ratio(found.value) if is_ratio else words.points(found.value)
    interval = (words.ratio_interval if is_ratio else words.interval)(found.low_ppm, found.high_ppm)
    undefined = f", {words.number(found.undefined)} of them undefined" if found.undefined else ""
    confidence = f"{words.exact_percent(comparison.confidence_ppm or 0)} %"
    drawn = f"{words.number(found.replicates)} replicates{undefined}, {confidence}"
    return f"{name}{over}: {number} {interval} by bootstrap ({drawn}). No verdict rests on it."


def enough_sentence(comparison: Comparison) -> str | None:
    """How many rows of its own would make each small group large enough; None where all rows together are told."""
    known = [group for group in comparison.insufficient if group.more_rows is not None]
    if not known or comparison.more_rows:
        return None
    named = [f"{words.number(group.more_rows or 0)} of {words.visible(group.name)}" for group in known]
    them = "it" if len(known) == 1 else "them"
    return f"About so many more labelled rows would make {them} large enough: {words.listed(named)}."


def settle_sentence(comparison: Comparison) -> str | None:
    """How many rows would decide, where that can be told."""
    if not comparison.more_rows:
        return None
    rows = words.plural(comparison.more_rows, "more labelled row")
    return f"About {rows} would settle it, if rates and shares of groups stay as counted."


def _every(comparison: Comparison) -> str:
    count = len(comparison.pairs)
    return "the pair" if count == 1 else f"all {words.number(count)} pairs"


def _nearest_end(comparison: Comparison) -> str:
    """The end of the failing pair's interval that lies nearest to the bound."""
    pair = comparison.failing_pairs[0]
    confidence = f"{words.exact_percent(comparison.confidence_ppm or 0)} %"
    names = f"{words.visible(pair.high)} and {words.visible(pair.low)}"
    is_ratio = comparison.statistic == "ratio"
    end = pair.high_ppm if is_ratio else pair.low_ppm
    if end is None:
        return f"{names} are beyond the bound"
    if is_ratio:
        return f"{names} have a ratio of at most {words.ratio(end)} with {confidence} confidence"
    return f"{names} are at least {words.points(end)} apart with {confidence} confidence"


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
    if group.name == comparison.reference_group:
        return "reference"
    if group.open:
        return "may be beyond"
    if not group.beyond:
        return ""
    return "beyond the bound" if comparison.statistic != MINIMUM else "below the bound"
