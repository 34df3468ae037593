"""``tolbooth waiver``: ask for time, and say yes or no to it; each command is loaded only when it is called."""

from __future__ import annotations

from collections.abc import Mapping

import click

from tolbooth.cli.lazy import LazyGroup

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


@click.group("waiver", cls=LazyGroup, subcommands=SUBCOMMANDS)
def command() -> None:
    """Ask for time, and say yes or no to it.

    A waiver lets a release pass although a rule fails: for one rule and term,
    one model or a few, at one gate, with a reason, an end, and people who
    answer for it. The rule is evaluated all the same, and its result shown.
    """
