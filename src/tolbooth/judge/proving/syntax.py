"""The engine's syntax tree of a module, read: its rules, their statements, and where in the text they stand.

Positions are offsets into the text's UTF-8 bytes, as the engine counts them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tolbooth.judge.interface import Module
from tolbooth.model.errors import Place

Node = Mapping[str, Any]
_TAB_COLUMNS = 4
_TEXTS = ("String", "RawString")
_TEST = re.compile(r"(todo_)?test_\w*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From the first byte to the one after the last."""

    start: int
    end: int

    def holds(self, offset: int) -> bool:
        """Whether an offset lies inside."""
        return self.start <= offset < self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule, or one of the definitions of a rule that has several: its name, its place and its tree."""

    name: str
    span: Span
    node: Node

    @property
    def is_test(self) -> bool:
        """Whether it is run as a test, or put off as one."""
        return _TEST.fullmatch(self.name) is not None

    @property
    def postponed(self) -> bool:
        """Whether it is a test that its author has put off."""
        return self.is_test and self.name.startswith("todo_")

    @property
    def bodies(self) -> tuple[Node, ...]:
        """The queries of the rule: its body, then those of its else branches."""
        return tuple(body["query"] for body in self.node.get("bodies", ()))


class Tree:
    """A module with its tree."""

    def __init__(self, module: Module, root: Node) -> None:
        self.module = module
        self.source = module.text.encode()
        self._root = root
        self._texts = [value["span"] for kind, value in nodes(root) if kind in _TEXTS]

    @property
    def rules(self) -> Iterator[Rule]:
        """Every definition, in the order of the file."""
        for written in self._root["rules"]:
            ((kind, node),) = written.items()
            head = node if kind == "Default" else next(iter(node["head"].values()))
            span = Span(start=node["span"]["start"], end=node["span"]["end"])
            yield Rule(name=self.text(_name(head["refr"])), span=span, node=node)

    def text(self, span: Span) -> str:
        """The source between two offsets."""
        return self.source[span.start : span.end].decode()

    def statement(self, statement: Node) -> Span:
        """Where a statement stands, with its ``with``; the engine leaves out the quotes of a string at either end."""
        return self._with_quotes(statement["span"]["start"], statement["span"]["end"])

    def expression(self, statement: Node) -> Span:
        """Where a statement's expression stands, without its ``with``."""
        ((_, literal),) = statement["literal"].items()
        return self._with_quotes(literal["span"]["start"], literal["span"]["end"])

    def operator(self, node: Node) -> int:
        """Where the operator of a comparison or assignment begins: the engine gives it by line and column alone."""
        line, column = node["span"]["line"], node["span"]["col"]
        start = 0
        for _ in range(line - 1):
            start = self.source.index(b"\n", start) + 1
        at = 1
        while at < column:
            at += _TAB_COLUMNS if self.source[start : start + 1] == b"\t" else 1
            start += 1
        return start

    def place(self, offset: int) -> Place:
        """The line and column of an offset, with the line itself."""
        before = self.source[:offset].decode()
        line = before.count("\n") + 1
        column = len(before) - (before.rfind("\n") + 1) + 1
        return Place(path=self.module.path, line=line, column=column).within(self.module.text)

    def _with_quotes(self, start: int, end: int) -> Span:
        begins = any(span["start"] == start for span in self._texts)
        ends = any(span["end"] == end for span in self._texts) and self.source[end : end + 1] in (b'"', b"`")
        return Span(start=start - begins, end=end + ends)


def nodes(node: Any) -> Iterator[tuple[str, Node]]:
    """Every expression and literal below a node, by its kind, outermost first."""
    if isinstance(node, dict):
        for name, value in node.items():
            if isinstance(value, dict) and name[0].isupper():
                yield name, value
            yield from nodes(value)
    elif isinstance(node, list):
        for item in node:
            yield from nodes(item)


def queries(node: Any) -> Iterator[Node]:
    """Every query below a node: bodies, comprehensions and what ``every`` asks, outermost first."""
    if isinstance(node, dict):
        if "stmts" in node:
            yield node
        for value in node.values():
            yield from queries(value)
    elif isinstance(node, list):
        for item in node:
            yield from queries(item)


def variables(node: Any) -> Iterator[tuple[str, int]]:
    """Every variable below a node by name and offset; references to a field count by their root."""
    for kind, value in nodes(node):
        if kind == "Var":
            yield value["value"], value["span"]["start"]


def _name(reference: Node) -> Span:
    """The root of a rule's name: ``a`` of ``a[b].c``."""
    ((kind, node),) = reference.items()
    if kind == "Var":
        return Span(start=node["span"]["start"], end=node["span"]["end"])
    return _name(node["refr"])
