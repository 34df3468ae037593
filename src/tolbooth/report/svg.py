"""The one picture: a dot and its interval for each group, with the bound, as SVG that stands on its own.

Written by hand in integer arithmetic, so that the same numbers give the same bytes. Drawn in ``currentColor``, it
reads on light and dark ground and in grey: what is beyond the bound has another shape and a word. Labels stand above
their rows, so the picture stays legible 320 pixels wide. A page and paper share the drawing and differ in their look.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from xml.sax.saxutils import escape

from tolbooth.report import words
from tolbooth.report.comparison import MINIMUM, Comparison, Group, fence
from tolbooth.report.sentences import bound_of, headline

_LEFT = 8
_ROW = 38
_TOP = 26
_MOST_GROUPS = 30
_STEP = 100_000
_WHOLE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What differs between a screen and paper.

    ``width`` is in pixels; ``ink`` the colour where nothing around the picture gives one; ``show`` makes any text fit
    to be shown.
    """

    width: int = 300
    family: str = "system-ui, sans-serif"
    ink: str | None = None
    show: Callable[[str], str] = words.visible


SCREEN = Look()


@dataclass(frozen=True, slots=True)
class _Axis:
    """From ppm to tenths of a pixel; ``right`` is where the highest rate stands, in pixels."""

    low: int
    high: int
    right: int

    def x(self, ppm: int) -> str:
        """The coordinate of a rate, with one decimal."""
        tenths = _LEFT * 10 + (ppm - self.low) * (self.right - _LEFT) * 10 // (self.high - self.low)
        return f"{tenths // 10}.{tenths % 10}"


def drawn_groups(comparison: Comparison) -> tuple[Group, ...]:
    """The groups that are drawn: all, or the 15 highest and 15 lowest rates where there are more than 30."""
    groups = tuple(group for group in comparison.groups if group.rate.ppm is not None)
    half = _MOST_GROUPS // 2
    return groups if len(groups) <= _MOST_GROUPS else groups[:half] + groups[-half:]


def dot_plot(comparison: Comparison, *, name: str, look: Look = SCREEN) -> str:
    """Draw the asked rate of every group with its interval and the bound.

    Args:
        comparison: the groups with their rates; those whose rate is undefined are left to the table.
        name: a prefix for element ids, unique on the page; letters, digits and hyphens.
        look: colour, width and font.

    Returns:
        An ``<svg>`` element with title and description; empty where there is no rate to draw.
    """
    groups = drawn_groups(comparison)
    if not groups:
        return ""
    line = fence(comparison)
    axis = _axis(groups, line, look.width - _LEFT)
    height = _TOP + _ROW * len(groups) + 26
    color = f' color="{look.ink}"' if look.ink else ""
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {look.width} {height}" role="img" class="plot"'
        f' aria-labelledby="{name}-title {name}-desc" font-family="{look.family}" font-size="13"{color}'
        ' fill="currentColor">'
    )
    parts = [
        opening,
        f'<title id="{name}-title">{_text(headline(comparison), look)}</title>',
        f'<desc id="{name}-desc">{_text(_description(groups, comparison), look)}</desc>',
        *_ticks(axis, height),
        *_bound(line, comparison, look),
    ]
    for place, group in enumerate(groups):
        parts.extend(_row(group, axis, _TOP + _ROW * place, line, look))
    return "\n".join([*parts, "</svg>"])


def in_words(comparison: Comparison) -> str:
    """What the picture shows, for those who don't see it: title and description."""
    return words.visible(f"{headline(comparison)}. {_description(drawn_groups(comparison), comparison)}")


