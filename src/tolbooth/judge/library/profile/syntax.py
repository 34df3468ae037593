"""A Rego module as a tree: the engine's own syntax tree, with spans that a finding can be shown at.

Spans are offsets in the UTF-8 text. The engine names a tree's node by its first key; here that is its ``kind``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tolbooth.judge.interface import Module
from tolbooth.model.errors import Place

Raw = Mapping[str, Any]

COMPREHENSIONS = frozenset({"ArrayCompr", "SetCompr", "ObjectCompr"})
OPERATORS = frozenset({"ArithExpr", "BinExpr", "BoolExpr", "AssignExpr", "Membership"})
REFERENCES = frozenset({"Var", "RefDot", "RefBrack"})
_QUOTED = frozenset({"String", "RawString"})
_OPENERS: Mapping[str, bytes] = {
    "Array": b"[", "ArrayCompr": b"[", "Object": b"{", "Set": b"{", "SetCompr": b"{", "ObjectCompr": b"{",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Node:
    """A part of a module: kind, where it begins and ends, its scalar (a name, a text, an operator) and its parts."""

    kind: str
    start: int
    end: int
    value: Any = None
    parts: Mapping[str, tuple[Node, ...]] = field(default_factory=dict)

    def one(self, name: str) -> Node:
        """The only part of that name."""
        (found,) = self.parts[name]
        return found

    def many(self, name: str) -> tuple[Node, ...]:
        """All parts of that name; none where there are none."""
        return self.parts.get(name, ())

    def children(self) -> Iterator[Node]:
        """The parts, in the order of the text."""
        for found in self.parts.values():
            yield from found

    def walk(self) -> Iterator[Node]:
        """This node and everything in it, outermost first."""
        yield self
        for child in self.children():
            yield from child.walk()

    def here(self) -> Iterator[Node]:
        """As ``walk``, but what has a query of its own (a comprehension, the body of ``every``) is not entered."""
        yield self
        if self.kind in COMPREHENSIONS:
            return
        for name, found in self.parts.items():
            if name != "stmts":
                for child in found:
                    yield from child.here()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rule:
    """A definition of a rule: ``shape`` is complete, set, object, function or default; ``name`` its root."""

    shape: str
    name: str
    node: Node

    @property
    def reference(self) -> Node:
        """The rule's name as it is written."""
        return self.node.one("refr")

    @property
    def bodies(self) -> tuple[Node, ...]:
        """The body and its else branches; a rule without a body has none."""
        return self.node.many("bodies")


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """An import: its path, such as ``data.lib.wording``, and the name by which it is used."""

    path: str
    alias: str
    node: Node


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Source:
    """A module with its tree. ``is_test`` where it holds tests, on which no decision rests."""

    module: Module
    package: str
    package_node: Node
    imports: tuple[Import, ...]
    rules: tuple[Rule, ...]
    content: bytes

    @property
    def path(self) -> str:
        """The module's path."""
        return self.module.path

    @property
    def is_test(self) -> bool:
        """Whether it holds tests."""
        return self.module.path.endswith("_test.rego")

    def text(self, node: Node) -> str:
        """What is written, in one line."""
        return " ".join(self.content[node.start : node.end].decode().split())

    def place(self, node: Node, *, width: int | None = None) -> Place:
        """Where a node stands, with the line; it is marked as far as it goes on that line."""
        return self.at(node.start, self.content[node.start : node.end].decode().partition("\n")[0], width)

    def at(self, offset: int, marked: str = "", width: int | None = None) -> Place:
        """Where an offset stands."""
        before = self.content[:offset].decode()
        column = len(before) - (before.rfind("\n") + 1) + 1
        place = Place(
            path=self.path, line=before.count("\n") + 1, column=column, width=width or max(1, len(marked.rstrip()))
        )
        return place.within(self.module.text)

    def nodes(self) -> Iterator[Node]:
        """Every node of every rule."""
        for rule in self.rules:
            yield from rule.node.walk()


def source_of(module: Module, tree: Raw) -> Source:
    """Read the engine's tree of a module.

    Args:
        module: the text that was parsed.
        tree: the engine's ``ast`` of it.
    """
    content = module.text.encode()
    reader = _Reader(content)
    package = reader.expression(tree["package"]["refr"])
    return Source(
        module=module,
        package=dotted(package) or "",
        package_node=package,
        imports=tuple(reader.imported(raw) for raw in tree["imports"]),
        rules=tuple(reader.rule(raw) for raw in tree["rules"]),
        content=content,
    )


def dotted(node: Node) -> str | None:
    """A reference as one name, such as ``data.lib.wording``; None where a step is not a plain word."""
    steps = path_of(node)
    if steps is None or not all(isinstance(step, str) for step in steps[1]):
        return None
    return ".".join([steps[0], *(str(step) for step in steps[1])])


def path_of(node: Node) -> tuple[str, tuple[str | Node, ...]] | None:
    """The root variable of a reference, and its steps: words, or nodes where a step is no plain text."""
    if node.kind == "Var":
        return str(node.value), ()
    if node.kind not in {"RefDot", "RefBrack"}:
        return None
    inner = path_of(node.one("refr"))
    if inner is None:
        return None
    if node.kind == "RefDot":
        return inner[0], (*inner[1], str(node.value))
    index = node.one("index")
    return inner[0], (*inner[1], str(index.value) if index.kind in _QUOTED else index)


