"""Numbers, dates and counts in words, from integers only: the same text on any machine and in any locale."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import datetime

from tolbooth.model.instant import instant

_PERCENT = 10_000
_WHOLE = 1_000_000
_EXACT_DECIMALS = {_PERCENT: 4, _WHOLE: 6}

METRICS = {
    "selection_rate": ("selection rate", "selected", "all rows"),
    "true_positive_rate": ("true positive rate", "found", "actual positives"),
    "false_positive_rate": ("false positive rate", "wrongly flagged", "actual negatives"),
    "false_negative_rate": ("false negative rate", "missed", "actual positives"),
    "accuracy": ("accuracy", "predicted right", "all rows"),
    "true_negative_rate": ("true negative rate", "rightly cleared", "actual negatives"),
    "precision": ("precision", "right", "predicted positives"),
    "negative_predictive_value": ("negative predictive value", "right", "predicted negatives"),
}
"""Metric code to its name, what its numerator counts and what its denominator counts."""


def metric_name(metric: str) -> str:
    """The metric in words; an unknown code with spaces for underscores."""
    return METRICS[metric][0] if metric in METRICS else metric.replace("_", " ")


def metric_counts(metric: str) -> str:
    """What the two counts of a rate are: ``wrongly flagged of actual negatives``."""
    return f"{METRICS[metric][1]} of {METRICS[metric][2]}" if metric in METRICS else "counted of all"


def _fixed(ppm: int, divisor: int, decimals: int) -> str:
    """``ppm / divisor`` with so many decimals, half rounded away from zero, in integer arithmetic."""
    scaled = (2 * abs(ppm) * 10**decimals + divisor) // (2 * divisor)
    whole, part = divmod(scaled, 10**decimals)
    sign = "-" if ppm < 0 and scaled else ""
    return f"{sign}{whole}.{part:0{decimals}d}" if decimals else f"{sign}{whole}"


def _exact(ppm: int, divisor: int) -> str:
    """``ppm / divisor`` with every decimal that it has and no trailing zero."""
    text = _fixed(ppm, divisor, _EXACT_DECIMALS[divisor])
    return text.rstrip("0").rstrip(".")


def _apart(value: int, bound: int, divisor: int, decimals: int) -> str:
    """``value`` with as many decimals as it takes to look different from ``bound``, if it is different."""
    most = _EXACT_DECIMALS[divisor]
    shown = decimals
    while value != bound and shown < most and _fixed(value, divisor, shown) == _fixed(bound, divisor, shown):
        shown += 1
    return _fixed(value, divisor, shown)


def tenths(ppm: int) -> str:
    """A rate in percent with one decimal and no sign of percent: 448468 gives ``44.8``."""
    return _fixed(ppm, _PERCENT, 1)


def percent(ppm: int | None, *, beside: int | None = None) -> str:
    """A rate with one decimal, ``44.8 %``; more decimals where it would look like ``beside``; None is undefined."""
    if ppm is None:
        return "undefined"
    return f"{tenths(ppm) if beside is None else _apart(ppm, beside, _PERCENT, 1)} %"


def points(ppm: int, *, beside: int | None = None) -> str:
    """A difference of two rates in percentage points: ``21.4 points``."""
    return f"{tenths(ppm) if beside is None else _apart(ppm, beside, _PERCENT, 1)} points"


def ratio(ppm: int, *, beside: int | None = None) -> str:
    """A ratio of two rates with two decimals: ``0.52``."""
    return _fixed(ppm, _WHOLE, 2) if beside is None else _apart(ppm, beside, _WHOLE, 2)


def exact_percent(ppm: int) -> str:
    """A bound in percent, never rounded: 100000 gives ``10``, 33333 gives ``3.3333``."""
    return _exact(ppm, _PERCENT)


def exact_ratio(ppm: int) -> str:
    """A bound as a share, never rounded: 800000 gives ``0.8``."""
    return _exact(ppm, _WHOLE)


def fraction(numerator: int, denominator: int) -> str:
    """Counts as they stand: ``805/1795``."""
    return f"{numerator}/{denominator}"


def interval(low_ppm: int | None, high_ppm: int | None) -> str:
    """An interval in percent, ``[42.6, 47.2]``; empty where there is none."""
    return "" if low_ppm is None or high_ppm is None else f"[{tenths(low_ppm)}, {tenths(high_ppm)}]"


def ratio_interval(low_ppm: int | None, high_ppm: int | None) -> str:
    """An interval of a ratio, ``[0.29, 0.79]``; without an upper end ``[0.29 or more]``; empty where there is none."""
    if low_ppm is None:
        return ""
    return f"[{ratio(low_ppm)} or more]" if high_ppm is None else f"[{ratio(low_ppm)}, {ratio(high_ppm)}]"


def number(count: int) -> str:
    """A count with a comma between thousands: ``7,214``."""
    return f"{count:,}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """A count with its noun: ``1 rule``, ``2 rules``."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def listed(items: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``; empty for no items."""
    return " and ".join((", ".join(items[:-1]), items[-1])) if len(items) > 1 else "".join(items)


def when(value: datetime) -> str:
    """An instant for people: ``2026-11-23 09:14:07Z``."""
    return instant(value).strftime("%Y-%m-%d %H:%M:%SZ")


def capital(text: str) -> str:
    """The text with its first letter in upper case and the rest as it is."""
    return text[:1].upper() + text[1:]


def visible(text: str) -> str:
    """The text on one line, with control and direction-changing characters written as escapes.

    Names come from data: unseen characters could rewrite a terminal or turn the reading direction around. What Unicode
    says is no character is written so too, since neither XML nor YAML can hold it.
    """
    return "".join(_escape(char) if _is_unseen(char) else char for char in text)


_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


_NO_CHARACTER = 0xFFFE
"""The last two code points of every plane end in these bits (The Unicode Standard §23.7)."""


def _is_unseen(char: str) -> bool:
    return unicodedata.category(char) in _UNSEEN or ord(char) & _NO_CHARACTER == _NO_CHARACTER


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
