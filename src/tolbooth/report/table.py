"""One row a result, as a table of text."""

from __future__ import annotations

import textwrap

from tolbooth.report.checks import Check, checks_of
from tolbooth.report.model import Report, about_line, record_line
from tolbooth.report.screen import STYLES, SYMBOLS, Sheet, Style, pad
from tolbooth.report.words import visible

_HEADINGS = ("Status", "Rule", "About", "Found")
_NARROW_HEADINGS = ("Status", "Rule, about", "Found")
_GAP = 2
_STATUS, _NAME = 14, 28
_WIDE = (20, 32, 44)
"""The widest that the columns become but for the last, which takes what is left."""
_ROOM_FOR_WIDE = 120
_LEAST = 8


def render_table(report: Report, *, width: int, color: bool, ascii_only: bool) -> str:
    """Render one row for the gate and one a result, in text of at most ``width`` columns where cells can be broken."""
    sheet = Sheet(width=width, color=color, ascii_only=ascii_only)
    wide = sheet.width >= _ROOM_FOR_WIDE
    headings = _HEADINGS if wide else _NARROW_HEADINGS
    checks = checks_of(report)
    rows = [_cells(check, wide=wide) for check in checks]
    sizes = _sizes([headings, *rows], sheet.width, _WIDE if wide else _narrow(sheet.width))
    sheet.paragraph(about_line(report.head))
    sheet.paragraph(report.head.sentence, style=Style.STRONG)
    sheet.line()
    _write_row(sheet, headings, sizes, Style.STRONG)
    sheet.line("  ".join("─" * size for size in sizes), style=Style.QUIET)
    for check, row in zip(checks, rows, strict=True):
        _write_row(sheet, row, sizes, STYLES[check.status])
    sheet.line()
    sheet.paragraph(record_line(report.head), style=Style.QUIET)
    return sheet.text()


def _narrow(width: int) -> tuple[int, int]:
    """The status, and a name that leaves as much room again for what was found."""
    return _STATUS, min(_NAME, (width - _STATUS - 2 * _GAP) // 2)


def _cells(check: Check, *, wide: bool) -> tuple[str, ...]:
    status = f"{SYMBOLS[check.status]} {check.standing}"
    named = (check.rule, check.about) if wide else (f"{check.rule}: {check.about}",)
    return tuple(visible(cell) for cell in (status, *named, check.message))


def _sizes(rows: list[tuple[str, ...]], width: int, most: tuple[int, ...]) -> tuple[int, ...]:
    named = [min(size, max(len(row[place]) for row in rows)) for place, size in enumerate(most)]
    return (*named, max(_LEAST, width - sum(named) - _GAP * len(named)))


def _write_row(sheet: Sheet, cells: tuple[str, ...], sizes: tuple[int, ...], style: Style) -> None:
    columns = [textwrap.wrap(cell, size) or [""] for cell, size in zip(cells, sizes, strict=True)]
    for number in range(max(len(column) for column in columns)):
        parts = [
            pad(column[number] if number < len(column) else "", size)
            for column, size in zip(columns, sizes, strict=True)
        ]
        sheet.line((" " * _GAP).join(parts), style=style)
