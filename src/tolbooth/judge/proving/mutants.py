"""A rule's mutants: each with one change at a span of its syntax tree, such as a careless hand might make.

A change that can't mean anything is not made: a statement is only dropped where nothing else needs what it binds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tolbooth.judge.proving.interface import Mutant
from tolbooth.judge.proving.syntax import Node, Rule, Span, Tree, nodes, queries, variables

COMPARISONS: Mapping[str, tuple[str, ...]] = {
    "==": ("!=",),
    "!=": ("==",),
    "<": ("<=", ">"),
    "<=": ("<", ">="),
    ">": (">=", "<"),
    ">=": (">", "<="),
}
_OPERATORS = {"Eq": "==", "Ne": "!=", "Lt": "<", "Le": "<=", "Gt": ">", "Ge": ">="}
_MARK = "~"
_VERB = re.compile(r"(%[-+# 0-9.]*[A-Za-z%])")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """One replacement of a span, and what kind it is of."""

    span: Span
    replacement: str
    kind: str


def mutants(tree: Tree) -> Iterator[Mutant]:
    """Every mutant of a module's rules, in the order of the file; tests in it are left alone."""
    seen = set()
    for rule in tree.rules:
        for change in () if rule.is_test else _changes(tree, rule):
            key = (change.span.start, change.span.end, change.replacement)
            if key not in seen:
                seen.add(key)
                yield _mutant(tree, change)


def _changes(tree: Tree, rule: Rule) -> Iterator[_Change]:
    found = [*_comparisons(tree, rule.node), *_constants(tree, rule.node)]
    for query in queries(rule.node):
        for position, statement in enumerate(query["stmts"]):
            found += _dropped(tree, rule, statement)
            found += _negations(tree, statement)
            found += _quantifiers(tree, rule, query["stmts"], position)
    yield from sorted(found, key=lambda change: (change.span.start, change.span.end))


def _comparisons(tree: Tree, node: Node) -> Iterator[_Change]:
    for kind, value in nodes(node):
        if kind == "BoolExpr":
            written = _OPERATORS[value["op"]]
            start = tree.operator(value)
            span = Span(start=start, end=start + len(written))
            assert tree.text(span) == written
            for other in COMPARISONS[written]:
                yield _Change(span=span, replacement=other, kind="comparison")


def _constants(tree: Tree, node: Node) -> Iterator[_Change]:
    formats = {
        value["params"][0]["String"]["span"]["start"]
        for kind, value in nodes(node)
        if kind == "Call" and "String" in next(iter(value["params"]), {}) and _called(value) == "sprintf"
    }
    for kind, value in nodes(node):
        if kind not in {"Number", "String", "RawString", "Bool"}:
            continue
        span = Span(start=value["span"]["start"], end=value["span"]["end"])
        written = tree.text(span)
        others: tuple[str, ...]
        if kind == "Number":
            number = int(written) if written.lstrip("-").isdigit() else float(written)
            others = (str(number + 1), str(number - 1))
        elif kind == "Bool":
            others = ("false" if written == "true" else "true",)
        elif span.start in formats:
            others = (_other_format(written),)
        else:
            others = (_MARK if written != _MARK else _MARK * 2,)
        for other in others:
            yield _Change(span=span, replacement=other, kind="constant")


def _other_format(written: str) -> str:
    """A format with the same verbs and other words, since the engine refuses arguments that are left over."""
    other = "".join(part if part.startswith("%") else _MARK for part in _VERB.split(written) if part)
    return other if other != written else f"{_MARK}{written}"


def _dropped(tree: Tree, rule: Rule, statement: Node) -> Iterator[_Change]:
    span = tree.statement(statement)
    ((kind, literal),) = statement["literal"].items()
    if tree.text(span) == "true" or _needed_elsewhere(rule, _bound(kind, literal), span):
        return
    if kind == "SomeVars" and not any(_is_module_name(tree, _named(tree, each)) for each in literal["vars"]):
        return  # a variable without its 'some' is one all the same
    yield _Change(
        span=span, replacement="true", kind="dropped some" if kind.startswith("Some") else "dropped expression"
    )


