"""Parameters of rules: their declaration, and what a project writes turned into what a rule reads.

A ``rate`` is written as a decimal in [0, 1] with at most six decimals and read as an integer in ppm, exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from tolbooth.judge.library.fields import did_you_mean
from tolbooth.model.errors import Problem

PPM = 1_000_000
_RATE_DECIMALS = 6
_LARGEST_TURNED = 2
"""Up to here a ratio was probably turned around: four fifths are 0.8, not 1.25."""

ParameterValue = int | str | tuple[str, ...]
"""What a rule reads: ppm for a rate, an integer, a text, or a list of texts."""


class ParameterType(StrEnum):
    """What may be written."""

    RATE = "rate"
    INTEGER = "integer"
    STRING = "string"
    CHOICE = "choice"
    LIST = "list"


class Direction(StrEnum):
    """Which change of a parameter lets more pass: up, down, any change, or none."""

    UP = "up"
    DOWN = "down"
    ANY = "any"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A declared parameter.

    ``default`` None: the project must declare it, unless it is ``optional``: then the rule asks nothing by it until it
    is declared. ``minimum`` and ``maximum`` bound numbers, both included, in what a
    rule reads (ppm for a rate); of a list ``minimum`` 1 says that it is not empty. ``choices`` name what may be
    written for ``choice`` and, where given, in a ``list``.
    """

    name: str
    type: ParameterType
    description: str
    default: ParameterValue | None = None
    unit: str | None = None
    loosens: Direction | None = None
    choices: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    optional: bool = False


def read_value(parameter: Parameter, written: Any) -> ParameterValue | Problem:
    """What a rule reads for what was written: exact, or a problem ``policy.parameter-type`` or ``-range``."""
    match parameter.type:
        case ParameterType.RATE:
            return _rate(parameter, written)
        case ParameterType.INTEGER:
            if isinstance(written, bool) or not isinstance(written, int):
                return _wrong_type(parameter, written, "a whole number")
            return _in_range(parameter, written, str(written))
        case ParameterType.STRING:
            return written if isinstance(written, str) and written else _wrong_type(parameter, written, "a text")
        case ParameterType.CHOICE:
            return _chosen(parameter, written) or str(written)
        case ParameterType.LIST:
            return _list(parameter, written)


def stored_value(parameter: Parameter, stored: Any) -> ParameterValue | Problem:
    """What a rule reads for what a policy document stored: the same, with rates in ppm."""
    if parameter.type is ParameterType.RATE:
        if isinstance(stored, bool) or not isinstance(stored, int):
            return _wrong_type(parameter, stored, "an integer in ppm")
        return _in_range(parameter, stored, f"{stored} ppm")
    return read_value(parameter, stored)


def _rate(parameter: Parameter, written: Any) -> ParameterValue | Problem:
    exact = _decimal(written)
    if exact is None:
        return _wrong_type(parameter, written, "a rate such as 0.1")
    if not exact.is_finite() or not 0 <= exact <= 1:
        return _out_of_range(parameter, str(written), _rate_hint(exact))
    scaled = exact * PPM
    if scaled != scaled.to_integral_value():
        return _out_of_range(parameter, str(written), f"a rate has at most {_RATE_DECIMALS} decimals")
    return _in_range(parameter, int(scaled), str(written))


def _rate_hint(exact: Decimal) -> str:
    """What was meant: a ratio the wrong way round, or a percentage."""
    if exact.is_finite() and 1 < exact <= _LARGEST_TURNED:
        turned = f"{(1 / exact).quantize(Decimal('0.0001')).normalize():f}"
        return f"a rate lies between 0 and 1; a ratio is the lower over the higher: {turned}, not {exact}"
    if exact.is_finite() and exact < 0:
        return "a rate lies between 0 and 1; a difference is the higher minus the lower, never below 0"
    return "a rate lies between 0 and 1: write 10 % as 0.1"


def _decimal(written: Any) -> Decimal | None:
    """A number as it was written: through ``str``, so that 0.1 means one tenth and not the nearest double."""
    if isinstance(written, bool) or not isinstance(written, (int, float, str, Decimal)):
        return None
    try:
        return Decimal(str(written).strip())
    except InvalidOperation:
        return None


def _in_range(parameter: Parameter, value: int, shown: str) -> int | Problem:
    too_small = parameter.minimum is not None and value < parameter.minimum
    too_large = parameter.maximum is not None and value > parameter.maximum
    if not too_small and not too_large:
        return value
    low, high = (_shown(parameter, bound) for bound in (parameter.minimum, parameter.maximum))
    limits = [*([f"at least {low}"] if low else []), *([f"at most {high}"] if high else [])]
    return _out_of_range(parameter, shown, f"it is {' and '.join(limits)}")


def _shown(parameter: Parameter, bound: int | None) -> str | None:
    if bound is None or parameter.type is not ParameterType.RATE:
        return None if bound is None else str(bound)
    return f"{(Decimal(bound) / PPM).normalize():f}"


def _chosen(parameter: Parameter, written: Any) -> Problem | None:
    if not isinstance(written, str):
        return _wrong_type(parameter, written, "a word")
    if written in parameter.choices:
        return None
    message = f"'{parameter.name}' can't be '{written}'"
    return Problem(code="policy.parameter-range", message=message, hint=did_you_mean(str(written), parameter.choices))


def _list(parameter: Parameter, written: Any) -> ParameterValue | Problem:
    if not isinstance(written, (list, tuple)) or not all(isinstance(item, str) for item in written):
        return _wrong_type(parameter, written, "a list of texts")
    least = parameter.minimum or 0
    if len(written) < least:
        return _out_of_range(parameter, "an empty list", "name at least one, or leave the parameter out")
    twice = next((item for place, item in enumerate(written) if item in written[:place]), None)
    if twice is not None:
        return _out_of_range(parameter, f"a list that names '{twice}' twice", "name each once")
    wrong = (_chosen(parameter, item) for item in written if parameter.choices)
    return next((problem for problem in wrong if problem is not None), tuple(written))


def _wrong_type(parameter: Parameter, written: Any, wanted: str) -> Problem:
    shown = "true" if written is True else "false" if written is False else str(written)
    shown = "a list" if isinstance(written, (list, tuple)) else f"'{shown}'"
    return Problem(code="policy.parameter-type", message=f"'{parameter.name}' is {shown}, and should be {wanted}")


def _out_of_range(parameter: Parameter, shown: str, hint: str) -> Problem:
    return Problem(code="policy.parameter-range", message=f"'{parameter.name}' can't be {shown}", hint=hint)
