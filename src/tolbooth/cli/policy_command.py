"""``tolbooth policy``: what a rule's author needs; each command is loaded only when it is called."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

import click

from tolbooth.cli.nearest import NearestGroup

SUBCOMMANDS: Mapping[str, str] = {
    "list": "List the rules, and which of them are asked here.",
    "show": "Show one rule: METADATA, parameters in force, clauses, file and page.",
    "input": "Print the input document of a recorded decision, or its schema.",
    "new": "Write a rule to begin with, its test and its page.",
    "lint": "Look for what engines decide differently, and for mistakes.",
    "test": "Run the tests of rules, and change the rules to see if a test notices.",
    "lock": "Pin the policy's sources in tolbooth.lock, or check them.",
}
"""The commands with their one-line help (a test holds the line to the command's own)."""


class PolicyGroup(NearestGroup):
    """Imports a command only when it runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of an author's work."""
        del ctx
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        del ctx
        if cmd_name not in SUBCOMMANDS:
            return None
        command: click.Command = importlib.import_module(f"tolbooth.cli.policy_{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list, without importing any command."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(SUBCOMMANDS.items()))


@click.group(cls=PolicyGroup)
def command() -> None:
    """Write, check and test rules.

    A rule is a Rego file or a Python function with METADATA that says what it
    asks, why, and what to do. A project's own rules lie in a folder that
    tolbooth.yaml names under policy.sources.
    """
