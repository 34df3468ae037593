"""Scans record batches with the reference: a ``Measure`` whose summary is a ``PiiSummary``."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from typing import NoReturn, Self

import pyarrow as pa

from tolbooth.measure.pii import checks, patterns
from tolbooth.measure.pii.cells import cells_of
from tolbooth.measure.pii.entities import RANK, Entity, Evidence, Span
from tolbooth.measure.pii.headers import hints_of
from tolbooth.measure.pii.masks import mask
from tolbooth.measure.pii.reference import DETECTOR, scan_text
from tolbooth.measure.pii.summary import COUNTED, CheckCounts, ColumnCounts, EntityCounts, PiiSummary
from tolbooth.model.withholding import Withheld

KEY_BYTES = 16
"""A key has at least so many bytes."""

_HASH_BYTES = 8
_KEY_ID = b"tolbooth pii key id"


class PiiScanner:
    """Counts what ``scan_text`` finds, by column; the same summary under any partitioning of the rows.

    The key is never part of the summary, of an error or of the scanner's text. A scanner is not pickled, since that
    would carry the key away: an engine makes one in each worker and sends back what ``finish`` returns.
    """

    def __init__(self, *, key: bytes) -> None:
        """Make a scanner that has seen nothing.

        Args:
            key: at least 16 secret bytes, the same in every worker; kept out of all evidence by the caller.

        Raises:
            ValueError: for a shorter key.
        """
        if len(key) < KEY_BYTES:
            raise ValueError(f"a key has at least {KEY_BYTES} bytes")
        self._key = key
        key_id = hmac.digest(key, _KEY_ID, "sha256")[:_HASH_BYTES].hex()
        self._summary = PiiSummary(detector=DETECTOR, key_id=key_id, rows=0, columns=())

    def __repr__(self) -> str:
        return f"PiiScanner(rows={self._summary.rows})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a scanner holds a key and is not pickled; send its summary")

    def update(self, batch: pa.RecordBatch) -> None:
        """Scan the rows of one batch; columns of the same name count as one.

        Raises:
            MeasureError: ``measure.not-text`` for text that is not UTF-8; no cell is quoted.
        """
        merged: dict[str, ColumnCounts] = {}
        for field, column in zip(batch.schema, batch.columns, strict=True):
            counts = self._column(field.name, column)
            known = merged.get(counts.name)
            merged[counts.name] = counts if known is None else known.merge(counts)
        columns = tuple(merged[name] for name in sorted(merged))
        part = PiiSummary(detector=DETECTOR, key_id=self._summary.key_id, rows=batch.num_rows, columns=columns)
        self._summary = self._summary.merge(part)

    def merge(self, other: Self) -> None:
        """Add what another scanner has counted.

        Raises:
            ValueError: if it has another detector or another key.
        """
        self._summary = self._summary.merge(other.finish())

    def finish(self) -> PiiSummary:
        """The summary of all rows so far; of none, one without columns."""
        return self._summary

    def _column(self, name: str, column: pa.Array) -> ColumnCounts:
        shown = _shown(name)
        cells = cells_of(shown, column, hints_of(name))
        tallies: dict[Entity, _Tally] = {}
        shapes: dict[Entity, list[int]] = {}
        blanks = 0
        for text, rows in cells.texts:
            bare = text.strip()
            if not bare:
                blanks += rows
                continue
            for entity, passed in _checked(bare):
                counted = shapes.setdefault(entity, [0, 0])
                counted[0] += rows
                counted[1] += rows * passed
            self._add(tallies, text, rows, scan_text(text, header=name))
        return ColumnCounts(
            name=shown,
            rows=cells.rows,
            nulls=cells.nulls,
            blanks=blanks,
            unscanned=cells.unscanned,
            entities=tuple(tallies[entity].counts(entity) for entity in sorted(tallies, key=RANK.__getitem__)),
            checks=tuple(
                CheckCounts(entity_type=entity, shapes=shapes[entity][0], passes=shapes[entity][1])
                for entity in sorted(shapes, key=RANK.__getitem__)
            ),
        )

    def _add(self, tallies: dict[Entity, _Tally], text: str, rows: int, spans: Iterable[Span]) -> None:
        found: set[Entity] = set()
        whole = (len(text) - len(text.lstrip()), len(text.rstrip()))
        for span in spans:
            entity, value = span.entity_type, text[span.start : span.end]
            tally = tallies.setdefault(entity, _Tally())
            tally.spans(rows, span.evidence)
            tally.values(rows, is_first=entity not in found, is_whole=(span.start, span.end) == whole)
            found.add(entity)
            message = entity.encode() + b"\0" + value.encode("utf-8", "surrogatepass")
            hash_ = hmac.digest(self._key, message, "sha256")[:_HASH_BYTES].hex()
            tally.mark(hash_, entity, value)


class _Tally:
    """Counts one entity of one column of one batch, then gives them as they are kept."""

    def __init__(self) -> None:
        self._numbers = dict.fromkeys(COUNTED, 0)
        self._marks: dict[str, str] = {}

    def spans(self, rows: int, evidence: Evidence) -> None:
        self._numbers["spans"] += rows
        for name, bit in _BITS.items():
            self._numbers[name] += rows * (bit in evidence)

    def values(self, rows: int, *, is_first: bool, is_whole: bool) -> None:
        self._numbers["values"] += rows * is_first
        self._numbers["whole"] += rows * is_whole

    def mark(self, hash_: str, entity: Entity, value: str) -> None:
        if hash_ not in self._marks:
            self._marks[hash_] = mask(entity, value)

    def counts(self, entity: Entity) -> EntityCounts:
        return EntityCounts.of(entity, self._numbers, self._marks)


_BITS = {
    "strong": Evidence.STRONG_FORMAT,
    "checksum": Evidence.CHECKSUM,
    "context": Evidence.CONTEXT,
    "header": Evidence.HEADER,
    "negative": Evidence.NEGATIVE,
}


def _shown(name: str) -> str:
    """A column's name with what is personal or secret in it masked: a CSV without a header has values for names."""
    shown = name
    for span in reversed(scan_text(name)):
        masked = mask(span.entity_type, name[span.start : span.end])
        shown = shown[: span.start] + masked + shown[span.end :]
    # Secrets that are no entity of the measure, such as tokens of services.
    return Withheld().text(shown)


def _checked(text: str) -> Iterable[tuple[Entity, bool]]:
    """For a whole value that has the form of a card or an IBAN: whether its check digits hold."""
    if patterns.CREDIT_CARD.fullmatch(text):
        digits = patterns.card_digits(text)
        if checks.is_card_shape(digits) or checks.is_bank_shape(digits):
            yield Entity.CREDIT_CARD, checks.luhn(digits)
    elif patterns.IBAN_HEAD.match(text) and patterns.iban_end(text, 0) == len(text):
        yield Entity.IBAN_CODE, checks.mod97(text.replace(" ", ""))
