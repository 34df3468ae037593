"""What a project declares about rules, held against what the rules declare: every mistake with its path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tolbooth.judge.library.fields import did_you_mean
from tolbooth.judge.library.load import Library
from tolbooth.judge.library.parameters import ParameterValue, read_value
from tolbooth.judge.library.ratchet import loosened
from tolbooth.judge.library.rule_metadata import RuleMetadata
from tolbooth.model.errors import Problem

ParameterMap = Mapping[str, Mapping[str, Any]]
"""What a project wrote: by rule code, then by parameter name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterProblem:
    """A mistake and where it stands below ``policy``; ``at_key`` says that the key is wrong, not its value."""

    path: tuple[str | int, ...]
    problem: Problem
    at_key: bool = False


def check_parameters(
    library: Library,
    *,
    rules: Sequence[str] | None,
    collections: Iterable[str],
    parameters: ParameterMap,
    enforcement: Iterable[str],
) -> tuple[ParameterProblem, ...]:
    """Every mistake in what a project declares about rules; none, and ``effective_policy`` will accept it.

    The codes are ``policy.unknown-rule``, ``policy.unknown-collection``, ``policy.unknown-parameter``,
    ``policy.parameter-type`` and ``policy.parameter-range``.
    """
    found: list[ParameterProblem] = []
    for position, code in enumerate(rules or ()):
        found += _unknown_rule(library, code, ("rules", position), at_key=False)
    names = {name for rule in library.rules.values() for name in rule.collections}
    for position, name in enumerate(collections if rules is None else ()):
        if name not in names:
            problem = Problem(
                code="policy.unknown-collection",
                message=f"no collection is called '{name}'",
                hint=did_you_mean(name, names),
            )
            found.append(ParameterProblem(path=("collections", position), problem=problem))
    for code, values in parameters.items():
        unknown = _unknown_rule(library, code, ("parameters", code), at_key=True)
        found += unknown or _values(library.rules[code], values)
    for code in enforcement:
        found += _unknown_rule(library, code, ("enforcement", code), at_key=True)
    return tuple(found)


def check_ratchet(library: Library, parameters: ParameterMap) -> tuple[ParameterProblem, ...]:
    """Every value of a project that is looser than the library's: ``policy.loosened``, with the waiver that it needs.

    What ``check_parameters`` refuses is passed over.
    """
    found = []
    for code, values in parameters.items():
        rule = library.rules.get(code)
        for name, written in values.items():
            parameter = rule.parameter(name) if rule is not None else None
            value = read_value(parameter, written) if parameter is not None else None
            if parameter is None or value is None or isinstance(value, Problem):
                continue
            problem = loosened(code, parameter, value)
            if problem is not None:
                found.append(ParameterProblem(path=("parameters", code, name), problem=problem))
    return tuple(found)


def selected_rules(
    library: Library, rules: Sequence[str] | None, collections: Iterable[str]
) -> tuple[RuleMetadata, ...]:
    """The rules that are asked: those named, or those of the collections and of the project's own folders."""
    if rules is not None:
        return tuple(library.rules[code] for code in sorted(set(rules)))
    wanted, own = set(collections), library.own
    return tuple(rule for code, rule in library.rules.items() if code in own or wanted.intersection(rule.collections))


def effective_parameters(
    rules: Iterable[RuleMetadata], parameters: ParameterMap
) -> dict[str, dict[str, ParameterValue]]:
    """Defaults overlaid with what was written, checked before; a parameter without either is absent."""
    return {rule.code: dict(_effective(rule, parameters.get(rule.code, {}))) for rule in rules}


def _effective(rule: RuleMetadata, written: Mapping[str, Any]) -> Iterator[tuple[str, ParameterValue]]:
    for parameter in rule.parameters:
        value = read_value(parameter, written[parameter.name]) if parameter.name in written else parameter.default
        assert not isinstance(value, Problem)
        if value is not None:
            yield parameter.name, value


def _unknown_rule(library: Library, code: str, path: tuple[str | int, ...], *, at_key: bool) -> list[ParameterProblem]:
    if code in library.rules:
        return []
    hint = did_you_mean(code, library.rules)
    problem = Problem(code="policy.unknown-rule", message=f"there is no rule '{code}'", hint=hint)
    return [ParameterProblem(path=path, problem=problem, at_key=at_key)]


def _values(rule: RuleMetadata, values: Mapping[str, Any]) -> list[ParameterProblem]:
    found = []
    for name, written in values.items():
        path = ("parameters", rule.code, name)
        parameter = rule.parameter(name)
        if parameter is None:
            hint = did_you_mean(name, [each.name for each in rule.parameters])
            text = f"'{rule.code}' has no parameter '{name}'"
            problem = Problem(code="policy.unknown-parameter", message=text, hint=hint)
            found.append(ParameterProblem(path=path, problem=problem, at_key=True))
            continue
        value = read_value(parameter, written)
        if isinstance(value, Problem):
            found.append(ParameterProblem(path=path, problem=value))
    return found
