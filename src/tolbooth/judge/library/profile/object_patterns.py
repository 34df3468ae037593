"""Objects as patterns: OPA matches exactly these keys, the embedded engine an object with more keys too."""

from __future__ import annotations

from collections.abc import Iterator

from tolbooth.judge.library.profile.finding import Finding
from tolbooth.judge.library.profile.scope import WILDCARD
from tolbooth.judge.library.profile.syntax import Node
from tolbooth.judge.library.profile.view import View


def findings(view: View) -> Iterator[Finding]:
    """Every object with variables in it that something is matched with: ``profile.object-pattern``."""
    for rule in view.source.rules:
        for argument in rule.node.many("args"):
            yield from _found(view, argument, "the argument", always=True)
    for query in view.queries:
        for statement in query.statements:
            if statement.kind == "SomeIn":
                for term in (*statement.many("key"), *statement.many("value")):
                    yield from _found(view, term, "the member")
        for node in query.nodes():
            if node.kind == "AssignExpr":
                left, right = node.one("lhs"), node.one("rhs")
                yield from _found(view, left, view.text(right))
                if node.value == "Eq":
                    yield from _found(view, right, view.text(left))


def _found(view: View, pattern: Node, other: str, *, always: bool = False) -> Iterator[Finding]:
    if pattern.kind == "Array":
        for item in pattern.many("items"):
            yield from _found(view, item, "the item", always=always)
    elif pattern.kind == "Object" and (always or any(node.kind == "Var" for node in _direct(pattern))):
        yield view.finding(
            "object-pattern",
            pattern,
            "OPA matches an object with exactly these keys, the embedded engine one with more keys too",
            _instead(view, pattern, other),
        )


def _direct(pattern: Node) -> Iterator[Node]:
    for part in (*pattern.many("items"), *pattern.many("values")):
        yield part
        yield from _direct(part)


def _instead(view: View, pattern: Node, other: str) -> str:
    """The fields by name, such as ``x := input.o.a``."""
    pairs = list(zip(pattern.many("keys"), pattern.many("values"), strict=True))
    plain = other.replace(".", "").replace("_", "").isalnum()
    if not pairs or not plain or not all(key.kind == "String" for key, _ in pairs):
        return "bind it to a name, and name its fields: x := object.field"
    return "write " + "; ".join(_field(view, f"{other}.{key.value}", value) for key, value in pairs)


def _field(view: View, field: str, value: Node) -> str:
    if value.kind != "Var":
        return f"{field} == {view.text(value)}"
    return field if value.value == WILDCARD else f"{value.value} := {field}"
