"""``with``: what one engine replaces and the other does not."""

from __future__ import annotations

from collections.abc import Iterator

from tolbooth.judge.library.profile.finding import Finding
from tolbooth.judge.library.profile.names import built_ins
from tolbooth.judge.library.profile.syntax import REFERENCES, Node, dotted, path_of
from tolbooth.judge.library.profile.view import View


def findings(view: View) -> Iterator[Finding]:
    """``profile.function-mock`` and ``profile.import-with``."""
    aliases = {each.alias: each.path for each in view.source.imports if each.path.startswith("data.")}
    for query in view.queries:
        for statement in query.statements:
            replaced = [each.one("refr") for each in statement.many("withs")]
            yield from (found for node in replaced for found in _function(view, node))
            if any((path_of(node) or ("",))[0] in {"data", *aliases} for node in replaced):
                yield from _imported(view, statement, aliases)


def _function(view: View, node: Node) -> Iterator[Finding]:
    """A function that is named by its path: rules that call it by its short name are not reached."""
    path = view.names.full(view.source, node)
    name = dotted(node) or ""
    if path is None or "." not in name or name in built_ins().portable or view.names.function(path) is None:
        return
    text = f"OPA replaces '{name}' wherever it is called, the embedded engine only where it is called by this path"
    yield view.finding("function-mock", node, text, "replace the input or the data that the function reads")


def _imported(view: View, statement: Node, aliases: dict[str, str]) -> Iterator[Finding]:
    for part in (*statement.many("expr"), *statement.many("collection"), *statement.many("domain")):
        for node in _references(part):
            found = path_of(node)
            if found is not None and found[0] in aliases and found[0] != "data":
                written = view.text(node)
                full = f"{aliases[found[0]]}{written.removeprefix(found[0])}"
                text = f"under 'with data…' the embedded engine may not evaluate '{written}' anew, as it is imported"
                yield view.finding("import-with", node, text, f"write {full}")


def _references(node: Node) -> Iterator[Node]:
    """Whole references; the functions that are called are none."""
    if node.kind in REFERENCES:
        yield node
        return
    for name, found in node.parts.items():
        if name not in {"fcn", "stmts"}:
            for child in found:
                yield from _references(child)
