"""What the profile finds: a problem with its place and the portable rewriting, and whether it refuses the load."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tolbooth.model.errors import Place, Problem


class Level(StrEnum):
    """An error refuses the load: engines would differ, or the rule can't mean what it says. A warning is untidiness."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding. The problem's message says why, its hint what to write instead."""

    problem: Problem
    level: Level = Level.ERROR


def order(finding: Finding) -> tuple[str, int, int, str]:
    """Findings are told in the order of files and lines."""
    place = finding.problem.place or Place(path="")
    return place.path, place.line or 0, place.column or 0, finding.problem.code
