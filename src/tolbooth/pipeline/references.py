"""A reference that no data knows is a mistake of the settings: told at its line, with the nearest group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from tolbooth.config.load import Project
from tolbooth.config.mistakes import nearest
from tolbooth.judge.questions import Question
from tolbooth.measure.fairness.counts import FairnessCounts
from tolbooth.measure.fairness.groups import count_groups
from tolbooth.model.errors import ConfigError, Place, Problem


def check_references(project: Project, tables: Sequence[FairnessCounts], asked: Iterable[Question]) -> None:
    """Hold the references of every fairness question against the groups that were counted.

    Raises:
        ConfigError: ``policy.unknown-group`` for each name that is no group of any data set, at its line.
    """
    problems: list[Problem] = []
    for question in asked:
        found = unknown_references(tables, question.parameters) if question.kind == "fairness" else ()
        path = ("policy", "parameters", question.code, "reference")
        problems += [_problem(name, known, project.place(*path, place)) for place, name, known in found]
    if problems:
        raise ConfigError(problems)


def require_reference(counts: FairnessCounts, parameters: Mapping[str, object]) -> None:
    """Hold one question's reference against the groups of one data set.

    Raises:
        ConfigError: ``policy.unknown-group``.
    """
    problems = [_problem(name, known, None) for _, name, known in unknown_references([counts], parameters)]
    if problems:
        raise ConfigError(problems)


def unknown_references(
    tables: Sequence[FairnessCounts], parameters: Mapping[str, object]
) -> Iterator[tuple[int, str, list[str]]]:
    """Of each name that is no group: its position, the name, and every group; nothing where nothing was counted."""
    reference = parameters.get("reference")
    if not isinstance(reference, (list, tuple)) or not tables:
        return
    widest = parameters.get("intersections", 1)
    assert isinstance(widest, int)
    known = sorted(
        {group.name for table in tables for by in _asked_by(table, widest) for group in count_groups(table, by)}
    )
    for place, name in enumerate(reference):
        if known and name not in known:
            yield place, name, known


def _asked_by(table: FairnessCounts, widest: int) -> Iterator[tuple[str, ...]]:
    for width in range(1, min(widest, len(table.features)) + 1):
        yield from combinations(table.features, width)


def _turned(name: str, known: list[str]) -> str | None:
    """The group with the same categories in the order of the data's features."""
    same = next((each for each in known if sorted(each.split(" & ")) == sorted(name.split(" & "))), None)
    return f"did you mean '{same}'?" if same else None


_MOST_NAMES = 8


def _problem(name: str, known: list[str], place: Place | None) -> Problem:
    more = f" and {len(known) - _MOST_NAMES} more" if len(known) > _MOST_NAMES else ""
    return Problem(
        code="policy.unknown-group",
        message=f"the reference '{name}' is no group of the data",
        place=place,
        hint=_turned(name, known) or nearest(name, known) or f"groups: {', '.join(known[:_MOST_NAMES])}{more}",
        about="reference",
    )
