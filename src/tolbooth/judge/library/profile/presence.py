"""Whether a term surely has a value where a query holds: told by what is written and by the input's schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tolbooth.judge.library.profile.names import ROOTS, built_ins
from tolbooth.judge.library.profile.scope import Bound, Query, Scope, queries, uses
from tolbooth.judge.library.profile.shapes import Shapes
from tolbooth.judge.library.profile.syntax import COMPREHENSIONS, REFERENCES, Node, Rule, dotted, path_of
from tolbooth.judge.library.profile.view import View, view_of

_CALLS = 3
_MAY_GIVE_NOTHING = frozenset({"max", "min", "walk"})
Key = tuple[str, tuple[str, ...]]
Given = tuple[tuple[Node, Scope], ...]


class Presence:
    """What is surely there in one module; functions and rules of other modules are looked at where they stand."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._shapes = Shapes(view)
        self._homes: dict[str, Presence] = {view.source.path: self}
        self._total: dict[tuple[Rule, bool], bool] = {}
        self._asked: list[Rule] = []

    def lacking(self, term: Node, query: Query, *, varying: bool = False) -> Iterator[Node]:
        """The parts of a term that may have no value, though the query's statements hold.

        Args:
            term: stands in the query.
            query: its statements prove what they read.
            varying: tell only what differs from one solution of the query to another, and leave out ``in``.
        """
        if term.kind in COMPREHENSIONS or (varying and term.kind == "Membership"):
            return
        if term.kind in REFERENCES:
            if not self._is_there(term, query) and not (varying and self._is_constant(term, query.scope)):
                yield term
            return
        parts = term.many("params") if term.kind == "Call" else tuple(term.children())
        found = [each for part in parts for each in self.lacking(part, query, varying=varying)]
        if found or term.kind != "Call" or self._gives(term, query, varying=varying):
            yield from found
        elif not (varying and self._is_constant(term, query.scope)):
            yield term

    def _gives(self, call: Node, query: Query, *, varying: bool) -> bool:
        """Whether a function has a value; an error of a built-in ends the evaluation on every engine."""
        name = dotted(call.one("fcn")) or ""
        if name in built_ins().portable:
            return name not in _MAY_GIVE_NOTHING
        given = tuple((each, query.scope) for each in call.many("params"))
        return self._is_total(call.one("fcn"), given, varying=varying)

    def _is_there(self, term: Node, query: Query) -> bool:
        found = path_of(term)
        if found is None:
            return False
        root, steps = found
        local = query.scope.find(root) is not None
        if not steps and (local or root in ROOTS or not self._is_global(root)):
            return True
        if _key(term) in _read(query) or self._shapes.always_there(term, query.scope):
            return True
        return self._is_gathered(root, steps, query.scope) if local else self._is_total(term)

    def _is_global(self, name: str) -> bool:
        return name in self._view.names.rules(self._view.source.package) or any(
            each.alias == name for each in self._view.source.imports
        )

    def _is_gathered(self, root: str, steps: tuple[str | Node, ...], scope: Scope) -> bool:
        """Whether the variable is a member of a set rule whose members are all written out with this field."""
        binding = scope.find(root)
        while binding is not None and binding.how is Bound.ASSIGNED and binding.origin is not None:
            binding = binding.scope.find(str(binding.origin.value)) if binding.origin.kind == "Var" else None
        if binding is None or binding.how is not Bound.MEMBER or binding.origin is None or len(steps) != 1:
            return False
        if binding.origin.kind != "Var" or binding.scope.find(str(binding.origin.value)) is not None:
            return False
        rules = self._view.names.rules(self._view.source.package).get(str(binding.origin.value), [])
        return bool(rules) and all(
            rule.shape == "set" and any(key.value == steps[0] for key in rule.node.one("key").many("keys"))
            for rule in rules
        )

    def _is_constant(self, term: Node, scope: Scope) -> bool:
        """Whether a term is the same in every solution of a query: it names nothing that the query iterates over."""
        for name in uses((term,)):
            binding = scope.find(str(name.value))
            if binding is None:
                if str(name.value) not in ROOTS and not self._is_global(str(name.value)):
                    return False
            elif (
                binding.how is not Bound.ASSIGNED
                or binding.origin is None
                or not self._is_constant(binding.origin, binding.scope)
            ):
                return False
        return True

    def _is_total(self, reference: Node, given: Given = (), *, varying: bool = False) -> bool:
        """Whether the rule of that name always has a value, or the function for what is given."""
        path = self._view.names.full(self._view.source, reference)
        for rule in () if path is None else self._view.names.definitions(path):
            home = self._home(rule)
            # NOTE: what is given is known in this module alone; and in a chain of calls it may be anything.
            near = home is self and len(self._asked) < _CALLS and len(rule.node.many("args")) == len(given)
            if home._always(rule, given if near else (), varying=varying):  # noqa: SLF001 - another of the same kind
                return True
        return False

    def _home(self, rule: Rule) -> Presence:
        source = self._view.names.home(rule)
        if source.path not in self._homes:
            other = Presence(view_of(source, self._view.names))
            other._homes = self._homes
            self._homes[source.path] = other
        return self._homes[source.path]

    def _always(self, rule: Rule, given: Given, *, varying: bool) -> bool:
        if rule.shape in {"set", "object", "default"}:
            return True
        if rule in self._asked:
            return False
        if not given and (rule, varying) in self._total:
            return self._total[rule, varying]
        self._asked.append(rule)
        found = self._is_certain(rule, given, varying=varying)
        self._asked.pop()
        if not given:
            self._total[rule, varying] = found
        return found

    def _is_certain(self, rule: Rule, given: Given, *, varying: bool) -> bool:
        """Whether some branch always holds, and each branch up to it has a value."""
        if any(argument.kind != "Var" for argument in rule.node.many("args")):
            return False
        for query in queries(rule, given):
            if any(True for term in query.terms for _ in self.lacking(term, query, varying=varying)):
                return False
            if all(self._holds(statement, query) for statement in query.statements):
                return True
        return False

    def _holds(self, statement: Node, query: Query) -> bool:
        """Whether a statement can't fail: it gives a name to what is there."""
        if statement.kind != "Expr" or statement.many("withs") or statement.one("expr").kind != "AssignExpr":
            return False
        assignment = statement.one("expr")
        alone = Query(rule=query.rule, statements=(), terms=(), scope=query.scope, closures={})
        given = assignment.value == "ColEq" and assignment.one("lhs").kind == "Var"
        return given and not any(True for _ in self.lacking(assignment.one("rhs"), alone))


