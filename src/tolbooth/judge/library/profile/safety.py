"""Variables without a value: OPA refuses them when it compiles, the embedded engine when it reaches them, or never.

A variable is safe where some statement gives it a value whose own variables are safe. Statements may stand
in any order.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tolbooth.judge.library.profile.finding import Finding
from tolbooth.judge.library.profile.names import ROOTS, built_ins
from tolbooth.judge.library.profile.scope import WILDCARD, Query, pattern, queries
from tolbooth.judge.library.profile.syntax import COMPREHENSIONS, Node, dotted
from tolbooth.judge.library.profile.view import View


def findings(view: View) -> Iterator[Finding]:
    """Every variable that has no value where it is used: ``profile.unsafe``, once for each rule and name."""
    globals_ = {*ROOTS, *view.names.rules(view.source.package), *(each.alias for each in view.source.imports)}
    for rule in view.source.rules:
        arguments = {str(name.value) for each in rule.node.many("args") for name in pattern(each)}
        told: set[str] = set()
        for query in queries(rule):
            for name in _Check(view, query, frozenset(globals_), arguments).unsafe():
                if str(name.value) not in told:
                    told.add(str(name.value))
                    yield _finding(view, name, query, globals_, told)


def _finding(view: View, name: Node, query: Query, globals_: set[str], told: set[str]) -> Finding:
    if name.value == WILDCARD:
        text = "'_' stands for any value, and under 'not' or as a value it has none"
        return view.finding("unsafe", name, text, "name it, and say above what it is: some name in …")
    around = query.scope.outer.names if query.scope.outer is not None else {}
    near = {word for word in (*globals_, *query.scope.names, *around) if len(word) > 1} - {str(name.value), *told}
    close = difflib.get_close_matches(str(name.value), sorted(near), n=1)
    hint = f"did you mean '{close[0]}'?" if close else f"give it a value: {name.value} := …, or some {name.value} in …"
    return view.finding("unsafe", name, f"'{name.value}' has no value here", hint)


@dataclass(slots=True)
class _Step:
    """A statement or a term: what it needs, and what it gives once that is there."""

    node: Node
    missing: list[Node] = field(default_factory=list)
    gives: set[str] = field(default_factory=set)


class _Check:
    """The safety of one query, given the names that are safe around it."""

    def __init__(self, view: View, query: Query, globals_: frozenset[str], outer: Iterable[str]) -> None:
        self._view = view
        self._query = query
        self._globals = globals_ - set(query.scope.names)
        self._declared = set(query.scope.names)
        self._safe = {name for name in outer if name not in self._declared}

    def unsafe(self) -> Iterator[Node]:
        """Every use of a variable without a value, in the order of the text."""
        steps = [_Step(node) for node in self._query.statements]
        steps += [_Step(node) for node in self._query.terms]
        waiting = steps
        while True:
            before = len(waiting), len(self._safe)
            waiting = [step for step in waiting if not self._settle(step)]
            if (len(waiting), len(self._safe)) == before:
                break
        ready = [step for step in steps if step not in waiting]
        found = list(_causes(waiting))
        found += [name for step in ready for name in self._inside(step)]
        yield from sorted(found, key=lambda name: name.start)

    def _settle(self, step: _Step) -> bool:
        """Whether a step is ready; what it gives is safe from then on."""
        node = step.node
        gives = set(self._gives(node)) if node.kind != "NotExpr" else set()
        step.missing = [name for name in self._needs(node) if str(name.value) not in gives or name.value == WILDCARD]
        step.gives = gives
        if step.missing:
            return False
        self._safe |= gives
        return True

    def _is_safe(self, name: Node) -> bool:
        word = str(name.value)
        return word in self._safe or (word in self._globals and word not in self._declared)

    def _needs(self, node: Node) -> Iterator[Node]:
        """The variables that must be safe and are not."""
        if node.kind == "SomeVars":
            return
        binding = set(self._bound_here(node))
        for name in _outside(node):
            if name not in binding and not self._is_safe(name):
                yield name
        for closure in self._closures(node):
            yield from (name for name in _free(closure) if self._is_mine(name) and not self._is_safe(name))

    def _is_mine(self, name: Node) -> bool:
        """Whether a closure's variable is one of this query; what is declared behind it is another."""
        binding = self._query.scope.names.get(str(name.value))
        if binding is not None:
            return binding.name.start < name.start
        return any(each.value == name.value for step in self._query.statements for each in _outside(step))

    def _closures(self, node: Node) -> Iterator[Query]:
        for each in node.here():
            if each in self._query.closures:
                yield self._query.closures[each]

    def _inside(self, step: _Step) -> Iterator[Node]:
        for closure in self._closures(step.node):
            safe = {*self._safe, *_bound_around(closure)}
            yield from _Check(self._view, closure, self._globals, safe).unsafe()

    def _bound_here(self, node: Node) -> Iterator[Node]:
        """The variables that a statement may give a value to, each where it does."""
        if node.kind == "NotExpr":
            return
        for each in node.here():
            if each.kind == "RefBrack":
                yield from pattern(each.one("index"))
            elif each.kind == "AssignExpr":
                yield from self._unified(each.one("lhs"), each.one("rhs"))
            elif each.kind == "Call" and (last := self._result(each)) is not None:
                yield from pattern(last)
        if node.kind == "SomeIn":
            for part in (*node.many("key"), *node.many("value")):
                yield from pattern(part)

    def _unified(self, left: Node, right: Node) -> Iterator[Node]:
        """What one side gives the other: members of arrays one by one, else a pattern from what is safe."""
        if left.kind == right.kind == "Array" and len(left.many("items")) == len(right.many("items")):
            for one, other in zip(left.many("items"), right.many("items"), strict=True):
                yield from self._unified(one, other)
        elif left.kind == right.kind == "Object" and len(left.many("values")) == len(right.many("values")):
            for one, other in zip(left.many("values"), right.many("values"), strict=True):
                yield from self._unified(one, other)
        else:
            for one, other in ((left, right), (right, left)):
                if self._all_safe(other):
                    yield from pattern(one)

    def _all_safe(self, node: Node) -> bool:
        looked_up = {name for each in node.here() if each.kind == "RefBrack" for name in pattern(each.one("index"))}
        return all(self._is_safe(name) or name in looked_up for name in _outside(node))

    def _gives(self, node: Node) -> Iterator[str]:
        return (str(name.value) for name in self._bound_here(node) if name.value != WILDCARD)

    def _result(self, call: Node) -> Node | None:
        """The argument beyond those that a function takes, in which it gives its result."""
        name = dotted(call.one("fcn")) or ""
        known = built_ins().portable.get(name)
        path = self._view.names.full(self._view.source, call.one("fcn"))
        takes = known.arguments if known is not None else self._view.names.function(path) if path is not None else None
        given = call.many("params")
        # A function that nobody knows is told elsewhere; that its result has no value would be no news.
        return given[-1] if given and takes in {None, len(given) - 1} else None


