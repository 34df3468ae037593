"""What was counted: a summary of integers, keyed hashes and masked examples that merges exactly and holds no value.

Every count is a sum over rows, every set of hashes keeps the smallest, so any partitioning of the rows gives the same
bytes. Hashes are HMAC-SHA-256 under a key that is no part of the evidence; ``key_id`` only says whether two summaries
were made under the same one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.measure.pii.entities import RANK, Entity
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import MeasureError

SKETCH_SIZE = 256
"""How many of the smallest keyed hashes are kept: up to here distinct spans are counted exactly, beyond estimated."""

EXAMPLES = 5
"""How many of them carry a masked example."""

_HASH_SPACE = 2**64


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityCounts:
    """One entity in one column.

    ``values`` are rows with at least one span, ``whole`` those in which one span is the whole value but for white
    space around it. ``spans`` are all of them, ``strong`` … ``negative`` those with that evidence. ``hashes`` are the
    smallest keyed hashes of distinct spans (16 hex digits, ascending); ``examples`` are the masks of the first five.
    """

    entity_type: Entity
    values: int
    whole: int
    spans: int
    strong: int
    checksum: int
    context: int
    header: int
    negative: int
    hashes: tuple[str, ...]
    examples: tuple[str, ...]

    @property
    def distinct(self) -> int:
        """How many different spans there are: exact below 256, else estimated within about 6 % (one standard error).

        SPEC: k minimum values; Bar-Yossef et al., RANDOM 2002, algorithm 2: (k − 1) ÷ the k-th smallest hash in [0, 1].
        """
        if len(self.hashes) < SKETCH_SIZE:
            return len(self.hashes)
        return (SKETCH_SIZE - 1) * _HASH_SPACE // max(1, int(self.hashes[-1], 16))

    @classmethod
    def of(cls, entity: Entity, numbers: Mapping[str, int], marks: Mapping[str, str]) -> Self:
        """Make the counts from the numbers by name and the mask of each hash; only the smallest hashes are kept."""
        kept = sorted(marks)[:SKETCH_SIZE]
        examples = tuple(marks[hash_] for hash_ in kept[:EXAMPLES])
        return cls(entity_type=entity, hashes=tuple(kept), examples=examples, **numbers)

    def merge(self, other: EntityCounts) -> EntityCounts:
        """The counts of both."""
        # NOTE: a hash without a mask is not among its part's first five, so not among the first five of both either.
        marks = dict.fromkeys((*self.hashes, *other.hashes), "")
        for part in (self, other):
            marks.update(zip(part.hashes, part.examples, strict=False))
        numbers = {name: getattr(self, name) + getattr(other, name) for name in COUNTED}
        return EntityCounts.of(self.entity_type, numbers, marks)


COUNTED = ("values", "whole", "spans", "strong", "checksum", "context", "header", "negative")
"""The names of what is counted of an entity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckCounts:
    """Whole values that have the form of a number with a check digit, and those of them whose check digit holds."""

    entity_type: Entity
    shapes: int
    passes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnCounts:
    """One column: its rows, how many are null, blank (nothing but white space) or could not be scanned, what was found.

    Entities and checks are in the order of ``Entity``, each once.
    """

    name: str
    rows: int
    nulls: int
    blanks: int
    unscanned: int
    entities: tuple[EntityCounts, ...] = ()
    checks: tuple[CheckCounts, ...] = ()

    @property
    def filled(self) -> int:
        """How many values there are to look at: neither null, nor blank, nor of a type that is not scanned."""
        return self.rows - self.nulls - self.blanks - self.unscanned

    def merge(self, other: ColumnCounts) -> ColumnCounts:
        """The counts of both."""
        entities = {counts.entity_type: counts for counts in self.entities}
        for counts in other.entities:
            known = entities.get(counts.entity_type)
            entities[counts.entity_type] = counts if known is None else known.merge(counts)
        checks = {check.entity_type: (check.shapes, check.passes) for check in self.checks}
        for check in other.checks:
            shapes, passes = checks.get(check.entity_type, (0, 0))
            checks[check.entity_type] = (shapes + check.shapes, passes + check.passes)
        return ColumnCounts(
            name=self.name,
            rows=self.rows + other.rows,
            nulls=self.nulls + other.nulls,
            blanks=self.blanks + other.blanks,
            unscanned=self.unscanned + other.unscanned,
            entities=tuple(entities[entity] for entity in sorted(entities, key=RANK.__getitem__)),
            checks=tuple(
                CheckCounts(entity_type=entity, shapes=checks[entity][0], passes=checks[entity][1])
                for entity in sorted(checks, key=RANK.__getitem__)
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PiiSummary:
    """What a detector found in ``rows`` rows, by column; columns are sorted by name, each once."""

    detector: str
    key_id: str
    rows: int
    columns: tuple[ColumnCounts, ...]

    def merge(self, other: PiiSummary) -> PiiSummary:
        """The summary of both parts.

        Raises:
            ValueError: if the other part was scanned by another detector or under another key.
        """
        if self.detector != other.detector:
            raise ValueError("summaries of different detectors do not merge")
        if self.key_id != other.key_id:
            raise ValueError("summaries made under different keys do not merge")
        columns = {column.name: column for column in self.columns}
        for column in other.columns:
            known = columns.get(column.name)
            columns[column.name] = column if known is None else known.merge(column)
        return PiiSummary(
            detector=self.detector,
            key_id=self.key_id,
            rows=self.rows + other.rows,
            columns=tuple(columns[name] for name in sorted(columns)),
        )

    def canonical(self) -> bytes:
        """The summary as canonical JSON (RFC 8785): what is stored and digested."""
        return canonical_bytes({"version": 1, "kind": "pii-summary", **asdict(self)})

    @property
    def sha256(self) -> str:
        """The SHA-256 of the canonical bytes."""
        return sha256_hex(self.canonical())

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read what ``canonical`` wrote.

        Raises:
            MeasureError: ``measure.summary-malformed`` for anything but the exact bytes of a summary.
        """
        try:
            value = json.loads(content)
            columns = tuple(_column(column) for column in value["columns"])
            summary = cls(detector=value["detector"], key_id=value["key_id"], rows=value["rows"], columns=columns)
            same = summary.canonical() == content
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise MeasureError.of("measure.summary-malformed", "these bytes are no PII summary") from error
        if not same:
            raise MeasureError.of("measure.summary-malformed", "this PII summary is not in its canonical form")
        return summary


def _column(value: Mapping[str, Any]) -> ColumnCounts:
    entities = tuple(
        EntityCounts(
            entity_type=Entity(item["entity_type"]),
            hashes=tuple(item["hashes"]),
            examples=tuple(item["examples"]),
            **{name: int(item[name]) for name in COUNTED},
        )
        for item in value["entities"]
    )
    checks = tuple(
        CheckCounts(entity_type=Entity(item["entity_type"]), shapes=int(item["shapes"]), passes=int(item["passes"]))
        for item in value["checks"]
    )
    numbers = {name: int(value[name]) for name in ("rows", "nulls", "blanks", "unscanned")}
    return ColumnCounts(name=value["name"], entities=entities, checks=checks, **numbers)
