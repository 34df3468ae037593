"""Names that nothing uses: ``opa check --strict`` refuses them, and often they are a slip."""

from __future__ import annotations

from collections.abc import Iterator

from tolbooth.judge.library.profile.finding import Finding, Level
from tolbooth.judge.library.profile.scope import WILDCARD, Query, pattern, uses
from tolbooth.judge.library.profile.syntax import Node
from tolbooth.judge.library.profile.view import View


def findings(view: View) -> Iterator[Finding]:
    """Imports, variables and arguments that are never read: ``profile.unused``, a warning."""
    roots = {str(node.value) for node in view.source.nodes() if node.kind == "Var"}
    for each in view.source.imports:
        if each.path.startswith(("data", "input")) and each.alias not in roots:
            yield _finding(view, each.node, f"the import '{each.alias}' is never used", "take the line out")
    for rule in view.source.rules:
        read = [
            name for part in (*rule.node.many("key"), *rule.node.many("value"), *rule.bodies) for name in uses([part])
        ]
        words = {str(name.value) for name in read}
        for name in [name for each in rule.node.many("args") for name in pattern(each)]:
            if str(name.value) not in {WILDCARD, *words} and rule.shape != "default":
                yield _finding(view, name, f"the argument '{name.value}' is never used", "write _ in its place")
    for query in view.queries:
        yield from _variables(view, query)


def _variables(view: View, query: Query) -> Iterator[Finding]:
    used = [str(name.value) for part in (*query.statements, *query.terms) for name in uses([part])]
    for statement in query.statements:
        for name, hint in _declared(statement):
            if name.value != WILDCARD and used.count(str(name.value)) == 1:
                yield _finding(view, name, f"the variable '{name.value}' is never used", hint)


def _declared(statement: Node) -> Iterator[tuple[Node, str]]:
    if statement.kind == "SomeVars":
        yield from ((name, "take it out") for name in statement.many("vars"))
    elif statement.kind == "SomeIn":
        terms = (*statement.many("key"), *statement.many("value"))
        yield from ((term, "write _ in its place") for term in terms if term.kind == "Var")
    elif statement.kind == "Expr" and statement.one("expr").kind == "AssignExpr":
        assignment = statement.one("expr")
        if assignment.value == "ColEq" and assignment.one("lhs").kind == "Var":
            yield assignment.one("lhs"), "take the line out"


def _finding(view: View, where: Node, message: str, hint: str) -> Finding:
    return view.finding("unused", where, message, hint, Level.WARNING)
