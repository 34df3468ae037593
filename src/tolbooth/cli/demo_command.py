"""``tolbooth demo``: the whole way, on real data."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tolbooth.cli.session import Session, display, pass_session, progress_bar
from tolbooth.onboard.demo import demo
from tolbooth.report.terminal import render_terminal

if TYPE_CHECKING:
    from tolbooth.pipeline.collecting import Progress
    from tolbooth.report.model import Report

_MARGIN = "   "


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@pass_session
def command(session: Session, folder: Path) -> None:
    """Train a real model and take it through the gate, step by step.

    Makes FOLDER with a model that is trained on 432 releases from prison (a
    public study) and logged to an MLflow store of its own. The gate refuses
    it; what it asks for is done, and the gate is asked again. Then the
    decision is sealed, verified, computed again and reported.
    Needs the extra: pip install 'tolbooth[demo]'.
    """
    printing = _Printing(f"Everything happens in {folder.resolve()}; each command is as you would type it there.")
    ending = demo(folder, session.environment, printing)
    printing.step("The end")
    printing.said(*ending)


class _Printing:
    """Prints the walk: in a pipe each line as it comes; on a terminal a line that moves stands for long work."""

    def __init__(self, opening: str) -> None:
        self._opening = opening

    def step(self, title: str, command: str | None = None) -> None:
        """A heading, and the command that does it."""
        click.echo(self._opening)
        if self._opening:
            self._opening = ""
            click.echo()
        click.secho(f"── {title}", bold=True)
        if command is not None:
            click.echo(f"   $ {command}")
        sys.stdout.flush()

    def said(self, *lines: str) -> None:
        """Plain lines under the heading."""
        for line in lines:
            click.echo(_indented(line))
        sys.stdout.flush()

    def report(self, report: Report) -> None:
        """The report as ``tolbooth gate`` prints it."""
        look = display()
        click.echo()
        text = render_terminal(report, width=look.width, color=look.color, ascii_only=look.ascii_only)
        click.echo(text, nl=False, color=look.color)
        sys.stdout.flush()

    @contextmanager
    def training(self) -> Iterator[Callable[[str], None]]:
        """On a terminal the last line moves, and all are printed at the end."""
        if not (sys.stderr.isatty() and sys.stdout.isatty()) or os.environ.get("TERM") == "dumb":
            yield self.said
            return
        from rich.console import Console
        from rich.markup import escape

        lines: list[str] = []
        try:
            with Console(stderr=True).status("starting Python ...") as status:

                def say(line: str) -> None:
                    lines.append(line)
                    status.update(escape(f"{line} ..."))

                yield say
        finally:
            self.said(*lines)

    def deciding(self) -> AbstractContextManager[Progress]:
        """The gate's own bars."""
        return progress_bar()


def _indented(line: str) -> str:
    """A line under its heading, wrapped where it is longer than the screen; a path is never broken."""
    lead = line[: len(line) - len(line.lstrip())]
    wrapped = textwrap.wrap(
        line,
        max(40, display().width - len(_MARGIN)),
        initial_indent=_MARGIN,
        subsequent_indent=f"{_MARGIN}{lead}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(wrapped)
