"""Mutants that decide alike, declared with the reason in a comment of the rule's test file.

A declaration is a comment that begins with EQUIVALENT and goes on in YAML, as METADATA does. It names the line and
what the mutant makes of it, so that it holds wherever the line stands; one that fits no survivor any more is a
mistake, since it would hide one that is to come.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tolbooth.config.yaml_source import parse_yaml
from tolbooth.judge.interface import Module
from tolbooth.judge.library.fields import Fields
from tolbooth.judge.proving.interface import Equivalent, Mutant
from tolbooth.judge.proving.mutants import collapsed
from tolbooth.model.errors import ConfigError, JudgeError, Place, Problem

_OPENING = re.compile(r"#\s*EQUIVALENT\s*")
_KEYS = ("line", "mutant", "reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One declaration: the line and the mutant's line, every run of blanks as one, and why they decide alike."""

    line: str
    mutant: str
    reason: str
    place: Place


def read_equivalents(tests: Iterable[Module]) -> tuple[Declared, ...]:
    """Read the declarations of test files: comments with ``line``, ``mutant`` and ``reason``.

    Raises:
        JudgeError: ``policy.equivalents.*``, every mistake at its line.
    """
    problems: list[Problem] = []
    found = [each for module in tests for each in _declarations(module, problems)]
    if problems:
        raise JudgeError(problems)
    return tuple(found)


def _declarations(module: Module, problems: list[Problem]) -> Iterator[Declared]:
    for line, yaml in _comments(module.text):
        try:
            document = parse_yaml(yaml, module.path)
        except ConfigError as error:
            problems += error.problems
            continue
        place = Place(path=module.path, line=line, column=1).within(module.text)
        found: list[Problem] = []
        fields = Fields(document, (), found, code="policy.equivalents")
        fields.only(_KEYS)
        written, mutant, reason = (fields.text(name) or "" for name in _KEYS)
        problems += [
            Problem(code=each.code, message=each.message, place=place, hint=each.hint or "line, mutant and reason")
            for each in found
        ]
        yield Declared(line=collapsed(written), mutant=collapsed(mutant), reason=collapsed(reason), place=place)


def _comments(text: str) -> Iterator[tuple[int, str]]:
    """Each declaration's first line, and its YAML with the lines and columns of the file."""
    lines = text.splitlines()
    for at, line in enumerate(lines):
        if _OPENING.fullmatch(line) is None:
            continue
        end = next((number for number in range(at + 1, len(lines)) if not lines[number].startswith("#")), len(lines))
        yield at + 1, "\n" * (at + 1) + "\n".join(f" {each[1:]}" for each in lines[at + 1 : end]) + "\n"


def part(
    survivors: Iterable[Mutant], declared: Sequence[Declared], mutants: Sequence[Mutant]
) -> tuple[tuple[Mutant, ...], tuple[Equivalent, ...]]:
    """Survivors proper, and those that are declared equivalent.

    Raises:
        JudgeError: ``policy.equivalents.stale`` for a declaration that fits no mutant, or one that a test kills.
    """
    proper, equivalents, used = [], [], set()
    for mutant in survivors:
        fit = next((each for each in declared if _fits(each, mutant)), None)
        if fit is None:
            proper.append(mutant)
        else:
            used.add(fit)
            equivalents.append(Equivalent(mutant=mutant, reason=fit.reason))
    stale = [_stale(each, mutants) for each in declared if each not in used]
    if stale:
        raise JudgeError(stale)
    return tuple(proper), tuple(equivalents)


def ambiguous(declared: Sequence[Declared], mutants: Sequence[Mutant]) -> Iterator[Problem]:
    """Declarations that fit several mutants: a reason is given for one place."""
    for each in declared:
        fits = [mutant for mutant in mutants if _fits(each, mutant)]
        if len(fits) > 1:
            lines = ", ".join(str(mutant.place.line) for mutant in fits)
            text = f"this fits several mutants (lines {lines}): write the rule so that its lines differ"
            yield Problem(code="policy.equivalents.ambiguous", message=text, place=each.place)


def _fits(declared: Declared, mutant: Mutant) -> bool:
    return (declared.line, declared.mutant) == (mutant.before, mutant.after)


def _stale(declared: Declared, mutants: Sequence[Mutant]) -> Problem:
    known = any(_fits(declared, mutant) for mutant in mutants)
    text = "a test kills this mutant, so it is not equivalent" if known else "no mutant has this line and this change"
    return Problem(code="policy.equivalents.stale", message=text, place=declared.place, hint="take the entry out")
