"""``tolbooth policy``: what a rule's author needs; each command is loaded only when it is called."""

from __future__ import annotations

from collections.abc import Mapping

import click

from tolbooth.cli.lazy import LazyGroup

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


@click.group("policy", cls=LazyGroup, subcommands=SUBCOMMANDS)
def command() -> None:
    """Write, check and test rules.

    A rule is a Rego file or a Python function with METADATA that says what it
    asks, why, and what to do. A project's own rules lie in a folder that
    tolbooth.yaml names under policy.sources.
    """
