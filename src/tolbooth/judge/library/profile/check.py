"""Every finding of the portable profile in modules that are loaded together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from tolbooth.judge.library.profile import (
    data_paths,
    decimals,
    formats,
    functions,
    heads,
    input_paths,
    missing,
    mocks,
    negation,
    object_patterns,
    regexes,
    results,
    safety,
    unused,
    walking,
)
from tolbooth.judge.library.profile.finding import Finding, order
from tolbooth.judge.library.profile.names import Names
from tolbooth.judge.library.profile.syntax import Source
from tolbooth.judge.library.profile.view import View, view_of
from tolbooth.judge.library.rule_metadata import RuleMetadata
from tolbooth.model.errors import Problem

FAMILIES: tuple[Callable[[View], Iterator[Finding]], ...] = (
    walking.findings,
    negation.findings,
    missing.findings,
    decimals.findings,
    object_patterns.findings,
    regexes.findings,
    formats.findings,
    mocks.findings,
    data_paths.findings,
    functions.findings,
    safety.findings,
    heads.findings,
    input_paths.findings,
    unused.findings,
)


def check(
    sources: Sequence[Source],
    *,
    among: Iterable[Source] = (),
    rules: Mapping[str, RuleMetadata] | None = None,
    paths: Iterable[str] = (),
) -> tuple[Finding, ...]:
    """Look at modules.

    Args:
        sources: the modules that are looked at, tests included.
        among: modules that are loaded beside them, for the names that they declare.
        rules: the METADATA of all rules by code; None where it could not be read, and codes are not looked at.
        paths: of modules that are there besides, though they could not be parsed.

    Returns:
        Findings by file, line and column.
    """
    names = Names([*sources, *among])
    there = [*(source.path for source in sources), *paths]
    found: list[Finding] = []
    for source in sources:
        try:
            found += _found(source, names, rules, there)
        except RecursionError:
            text = "its expressions are nested too deeply to be looked at"
            problem = Problem(code="policy.syntax", message=text, place=source.place(source.package_node))
            found.append(Finding(problem=problem))
    return tuple(sorted(dict.fromkeys(found), key=order))


def _found(
    source: Source, names: Names, rules: Mapping[str, RuleMetadata] | None, there: Sequence[str]
) -> list[Finding]:
    view = view_of(source, names)
    found = [finding for family in FAMILIES for finding in family(view)]
    return found if rules is None else [*found, *results.findings(view, rules, there)]
