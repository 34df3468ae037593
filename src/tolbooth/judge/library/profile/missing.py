"""Values that may be missing where the engines don't agree on what follows: in heads, before ``else``, under ``in``."""

from __future__ import annotations

from collections.abc import Iterator

from tolbooth.judge.library.profile.finding import Finding
from tolbooth.judge.library.profile.presence import Presence
from tolbooth.judge.library.profile.scope import Query, queries
from tolbooth.judge.library.profile.syntax import Node, Rule, path_of
from tolbooth.judge.library.profile.view import View


def findings(view: View) -> Iterator[Finding]:
    """``profile.head``, ``profile.else`` and ``profile.membership``."""
    presence = Presence(view)
    for rule in view.source.rules:
        yield from _else(view, presence, rule) if rule.shape == "function" else _head(view, presence, rule)
    for query in view.queries:
        for node in _valued(query):
            for term in presence.lacking(node, query):
                text = f"where '{view.text(term)}' is missing, OPA finds this 'in' undefined, the embedded engine false"
                yield view.finding("membership", term, text, f"bind it first: {_bound(view, term)}")


def _head(view: View, presence: Presence, rule: Rule) -> Iterator[Finding]:
    """A result that is undefined for the last member takes those before it along, on the embedded engine."""
    for query in queries(rule):
        for term in (each for part in query.terms for each in presence.lacking(part, query, varying=True)):
            text = (
                f"where '{view.text(term)}' is missing for a member, OPA leaves out that one result,"
                " and the embedded engine perhaps all"
            )
            yield view.finding("head", term, text, f"bind it in the body: {_bound(view, term)}")


def _else(view: View, presence: Presence, rule: Rule) -> Iterator[Finding]:
    """A function whose value is undefined though its body holds goes on to ``else`` on OPA alone."""
    for query in queries(rule)[:-1]:
        for term in (each for part in query.terms for each in presence.lacking(part, query)):
            text = f"where '{view.text(term)}' is missing, OPA goes on to 'else', and the embedded engine ends here"
            yield view.finding("else", term, text, f"bind it in the body: {_bound(view, term)}")


def _valued(query: Query) -> Iterator[Node]:
    """Every ``in`` whose value is used: it is no condition by itself. What stands under ``not`` is told elsewhere."""
    conditions = {statement.one("expr") for statement in query.statements if statement.kind == "Expr"}
    negated = {node for each in query.statements if each.kind == "NotExpr" for node in each.walk()}
    for node in query.nodes():
        if node.kind == "Membership" and node not in conditions and node not in negated:
            yield node


def _bound(view: View, term: Node) -> str:
    """The statement that binds a term, and what gives it a value always."""
    found = path_of(term)
    text = view.text(term)
    last = found[1][-1] if found is not None and found[1] else None
    name = last if isinstance(last, str) and last.isidentifier() else "value"
    if found is None or not found[1] or not all(isinstance(step, str) for step in found[1]):
        return f"{name} := {text}"
    steps = ", ".join(f'"{step}"' for step in found[1])
    return f"{name} := {text}, or {name} := object.get({found[0]}, [{steps}], null) to keep the result"
