"""``walk`` as a value: OPA iterates over what it gives, the embedded engine gives nothing and no error."""

from __future__ import annotations

from collections.abc import Iterator

from tolbooth.judge.library.profile.finding import Finding
from tolbooth.judge.library.profile.view import View


def findings(view: View) -> Iterator[Finding]:
    """Every ``walk`` whose result is not its second argument: ``profile.walk-form``."""
    left = {
        node.one("rhs"): node.one("lhs")
        for query in view.queries
        for node in query.nodes()
        if node.kind == "AssignExpr"
    }
    for _, call, name in view.calls():
        arguments = call.many("params")
        if name != "walk" or len(arguments) != 1:
            continue
        pattern = view.text(left[call]) if call in left else "[path, value]"
        yield view.finding(
            "walk-form",
            call,
            "OPA iterates over the result of 'walk', the embedded engine finds nothing in it and says nothing",
            f"write walk({view.text(arguments[0])}, {pattern})",
        )
