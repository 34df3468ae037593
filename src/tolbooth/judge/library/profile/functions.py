"""Functions: names that nobody declares, arguments too many or too few, and built-ins that give different things."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping

from tolbooth.judge.library.banned import BANNED
from tolbooth.judge.library.profile.finding import Finding
from tolbooth.judge.library.profile.names import VARIADIC, built_ins
from tolbooth.judge.library.profile.scope import Query
from tolbooth.judge.library.profile.syntax import Node
from tolbooth.judge.library.profile.view import View

_IN_PYTHON = "do it in a Python validator, or let a collector do it"
_NEVER: Mapping[str, tuple[str, str]] = {
    "json.patch": (
        "where a path is not there, OPA raises an error, and the embedded engine gives nothing",
        "write object.union, object.remove or json.remove",
    ),
    "json.verify_schema": ("OPA gives a text where the embedded engine raises", _IN_PYTHON),
    "strings.count": (
        "OPA counts what does not overlap, the embedded engine what does",
        "write count(split(text, part)) - 1, for a part that is not empty",
    ),
    "yaml.unmarshal": ("numbers, merged keys and tags of YAML are read differently", _IN_PYTHON),
}
_ZONES = ("MST", "RFC822", "RFC850", "RFC1123", "UnixDate", "RubyDate", "Kitchen")


def findings(view: View) -> Iterator[Finding]:
    """``profile.unknown-function``, ``profile.arity`` and ``profile.function``."""
    elements = {
        node.one("refr")
        for query in view.queries
        for node in query.nodes()
        if node.kind == "RefBrack" and node.one("index").kind == "Number" and view.text(node.one("index")) == "0"
    }
    for query, call, name in view.calls():
        known = built_ins().portable.get(name)
        if known is not None and query.scope.find(name) is None:
            yield from _arity(view, call, name, known.arguments, "it")
            yield from _differing(view, query, call, name, first_only=call in elements)
        elif name not in BANNED:
            yield from _declared(view, call, name)


def _declared(view: View, call: Node, name: str) -> Iterator[Finding]:
    path = view.names.full(view.source, call.one("fcn"))
    arguments = view.names.function(path) if path is not None else None
    if arguments is not None:
        yield from _arity(view, call, name, arguments, "it is declared so that it")
        return
    if name in built_ins().opa_only:
        text = f"'{name}' is known to OPA alone: the embedded engine has no such function"
        yield view.finding("unknown-function", call.one("fcn"), text, _IN_PYTHON)
        return
    text = f"there is no function '{name}'"
    yield view.finding("unknown-function", call.one("fcn"), text, _nearest(view, name))


def _nearest(view: View, name: str) -> str:
    known = [*built_ins().portable, *view.names.functions(view.source.package)]
    for each in view.source.imports:
        path = each.path.removeprefix("data.")
        known += [f"{each.alias}.{function}" for function in view.names.functions(path)]
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean '{close[0]}'?" if close else "declare it, import its package, or use a built-in function"


def _arity(view: View, call: Node, name: str, arguments: int, what: str) -> Iterator[Finding]:
    """A call may have one argument more, which takes the result."""
    given = len(call.many("params"))
    if arguments == VARIADIC or given in {arguments, arguments + 1}:
        return
    takes = f"{arguments} argument{'' if arguments == 1 else 's'}"
    text = f"'{name}' is given {given} argument{'' if given == 1 else 's'}"
    yield view.finding("arity", call, text, f"{what} takes {takes}")


def _differing(view: View, query: Query, call: Node, name: str, *, first_only: bool) -> Iterator[Finding]:
    if name in _NEVER:
        why, instead = _NEVER[name]
        yield view.finding("function", call, f"'{name}' differs: {why}", instead)
    elif name == "json.match_schema" and not first_only:
        text = "what stands beyond the first element differs between the engines"
        yield view.finding("function", call, text, "read json.match_schema(…)[0] alone, or check the schema in Python")
    elif name in _CHECKS:
        yield from _CHECKS[name](view, query, call)


def _paths(view: View, query: Query, call: Node) -> Iterator[Finding]:
    """``json.remove`` and ``json.filter``: a leading slash is ignored by OPA, and matches nothing in the other."""
    if len(call.many("params")) < 2:  # noqa: PLR2004 - object and paths
        return
    paths = call.many("params")[1]
    written = view.literal(paths, query.scope)
    if written.kind not in {"Array", "Set"}:
        text = "paths that are not written out can't be looked at, and engines read a leading slash differently"
        yield view.finding("function", paths, text, "write the paths out, or use object.remove or object.filter")
        return
    for item in written.many("items"):
        path = view.literal(item, query.scope)
        if path.kind in {"String", "RawString"} and str(path.value).startswith("/"):
            text = "OPA takes this path, the embedded engine ignores it"
            yield view.finding("function", item, text, f'write "{str(path.value).lstrip("/")}"')


def _dates(view: View, query: Query, call: Node) -> Iterator[Finding]:
    """``time.add_date``: both agree on days; the end of a month is taken differently."""
    numbers = [view.literal(each, query.scope) for each in call.many("params")[1:3]]
    if any(number.kind != "Number" or view.text(number) != "0" for number in numbers):
        text = "the engines add months and years differently at the end of a month"
        yield view.finding("function", call, text, "add days, or let a Python validator reckon with months")


def _layouts(view: View, query: Query, call: Node) -> Iterator[Finding]:
    """``time.format`` with a zone's name: the embedded engine writes its offset."""
    (moment, *_) = call.many("params") or (call,)
    written = view.literal(moment, query.scope)
    if written.kind == "Array" and len(written.many("items")) > 2:  # noqa: PLR2004 - instant, zone, layout
        layout = view.literal(written.many("items")[2], query.scope)
        if layout.kind not in {"String", "RawString"} or any(zone in str(layout.value) for zone in _ZONES):
            text = "OPA writes the zone's name, the embedded engine its offset"
            yield view.finding("function", call, text, 'write a layout without a zone, such as "2006-01-02"')


_CHECKS: Mapping[str, Callable[[View, Query, Node], Iterator[Finding]]] = {
    "json.filter": _paths,
    "json.remove": _paths,
    "time.add_date": _dates,
    "time.format": _layouts,
}
