"""Regular expressions: classes that are ASCII to one engine and Unicode to the other, and syntax of one alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tolbooth.judge.library.profile.finding import Finding
from tolbooth.judge.library.profile.scope import Query
from tolbooth.judge.library.profile.syntax import Node
from tolbooth.judge.library.profile.view import View

_PATTERN_ARGUMENT: Mapping[str, int] = {
    "regex.find_all_string_submatch_n": 0, "regex.find_n": 0, "regex.is_valid": 0, "regex.match": 0,
    "regex.replace": 1, "regex.split": 0, "regex.template_match": 0,
}  # fmt: skip
_CLASSES: Mapping[str, tuple[str, str]] = {
    "d": ("[0-9]", "0-9"), "w": ("[0-9A-Za-z_]", "0-9A-Za-z_"), "s": (r"[\t\n\f\r ]", r"\t\n\f\r "),
    "D": ("[^0-9]", ""), "W": ("[^0-9A-Za-z_]", ""), "S": (r"[^\t\n\f\r ]", ""),
}  # fmt: skip
"""What an ASCII class is in brackets of its own, and inside brackets."""

_TOKEN = re.compile(
    r"""\\(?P<escape>[pP]\{[^}]*\}|[pP].|x\{[^}]*\}|x..|.)
      | (?P<opening>\[\^?\]?)
      | (?P<group>\(\?(?P<flags>[^:)P<]*)[:)]|\((?:\?P?<[^>]*>)?)
      | (?P<repeat>\{(?P<low>[0-9]+)(?:,(?P<high>[0-9]*))?\})
      | (?P<brace>\{)
      | (?P<star>[*+?])
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_FIXED = frozenset("AnrtfvzpPx")
_FLAGS = frozenset("imsU-")
_REPEATS = 100
"""Beyond it the embedded engine's limit of 100 KB for a compiled pattern may raise, where OPA allows 1000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fault:
    at: int
    width: int
    why: str
    instead: str


def findings(view: View) -> Iterator[Finding]:
    """Every pattern that the engines read differently: ``profile.regex``."""
    for query, call, name in view.calls():
        position = _PATTERN_ARGUMENT.get(name)
        if position is None or len(call.many("params")) <= position:
            continue
        yield from _pattern(view, query, call.many("params")[position], splits=name == "regex.split")


def _pattern(view: View, query: Query, argument: Node, *, splits: bool) -> Iterator[Finding]:
    literal = view.literal(argument, query.scope)
    if literal.kind not in {"String", "RawString"}:
        text = "a pattern that is not written out can't be looked at, and engines read patterns differently"
        yield view.finding("regex", argument, text, "write the pattern as a text, or compare without one")
        return
    pattern = str(literal.value)
    faults = list(_faults(pattern))
    if splits and not faults and _matches_nothing(pattern):
        faults = [_Fault(at=0, width=1, why="engines split differently where a pattern matches nothing",
                         instead="use split, or a pattern that matches at least one character")]  # fmt: skip
    for fault in faults:
        yield view.finding("regex", _place(view, literal, fault), fault.why, fault.instead)


def _place(view: View, literal: Node, fault: _Fault) -> Node:
    """The fault itself where text and pattern are the same letters, else the whole text."""
    written = view.source.content[literal.start + 1 : literal.end - 1].decode()
    if written != literal.value:
        return literal
    start = literal.start + 1 + len(written[: fault.at].encode())
    return Node(kind="Pattern", start=start, end=start + len(written[fault.at : fault.at + fault.width].encode()))


def _matches_nothing(pattern: str) -> bool:
    try:
        return re.match(pattern, "") is not None
    except re.error:
        return pattern == ""


def _faults(pattern: str) -> Iterator[_Fault]:
    rewritten = _portable(pattern)
    inside, after_repeat = False, False
    for found in _TOKEN.finditer(pattern):
        repeats = found["repeat"] is not None or (found["star"] is not None and not inside)
        why = _class_fault(pattern, found) if inside else _fault(found, after_repeat=after_repeat)
        if found["escape"] is not None:
            why = why or _escape_fault(found["escape"])
        if why is not None:
            instead = f"write `{rewritten}`" if found["escape"] in _CLASSES and rewritten else _INSTEAD[why]
            yield _Fault(at=found.start(), width=len(found[0]), why=why, instead=instead)
        # A question mark after a repeat makes it lazy, on both.
        after_repeat = repeats and not (after_repeat and found["star"] == "?")
        inside = found["other"] != "]" if inside else found["opening"] is not None


_CLASS = "OPA reads this class as ASCII, the embedded engine as Unicode"
_EDGE = "OPA looks for the edge of an ASCII word, the embedded engine for that of a Unicode word"
_ESCAPE = "only one of the engines knows this escape, or they read it differently"
_SETS = "OPA reads these as letters of the class, the embedded engine as an operation on sets"
_BRACE = "OPA reads a brace that repeats nothing as a letter, the embedded engine refuses it"
_TWICE = "OPA refuses a repetition of a repetition, the embedded engine takes it"
_LARGE = "a large repetition is more than the embedded engine's limit for a pattern"
_FLAG = "only the embedded engine knows this flag"
_INSTEAD: Mapping[str, str] = {
    _CLASS: "write the class out, such as [0-9] or [0-9A-Za-z_]",
    _EDGE: "write out what may stand beside, such as (^|[^0-9A-Za-z_])",
    _ESCAPE: "write the letter, or a class in brackets",
    _SETS: "put a backslash before one of them",
    _BRACE: r"write \{",
    _TWICE: "put the inner repetition into a group: (?:a*)*",
    _LARGE: f"repeat at most {_REPEATS} times, and compare count(text) beside it",
    _FLAG: "leave it out: i, m, s and U are known to both",
}


def _escape_fault(escape: str) -> str | None:
    if escape in _CLASSES:
        return _CLASS
    if escape in {"b", "B"}:
        return _EDGE
    letter = escape[0]
    known = letter in _FIXED or (letter.isascii() and not letter.isalnum() and letter not in "<>")
    return None if known else _ESCAPE


def _fault(found: re.Match[str], *, after_repeat: bool) -> str | None:
    if found["repeat"] is not None:
        if after_repeat:
            return _TWICE
        return _LARGE if max(int(found["low"]), int(found["high"] or 0)) > _REPEATS else None
    if found["star"] is not None and found["star"] != "?" and after_repeat:
        return _TWICE
    if found["brace"] is not None:
        return _BRACE
    return _FLAG if found["flags"] and not set(found["flags"]) <= _FLAGS else None


def _class_fault(pattern: str, found: re.Match[str]) -> str | None:
    doubled = pattern[found.start() : found.start() + 2]
    return _SETS if doubled in {"&&", "--", "~~"} else None


def _portable(pattern: str) -> str | None:
    """The pattern with its ASCII classes written out; None where one of them can't be."""
    parts: list[str] = []
    inside = False
    for found in _TOKEN.finditer(pattern):
        if found["escape"] in _CLASSES:
            alone, within = _CLASSES[found["escape"]]
            if inside and not within:
                return None
            parts.append(within if inside else alone)
        elif found["escape"] in {"b", "B"}:
            return None
        else:
            parts.append(found[0])
        inside = found["other"] != "]" if inside else found["opening"] is not None
    return "".join(parts)
