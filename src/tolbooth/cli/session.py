"""What every command gets from its context: the environment, the project file, and how to print."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.progress import TaskID

    from tolbooth.config.environment import Environment
    from tolbooth.config.load import Project
    from tolbooth.pipeline.collecting import Progress, Unit, Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Display:
    """How to print on this stdout: a pipe gets the same text without colour and bars, 80 columns wide."""

    width: int
    color: bool
    ascii_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One call of the command line."""

    config_file: Path | None

    @property
    def environment(self) -> Environment:
        """What the environment variables say."""
        from tolbooth.config.environment import Environment

        return Environment.read(os.environ)

    @property
    def variables(self) -> Mapping[str, str]:
        """The environment variables themselves, for what a CI system claims there."""
        return os.environ

    def project(self) -> Project:
        """The project that the command is about.

        Raises:
            ConfigError: if there is none, or its file has mistakes.
        """
        from tolbooth.config.load import find_project_file
        from tolbooth.pipeline.checking import open_project

        named = self.config_file or self.environment.config_file
        return open_project(named if named is not None else find_project_file(Path.cwd()))

    def project_if_any(self) -> Project | None:
        """The project, or None where there is none: what is shipped can be looked at without one.

        Raises:
            ConfigError: if there is one, and its file has mistakes.
        """
        from tolbooth.model.errors import ConfigError

        try:
            return self.project()
        except ConfigError as error:
            if error.code != "config.not-found":
                raise
            return None


pass_session = click.make_pass_decorator(Session)


def display() -> Display:
    """How to print here; ``NO_COLOR`` is honoured."""
    terminal = sys.stdout.isatty()
    encoding = (sys.stdout.encoding or "ascii").lower().replace("-", "")
    return Display(
        width=shutil.get_terminal_size().columns if terminal else 80,
        color=terminal and not os.environ.get("NO_COLOR"),
        ascii_only=encoding not in {"utf8", "utf16", "utf8sig"},
    )


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A line on stderr while long work is done on a terminal: how much of how much, and the time left.

    Nothing in a pipe, nor on a terminal that can't move its cursor.
    """
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield _silent
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Lines

    from tolbooth.report.words import visible

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=10),
        TextColumn("{task.fields[amount]}"),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
    )
    with Lines(*columns, console=Console(stderr=True), transient=True) as lines:
        tasks: dict[Work, TaskID] = {}

        def show(work: Work, done: int, total: int | None) -> None:
            amount = amount_text(work.unit, done, total)
            if work not in tasks:
                tasks[work] = lines.add_task(escape(_cut(visible(work.what))), total=total, amount=amount)
            lines.update(tasks[work], completed=done, total=total, amount=amount)

        yield show


def amount_text(unit: Unit, done: int, total: int | None) -> str:
    """How much of how much: ``12.5 of 40.0 MB``, ``1,000 of 7,214 rows``; without a total, how much."""
    divisor, name = _scale(unit, total if total is not None else done)
    shown = [f"{count / divisor:,.1f}" if divisor > 1 else f"{count:,}" for count in (done, total) if count is not None]
    return f"{' of '.join(shown)} {name}"


def _cut(what: str) -> str:
    """A long path loses its beginning, so that amount and time still fit beside it."""
    verb, _, path = what.partition(" ")
    room = _WHAT_COLUMNS - len(verb) - 1
    return what if len(path) <= room else f"{verb} …{path[1 - room :]}"


def _scale(unit: Unit, most: int) -> tuple[int, str]:
    if unit == "rows":
        return 1, "rows"
    return next((scale for scale in _BYTE_SCALES if most >= scale[0]), (1, "bytes"))


_WHAT_COLUMNS = 30
_BYTE_SCALES = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"))


def _silent(_work: Work, _done: int, _total: int | None) -> None:
    return


def tell_transcript(path: Path | None) -> None:
    """Say where a CI runner's transcript lies, on stderr: stdout is for results."""
    if path is not None:
        click.echo(f"Transcript of this runner's log: {path}", err=True)
