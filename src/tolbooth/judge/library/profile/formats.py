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
_INSTEAD = "both know %s for texts, %v for numbers, %q and %%; numbers belong into the result's 'values'"
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
        found = _differing(view, shapes, query, verb[0], item)
        if found is not None:
            yield view.finding("sprintf", item, *found)


def _differing(view: View, shapes: Shapes, query: Query, verb: str, item: Node) -> tuple[str, str] | None:
    """What the engines write differently, and the verb that they write alike."""
    kind = _kind(view, shapes, query, item)
    if kind == "set" and verb in {"%s", "%v"}:
        return "OPA writes an empty set as set(), the embedded engine as {}", 'write %s, and concat(", ", sort(…))'
    if verb == "%s" and kind == "number":
        return "OPA writes a number under %s as %!s(int=…)", "write %v"
    if verb in {"%d", "%x"} and kind == "text":
        return f"the engines write a text under {verb} differently", "write %s"
    if verb in {"%d", "%x"} and not _is_count(view, shapes, query, item):
        text = (
            f"the embedded engine writes a negative number under {verb} with two signs, and anything but a number not"
        )
        return text, "write %v"
    return None


def _is_count(view: View, shapes: Shapes, query: Query, item: Node) -> bool:
    """Whether it is known for a whole number that is not negative."""
    value = view.literal(item, query.scope)
    if value.kind == "Number":
        return view.text(value).isdigit()
    if value.kind == "Call":
        return dotted(value.one("fcn")) == "count"
    shape = shapes.of(item, query.scope)
    return shape is not None and shape.is_count


def _place(view: View, literal: Node, verb: re.Match[str]) -> Node:
    written = view.source.content[literal.start + 1 : literal.end - 1].decode()
    at = written.find(verb[0]) if written != literal.value else verb.start()
    if at < 0:
        return literal
    start = literal.start + 1 + len(written[:at].encode())
    return Node(kind="Verb", start=start, end=start + len(verb[0].encode()))


def _kind(view: View, shapes: Shapes, query: Query, item: Node) -> str | None:
    """``number``, ``text`` or ``set`` where it is known by what is written or by the input's schema."""
    value = view.literal(item, query.scope)
    if value.kind in {"Number", "String", "RawString"}:
        return "number" if value.kind == "Number" else "text"
    if value.kind == "ArithExpr" and value.value != "Sub":
        return "number"
    if value.kind == "Call":
        known = built_ins().portable.get(dotted(value.one("fcn")) or "")
        return {"number": "number", "string": "text", "set": "set"}.get(known.returns) if known is not None else None
    if value.kind in {"Set", "SetCompr"}:
        return "set"
    shape = shapes.of(item, query.scope)
    return "number" if shape is not None and shape.is_number else None
