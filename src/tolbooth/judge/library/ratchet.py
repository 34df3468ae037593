"""The ratchet: a project tightens a library's value freely, and loosens it by a waiver alone.

A number loosens upwards or downwards, a list by an entry more (up) or less (down). A parameter without a default has
nothing to be held to; one that loosens by any change is a choice, and not a bound.
"""

from __future__ import annotations

from decimal import Decimal

from tolbooth.judge.library.parameters import PPM, Direction, Parameter, ParameterType, ParameterValue
from tolbooth.model.errors import Problem

BOUND = "bound"
"""The parameter that what a rule measures is held against: the one that a waiver's limit can stand in for."""


def loosened(code: str, parameter: Parameter, value: ParameterValue) -> Problem | None:
    """What is wrong where a project wrote a looser value than the rule's own: ``policy.loosened``, with the command.

    Args:
        code: the rule's.
        parameter: as the rule declares it.
        value: what a rule would read.
    """
    default = parameter.default
    if default is None or not _is_looser(parameter, value, default):
        return None
    written, own = shown(parameter, value), shown(parameter, default)
    limit = f" --limit {written}" if parameter.name == BOUND else ""
    return Problem(
        code="policy.loosened",
        message=f"'{parameter.name}' of {code} is {written}, looser than the library's {own}",
        hint=f"take it out and run the gate; if that denies: tolbooth waiver request --rule {code}{limit}",
    )


def shown(parameter: Parameter, value: ParameterValue) -> str:
    """A value as it would be written; a rate as a decimal."""
    if parameter.type is ParameterType.RATE and isinstance(value, int):
        return f"{(Decimal(value) / PPM).normalize():f}"
    return f"[{', '.join(value)}]" if isinstance(value, tuple) else str(value)


def _is_looser(parameter: Parameter, value: ParameterValue, default: ParameterValue) -> bool:
    if parameter.loosens not in {Direction.UP, Direction.DOWN}:
        return False
    up = parameter.loosens is Direction.UP
    if isinstance(value, int) and isinstance(default, int):
        return value > default if up else value < default
    if isinstance(value, tuple) and isinstance(default, tuple):
        return bool(set(value) - set(default) if up else set(default) - set(value))
    return value != default
