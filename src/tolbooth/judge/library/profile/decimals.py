"""Arithmetic that leaves the whole numbers: OPA reckons in big decimals, the embedded engine in doubles.

Whole numbers are alike on both. So a division is allowed where it comes out whole by its form, or is rounded at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from tolbooth.judge.library.profile.finding import Finding
from tolbooth.judge.library.profile.scope import Query
from tolbooth.judge.library.profile.shapes import Shapes
from tolbooth.judge.library.profile.syntax import Node, dotted
from tolbooth.judge.library.profile.view import View

_ROUNDED = frozenset({"floor", "ceil", "round"})
_SUMS = frozenset({"sum", "product"})
_SIGNS = {"Lt": "<", "Le": "<=", "Gt": ">", "Ge": ">=", "Eq": "==", "Ne": "!="}
_EXACT = 1 << 63
_GENERAL = "compare counts by cross-multiplication (a * 10 >= b * 8), or read an integer in ppm that was measured"
_WHY = "OPA reckons with decimals exactly, the embedded engine in doubles: at a boundary they decide differently"


def findings(view: View) -> Iterator[Finding]:
    """Divisions, and sums, differences and products with decimals: ``profile.decimals``."""
    shapes = Shapes(view)
    for query in view.queries:
        family = _Family(view, shapes, query)
        for part in (*query.statements, *query.terms):
            yield from family.look(part)


class _Family:
    """One query's arithmetic; what lies inside an expression that was found is not told again."""

    def __init__(self, view: View, shapes: Shapes, query: Query) -> None:
        self._view = view
        self._shapes = shapes
        self._query = query

    def look(self, node: Node, *, rounded: bool = False) -> Iterator[Finding]:
        if node.kind == "Number":
            yield from self._number(node)
        elif node.kind == "BoolExpr" and (wrong := self._comparison(node)) is not None:
            yield wrong
        elif self._sums(node) if node.kind == "Call" else self._leaves(node, rounded=rounded):
            yield self._view.finding("decimals", node, _WHY, _GENERAL)
        else:
            inside = node.kind == "Call" and dotted(node.one("fcn")) in _ROUNDED
            for part in self._parts(node):
                yield from self.look(part, rounded=inside)

    def _parts(self, node: Node) -> Iterator[Node]:
        if node in self._query.closures and node.kind != "Every":
            return
        for name, found in node.parts.items():
            if name != "stmts":
                yield from found

    def _number(self, node: Node) -> Iterator[Finding]:
        value = self._written(node)
        if value is not None and value == value.to_integral_value() and abs(value) >= _EXACT:
            text = "a number of this size is exact on OPA, and rounded by the embedded engine"
            yield self._view.finding("decimals", node, text, "numbers lie below 9223372036854775808 (2^63)")

    def _comparison(self, node: Node) -> Finding | None:
        left, right = node.one("lhs"), node.one("rhs")
        for one, other in ((left, right), (right, left)):
            if one.kind == "ArithExpr" and (self._leaves(one) or self._is_decimal(other)):
                return self._view.finding("decimals", node, _WHY, self._instead(node, one, other))
        return None

    def _instead(self, node: Node, one: Node, other: Node) -> str:
        """For ``a / b >= 0.8``: ``a * 5 >= b * 4``."""
        value = self._written(other) if other.kind == "Number" else None
        text = self._view.text
        if one.value != "Div" or value is None or any(self._leaves(part) for part in (one.one("lhs"), one.one("rhs"))):
            return _GENERAL
        above, below = value.as_integer_ratio()
        sides = [f"{_factor(text(one.one('lhs')), below)}", f"{_factor(text(one.one('rhs')), above)}"]
        if one is node.one("rhs"):
            sides.reverse()
        return f"write {sides[0]} {_SIGNS[node.value]} {sides[1]}"

    def _leaves(self, node: Node, *, rounded: bool = False) -> bool:
        """Whether an expression may leave the whole numbers by what is written in it."""
        if node.kind != "ArithExpr":
            return False
        left, right = node.one("lhs"), node.one("rhs")
        if any(self._is_decimal(side) or self._leaves(side) for side in (left, right)):
            return True
        return node.value == "Div" and not rounded and not self._comes_out_whole(left, right)

    def _comes_out_whole(self, dividend: Node, divisor: Node) -> bool:
        """``(a - a % u) / u``, where the remainder may have a name."""
        if dividend.kind != "ArithExpr" or dividend.value != "Sub":
            return False
        remainder = self._view.literal(dividend.one("rhs"), self._query.scope)
        if remainder.kind != "ArithExpr" or remainder.value != "Mod":
            return False
        text = self._view.text
        return (text(remainder.one("lhs")), text(remainder.one("rhs"))) == (text(dividend.one("lhs")), text(divisor))

    def _is_decimal(self, node: Node) -> bool:
        if node.kind == "Number":
            value = self._written(node)
            return value is None or value != value.to_integral_value()
        shape = self._shapes.of(node, self._query.scope)
        return shape is not None and shape.is_decimal

    def _sums(self, node: Node) -> bool:
        """A sum or product of members that are decimals by what is written."""
        if dotted(node.one("fcn")) not in _SUMS or len(node.many("params")) != 1:
            return False
        (members,) = node.many("params")
        if members.kind in {"Array", "Set"}:
            return any(self._is_decimal(item) or self._leaves(item) for item in members.many("items"))
        if members not in self._query.closures:
            return False
        inner = _Family(self._view, self._shapes, self._query.closures[members])
        return inner._is_decimal(members.one("term"))

    def _written(self, node: Node) -> Decimal | None:
        try:
            value = Decimal(self._view.text(node))
        except InvalidOperation:
            return None
        return value if value.is_finite() else None


def _factor(text: str, factor: int) -> str:
    plain = text.replace(".", "").replace("_", "").isalnum()
    return text if factor == 1 else f"{text if plain else f'({text})'} * {factor}"
