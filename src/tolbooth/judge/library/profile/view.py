"""What a family of findings looks at: one module among the others, its queries, and how a finding is made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tolbooth.judge.library.profile.finding import Finding, Level
from tolbooth.judge.library.profile.names import ROOTS, Names
from tolbooth.judge.library.profile.scope import Bound, Query, Scope, queries
from tolbooth.judge.library.profile.syntax import Node, Source, dotted
from tolbooth.model.errors import Place, Problem

_STEPS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A module, the names of all modules, and the module's queries, nested ones included."""

    source: Source
    names: Names
    queries: tuple[Query, ...]

    def finding(
        self, code: str, where: Node | Place, message: str, hint: str | None, level: Level = Level.ERROR
    ) -> Finding:
        """A finding of this module, ``profile.<code>``."""
        place = self.source.place(where) if isinstance(where, Node) else where
        return Finding(problem=Problem(code=f"profile.{code}", message=message, place=place, hint=hint), level=level)

    def text(self, node: Node) -> str:
        """What is written, in one line."""
        return self.source.text(node)

    def calls(self) -> Iterator[tuple[Query, Node, str]]:
        """Every call with its query and the function's name as it is written."""
        for query in self.queries:
            for node in query.nodes():
                if node.kind == "Call":
                    yield query, node, dotted(node.one("fcn")) or self.text(node.one("fcn"))

    def literal(self, node: Node, scope: Scope) -> Node:
        """The node that a name was assigned, through locals and rules with one value; else the node itself."""
        for _ in range(_STEPS):
            origin = self._assigned(node, scope)
            if origin is None:
                return node
            node, scope = origin
        return node

    def _assigned(self, node: Node, scope: Scope) -> tuple[Node, Scope] | None:
        if node.kind != "Var" or str(node.value) in ROOTS:
            return None
        binding = scope.find(str(node.value))
        if binding is not None:
            found = binding.origin if binding.how is Bound.ASSIGNED else None
            return None if found is None else (found, binding.scope)
        rules = self.names.rules(self.source.package).get(str(node.value), [])
        value = rules[0].node.many("value") if len(rules) == 1 and not rules[0].bodies else ()
        return (value[0], Scope()) if value else None


def view_of(source: Source, names: Names) -> View:
    """Look at one module."""
    found = tuple(query for rule in source.rules for top in queries(rule) for query in top.all())
    return View(source=source, names=names, queries=found)
