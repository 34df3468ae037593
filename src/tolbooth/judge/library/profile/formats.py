"""``sprintf``: the verbs that both engines write alike, and as many arguments as verbs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tolbooth.judge.library.profile.finding import Finding
from tolbooth.judge.library.profile.names import built_ins
from tolbooth.judge.library.profile.scope import Query
from tolbooth.judge.library.profile.shapes import Shapes
from tolbooth.judge.library.profile.syntax import Node, dotted
from tolbooth.judge.library.profile.view import View

_VERB = re.compile(r"%(?P<flags>[-+# 0]*)(?P<width>\*|[0-9]+)?(?P<precision>\.[0-9*]*)?(?P<letter>.?)", re.DOTALL)
_ALIKE = frozenset({"%s", "%d", "%v", "%q", "%x"})
_INSTEAD = "both know %s for texts, %d for whole numbers, %v, %q, %x and %%; numbers belong into the result's 'values'"
_ARGUMENTS = 2


def findings(view: View) -> Iterator[Finding]:
    """Verbs and arguments that the engines write differently: ``profile.sprintf``."""
    shapes = Shapes(view)
    for query, call, name in view.calls():
        if name != "sprintf" or len(call.many("params")) < _ARGUMENTS:
            continue
        template, values = call.many("params")[:_ARGUMENTS]
        literal = view.literal(template, query.scope)
        if literal.kind not in {"String", "RawString"}:
            text = "a template that is not written out can't be looked at, and engines write verbs differently"
            yield view.finding("sprintf", template, text, "write the template as a text")
            continue
        yield from _template(view, shapes, query, literal, values)


def _template(view: View, shapes: Shapes, query: Query, literal: Node, values: Node) -> Iterator[Finding]:
    verbs = [found for found in _VERB.finditer(str(literal.value)) if found[0] != "%%"]
    for verb in verbs:
        if verb[0] not in _ALIKE:
            text = f"the engines write '{verb[0]}' differently"
            yield view.finding("sprintf", _place(view, literal, verb), text, _INSTEAD)
    if values.kind != "Array":
        return
    items = values.many("items")
    if len(items) != len(verbs):
        text = f"the template has {len(verbs)} verbs, and {len(items)} values are given"
        yield view.finding("sprintf", values, text, "give one value for each verb; a per cent sign is written %%")
        return
    for verb, item in zip(verbs, items, strict=True):
        kind = _kind(view, shapes, query, item)
        if verb[0] == "%s" and kind == "number":
            yield view.finding("sprintf", item, "OPA writes a number under %s as %!s(int=…)", "write %d, or %v")
        elif verb[0] in {"%d", "%x"} and kind == "text":
            yield view.finding("sprintf", item, f"the engines write a text under {verb[0]} differently", "write %s")


def _place(view: View, literal: Node, verb: re.Match[str]) -> Node:
    written = view.source.content[literal.start + 1 : literal.end - 1].decode()
    at = written.find(verb[0]) if written != literal.value else verb.start()
    if at < 0:
        return literal
    start = literal.start + 1 + len(written[:at].encode())
    return Node(kind="Verb", start=start, end=start + len(verb[0].encode()))


def _kind(view: View, shapes: Shapes, query: Query, item: Node) -> str | None:
    """``number`` or ``text`` where it is known by what is written or by the input's schema."""
    value = view.literal(item, query.scope)
    if value.kind in {"Number", "String", "RawString"}:
        return "number" if value.kind == "Number" else "text"
    if value.kind == "ArithExpr" and value.value != "Sub":
        return "number"
    if value.kind == "Call":
        known = built_ins().portable.get(dotted(value.one("fcn")) or "")
        return {"number": "number", "string": "text"}.get(known.returns) if known is not None else None
    shape = shapes.of(item, query.scope)
    return "number" if shape is not None and shape.is_number else None