class _Reader:
    """Makes nodes of the engine's JSON."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def rule(self, raw: Raw) -> Rule:
        ((kind, body),) = raw.items()
        if kind == "Default":
            parts = {"refr": (self.expression(body["refr"]),), "args": self._all(body["args"]),
                     "value": (self.expression(body["value"]),)}  # fmt: skip
            return Rule(shape="default", name=_root(parts["refr"][0]), node=self._node("Rule", body, parts=parts))
        ((shape, head),) = body["head"].items()
        refr = self.expression(head["refr"])
        parts = {"refr": (refr,), "args": self._all(head.get("args") or [])}
        if head.get("key") is not None:
            parts["key"] = (self.expression(head["key"]),)
        if head.get("assign") is not None:
            parts["value"] = (self.expression(head["assign"]["value"]),)
        parts["bodies"] = tuple(self._body(each) for each in body["bodies"])
        shapes = {"Set": "set", "Func": "function"}
        named = shapes.get(shape) or ("object" if any(n.kind == "RefBrack" for n in refr.walk()) else "complete")
        return Rule(shape=named, name=_root(refr), node=self._node("Rule", body, parts=parts))

    def imported(self, raw: Raw) -> Import:
        path = self.expression(raw["refr"])
        steps = (dotted(path) or "").split(".")
        span = raw.get("as")
        alias = self._content[span["start"] : span["end"]].decode() if span else steps[-1]
        return Import(path=".".join(steps), alias=alias, node=self._node("Import", raw, parts={"refr": (path,)}))

    def _body(self, raw: Raw) -> Node:
        parts = {"stmts": self._statements(raw["query"])}
        if raw.get("assign") is not None:
            parts["value"] = (self.expression(raw["assign"]["value"]),)
        return self._node("Body", raw, value=raw.get("is_else", False), parts=parts)

    def _statements(self, query: Raw) -> tuple[Node, ...]:
        return tuple(self._statement(raw) for raw in query["stmts"])

    def _statement(self, raw: Raw) -> Node:
        ((kind, body),) = raw["literal"].items()
        parts: dict[str, tuple[Node, ...]] = {}
        if kind == "SomeVars":
            parts["vars"] = tuple(self._name(span) for span in body["vars"])
        for name in ("key", "value"):
            if body.get(name) is not None:
                parts[name] = (self._name(body[name]) if kind == "Every" else self.expression(body[name]),)
        for name in ("expr", "collection", "domain"):
            if name in body:
                parts[name] = (self.expression(body[name]),)
        if "query" in body:
            parts["stmts"] = self._statements(body["query"])
        parts["withs"] = tuple(
            Node(kind="With", start=refr.start, end=as_.end, parts={"refr": (refr,), "as": (as_,)})
            for each in raw.get("with_mods") or []
            for refr, as_ in [(self.expression(each["refr"]), self.expression(each["as"]))]
        )
        return self._node(kind, body, parts=parts)

    def expression(self, raw: Raw) -> Node:
        ((kind, body),) = raw.items()
        parts: dict[str, tuple[Node, ...]] = {}
        value = body.get("value") if kind in {"Var", "String", "RawString", "Number", "Bool"} else body.get("op")
        for name in ("lhs", "rhs", "refr", "index", "expr", "fcn", "term", "collection"):
            if body.get(name) is not None:
                parts[name] = (self.expression(body[name]),)
        for name in ("key", "value"):
            if isinstance(body.get(name), dict):
                parts[name] = (self.expression(body[name]),)
        for name in ("items", "params"):
            if name in body:
                parts[name] = self._all(body[name])
        if kind == "RefDot":
            value = body["field"][1]
        if kind == "Object":
            parts["keys"] = tuple(self.expression(each[1]) for each in body["fields"])
            parts["values"] = tuple(self.expression(each[2]) for each in body["fields"])
        if "query" in body:
            parts["stmts"] = self._statements(body["query"])
        return self._node(kind, body, value=value, parts=parts)

    def _all(self, raws: list[Raw]) -> tuple[Node, ...]:
        return tuple(self.expression(raw) for raw in raws)

    def _name(self, span: Raw) -> Node:
        start, end = span["start"], span["end"]
        return Node(kind="Var", start=start, end=end, value=self._content[start:end].decode())

    def _node(self, kind: str, raw: Raw, *, value: Any = None, parts: Mapping[str, tuple[Node, ...]]) -> Node:
        """A node with its span mended: the engine leaves out quotes, and where brackets of several lines open."""
        start, end = raw["span"]["start"], raw["span"]["end"]
        if kind in _QUOTED:
            start, end = start - 1, end + 1
        children = [child for found in parts.values() for child in found]
        if children:
            start, end = min(start, *(c.start for c in children)), max(end, *(c.end for c in children))
        if kind in _OPENERS and self._content[start : start + 4] != b"set(":
            opening = _OPENERS[kind]
            start = start if self._content[start : start + 1] == opening else self._content.rfind(opening, 0, start)
        elif kind == "Set":
            end = self._content.index(b")", start) + 1
        return Node(kind=kind, start=start, end=end, value=value, parts=parts)


def _root(node: Node) -> str:
    while node.kind in {"RefDot", "RefBrack"}:
        node = node.one("refr")
    return str(node.value)
