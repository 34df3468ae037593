"""Click's help text as Markdown: paragraphs, blocks that keep their lines, and the exit codes that it names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from inspect import cleandoc

from scripts.reference.markdown import fenced

_VERBATIM = "\b"
_EXIT_CODES = re.compile(r"^Exit codes:\s+(.+?)\.?$", re.DOTALL)
_BETWEEN_CODES = re.compile(r"[,;]\s+(?=\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpText:
    """A command's help: its text as Markdown, and the exit codes that it names, with their meaning."""

    blocks: tuple[str, ...]
    exit_codes: tuple[tuple[int, str], ...]


def read_help(text: str) -> HelpText:
    """Read a help text; a paragraph of exit codes becomes ``exit_codes``."""
    blocks: list[str] = []
    found: tuple[tuple[int, str], ...] = ()
    for paragraph in re.split(r"\n\s*\n", cleandoc(text)):
        verbatim = paragraph.startswith(_VERBATIM)
        lines = paragraph.removeprefix(_VERBATIM).strip("\n")
        named = _EXIT_CODES.match(" ".join(lines.split()))
        if named is not None:
            found = tuple(_code(each) for each in _BETWEEN_CODES.split(named[1]))
        elif verbatim:
            blocks.append(fenced(cleandoc(f"\n{lines}")))
        else:
            blocks.append(prose(lines))
    return HelpText(blocks=tuple(blocks), exit_codes=found)


def prose(text: str) -> str:
    """A paragraph on one line, with words that Markdown would take for markup escaped."""
    return re.sub(r"([*<>\[\]])", r"\\\1", " ".join(text.split()))


def _code(text: str) -> tuple[int, str]:
    number, _, meaning = text.partition(" ")
    return int(number), meaning
