"""What every command gets from its context: the environment, the project file, and how to print."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from tolbooth.config.environment import Environment
    from tolbooth.config.load import Project
    from tolbooth.pipeline.collecting import Progress


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

    def project(self) -> Project:
        """The project that the command is about.

        Raises:
            ConfigError: if there is none, or its file has mistakes.
        """
        from tolbooth.config.load import find_project_file, load_project

        named = self.config_file or self.environment.config_file
        return load_project(named if named is not None else find_project_file(Path.cwd()))


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
    """A bar on stderr while long work is done on a terminal; nothing in a pipe."""
    if not sys.stderr.isatty():
        yield _silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Bar(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, object] = {}

        def show(what: str, done: int, total: int | None) -> None:
            task = tasks.get(what)
            if task is None:
                task = tasks[what] = bar.add_task(what, total=total)
            bar.update(task, completed=done, total=total)  # type: ignore[arg-type]

        yield show


def _silent(_what: str, _done: int, _total: int | None) -> None:
    return
