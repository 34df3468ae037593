"""How a score is cut into declared bins: in fixed-point integers, so that every engine cuts at the same place.

Owns the declaration alone; ``score_columns`` applies it to Arrow columns, ``engines/sql`` writes it as SQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

from tolbooth.model.errors import ConfigError

SCALE = 1_000_000
"""Units in 1 unless declared otherwise: a unit is a millionth."""

LARGEST_UNIT = 2**53
"""Scores beyond ±2^53 units are refused, since a double no longer tells units apart there."""

_LARGEST_PROBABILITY_SCALE = 2**20
_MOST_EDGES = 1_000

POWERS = 4
"""How many power sums a cell of probabilities has: of s, s², s³ and s⁴, in units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreBins:
    """A score column and the edges of its bins.

    A score s becomes the whole number of units floor(s · scale + 1/2), in double arithmetic (IEEE 754, so it is the
    same on every engine). Its bin is how many edges are at or below it: edge e begins a bin, and n edges make the bins
    0 to n. Null and NaN are missing.

    Args:
        column: the column's name; integers or floats.
        edges: in units, strictly increasing, 1 to 1,000 of them; of probabilities, inside (0, scale).
        scale: units in 1: 1,000,000 unless declared; at most 2^20 for probabilities.
        probability: whether scores are probabilities of class 1. Then a score outside [0, 1] is refused, and each
            cell keeps the exact sums of s, s², s³ and s⁴, from which calibration, the Brier score and Spiegelhalter's
            z follow.

    Raises:
        ConfigError: ``measure.score-edges``.
    """

    column: str
    edges: tuple[int, ...]
    scale: int = SCALE
    probability: bool = True

    def __post_init__(self) -> None:
        sound = (
            1 <= len(self.edges) <= _MOST_EDGES
            and all(type(edge) is int and abs(edge) < LARGEST_UNIT for edge in self.edges)
            and all(low < high for low, high in pairwise(self.edges))
            and type(self.scale) is int
            and 1 <= self.scale <= (_LARGEST_PROBABILITY_SCALE if self.probability else LARGEST_UNIT)
        )
        if not sound or (self.probability and not (self.edges[0] > 0 and self.edges[-1] < self.scale)):
            raise ConfigError.of(
                "measure.score-edges",
                f"the bins of the score '{self.column}' need 1 to {_MOST_EDGES} edges that increase, in whole units, "
                "for probabilities strictly between 0 and 1",
                hint="ten equal bins of a probability: 100000, 200000, … 900000 at a scale of 1000000",
            )

    @classmethod
    def equal(cls, column: str, bins: int, *, scale: int = SCALE) -> Self:
        """Bins of equal width over probabilities: 10 bins have the edges .1, .2, … .9.

        Raises:
            ConfigError: ``measure.score-edges`` for fewer than 2 bins or more than the scale has room for.
        """
        return cls(column=column, edges=_cuts(scale, bins), scale=scale)

    def as_json(self) -> dict[str, Any]:
        """What stands in a count table's canonical bytes."""
        return {
            "column": self.column,
            "edges": list(self.edges),
            "scale": self.scale,
            "probability": self.probability,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what ``as_json`` wrote.

        Raises:
            ConfigError: ``measure.score-edges``.
            ValueError: for another shape.
        """
        if not isinstance(value["column"], str) or type(value["probability"]) is not bool:
            raise ValueError("a score's column is text")
        edges: Iterable[int] = value["edges"]
        return cls(column=value["column"], edges=tuple(edges), scale=value["scale"], probability=value["probability"])


def _cuts(scale: int, bins: int) -> tuple[int, ...]:
    return tuple(number * scale // bins for number in range(1, bins))
