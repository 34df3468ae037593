"""The pieces of a document on paper: runs of text and the blocks made of them, as plain JSON for the typst template.

What a block says is ``paper``'s; how it looks is ``templates/report.typ``'s. No text is ever markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tolbooth.report.cards import STATUS_WORDS, Status
from tolbooth.report.words import capital

Run = dict[str, str]
"""A stretch of text with its style."""

Runs = list[Run]
Block = dict[str, Any]

_TONES = {
    Status.FAILED: "refusal",
    Status.ERROR: "refusal",
    Status.UNDECIDED: "waits",
    Status.WAIVED: "waits",
    Status.WARNED: "waits",
}


def plain(text: str) -> Run:
    """Text as it stands."""
    return {"style": "plain", "text": text}


def strong(text: str, tone: str = "plain") -> Run:
    """Bold text; ``tone`` is ``plain``, ``refusal`` or ``waits``."""
    return {"style": "strong", "text": text, "tone": tone}


def mono(text: str) -> Run:
    """A code, a digest or a command."""
    return {"style": "mono", "text": text}


def quiet(text: str) -> Run:
    """Text that stands back."""
    return {"style": "quiet", "text": text}


def status(value: Status, *, as_sentence: bool = True) -> Run:
    """A status as a word, bold, in its colour."""
    word = STATUS_WORDS[value]
    return strong(capital(word) if as_sentence else word, _TONES.get(value, "plain"))


def paragraph(*runs: Run) -> Block:
    """A paragraph."""
    return {"kind": "paragraph", "runs": list(runs)}


def lead(*runs: Run) -> Block:
    """A paragraph that stays with what follows it."""
    return {"kind": "lead", "runs": list(runs)}


def heading(level: int, *runs: Run) -> Block:
    """A heading below the numbered ones: level 2 stands among the file's bookmarks, level 3 does not."""
    return {"kind": "heading", "level": level, "runs": list(runs)}


def items(lines: Iterable[Runs]) -> Block:
    """A list."""
    return {"kind": "items", "items": list(lines)}


def facts(pairs: Iterable[tuple[str, Sequence[Run]]]) -> Block:
    """Terms and what is said of each."""
    return {"kind": "facts", "facts": [{"term": term, "runs": list(runs)} for term, runs in pairs]}


def command(text: str) -> Block:
    """A command to run."""
    return {"kind": "command", "text": text}


def picture(svg: str, alt: str) -> Block:
    """A picture with what it shows in words."""
    return {"kind": "picture", "svg": svg, "alt": alt}


def table(caption: str, columns: Sequence[tuple[str, int]], rows: Iterable[Sequence[Runs]]) -> Block:
    """A table with a caption.

    Args:
        caption: what it holds.
        columns: heading and share of the width of each; share 0 is a column of figures, as wide as they are.
        rows: the cells of each row; the first names the row.
    """
    shares = [{"head": head, "share": share} for head, share in columns]
    return {"kind": "table", "caption": caption, "columns": shares, "rows": [list(row) for row in rows]}
