"""What a failing rule does where: its level by enforcement point, from a date on where one is declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tolbooth.model.instant import format_instant, parse_instant
from tolbooth.model.rule import Enforcement, Point
from tolbooth.model.wire import JsonObject

ALL_POINTS = "all"
"""Stands for every enforcement point that isn't named by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A level, and from when a ``deny`` denies: before that instant it warns."""

    level: Enforcement
    effective_on: datetime | None = None


EnforcementMap = Mapping[str, Mapping[str, Level]]
"""As a project declares it: by rule code, then by point or ``all``."""


def everywhere(level: Enforcement) -> Mapping[str, Level]:
    """The same level at every point, without a date."""
    return {ALL_POINTS: Level(level=level)}


def level_at(declared: EnforcementMap, code: str, point: Point) -> Level | None:
    """What is declared for a rule at a point; None where the rule's own level holds."""
    points = declared.get(code, {})
    return points.get(point.value, points.get(ALL_POINTS))


def stored_enforcement(declared: EnforcementMap) -> JsonObject:
    """As it stands in a policy document: a level, or a level with its date."""
    return {
        code: {point: _stored(level) for point, level in sorted(points.items())}
        for code, points in sorted(declared.items())
    }


def read_enforcement(stored: Mapping[str, Any]) -> EnforcementMap:
    """Read what ``stored_enforcement`` wrote.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: for anything else.
    """
    return {
        code: {str(ALL_POINTS if point == ALL_POINTS else Point(point)): _read(each) for point, each in points.items()}
        for code, points in stored.items()
    }


def _stored(level: Level) -> JsonObject | str:
    if level.effective_on is None:
        return level.level.value
    return {"level": level.level.value, "effective_on": format_instant(level.effective_on)}


def _read(stored: Any) -> Level:
    if isinstance(stored, str):
        return Level(level=Enforcement(stored))
    return Level(level=Enforcement(stored["level"]), effective_on=parse_instant(stored["effective_on"]))
