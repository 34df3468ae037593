"""The groups of a count table: rolled up by any of its features, and how each is called."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tolbooth.measure.fairness.counts import Cell, FairnessCounts, Group
from tolbooth.measure.fairness.rates import Confusion
from tolbooth.model.errors import ConfigError

MISSING_NAME = "(missing)"
"""How the group of rows without a category is called."""

_JOIN = " & "


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedGroup:
    """One group: its categories by feature, all its rows, and those with label and prediction by outcome."""

    name: str
    group: dict[str, str | None]
    rows: int
    confusion: Confusion


def count_groups(counts: FairnessCounts, by: Sequence[str]) -> list[CountedGroup]:
    """The groups that the features ``by`` make, sorted by name; of no features, all rows as one group.

    Raises:
        ConfigError: ``measure.feature-not-counted`` if the table lacks one of the features; ``measure.not-binary`` if
            it counts several classes.
    """
    require_binary(counts)
    groups = [
        CountedGroup(
            name=group_name(group),
            group=dict(zip(by, group, strict=True)),
            rows=sum(cell.n for cell in cells),
            confusion=Confusion.of(cells),
        )
        for group, cells in cells_by_group(counts, by).items()
    ]
    return sorted(groups, key=lambda group: group.name)


def require_binary(counts: FairnessCounts) -> None:
    """Check that the table counts a label of two classes.

    Raises:
        ConfigError: ``measure.not-binary``.
    """
    if counts.classes:
        raise ConfigError.of(
            "measure.not-binary",
            f"the label '{counts.label}' has {len(counts.classes)} classes, and rates ask for two",
            hint="ask about one class against the rest",
        )


def group_name(values: Iterable[str | None]) -> str:
    """What a group is called: its categories joined by " & "; ``(missing)`` for null.

    A category that could be taken for something else (empty, padded, unprintable, ``(missing)`` itself, or holding
    a quotation mark or the joint) is written as a JSON string, so different groups have different names.
    """
    return _JOIN.join(_category_name(value) for value in values)


def _category_name(value: str | None) -> str:
    if value is None:
        return MISSING_NAME
    plain = value.strip() == value != "" and value.isprintable() and value != MISSING_NAME
    return value if plain and '"' not in value and "&" not in value else json.dumps(value, ensure_ascii=False)


def cells_by_group(counts: FairnessCounts, by: Sequence[str]) -> dict[Group, list[Cell]]:
    """The cells of each combination of categories that occurs.

    Raises:
        ConfigError: ``measure.feature-not-counted`` if the table lacks one of the features.
    """
    unknown = [feature for feature in by if feature not in counts.features]
    if unknown:
        raise ConfigError.of(
            "measure.feature-not-counted",
            f"the count table has no feature {', '.join(repr(name) for name in unknown)}",
            hint=f"it was counted by: {', '.join(counts.features) or 'nothing'}",
        )
    places = [counts.features.index(feature) for feature in by]
    groups: dict[Group, list[Cell]] = {}
    for cell in counts.cells:
        groups.setdefault(tuple(cell.values[place] for place in places), []).append(cell)
    return groups
