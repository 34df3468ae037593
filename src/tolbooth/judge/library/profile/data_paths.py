"""``data`` by a variable, or as a whole: OPA refuses what may read itself, the embedded engine reads what is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import takewhile

from tolbooth.judge.library.profile.finding import Finding
from tolbooth.judge.library.profile.syntax import REFERENCES, Node, path_of
from tolbooth.judge.library.profile.view import View


def findings(view: View) -> Iterator[Finding]:
    """Every reference to ``data``, or to an import of it, that may reach the rule in which it stands.

    That is ``profile.data-path``: its plain words name no rule, and the module's own package lies below them.
    """
    roots = {"data": ""} | {
        each.alias: each.path.removeprefix("data.") for each in view.source.imports if each.path.startswith("data.")
    }
    inner: set[Node] = set()
    for query in view.queries:
        nodes = tuple(query.nodes())
        inner |= {child for node in nodes for name in ("refr", "fcn") for child in node.many(name)}
        inner |= {each.one("refr") for statement in query.statements for each in statement.many("withs")}
        for node in nodes:
            if node.kind in REFERENCES and node not in inner and _may_reach_itself(view, roots, node):
                text = f"'{view.text(node)}' may read this very rule: OPA refuses that, the embedded engine does not"
                yield view.finding(
                    "data-path", node, text, "name the rules that it reads, such as data.lib.wording.exact"
                )


def _may_reach_itself(view: View, roots: Mapping[str, str], node: Node) -> bool:
    found = path_of(node)
    if found is None or found[0] not in roots:
        return False
    words: list[str | Node] = [word for word in roots[found[0]].split(".") if word]
    words += takewhile(lambda step: isinstance(step, str), found[1])
    own = view.source.package.split(".")
    return words == own[: len(words)]
