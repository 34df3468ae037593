"""What a term may hold, told by the input document's schema: which fields, of which type, and whether always there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from tolbooth.judge.input_document import input_schema_bytes
from tolbooth.judge.library.profile.scope import Bound, Scope
from tolbooth.judge.library.profile.syntax import Node, Rule, path_of
from tolbooth.judge.library.profile.view import View
from tolbooth.judge.library.rule_metadata import EVIDENCE_KINDS

Fragment = Mapping[str, Any]
_DEPTH = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What the schema says of a value: every fragment holds. ``path`` is how it is reached, for messages."""

    fragments: tuple[Fragment, ...]
    path: str

    @property
    def closed(self) -> bool:
        """Whether a name that the schema does not list can't be there."""
        return self._kinds or any(fragment.get("additionalProperties") is False for fragment in self.fragments)

    @property
    def known(self) -> tuple[str, ...]:
        """The fields that may be there."""
        named = [set(fragment.get("properties", {})) for fragment in self.fragments]
        found = set().union(*named)
        for fragment in self.fragments:
            if fragment.get("additionalProperties") is False:
                found &= set(fragment.get("properties", {}))
        return tuple(sorted(found | (set(EVIDENCE_KINDS) if self._kinds else set())))

    @property
    def _kinds(self) -> bool:
        return self.path == "input.observations"

    def requires(self, name: str) -> bool:
        """Whether a field is always there."""
        return any(name in fragment.get("required", ()) for fragment in self.fragments)

    @property
    def is_decimal(self) -> bool:
        """Whether it may be a number that is not whole."""
        return any("number" in _types(fragment) for fragment in self.fragments)

    @property
    def is_number(self) -> bool:
        """Whether it is a number."""
        types = [_types(fragment) for fragment in self.fragments if _types(fragment)]
        return any(set(each) <= {"number", "integer"} for each in types)

    @property
    def is_count(self) -> bool:
        """Whether it is a whole number that is not negative."""
        return any(_types(each) == ("integer",) and each.get("minimum", -1) >= 0 for each in self.fragments)

    def field(self, name: str) -> Shape | None:
        """The shape of a field; None where the schema says nothing of it."""
        found: list[Fragment] = []
        for fragment in self.fragments:
            if name in fragment.get("properties", {}):
                found.append(fragment["properties"][name])
            elif isinstance(fragment.get("additionalProperties"), dict):
                found.append(fragment["additionalProperties"])
        return _shape(found, f"{self.path}.{name}")

    def member(self) -> Shape | None:
        """The shape of any member of a list, or of any field of an object without names of its own."""
        found = [fragment["items"] for fragment in self.fragments if isinstance(fragment.get("items"), dict)]
        # NOTE: kinds of fact have names of their own, and each is at least what the kinds without one are.
        if not found and (self._kinds or not any(fragment.get("properties") for fragment in self.fragments)):
            found = [
                fragment["additionalProperties"]
                for fragment in self.fragments
                if isinstance(fragment.get("additionalProperties"), dict)
            ]
        return _shape(found, f"{self.path}[_]")


@cache
def input_shape() -> Shape:
    """The shape of ``input``."""
    schema = json.loads(input_schema_bytes())
    found = _shape([schema], "input")
    assert found is not None
    return found


class Shapes:
    """Shapes of the terms of one module, through its locals and through rules that gather members."""

    def __init__(self, view: View) -> None:
        self._view = view

    def of(self, term: Node, scope: Scope, depth: int = 0) -> Shape | None:
        """The shape of a term; None where nothing is known."""
        found = path_of(term)
        if found is None or depth > _DEPTH:
            return None
        root, steps = found
        shape = self._root(root, scope, depth)
        for step in steps:
            if shape is None:
                return None
            shape = shape.field(step) if isinstance(step, str) else shape.member()
        return shape

    def always_there(self, term: Node, scope: Scope) -> bool:
        """Whether a reference is never missing: the schema requires each of its steps."""
        found = path_of(term)
        if found is None:
            return False
        root, steps = found
        shape = self._root(root, scope, 0)
        for step in steps:
            if shape is None or not isinstance(step, str) or not shape.requires(step):
                return False
            shape = shape.field(step)
        return True

    def _root(self, root: str, scope: Scope, depth: int) -> Shape | None:
        binding = scope.find(root)
        if binding is None:
            return input_shape() if root == "input" else None
        if binding.origin is None or binding.how is Bound.KEY:
            return None
        if binding.how is Bound.ASSIGNED:
            return self.of(binding.origin, binding.scope, depth + 1)
        gathered = self._gathered(binding.origin, depth)
        if gathered is not None:
            return gathered
        collection = self.of(binding.origin, binding.scope, depth + 1)
        return None if collection is None else collection.member()

    def _gathered(self, collection: Node, depth: int) -> Shape | None:
        """The shape of a member of a set rule of this package whose every definition gathers the same."""
        if collection.kind != "Var":
            return None
        rules = self._view.names.rules(self._view.source.package).get(str(collection.value), [])
        shapes = [self._member(rule, depth) for rule in rules if rule.shape == "set"]
        return shapes[0] if len(shapes) == 1 == len(rules) else None

    def _member(self, rule: Rule, depth: int) -> Shape | None:
        mine = [query for query in self._view.queries if query.rule is rule and rule.node.one("key") in query.terms]
        return self.of(rule.node.one("key"), mine[0].scope, depth + 1) if mine else None


def _shape(found: list[Fragment], path: str) -> Shape | None:
    fragments = tuple(part for fragment in found for part in _resolved(fragment))
    return Shape(fragments=fragments, path=path) if fragments else None


def _resolved(fragment: Fragment) -> Iterator[Fragment]:
    """The fragment with everything that it refers to; alternatives say nothing that always holds."""
    yield fragment
    if "$ref" in fragment:
        name = fragment["$ref"].removeprefix("#/$defs/")
        yield from _resolved(_definitions()[name])
    for part in fragment.get("allOf", ()):
        yield from _resolved(part)


@cache
def _definitions() -> Mapping[str, Fragment]:
    found: Mapping[str, Fragment] = json.loads(input_schema_bytes())["$defs"]
    return found


def _types(fragment: Fragment) -> tuple[str, ...]:
    written = fragment.get("type", ())
    return (written,) if isinstance(written, str) else tuple(written)
