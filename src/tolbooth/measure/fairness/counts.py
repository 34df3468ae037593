"""The count table of a classifier: how many rows of each group had which label and which prediction.

Everything that is asked of fairness or performance follows from it, so it is the evidence: a few kilobytes, without
rows, with one digest whatever engine counted and however the rows were split. Three shapes: a binary classifier's; the
same by bins of a score; and a classifier's of several classes. A plain binary table is written as version 1, the
others as version 2.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.measure.fairness.score_bins import POWERS, ScoreBins
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import ConfigError, MeasureError

Group = tuple[str | None, ...]
"""One category for each feature; None is missing."""

Key = tuple[Group, int | None, int | None]

ScoredKey = tuple[Group, int | None, int | None, int | None]
"""A key with the score's bin; None is a missing score."""

ClassKey = tuple[Group, str | None, str | None]
"""A key of a table of several classes: group, label, prediction."""

PowerSums = tuple[int, ...]
"""Of a cell's scores in units: the sums of s, s², s³ and s⁴; without probabilities, nothing."""


class Cell(NamedTuple):
    """``n`` rows (at least 1) of one group with this label and this prediction; None is missing.

    Labels and predictions are 0 and 1; in a table of several classes, positions in its ``classes``. Only a table with
    a score uses ``bin`` (None where the score is missing) and ``sums`` (empty where it is, or is no probability).
    """

    values: Group
    y_true: int | None
    y_pred: int | None
    n: int
    bin: int | None = None
    sums: PowerSums = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FairnessCounts:
    """A count table. ``cells`` are sorted, each key once; missing sorts first, then by code point.

    The positive class is 1 in ``label`` and in ``prediction``. Equal data gives equal bytes in ``canonical``.

    ``classes`` is empty for a binary table; else it holds the classes that occur, sorted by code point, and rates of
    a binary classifier are asked of ``one_against_rest``. ``score`` says how the score was cut into bins, if one was
    counted: then a group, label and prediction has a cell for each bin, and all sums over cells stay what they are.
    """

    features: tuple[str, ...]
    label: str
    prediction: str
    cells: tuple[Cell, ...]
    classes: tuple[str, ...] = ()
    score: ScoreBins | None = None

    @classmethod
    def of(cls, *, features: Iterable[str], label: str, prediction: str, counts: Mapping[Key, int]) -> Self:
        """Make a table from how many rows each key has; keys without rows are left out."""
        cells = sorted((Cell(*key, n) for key, n in counts.items() if n), key=_order)
        return cls(features=tuple(features), label=label, prediction=prediction, cells=tuple(cells))

    @classmethod
    def scored(
        cls,
        *,
        features: Iterable[str],
        label: str,
        prediction: str,
        score: ScoreBins,
        counts: Mapping[ScoredKey, int],
        sums: Mapping[ScoredKey, PowerSums],
    ) -> Self:
        """Make a table with bins of a score; ``sums`` holds each key of a probability whose score is not missing."""
        cells = [
            Cell(group, y_true, y_pred, n, place, sums.get((group, y_true, y_pred, place), ()))
            for (group, y_true, y_pred, place), n in counts.items()
            if n
        ]
        cells.sort(key=_order)
        return cls(features=tuple(features), label=label, prediction=prediction, cells=tuple(cells), score=score)

    @classmethod
    def of_classes(
        cls, *, features: Iterable[str], label: str, prediction: str, counts: Mapping[ClassKey, int]
    ) -> Self:
        """Make a table of several classes, which are those that occur as label or prediction."""
        found = {name for key, n in counts.items() if n for name in key[1:] if name is not None}
        classes = tuple(sorted(found))
        places: dict[str | None, int | None] = {name: place for place, name in enumerate(classes)}
        places[None] = None
        cells = [Cell(group, places[y_true], places[y_pred], n) for (group, y_true, y_pred), n in counts.items() if n]
        cells.sort(key=_order)
        return cls(features=tuple(features), label=label, prediction=prediction, cells=tuple(cells), classes=classes)

    def one_against_rest(self, name: str) -> FairnessCounts:
        """The binary table in which one class is 1 and every other is 0; missing stays missing.

        Raises:
            ConfigError: ``measure.class-not-counted`` if no row has that class.
        """
        if name not in self.classes:
            raise ConfigError.of("measure.class-not-counted", f"column '{self.label}' was counted without that class")
        place = self.classes.index(name)
        counts: dict[Key, int] = {}
        for cell in self.cells:
            y_true, y_pred = (None if code is None else int(code == place) for code in (cell.y_true, cell.y_pred))
            key = (cell.values, y_true, y_pred)
            counts[key] = counts.get(key, 0) + cell.n
        return FairnessCounts.of(features=self.features, label=self.label, prediction=self.prediction, counts=counts)

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read what ``canonical`` wrote.

        Raises:
            MeasureError: ``measure.counts-malformed`` for anything but the exact bytes of a count table.
        """
        try:
            table = cls._from_json(json.loads(content))
            same = table.canonical() == content
        except (ValueError, TypeError, KeyError, RecursionError, ConfigError) as error:
            raise MeasureError.of("measure.counts-malformed", "these bytes are no count table") from error
        if not same:
            raise MeasureError.of("measure.counts-malformed", "this count table is not in its canonical form")
        return table

    @classmethod
    def _from_json(cls, value: Mapping[str, Any]) -> Self:
        score = ScoreBins.from_json(value["score"]) if "score" in value else None
        classes = tuple(value["classes"]) if "classes" in value else ()
        names = [*value["features"], value["label"], value["prediction"], *classes]
        if not all(isinstance(name, str) for name in names):
            raise ValueError("the name of a column or class is text")
        table = cls(
            features=tuple(value["features"]),
            label=value["label"],
            prediction=value["prediction"],
            cells=(),
            classes=classes,
            score=score,
        )
        cells = [table._read_cell(each) for each in value["cells"]]
        if len({(*cell[:3], cell.bin) for cell in cells}) < len(cells):
            raise ValueError("a cell stands twice")
        used = {code for cell in cells for code in cell[1:3] if code is not None}
        if classes != tuple(sorted(set(classes))) or (classes and len(used) < len(classes)):
            raise ValueError("classes are sorted, each once, and each has rows")
        return cls(
            features=table.features,
            label=table.label,
            prediction=table.prediction,
            cells=tuple(sorted(cells, key=_order)),
            classes=classes,
            score=score,
        )

    def _read_cell(self, value: Any) -> Cell:
        group, y_true, y_pred, *rest = value
        place: int | None = None
        sums: PowerSums = ()
        if self.score is None:
            (n,) = rest
        elif self.score.probability:
            place, n, written = rest
            sums = tuple(int(each) for each in written)
        else:
            place, n = rest
        cell = Cell(tuple(group), y_true, y_pred, n, place, sums)
        if not (self._is_cell(cell) and self._is_scored(cell)):
            raise ValueError("a cell is malformed")
        return cell

    def _is_cell(self, cell: Cell) -> bool:
        codes = len(self.classes) or 2
        return (
            len(cell.values) == len(self.features)
            and all(value is None or isinstance(value, str) for value in cell.values)
            and all(code is None or (type(code) is int and 0 <= code < codes) for code in cell[1:3])
            and type(cell.n) is int
            and cell.n >= 1
        )

    def _is_scored(self, cell: Cell) -> bool:
        if self.score is None or cell.bin is None:
            return cell.sums == ()
        powers = POWERS if self.score.probability else 0
        in_range = type(cell.bin) is int and 0 <= cell.bin <= len(self.score.edges)
        # Of s in [0, 1], a higher power's sum, brought to one scale, is never the larger.
        scaled = [total * self.score.scale ** (POWERS - power) for power, total in enumerate(cell.sums, start=1)]
        falling = scaled == sorted(scaled, reverse=True) and all(total >= 0 for total in scaled)
        return in_range and len(cell.sums) == powers and falling

    def canonical(self) -> bytes:
        """The table as canonical JSON (RFC 8785): what is stored, digested and sealed.

        Power sums are decimal strings, since they pass 2^53.
        """
        value: dict[str, Any] = {
            "version": 2 if self.classes or self.score is not None else 1,
            "kind": "fairness-counts",
            "features": list(self.features),
            "label": self.label,
            "prediction": self.prediction,
            "cells": [self._write_cell(cell) for cell in self.cells],
        }
        if self.classes:
            value["classes"] = list(self.classes)
        else:
            value["positive"] = 1
        if self.score is not None:
            value["score"] = self.score.as_json()
        return canonical_bytes(value)

    def _write_cell(self, cell: Cell) -> list[Any]:
        written: list[Any] = [list(cell.values), cell.y_true, cell.y_pred]
        if self.score is not None:
            written.append(cell.bin)
        written.append(cell.n)
        if self.score is not None and self.score.probability:
            written.append([str(total) for total in cell.sums])
        return written

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

    @property
    def rows_without_score(self) -> int:
        """How many rows of a table with a score lack it."""
        return sum(cell.n for cell in self.cells if cell.bin is None) if self.score is not None else 0


def _order(cell: Cell) -> tuple[Any, ...]:
    values = ((value is not None, value or "") for value in cell.values)
    return (*values, _rank(cell.y_true), _rank(cell.y_pred), _rank(cell.bin))


def _rank(code: int | None) -> int:
    return -1 if code is None else code
