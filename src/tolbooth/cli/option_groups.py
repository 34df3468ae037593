"""Groups of options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

Command = Callable[..., Any]


def with_options(command: Command, options: Iterable[Callable[[Command], Command]]) -> Command:
    """Add options to a command, in the order in which its help shall list them."""
    for option in reversed(tuple(options)):
        command = option(command)
    return command
