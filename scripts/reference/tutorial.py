"""The executable blocks of a Markdown page: programs to save, edits of files, and console sessions.

``python`` begins with ``# NAME.py`` and is saved under that name; ``diff FILE`` is an edit of a file; ``console`` holds
commands after ``$`` and what they print. Blocks in other languages are for reading.

In printed lines ``…`` stands for what differs between two runs: a digest, an instant, a duration, or the folder where
all this happens. A line that is ``…`` alone stands for one line or more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_FENCE = re.compile(r"^```(\w+)(?: +(\S+))?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_FILE = re.compile(r"# (\w+\.py)")
_ELSEWHERE = "…"
_VARYING = (
    r"\b[0-9a-f]{12,64}\b",
    r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}Z",
    r"\d+ (?:s|minutes|hours)\b",
    r"(?:/[^\s/]+)+(?=/)",
)
_MASK = "(?:" + "|".join(_VARYING) + ")"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Python, to be saved under ``name``."""

    text: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Lines of a file and those that take their place."""

    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A command and the lines that the page says it prints."""

    command: str
    output: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """Commands in their order."""

    calls: tuple[Call, ...]


Block = Program | Edit | Console


def read_blocks(text: str) -> Iterator[Block]:
    """The executable blocks of a page, in order.

    Raises:
        ValueError: for a program without a name, or a console block that does not begin with a command.
    """
    for language, name, content in _FENCE.findall(text):
        if language == "python":
            named = _FILE.match(content)
            if named is None:
                raise ValueError("a program begins with a comment that names its file")
            yield Program(text=content, name=named[1])
        elif language == "diff":
            yield _edit(name, content.splitlines())
        elif language == "console":
            yield Console(calls=tuple(_calls(content.splitlines())))


def differing_line(said: tuple[str, ...], printed: tuple[str, ...]) -> str | None:
    """The first line of ``said`` that ``printed`` does not bear out, or that more was printed; None if all agree."""
    for count in range(1, len(said) + 1):
        if not re.match(_pattern(said[:count]), _joined(printed)):
            return f"the page says {said[count - 1]!r}"
    if re.fullmatch(_pattern(said), _joined(printed)):
        return None
    return "more is printed than the page says"


def _pattern(said: tuple[str, ...]) -> str:
    return "".join(r"(?:[^\n]*\n)+?" if line == _ELSEWHERE else f"{_line(line)}\n" for line in said)


def _line(line: str) -> str:
    return _MASK.join(re.escape(part) for part in line.split(_ELSEWHERE))


def _joined(printed: tuple[str, ...]) -> str:
    return "".join(f"{line.rstrip()}\n" for line in printed)


def _edit(name: str, lines: list[str]) -> Edit:
    old = [line[1:] for line in lines if not line.startswith("+")]
    new = [line[1:] for line in lines if not line.startswith("-")]
    return Edit(name=name, old="".join(f"{line}\n" for line in old), new="".join(f"{line}\n" for line in new))


def _calls(lines: list[str]) -> Iterator[Call]:
    starts = [at for at, line in enumerate(lines) if line.startswith("$ ")]
    if not lines or starts[:1] != [0]:
        raise ValueError("a console block begins with a command")
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield Call(command=lines[start].removeprefix("$ "), output=tuple(lines[start + 1 : end]))
