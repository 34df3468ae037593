"""Fields that the input document never has: a rule that reads one is silent for ever, and passes."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from tolbooth.judge.library.profile.finding import Finding
from tolbooth.judge.library.profile.scope import Query
from tolbooth.judge.library.profile.shapes import Shape, Shapes
from tolbooth.judge.library.profile.syntax import REFERENCES, Node, dotted
from tolbooth.judge.library.profile.view import View

_TEXTS = ("String", "RawString")


def findings(view: View) -> Iterator[Finding]:
    """Every step of a reference that the input's schema excludes: ``profile.input-path``.

    Tests are not looked at: they make inputs of their own.
    """
    if view.source.is_test:
        return
    shapes = Shapes(view)
    for query in view.queries:
        for node in query.nodes():
            found = _step(shapes, query, node) or _looked_up(shapes, query, node)
            if found is not None:
                yield _finding(view, *found)


def _step(shapes: Shapes, query: Query, node: Node) -> tuple[Shape, Node, str] | None:
    """The shape that lacks a step, the step, and its name."""
    if node.kind == "RefDot":
        inner, name = node.one("refr"), str(node.value)
        where = Node(kind="Field", start=node.end - len(name.encode()), end=node.end)
    elif node.kind == "RefBrack" and node.one("index").kind in _TEXTS:
        inner, where = node.one("refr"), node.one("index")
        name = str(where.value)
    else:
        return None
    return _lacking(shapes, query, inner, [(where, name)])


def _looked_up(shapes: Shapes, query: Query, node: Node) -> tuple[Shape, Node, str] | None:
    """The same for ``object.get`` with a field, or with a path of fields."""
    if node.kind != "Call" or dotted(node.one("fcn")) != "object.get" or len(node.many("params")) < 2:  # noqa: PLR2004
        return None
    target, key = node.many("params")[:2]
    steps = key.many("items") if key.kind == "Array" else (key,)
    if target.kind not in REFERENCES or not all(step.kind in _TEXTS for step in steps):
        return None
    return _lacking(shapes, query, target, [(step, str(step.value)) for step in steps])


def _lacking(
    shapes: Shapes, query: Query, inner: Node, steps: list[tuple[Node, str]]
) -> tuple[Shape, Node, str] | None:
    shape = shapes.of(inner, query.scope)
    for where, name in steps:
        if shape is None:
            return None
        if shape.closed and name not in shape.known:
            return shape, where, name
        shape = shape.field(name)
    return None


def _finding(view: View, shape: Shape, where: Node, name: str) -> Finding:
    close = difflib.get_close_matches(name, shape.known, n=1)
    hint = f"did you mean '{close[0]}'?" if close else f"there are: {', '.join(shape.known)}"
    text = f"'{shape.path}' never has a field '{name}', so what reads it never holds"
    return view.finding("input-path", where, text, hint)
