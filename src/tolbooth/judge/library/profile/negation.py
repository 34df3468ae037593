"""``not`` over something that may be missing: OPA finds the whole expression undefined, the embedded engine true."""

from __future__ import annotations

from collections.abc import Iterator

from tolbooth.judge.library.profile.finding import Finding
from tolbooth.judge.library.profile.names import ROOTS, built_ins
from tolbooth.judge.library.profile.scope import Query
from tolbooth.judge.library.profile.shapes import Shapes
from tolbooth.judge.library.profile.syntax import COMPREHENSIONS, REFERENCES, Node, Rule, dotted, path_of
from tolbooth.judge.library.profile.view import View


def findings(view: View) -> Iterator[Finding]:
    """Every term under ``not`` that may be missing, but where both engines take the whole for true.

    ``not input.x`` and ``not input.x == 1`` are alike on both; ``not f(input.x)`` and ``not input.x > 1`` are not:
    ``profile.negation``. A field that the input's schema requires is never missing.
    """
    shapes = Shapes(view)
    for query in view.queries:
        for statement in query.statements:
            if statement.kind == "NotExpr":
                for term in _hidden(statement.one("expr")):
                    if _may_be_missing(view, shapes, query, term):
                        yield _finding(view, statement, term)


def _hidden(expression: Node) -> Iterator[Node]:
    """The terms whose absence the engines take differently, outermost first."""
    if expression.kind in REFERENCES:
        yield from _indices(expression)
    elif expression.kind in {"BoolExpr", "AssignExpr"} and expression.value == "Eq":
        for side in (expression.one("lhs"), expression.one("rhs")):
            yield from _indices(side) if side.kind in REFERENCES else _terms(side)
    elif expression.kind == "Call":
        for argument in expression.many("params"):
            yield from _terms(argument)
    elif expression.kind not in COMPREHENSIONS:
        for part in expression.children():
            yield from _terms(part)


def _terms(node: Node) -> Iterator[Node]:
    if node.kind in REFERENCES:
        yield node
        yield from _indices(node)
    elif node.kind == "Call":
        yield node
        for argument in node.many("params"):
            yield from _terms(argument)
    elif node.kind not in COMPREHENSIONS:
        for part in node.children():
            yield from _terms(part)


def _indices(reference: Node) -> Iterator[Node]:
    """What stands in the brackets of a reference, where it is itself looked up."""
    for node in reference.walk():
        if node.kind == "RefBrack" and node.one("index").kind in {"RefDot", "RefBrack", "Call"}:
            yield node.one("index")


def _may_be_missing(view: View, shapes: Shapes, query: Query, term: Node) -> bool:
    if term.kind == "Call":
        name = dotted(term.one("fcn")) or ""
        if name in built_ins().portable:
            return False  # an error of a built-in ends the evaluation on both
        path = view.names.full(view.source, term.one("fcn"))
        return not _total(view.names.definitions(path) if path is not None else ())
    found = path_of(term)
    if found is None:
        return True
    root, steps = found
    if query.scope.find(root) is None and root not in ROOTS and not steps:
        return not _total(view.names.rules(view.source.package).get(root, ()))
    return bool(steps) and not shapes.always_there(term, query.scope)


def _total(rules: list[Rule] | tuple[Rule, ...]) -> bool:
    """Whether a rule always has a value: a set, an object, one with a default, or one without conditions."""
    return any(
        rule.shape in {"set", "object", "default"} or (not rule.bodies and not _conditional(rule)) for rule in rules
    )


def _conditional(rule: Rule) -> bool:
    """Whether a rule without a body may still be undefined: its value is looked up."""
    return any(
        node.kind in {"RefDot", "RefBrack", "Call"} or (node.kind == "Var" and not rule.node.many("args"))
        for value in rule.node.many("value")
        for node in value.here()
    )


def _finding(view: View, statement: Node, term: Node) -> Finding:
    text = view.text(term)
    bound = f"value := {_lookup(text, term)}"
    expression = statement.one("expr")
    content, start = view.source.content, expression.start
    rest = content[start : term.start] + b"value" + content[term.end : expression.end]
    return view.finding(
        "negation",
        term,
        f"where '{text}' is missing, OPA finds this 'not' undefined, and the embedded engine true",
        f"bind it first: {bound}; not {' '.join(rest.decode().split())}",
    )


def _lookup(text: str, term: Node) -> str:
    found = path_of(term)
    if found is None or not found[1] or not all(isinstance(step, str) for step in found[1]):
        return f"{text}, in a rule of its own with a default" if term.kind == "Call" else text
    root, steps = found
    quoted = ", ".join(f'"{step}"' for step in steps)
    return f"object.get({root}, [{quoted}], null)"
