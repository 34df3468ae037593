"""Which variable means what: the queries of a rule, each with the names that it binds and to what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from tolbooth.judge.library.profile.syntax import COMPREHENSIONS, Node, Rule

WILDCARD = "_"


class Bound(StrEnum):
    """How a name came to its value: by assignment, as a member or key of a collection, or otherwise."""

    ASSIGNED = "assigned"
    MEMBER = "member"
    KEY = "key"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Binding:
    """A local name: the variable where it is bound, how, and the expression that it comes from, with its scope."""

    name: Node
    how: Bound
    origin: Node | None
    scope: Scope
    declared: bool = True


@dataclass(slots=True, kw_only=True, eq=False)
class Scope:
    """The names of one query, over those of the query around it."""

    outer: Scope | None = None
    names: dict[str, Binding] = field(default_factory=dict)

    def find(self, name: str) -> Binding | None:
        """What a name is bound to here or around; None for a rule, an import or a name that nothing binds."""
        found = self.names.get(name)
        return found if found is not None or self.outer is None else self.outer.find(name)

    def bind(self, name: Node, how: Bound, origin: Node | None, *, declared: bool = True) -> None:
        """Bind a name; one that is bound twice keeps its first meaning."""
        if str(name.value) != WILDCARD and str(name.value) not in self.names:
            self.names[str(name.value)] = Binding(name=name, how=how, origin=origin, scope=self, declared=declared)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Query:
    """Statements that hold together, and the terms that are read where they hold.

    ``closures`` are the queries of what stands in it: comprehensions, and the bodies of ``every``, by their node.
    """

    rule: Rule
    statements: tuple[Node, ...]
    terms: tuple[Node, ...]
    scope: Scope
    closures: dict[Node, Query]

    def all(self) -> Iterator[Query]:
        """This query and every one in it."""
        yield self
        for inner in self.closures.values():
            yield from inner.all()

    def nodes(self) -> Iterator[Node]:
        """Every node of this query alone."""
        for part in (*self.statements, *self.terms):
            yield from part.here()


def queries(rule: Rule, call: Sequence[tuple[Node, Scope]] = ()) -> tuple[Query, ...]:
    """The queries of a rule, one for each body; a rule without a body has one without statements.

    Args:
        rule: the definition.
        call: what a function's arguments are in one call of it, each with its scope; none, and they may be anything.
    """
    arguments = Scope()
    for argument in rule.node.many("args"):
        for name in pattern(argument):
            arguments.bind(name, Bound.OTHER, None)
    for argument, (given, scope) in zip(rule.node.many("args") if call else (), call, strict=True):
        word = str(argument.value)
        if argument.kind == "Var" and word in arguments.names:
            arguments.names[word] = Binding(name=argument, how=Bound.ASSIGNED, origin=given, scope=scope)
    head = (*rule.node.many("key"), *rule.node.many("value"), *_indices(rule.reference))
    if not rule.bodies:
        return (_query(rule, (), head, arguments),)
    found = []
    for body in rule.bodies:
        terms = body.many("value") if body.value else head
        found.append(_query(rule, body.many("stmts"), terms, arguments))
    return tuple(found)


def pattern(node: Node) -> Iterator[Node]:
    """The variables that a pattern binds: those that stand in it directly, or in its arrays and objects."""
    if node.kind == "Var":
        yield node
    elif node.kind in {"Array", "Object"}:
        for part in (*node.many("items"), *node.many("values")):
            yield from pattern(part)


def _indices(reference: Node) -> tuple[Node, ...]:
    return tuple(node.one("index") for node in reference.walk() if node.kind == "RefBrack")


def _query(rule: Rule, statements: tuple[Node, ...], terms: tuple[Node, ...], outer: Scope) -> Query:
    scope = Scope(outer=outer)
    for statement in statements:
        _declare(statement, scope)
    query = Query(rule=rule, statements=statements, terms=terms, scope=scope, closures={})
    for part in (*statements, *terms):
        for node in part.here():
            inner = _closure(rule, node, scope)
            if inner is not None:
                query.closures[node] = inner
    return query


def _closure(rule: Rule, node: Node, scope: Scope) -> Query | None:
    if node.kind in COMPREHENSIONS:
        terms = (*node.many("key"), *node.many("value"), *node.many("term"))
        return _query(rule, node.many("stmts"), terms, scope)
    if node.kind != "Every":
        return None
    names = Scope(outer=scope)
    for how, part in _PART.items():
        for name in node.many(part):
            names.bind(name, how, node.one("domain"), declared=False)
    return _query(rule, node.many("stmts"), (), names)


_PART = {Bound.KEY: "key", Bound.MEMBER: "value"}


def _declare(statement: Node, scope: Scope) -> None:
    """Bind what a statement declares: with ``some``, ``:=``, or ``=`` to a name that means nothing else."""
    if statement.kind == "SomeVars":
        for name in statement.many("vars"):
            scope.bind(name, Bound.OTHER, None)
    elif statement.kind == "SomeIn":
        for how, part in _PART.items():
            for term in statement.many(part):
                _bind_pattern(term, how, statement.one("collection"), scope)
    elif statement.kind == "Expr" and statement.one("expr").kind == "AssignExpr":
        assignment = statement.one("expr")
        if assignment.value == "ColEq":
            _bind_pattern(assignment.one("lhs"), Bound.ASSIGNED, assignment.one("rhs"), scope)


def _bind_pattern(term: Node, how: Bound, origin: Node, scope: Scope) -> None:
    if term.kind == "Var":
        scope.bind(term, how, origin)
        return
    for name in pattern(term):
        scope.bind(name, Bound.OTHER, None)


def uses(parts: Iterable[Node]) -> Iterator[Node]:
    """Every variable that is named in the parts, closures included; the names of functions are no variables."""
    for part in parts:
        if part.kind == "Call":
            yield from uses(part.many("params"))
        elif part.kind == "Var":
            yield part
        else:
            yield from uses(part.children())
