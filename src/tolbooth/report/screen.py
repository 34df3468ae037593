"""A sheet of terminal text: wrapping, styles, and what an old terminal gets instead of symbols.

Styles only repeat what the words say, so the text is the same with and without them.
"""

from __future__ import annotations

import textwrap
from enum import StrEnum

from rich.cells import cell_len

from tolbooth.report.cards import Status
from tolbooth.report.words import visible

MINIMUM_WIDTH = 40
NO_BREAK = "\u00a0"
"""A space at which a paragraph is not wrapped; written as a plain space."""


class Style(StrEnum):
    """The few styles that are used: two accents only, one for refusal and one for what waits."""

    PLAIN = ""
    STRONG = "1"
    QUIET = "2"
    REFUSAL = "31"
    WAITS = "33"


SYMBOLS = {
    Status.FAILED: "✗",
    Status.ERROR: "!",
    Status.UNDECIDED: "?",
    Status.WAIVED: "~",
    Status.WARNED: "✗",
    Status.PASSED: "✓",
    Status.OFF: "\u2013",
}

STYLES = {
    Status.FAILED: Style.REFUSAL,
    Status.ERROR: Style.REFUSAL,
    Status.UNDECIDED: Style.WAITS,
    Status.WAIVED: Style.WAITS,
    Status.WARNED: Style.WAITS,
    Status.PASSED: Style.PLAIN,
    Status.OFF: Style.QUIET,
}

_ASCII = str.maketrans({"✓": "+", "✗": "x", "\u2013": "-", "·": "|", "├": "|", "┤": "|", "─": "-", "●": "o", "┊": ":"})


class Sheet:
    """Lines of text, written once from top to bottom.

    Args:
        width: columns to keep within; commands and long names may stand out.
        color: whether styles are written as ANSI sequences.
        ascii_only: whether symbols and foreign letters are written in ASCII.
    """

    def __init__(self, *, width: int, color: bool, ascii_only: bool) -> None:
        self.width = max(width, MINIMUM_WIDTH)
        self._color = color
        self._ascii_only = ascii_only
        self._lines: list[str] = []

    def line(self, text: str = "", *, indent: int = 0, style: Style = Style.PLAIN) -> None:
        """Write one line as it is, without wrapping."""
        safe = visible(text).replace(NO_BREAK, " ")
        if self._ascii_only:
            safe = safe.translate(_ASCII).encode("ascii", "backslashreplace").decode("ascii")
        body = f"{' ' * indent}{safe}".rstrip()
        self._lines.append(f"\x1b[{style}m{body}\x1b[0m" if self._color and style and body else body)

    def paragraph(self, text: str, *, indent: int = 0, hang: int = 0, style: Style = Style.PLAIN) -> None:
        """Write text wrapped at the width; lines after the first are indented by ``hang`` more."""
        room = self.width - indent
        wrapped = textwrap.wrap(
            visible(text), room, subsequent_indent=" " * hang, break_long_words=False, break_on_hyphens=False
        )
        for part in wrapped or [""]:
            self.line(part, indent=indent, style=style)

    def field(self, name: str, text: str, *, size: int = 11) -> None:
        """Write a named field: the name in a column of ``size``, the text wrapped beside it."""
        self.paragraph(f"{pad(name, size)}{text}" if text else name, hang=size)

    def text(self) -> str:
        """Everything written, ending in a newline."""
        return "\n".join(self._lines) + "\n"


def pad(text: str, size: int) -> str:
    """The text filled with spaces to so many columns, counting wide letters as two."""
    return text + " " * max(0, size - cell_len(text))


def pad_left(text: str, size: int) -> str:
    """The text moved right within so many columns."""
    return " " * max(0, size - cell_len(text)) + text
