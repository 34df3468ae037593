"""The count table of a binary classifier: how many rows of each group had which label and which prediction.

Everything that is asked of fairness or performance follows from it, so it is the evidence: a few kilobytes, without
rows, with one digest whatever engine counted and however the rows were split.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import MeasureError

Group = tuple[str | None, ...]
"""One category for each feature; None is missing."""

Key = tuple[Group, int | None, int | None]


class Cell(NamedTuple):
    """``n`` rows (at least 1) of one group with this label and this prediction; None is missing."""

    values: Group
    y_true: int | None
    y_pred: int | None
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FairnessCounts:
    """A count table. ``cells`` are sorted, each key once; missing sorts first, then by code point.

    The positive class is 1 in ``label`` and in ``prediction``. Equal data gives equal bytes in ``canonical``.
    """

    features: tuple[str, ...]
    label: str
    prediction: str
    cells: tuple[Cell, ...]

    @classmethod
    def of(cls, *, features: Iterable[str], label: str, prediction: str, counts: Mapping[Key, int]) -> Self:
        """Make a table from how many rows each key has; keys without rows are left out."""
        cells = sorted((Cell(*key, n) for key, n in counts.items() if n), key=_order)
        return cls(features=tuple(features), label=label, prediction=prediction, cells=tuple(cells))

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read what ``canonical`` wrote.

        Raises:
            MeasureError: ``measure.counts-malformed`` for anything but the exact bytes of a count table.
        """
        try:
            table = cls._from_json(json.loads(content))
            same = table.canonical() == content
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise MeasureError.of("measure.counts-malformed", "these bytes are no count table") from error
        if not same:
            raise MeasureError.of("measure.counts-malformed", "this count table is not in its canonical form")
        return table

    @classmethod
    def _from_json(cls, value: Mapping[str, Any]) -> Self:
        counts: dict[Key, int] = {}
        for group, y_true, y_pred, n in value["cells"]:
            key = (tuple(group), y_true, y_pred)
            if key in counts or not _is_cell(key, n, width=len(value["features"])):
                raise ValueError("a cell is malformed or stands twice")
            counts[key] = n
        names = [*value["features"], value["label"], value["prediction"]]
        if not all(isinstance(name, str) for name in names):
            raise ValueError("a column's name is text")
        return cls.of(features=value["features"], label=value["label"], prediction=value["prediction"], counts=counts)

    def canonical(self) -> bytes:
        """The table as canonical JSON (RFC 8785): what is stored, digested and sealed."""
        cells = [[list(cell.values), cell.y_true, cell.y_pred, cell.n] for cell in self.cells]
        return canonical_bytes(
            {
                "version": 1,
                "kind": "fairness-counts",
                "features": list(self.features),
                "label": self.label,
                "prediction": self.prediction,
                "positive": 1,
                "cells": cells,
            }
        )

    @property
    def sha256(self) -> str:
        """The SHA-256 of the canonical bytes."""
        return sha256_hex(self.canonical())

    @property
    def row_count(self) -> int:
        """How many rows were counted, those without label or prediction included."""
        return sum(cell.n for cell in self.cells)

    @property
    def rows_without_label(self) -> int:
        """How many rows lack the label or the prediction: they enter no rate."""
        return sum(cell.n for cell in self.cells if cell.y_true is None or cell.y_pred is None)


def _is_cell(key: Key, n: object, *, width: int) -> bool:
    group, *outcome = key
    return (
        len(group) == width
        and all(value is None or isinstance(value, str) for value in group)
        and all(code is None or (type(code) is int and code in {0, 1}) for code in outcome)
        and type(n) is int
        and n >= 1
    )


def _order(cell: Cell) -> tuple[Any, ...]:
    return (*((value is not None, value or "") for value in cell.values), *(_rank(cell.y_true), _rank(cell.y_pred)))


def _rank(code: int | None) -> int:
    return -1 if code is None else code
