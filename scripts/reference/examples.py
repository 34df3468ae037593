"""Examples for the pages of commands: the tutorial's own, which the acceptance suite runs and compares."""

from __future__ import annotations

from collections.abc import Mapping

from scripts.reference.tutorial import Console, read_blocks

_MOST_LINES = 14
_CUT = "…"


def examples(tutorial: str) -> Mapping[str, str]:
    """For each command the first call in the tutorial with what it printed, by the words after ``tolbooth``.

    Long output ends with a line ``…``.
    """
    found: dict[str, str] = {}
    for block in read_blocks(tutorial):
        if not isinstance(block, Console):
            continue
        for call in block.calls:
            program, *words = call.command.split()
            if program != "tolbooth":
                continue
            lines = [f"$ {call.command}", *call.output]
            shown = lines if len(lines) <= _MOST_LINES else [*lines[: _MOST_LINES - 1], _CUT]
            for depth in (1, 2):
                found.setdefault(" ".join(words[:depth]), "\n".join(shown).rstrip())
    return found
