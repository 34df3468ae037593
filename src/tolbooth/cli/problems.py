"""Mistakes as people read them: where, what, the line itself, and the nearest right word."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tolbooth.model.errors import Place, Problem, StoreError, TolboothError


def render_error(error: TolboothError) -> str:
    """All problems of an error, each with its excerpt, and last what was kept."""
    blocks = ["\n".join(_lines(problem)) for problem in error.problems]
    kept = [] if isinstance(error, StoreError) else ["Nothing was recorded."]
    return "\n".join([*blocks, *kept])


def _lines(problem: Problem) -> Iterator[str]:
    where = f"{problem.place}: " if problem.place is not None else ""
    yield f"{where}{problem.message}"
    excerpt = list(_excerpt(problem.place, problem.hint)) if problem.place is not None else []
    if excerpt:
        yield from excerpt
    elif problem.hint:
        yield f"  {problem.hint}"
    yield f"  [{problem.code}]"


def _excerpt(place: Place, hint: str | None) -> Iterator[str]:
    """The line before, the line, and a mark under the bad word with the hint beside it."""
    if place.line is None or place.column is None:
        return
    try:
        lines = Path(place.path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return
    if not 1 <= place.line <= len(lines):
        return
    gutter = len(str(place.line))
    for number in range(max(1, place.line - 1), place.line + 1):
        yield f"  {number:>{gutter}} | {lines[number - 1]}"
    mark = "^" * max(1, place.width)
    yield f"  {'':>{gutter}} | {' ' * (place.column - 1)}{mark}{f' {hint}' if hint else ''}"