def _negations(tree: Tree, statement: Node) -> Iterator[_Change]:
    ((kind, literal),) = statement["literal"].items()
    span = tree.expression(statement)
    if kind == "NotExpr":
        yield _Change(span=span, replacement=tree.text(span).removeprefix("not").lstrip(), kind="negation removed")
    elif kind == "Expr" and not {"BoolExpr", "AssignExpr", "Bool"}.intersection(literal["expr"]):
        yield _Change(span=span, replacement=f"not {tree.text(span)}", kind="negation added")


def _quantifiers(tree: Tree, rule: Rule, statements: list[Node], position: int) -> Iterator[_Change]:
    """``every`` as ``some``, and ``some`` with what follows it as ``every``."""
    statement = statements[position]
    ((kind, literal),) = statement["literal"].items()
    span = tree.statement(statement)
    if kind == "Every" and not statement.get("with_mods"):
        query = literal["query"]["span"]
        domain = tree.text(Span(start=span.start, end=query["start"])).removeprefix("every").strip()
        asked = tree.text(Span(start=query["start"] + 1, end=query["end"] - 1))
        text = f"count([true | some {domain}; {asked.strip()}]) > 0"
        yield _Change(span=span, replacement=text, kind="every to some")
    rest = statements[position + 1 :]
    if kind != "SomeIn" or not rest or "Var" not in literal["value"] or statement.get("with_mods"):
        return
    region = Span(start=span.start, end=tree.statement(rest[-1]).end)
    bound = {
        name
        for each in [statement, *rest]
        for kind, literal in each["literal"].items()
        for name in _bound(kind, literal)
    }
    if not _needed_elsewhere(rule, bound, region):
        domain = tree.text(span).removeprefix("some").strip()
        asked = tree.text(Span(start=tree.statement(rest[0]).start, end=region.end))
        yield _Change(span=region, replacement=f"every {domain} {{ {asked} }}", kind="some to every")


def _bound(kind: str, literal: Node) -> set[str]:
    """The variables to which a statement gives their values."""
    if kind == "SomeIn":
        return {name for name, _ in variables([literal["key"], literal["value"]])}
    if kind == "Expr" and "AssignExpr" in literal["expr"]:
        assigned = literal["expr"]["AssignExpr"]
        sides = [assigned["lhs"]] if assigned["op"] == "ColEq" else [assigned["lhs"], assigned["rhs"]]
        return {name for name, _ in variables(sides)}
    return set()


def _needed_elsewhere(rule: Rule, names: set[str], region: Span) -> bool:
    return any(name in names and not region.holds(offset) for name, offset in variables(rule.node))


def _named(tree: Tree, span: Node) -> str:
    return tree.text(Span(start=span["start"], end=span["end"]))


def _is_module_name(tree: Tree, name: str) -> bool:
    return any(rule.name == name for rule in tree.rules)


def _called(call: Node) -> str:
    return str(call["fcn"].get("Var", {}).get("value", ""))


def _mutant(tree: Tree, change: _Change) -> Mutant:
    source, span = tree.source, change.span
    new = change.replacement.encode()
    text = (source[: span.start] + new + source[span.end :]).decode()
    place = tree.place(span.start)
    first = source.rfind(b"\n", 0, span.start) + 1
    end = source.find(b"\n", span.end)
    last = end if end >= 0 else len(source)
    before, after = source[first:last], source[first : span.start] + new + source[span.end : last]
    return Mutant(
        place=place,
        change=change.kind,
        before=collapsed(before.decode()),
        after=collapsed(after.decode()),
        original=tree.module.text,
        text=text,
    )


def collapsed(text: str) -> str:
    """Lines as one line, every run of blanks as one."""
    return " ".join(text.split())
