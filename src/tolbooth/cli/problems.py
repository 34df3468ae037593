"""Mistakes as people read them: where, what, the line itself, the nearest right word, and what was kept."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from tolbooth.model.errors import Place, Problem, TolboothError
from tolbooth.report.words import plural, visible

WIDTH = 80
NOTHING_RECORDED = "Nothing was recorded."
_TAB = "    "
_CUT = "…"
_LEAST_SHOWN = 20


def render_error(error: TolboothError) -> str:
    """All problems of an error, each with its excerpt, and last what was kept, where the error carries a note of it."""
    blocks = ["\n".join(_lines(problem)) for problem in error.problems]
    if len(blocks) == 1:
        return "\n".join([*blocks, *kept(error)])
    return "\n\n".join([*blocks, " ".join([f"{plural(len(blocks), 'mistake')}.", *kept(error)])])


def render_usage(error: click.ClickException) -> str:
    """A command line that can't be understood: how it is used, and what is wrong; a group alone has its help."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error.format_message()
    lines: list[str] = []
    if isinstance(error, click.UsageError) and error.ctx is not None:
        lines = [error.ctx.get_usage(), f"Try '{error.ctx.command_path} --help' for help.", ""]
    return "\n".join([*lines, *_wrapped(error.format_message(), hang="  ")])


def kept(error: BaseException) -> tuple[str, ...]:
    """What the log keeps of the run that the error ended: the notes that were added on its way."""
    return tuple(getattr(error, "__notes__", ()))


def _lines(problem: Problem) -> Iterator[str]:
    where = f"{problem.place}: " if problem.place is not None else ""
    yield from _wrapped(f"{where}{problem.message}", hang="  ")
    excerpt = list(_excerpt(problem.place, problem.hint)) if problem.place is not None else []
    if excerpt:
        yield from excerpt
    elif problem.hint:
        yield from _wrapped(problem.hint, begin="  ", hang="  ")
    yield f"  [{problem.code}]"


def _excerpt(place: Place, hint: str | None) -> Iterator[str]:
    """The line before, the line, and a mark under the bad word with the hint beside it, or below where it is long."""
    if place.line is None or place.column is None:
        return
    lines = place.excerpt or _on_disk(place).excerpt
    if not lines:
        return
    size = len(str(place.line))
    room = WIDTH - size - len("   | ")
    lines, column = _withheld(lines, place.column)
    bad = lines[-1]
    before, marked = _shown(bad[: column - 1]), _shown(bad[column - 1 :][: max(1, place.width)])
    cut = max(0, _columns(before) + min(_columns(marked), _LEAST_SHOWN) - room + 1)
    for number, text in enumerate(lines, place.line + 1 - len(lines)):
        if number == place.line or _columns(_shown(text)) > cut:
            yield f"  {number:>{size}} | {_window(_shown(text), cut, room)}".rstrip()
    at = _columns(before) - cut
    mark = "^" * max(1, min(_columns(marked), room - at))
    line = f"  {'':>{size}} | {' ' * at}{mark}"
    if hint is not None and len(line) + 1 + _columns(hint) <= WIDTH:
        yield f"{line} {visible(hint)}"
        return
    yield line
    if hint is not None:
        yield from _wrapped(hint, begin=f"  {'':>{size}} | ", hang=f"  {'':>{size}} | ")


def _withheld(lines: Sequence[str], column: int) -> tuple[tuple[str, ...], int]:
    """The lines without secrets and personal data, and the column of the mark, which falls back where it moved."""
    from tolbooth.model.withholding import Withheld

    shown = tuple(Withheld().text(line) for line in lines)
    moved = shown[-1][: column - 1] != lines[-1][: column - 1]
    return shown, 1 if moved else column


def _on_disk(place: Place) -> Place:
    try:
        return place.within(Path(place.path).read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError):
        return place


def _columns(text: str) -> int:
    """How many columns a text takes: wide letters take two."""
    from rich.cells import cell_len

    return cell_len(text)


def _shown(text: str) -> str:
    """The text with tabs widened and what can't be seen made visible, as it stands on a screen."""
    return visible(text.replace("\t", _TAB))


def _window(text: str, cut: int, room: int) -> str:
    """As much of a line as there is room for, from where the mark can be seen."""
    rest = f"{_CUT}{text[cut + 1 :]}" if cut and text else text
    return rest if _columns(rest) <= room else f"{rest[: room - 1]}{_CUT}"


def _wrapped(text: str, *, begin: str = "", hang: str) -> list[str]:
    return textwrap.wrap(
        visible(text),
        WIDTH,
        initial_indent=begin,
        subsequent_indent=hang,
        break_long_words=False,
        break_on_hyphens=False,
    )
