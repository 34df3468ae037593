"""A group whose commands are each a module, loaded only when it is called."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click

from tolbooth.cli.nearest import NearestGroup


class LazyGroup(NearestGroup):
    """Lists its commands from a table, and imports ``tolbooth.cli.<group>_<command>`` only when it runs.

    Args:
        subcommands: names with their one-line help, in the order in which they are listed.
        arguments: click's own.
    """

    def __init__(self, *, subcommands: Mapping[str, str], **arguments: Any) -> None:
        super().__init__(**arguments)
        self._subcommands = subcommands

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of the table."""
        del ctx
        return list(self._subcommands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        del ctx
        if cmd_name not in self._subcommands:
            return None
        command: click.Command = importlib.import_module(f"tolbooth.cli.{self.name}_{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list, without importing any command."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(self._subcommands.items()))