def _axis(groups: tuple[Group, ...], line: int | None, right: int) -> _Axis:
    """The scale, in whole steps of ten percent around everything that is drawn."""
    numbers = [n for g in groups for n in (g.rate.low_ppm, g.rate.ppm, g.rate.high_ppm) if n is not None]
    numbers.extend([] if line is None else [line])
    low = max(0, min(numbers)) // _STEP * _STEP
    high = -(-max(numbers) // _STEP) * _STEP
    return _Axis(low=low, high=min(max(high, low + _STEP), max(_WHOLE, high)), right=right)


def _text(text: str, look: Look) -> str:
    return escape(look.show(text), {'"': "&quot;"})


def _description(groups: tuple[Group, ...], comparison: Comparison) -> str:
    each = (
        f"{group.name} {words.percent(group.rate.ppm)} ({words.fraction(group.rate.numerator, group.rate.denominator)})"
        for group in groups
    )
    return f"Dots are rates, bars their intervals. {'; '.join(each)}. Bound: {bound_of(comparison)}."


def _ticks(axis: _Axis, height: int) -> list[str]:
    bottom = height - 22
    step = _STEP if axis.high - axis.low <= 5 * _STEP else 2 * _STEP
    parts = [f'<path d="M{_LEFT} {bottom}H{axis.right}" stroke="currentColor" stroke-opacity="0.5"/>']
    for ppm in range(axis.low, axis.high + 1, step):
        x = axis.x(ppm)
        anchor = "start" if ppm == axis.low else "end" if ppm == axis.high else "middle"
        parts.append(f'<path d="M{x} {bottom}v4" stroke="currentColor" stroke-opacity="0.5"/>')
        parts.append(f'<text x="{x}" y="{height - 5}" font-size="12" text-anchor="{anchor}">{ppm // 10_000} %</text>')
    return parts


def _bound(line: int | None, comparison: Comparison, look: Look) -> list[str]:
    if line is None:
        return []
    return [
        f'<path d="M{_LEFT} 11h24" stroke="currentColor" stroke-dasharray="4 3" stroke-width="1.5"/>',
        f'<text x="{_LEFT + 31}" y="15" font-size="11">{_text(_bound_caption(comparison), look)}</text>',
    ]


def _bound_caption(comparison: Comparison) -> str:
    if comparison.statistic == MINIMUM:
        return f"bound: {bound_of(comparison)}"
    exact = words.exact_ratio if comparison.statistic == "ratio" else words.exact_percent
    from_where = "of the highest" if comparison.statistic == "ratio" else "points above the lowest"
    return f"bound: {exact(comparison.bound)} {from_where}"


def _row(group: Group, axis: _Axis, top: int, line: int | None, look: Look) -> list[str]:
    middle = top + 25
    note = "" if group.sufficient and not group.beyond else " · beyond" if group.sufficient else " · too few"
    rate = group.rate
    numbers = _text(f"{words.percent(rate.ppm)}{note}", look)
    parts = [
        f'<text x="{_LEFT}" y="{top + 14}">{_text(_shortened(group.name, look), look)}</text>',
        f'<text x="{axis.right}" y="{top + 14}" text-anchor="end">{numbers}</text>',
    ]
    if line is not None:
        x = axis.x(min(max(line, axis.low), axis.high))
        parts.append(
            f'<path d="M{x} {middle - 8}v17" stroke="currentColor" stroke-dasharray="4 3" stroke-width="1.5"/>'
        )
    if rate.low_ppm is not None and rate.high_ppm is not None:
        dash = "" if group.sufficient else ' stroke-dasharray="2 3"'
        low, high = axis.x(rate.low_ppm), axis.x(rate.high_ppm)
        ends = f"M{low} {middle}H{high}M{low} {middle - 4}v8M{high} {middle - 4}v8"
        parts.append(f'<path d="{ends}" stroke="currentColor" stroke-width="1.5"{dash}/>')
    return [*parts, _dot(group, axis.x(rate.ppm or 0), middle)]


def _dot(group: Group, x: str, middle: int) -> str:
    """A disc; a diamond beyond the bound; a ring where there are too few rows."""
    if not group.sufficient:
        return (
            f'<circle class="ring" cx="{x}" cy="{middle}" r="4" fill="none" stroke="currentColor" stroke-width="1.5"/>'
        )
    if group.beyond:
        return f'<path class="beyond" d="M{x} {middle - 6}l6 6l-6 6l-6 -6z"/>'
    return f'<circle cx="{x}" cy="{middle}" r="4.5"/>'


def _shortened(name: str, look: Look) -> str:
    """A name that leaves room for its numbers; the table beside the picture has it whole."""
    shown, limit = look.show(name), look.width // 15
    return shown if len(shown) <= limit else f"{shown[: limit - 1]}\u2026"