def _causes(waiting: list[_Step]) -> Iterator[Node]:
    """The variables that nothing would ever give; where each waits for another, all of them."""
    promised = set().union(*(step.gives for step in waiting))
    missing = [name for step in waiting for name in step.missing]
    causes = [name for name in missing if str(name.value) not in promised]
    yield from causes or missing


def _outside(node: Node) -> Iterator[Node]:
    """Every variable of a statement or term outside its closures; the names of functions are none."""
    if node.kind == "Var":
        yield node
    if node.kind in COMPREHENSIONS:
        return
    for name, parts in node.parts.items():
        replaced = node.kind == "With" and (name == "refr" or _is_function(node.one("as")))
        bound = node.kind == "Every" and name in {"key", "value"}
        if name not in {"stmts", "fcn"} and not replaced and not bound:
            for part in parts:
                yield from _outside(part)


def _is_function(node: Node) -> bool:
    return (dotted(node) or "") in {*built_ins().portable, *built_ins().opa_only}


def _bound_around(query: Query) -> set[str]:
    """The names that ``every`` binds for its body: they are safe there."""
    outer = query.scope.outer
    return set() if outer is None else {word for word, each in outer.names.items() if not each.declared}


def _free(closure: Query) -> Iterator[Node]:
    """The variables of a closure that neither it nor a closure in it declares."""
    own = {WILDCARD, *closure.scope.names, *_bound_around(closure)}
    names = [name for part in (*closure.statements, *closure.terms) for name in _outside(part)]
    names += [name for inner in closure.closures.values() for name in _free(inner)]
    yield from (name for name in names if str(name.value) not in own)
