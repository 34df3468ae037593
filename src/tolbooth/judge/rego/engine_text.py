"""The embedded engine's error texts, read: where the mistake stands, and the sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tolbooth.judge.interface import Module
from tolbooth.model.errors import Place, Problem

_PLACE = re.compile(r"^--> (?P<path>.+?):(?P<line>\d+):(?P<column>\d+)$", re.MULTILINE)
_SENTENCE = re.compile(r"^error: (?P<text>.+)$", re.MULTILINE)
_BACKTRACE = "\nStack backtrace:"
_TAB_COLUMNS = 4


def problem(code: str, path: str, text: str, modules: Iterable[Module]) -> Problem:
    """A mistake in a module: at the line and column that the engine names, else at the module as a whole."""
    plain = text.partition(_BACKTRACE)[0].strip()
    said, named = _SENTENCE.search(plain), _PLACE.search(plain)
    words = said["text"].strip() if said else " ".join(plain.split())
    if named is None:
        return Problem(code=code, message=words, place=Place(path=path))
    source = next((module.text for module in modules if module.path == named["path"]), "")
    line, column = int(named["line"]), int(named["column"])
    lines = source.split("\n")
    if line <= len(lines):
        column = _character(lines[line - 1], column)
    place = Place(path=named["path"], line=line, column=column).within(source)
    return Problem(code=code, message=words, place=place)


def sentence(text: str, modules: Iterable[Module]) -> str:
    """The error in one line, with its place where the engine names one."""
    found = problem("", "", text, modules)
    return f"{found.place}: {found.message}" if found.place is not None and found.place.path else found.message


def _character(line: str, column: int) -> int:
    """The character at a column of the engine, which counts the bytes of UTF-8, and a tab as four."""
    at = 1
    for position, character in enumerate(line, 1):
        if at >= column:
            return position
        at += _TAB_COLUMNS if character == "\t" else len(character.encode())
    return len(line) + 1
