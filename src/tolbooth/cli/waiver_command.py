"""``tolbooth waiver``: ask for time, and say yes or no to it; each command is loaded only when it is called."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

import click

from tolbooth.cli.nearest import NearestGroup

SUBCOMMANDS: Mapping[str, str] = {
    "request": "Ask for a waiver of what a decision found.",
    "approve": "Approve a waiver, with the risk that remains.",
    "reject": "Reject a waiver.",
    "list": "List waivers: what, until when, who must still approve.",
    "show": "Show one waiver and all that was said about it.",
    "renew": "Ask for a waiver in force to go on, with new evidence.",
    "revoke": "End a waiver, or take back your approval of it.",
    "debt": "Tell what the waivers in force come to.",
}
"""The commands with their one-line help (a test holds the line to the command's own)."""


class WaiverGroup(NearestGroup):
    """Imports a command only when it runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of a waiver's life."""
        del ctx
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        del ctx
        if cmd_name not in SUBCOMMANDS:
            return None
        command: click.Command = importlib.import_module(f"tolbooth.cli.waiver_{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list, without importing any command."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(SUBCOMMANDS.items()))


@click.group(cls=WaiverGroup)
def command() -> None:
    """Ask for time, and say yes or no to it.

    A waiver lets a release pass although a rule fails: for one rule and term,
    one model or a few, at one gate, with a reason, an end, and people who
    answer for it. The rule is evaluated all the same, and its result shown.
    """
