"""The ``parameters`` of a rule's METADATA, read and checked; a default must itself be a legal value."""

from __future__ import annotations

from dataclasses import replace

from tolbooth.judge.library.fields import Fields
from tolbooth.judge.library.parameters import PPM, Direction, Parameter, ParameterType, read_value
from tolbooth.model.errors import Problem

_KEYS = ("name", "type", "description", "default", "unit", "loosens", "choices", "minimum", "maximum", "optional")
_NUMBERS = (ParameterType.RATE, ParameterType.INTEGER)


def read_parameters(custom: Fields) -> tuple[Parameter, ...]:
    """Every parameter that a rule declares; mistakes are kept in ``custom``'s problems."""
    found: list[Parameter] = []
    for entry in custom.items("parameters"):
        parameter = _parameter(entry)
        if parameter is None:
            continue
        if parameter.name in {other.name for other in found}:
            entry.refuse("duplicate", f"the parameter '{parameter.name}' is declared twice")
        found.append(parameter)
    return tuple(found)


def _parameter(entry: Fields) -> Parameter | None:
    entry.only(_KEYS)
    name, kind = entry.text("name"), entry.choice("type", ParameterType)
    loosens = entry.choice("loosens", Direction, required=kind in _NUMBERS)
    choices = entry.texts("choices", required=kind is ParameterType.CHOICE)
    description, unit = entry.text("description") or "", entry.text("unit", required=False)
    if name is None or kind is None:
        return None
    optional = entry.raw("optional") or False
    if not isinstance(optional, bool) or (optional and "default" in entry):
        entry.wrong("optional", "true, for a parameter without a default")
        optional = False
    parameter = Parameter(
        name=name,
        type=kind,
        description=description,
        unit=unit,
        loosens=loosens,
        choices=choices,
        minimum=_limit(entry, "minimum", kind),
        maximum=_limit(entry, "maximum", kind),
        optional=optional,
    )
    if "default" not in entry:
        return parameter
    default = read_value(parameter, entry.raw("default"))
    if isinstance(default, Problem):
        entry.refuse("default", f"the default of {default.message}", place=entry.place("default"), hint=default.hint)
        return parameter
    return replace(parameter, default=default)


def _limit(entry: Fields, name: str, kind: ParameterType) -> int | None:
    """A bound in what a rule reads; a rate without one lies in [0, 1]."""
    if name not in entry:
        return {"minimum": 0, "maximum": PPM}[name] if kind is ParameterType.RATE else None
    unbounded = Parameter(name=name, type=kind, description="")
    limit = read_value(unbounded, entry.raw(name)) if kind in _NUMBERS else None
    if kind is ParameterType.LIST and name == "minimum" and entry.raw(name) == 1:
        return 1
    if isinstance(limit, int):
        return limit
    entry.wrong(name, f"a limit for a {kind.value}")
    return None
