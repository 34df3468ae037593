"""Why a test failed: its first expression that does not hold, and what stood on both sides of it.

Found by asking: rules are added below the test's module, each with one expression more of the test's body.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tolbooth.judge.interface import EvaluationFailure, Module
from tolbooth.judge.proving.interface import TestEnd, TestRun
from tolbooth.judge.proving.session import ProvingSession
from tolbooth.judge.proving.suites import Suite, package_of
from tolbooth.judge.proving.syntax import Node, Rule, Span, Tree, variables
from tolbooth.model.errors import JudgeError

_PROBE = "tolbooth_probe"
_LONGEST_TEXT, _LONGEST_VALUE = 100, 400
_ASSIGNS = {"ColEq": ":=", "Eq": "="}
_OPERATORS = {"Eq": "==", "Ne": "!=", "Lt": "<", "Le": "<=", "Gt": ">", "Ge": ">="}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Expression:
    """A statement of a test's body: where it begins, its text, and the two sides of a comparison."""

    offset: int
    text: str
    sides: tuple[str, ...]


def explain_failures(
    suite: Suite, trees: Mapping[str, Tree], runs: Sequence[TestRun], session: ProvingSession
) -> Iterator[TestRun]:
    """The runs, those that failed with the place and the reason."""
    for run in runs:
        if run.end is not TestEnd.FAILED:
            yield run
            continue
        tree = trees[run.place.path]
        rule = next(each for each in tree.rules if each.name == run.name)
        try:
            yield _explained(run, suite, tree, rule, session)
        except JudgeError:  # the probes don't compile: what is known already must do
            yield run


def _explained(run: TestRun, suite: Suite, tree: Tree, rule: Rule, session: ProvingSession) -> TestRun:
    expressions = list(_expressions(tree, rule))
    asked = _probes(expressions)
    if not asked:
        return run
    module = tree.module
    text = "\n".join([module.text, *(f"{name} := {value} if {{\n{body}\n}}" for name, (value, body) in asked.items())])
    probed = [Module(path=module.path, text=text) if each.path == module.path else each for each in suite.loaded]
    session.arm(probed)
    said = {name: session.run(f"data.{package_of(module)}.{name}") for name in asked}
    for number, expression in enumerate(expressions):
        if _values(said[f"{_PROBE}_{number}"]) != [True]:
            return replace(
                run,
                place=tree.place(expression.offset),
                message=f"'{_line(expression.text)}' does not hold",
                details=tuple(_details(expression, number, said)),
            )
    return run


def _expressions(tree: Tree, rule: Rule) -> Iterator[_Expression]:
    if not rule.bodies:
        return
    for statement in rule.bodies[0]["stmts"]:
        span, inner = tree.statement(statement), tree.expression(statement)
        modifiers = tree.text(Span(start=inner.end, end=span.end)) if statement.get("with_mods") else ""
        yield _Expression(
            offset=span.start, text=tree.text(span), sides=tuple(_sides(tree, statement, inner, modifiers))
        )


def _sides(tree: Tree, statement: Node, inner: Span, modifiers: str) -> Iterator[str]:
    """Both sides of a comparison, the right one of an assignment, or the expression; never what is written out."""
    if modifiers:
        return  # a side that stands in a rule's head can't carry its 'with'
    ((kind, literal),) = statement["literal"].items()
    if kind != "Expr":
        return
    ((form, node),) = literal["expr"].items()
    if form == "BoolExpr":
        at, sign = tree.operator(node), _OPERATORS[node["op"]]
        spans = (Span(start=inner.start, end=at), Span(start=at + len(sign), end=inner.end))
        sides = zip((node["lhs"], node["rhs"]), spans, strict=True)
    elif form == "AssignExpr":
        at = tree.operator(node)
        sides = zip((node["rhs"],), (Span(start=at + len(_ASSIGNS[node["op"]]), end=inner.end),), strict=True)
    else:
        sides = zip((node,), (inner,), strict=True)
    yield from (tree.text(span) for side, span in sides if any(variables(side)))


def _probes(expressions: Sequence[_Expression]) -> dict[str, tuple[str, str]]:
    """By name: the value and the body of a rule that asks."""
    asked = {}
    for number, expression in enumerate(expressions):
        before = "\n".join(["true", *(each.text for each in expressions[:number])])
        asked[f"{_PROBE}_{number}"] = ("true", f"{before}\n{expression.text}")
        for side, text in enumerate(expression.sides):
            asked[f"{_PROBE}_{number}_{side}"] = (f"tolbooth_side_{side}", f"{before}\ntolbooth_side_{side} := {text}")
    return asked


def _details(expression: _Expression, number: int, said: Mapping[str, Any]) -> Iterator[str]:
    for side, text in enumerate(expression.sides):
        found = said[f"{_PROBE}_{number}_{side}"]
        if isinstance(found, EvaluationFailure):  # such as a side that has several values
            continue
        values = _values(found)
        shown = json.dumps(values[0], ensure_ascii=False) if values else "undefined"
        yield f"{_line(text)} is {_cut(shown, _LONGEST_VALUE)}"


def _values(said: Any) -> list[Any]:
    return [] if isinstance(said, EvaluationFailure) else list(said["values"])


def _line(text: str) -> str:
    return _cut(" ".join(text.split()), _LONGEST_TEXT)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