def _read(query: Query) -> frozenset[Key]:
    """The references without which the query would not hold."""
    found: list[Node] = []
    for statement in query.statements:
        if statement.kind == "Expr" and not statement.many("withs"):
            found += _needed(statement.one("expr"), outermost=True)
        for part in (*statement.many("collection"), *statement.many("domain")):
            found += _needed(part)
    return frozenset(key for node in found if (key := _key(node)) is not None)


def _needed(node: Node, *, outermost: bool = False) -> Iterator[Node]:
    """The references that a part needs. An ``in`` within is false on one engine where they are missing."""
    if node.kind in COMPREHENSIONS or (node.kind == "Membership" and not outermost):
        return
    if node.kind == "Call":
        if dotted(node.one("fcn")) != "print":
            yield from (each for part in node.many("params") for each in _needed(part))
        return
    if node.kind in REFERENCES:
        yield node
    yield from (each for part in node.children() for each in _needed(part))


def _key(node: Node) -> Key | None:
    """A reference by its root and steps, however it is written; None where a step is more than a name."""
    found = path_of(node)
    if found is None:
        return None
    names = [_step(step) for step in found[1]]
    return None if None in names else (found[0], tuple(_words(names)))


def _step(step: str | Node) -> str | None:
    if isinstance(step, str):
        return f".{step}"
    if step.kind == "Number":
        return f"[{step.value}]"
    inner = _key(step) if step.kind in REFERENCES and step.value != "_" else None
    return None if inner is None else f"[{inner[0]}{''.join(inner[1])}]"


def _words(names: Iterable[str | None]) -> Iterator[str]:
    return (name for name in names if name is not None)
