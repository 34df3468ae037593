"""Rates by group as terminal lines: counts, rate, interval, standing, and a bar where there is room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from tolbooth.report import words
from tolbooth.report.comparison import Comparison, Group, Rate, fence
from tolbooth.report.screen import Sheet, Style, pad, pad_left
from tolbooth.report.sentences import standing

_NAME_LIMIT = 28
_BAR_WIDTH = 34
_INTERVAL_WIDTH = 12
_BAR_FROM = 100
_MOST_ROWS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLine:
    """One line: a group's name, its rate, and in words where it stands; ``brief`` where the line would be too long."""

    name: str
    rate: Rate
    standing: str = ""
    brief: str = ""
    beyond: bool = False


def comparison_lines(comparison: Comparison) -> list[RateLine]:
    """The lines of a comparison's groups."""
    return [
        RateLine(
            name=group.name,
            rate=group.rate,
            standing=standing(group, comparison),
            brief=_brief(group, comparison),
            beyond=group.beyond,
        )
        for group in comparison.groups
    ]


def _brief(group: Group, comparison: Comparison) -> str:
    if not group.sufficient:
        return "too few"
    if group.name == comparison.reference_group:
        return "reference"
    return "beyond" if group.beyond else "may be" if group.open else ""


def write_rates(sheet: Sheet, lines: Sequence[RateLine], *, indent: int, bound: int | None, all_rows: bool) -> None:
    """Write the lines in columns; with at least 100 columns each gets a bar, and ``bound`` (ppm) a mark in it.

    Long tables are cut to 16 lines and say so, unless ``all_rows``.
    """
    shown = lines if all_rows or len(lines) <= _MOST_ROWS else lines[: _MOST_ROWS - 1]
    name_size = min(_NAME_LIMIT, max((cell_len(words.visible(line.name)) for line in shown), default=0))
    count_size = max((len(_counts(line.rate)) for line in shown), default=0)
    rate_size = max((len(words.percent(line.rate.ppm)) for line in shown), default=0)
    scale = _scale(shown, bound) if sheet.width >= _BAR_FROM else None
    taken = indent + name_size + count_size + rate_size + _INTERVAL_WIDTH + 2 * 4
    taken += _BAR_WIDTH + 2 if scale else 0
    is_brief = any(taken + len(line.standing) > sheet.width for line in shown)
    for line in shown:
        name = words.visible(line.name)
        if cell_len(name) > name_size:
            sheet.line(name, indent=indent)
            name = ""
        numbers = (
            pad(name, name_size),
            pad_left(_counts(line.rate), count_size),
            pad_left(words.percent(line.rate.ppm), rate_size),
            pad_left(words.interval(line.rate.low_ppm, line.rate.high_ppm), _INTERVAL_WIDTH),
        )
        bar = "" if scale is None else pad(_bar(line.rate, scale, bound), _BAR_WIDTH)
        body = "  ".join(part for part in (*numbers, bar, line.brief if is_brief else line.standing) if part)
        sheet.line(body, indent=indent, style=Style.REFUSAL if line.beyond else Style.PLAIN)
    if len(shown) < len(lines):
        sheet.line(f"and {words.plural(len(lines) - len(shown), 'more group')}: see the report", indent=indent)


def _counts(rate: Rate) -> str:
    return words.fraction(rate.numerator, rate.denominator)


def _scale(lines: Sequence[RateLine], bound: int | None) -> tuple[int, int]:
    """The lowest and highest ppm to draw."""
    numbers = [number for line in lines for number in _span(line.rate)] + ([] if bound is None else [bound])
    return min(numbers, default=0), max(numbers, default=1_000_000)


def _span(rate: Rate) -> tuple[int, ...]:
    return tuple(number for number in (rate.low_ppm, rate.ppm, rate.high_ppm) if number is not None)


def _bar(rate: Rate, scale: tuple[int, int], bound: int | None) -> str:
    """Dot and interval, ``├──●──┤``, with the bound as a dotted mark."""
    cells = [" "] * _BAR_WIDTH
    low, high = scale

    def place(ppm: int) -> int:
        return (ppm - low) * (_BAR_WIDTH - 1) // max(1, high - low)

    if bound is not None:
        cells[place(bound)] = "┊"
    if rate.ppm is None:
        return "".join(cells)
    if rate.low_ppm is not None and rate.high_ppm is not None:
        start, end = place(rate.low_ppm), place(rate.high_ppm)
        for column in range(start, end + 1):
            cells[column] = "─"
        cells[start], cells[end] = "├", "┤"
    cells[place(rate.ppm)] = "●"
    return "".join(cells)


def write_comparison(sheet: Sheet, comparison: Comparison, *, indent: int, all_rows: bool = False) -> None:
    """Write the groups of a comparison with its bound."""
    write_rates(sheet, comparison_lines(comparison), indent=indent, bound=fence(comparison), all_rows=all_rows)
