"""From a summary to verdicts: which columns hold personal data, by thresholds in integers. Pure.

A column is

- **personal** if it holds a secret (a private key, a token, an access key), even once; or an entity that its name
  announces, as the whole of at least a tenth of its values or somewhere in half of them; or an entity that its form or
  its check digit shows, as the whole of at least half of its values or somewhere in a tenth of them;
- **possible** if anything was found, or its name announces what was not found in it, or its values could not be
  scanned at all;
- **none** otherwise.

A number with a check digit counts for nothing in a column where most values of the same form fail the check and the
binomial test does not reject chance: one in ten ids passes Luhn.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

from tolbooth.measure.pii.chance import is_beyond_chance, missed_bound_ppm
from tolbooth.measure.pii.entities import SECRETS, Entity
from tolbooth.measure.pii.headers import hints_of
from tolbooth.measure.pii.summary import ColumnCounts, EntityCounts, PiiSummary
from tolbooth.model.wire import JsonObject

ANNOUNCED_WHOLE_PPM = 100_000
ANNOUNCED_SOMEWHERE_PPM = 500_000
SHOWN_WHOLE_PPM = 500_000
SHOWN_SOMEWHERE_PPM = 100_000
CHANCE_ALPHA_PPM = 1_000
"""The binomial test's error: one thousandth."""

CHANCE = {Entity.CREDIT_CARD: Fraction(1, 10), Entity.IBAN_CODE: Fraction(1, 97)}
"""How often a check holds by chance."""

_MILLION = 1_000_000


def assess(summary: PiiSummary, *, rows: int) -> JsonObject:
    """Judge each column of a summary: the values of a ``pii`` observation.

    Args:
        summary: of all rows of a data set, or of a uniform random sample of them.
        rows: how many rows the data set has; at least as many as the summary.

    Returns:
        ``rows``, ``scanned_rows``, ``mode`` (``full`` if every row was scanned, else ``sample``), ``bound_ppm`` (the
        largest share of rows that may hold what was found in none of them, 95 %), ``detector`` and ``columns``: for
        each ``name``, ``verdict``, ``filled`` (values that are neither null, blank nor unscanned), ``entities`` and,
        where they say something, ``header_hint`` (entities), ``by_chance`` (entities whose check digits hold no more
        often than chance) and ``unscanned`` (values of types that are not scanned). An entity has ``entity_type``,
        ``values``, ``whole``, ``rows_ppm`` (of the column's scanned rows), ``distinct``, ``evidence``, ``examples``.
    """
    return {
        "rows": rows,
        "scanned_rows": summary.rows,
        "mode": "full" if summary.rows >= rows else "sample",
        "bound_ppm": missed_bound_ppm(summary.rows, rows),
        "detector": summary.detector,
        "columns": [_column(column) for column in summary.columns],
    }


def _column(column: ColumnCounts) -> dict[str, Any]:
    hints = hints_of(column.name).entities
    by_chance = set(_by_chance(column))
    found = [counts for counts in column.entities if counts.entity_type not in by_chance]
    answer: dict[str, Any] = {
        "name": column.name,
        "verdict": _verdict(column, found, hints),
        "filled": column.filled,
        "entities": [_entity(counts, column.rows) for counts in found],
    }
    optional = {
        "header_hint": [entity.value for entity in Entity if entity in hints],
        "by_chance": [entity.value for entity in Entity if entity in by_chance],
        "unscanned": column.unscanned,
    }
    return answer | {name: value for name, value in optional.items() if value}


def _by_chance(column: ColumnCounts) -> Iterator[Entity]:
    for check in column.checks:
        rate = CHANCE[check.entity_type]
        beyond = is_beyond_chance(check.passes, check.shapes, rate, alpha_ppm=CHANCE_ALPHA_PPM)
        if 2 * check.passes < check.shapes and not beyond:
            yield check.entity_type


def _verdict(column: ColumnCounts, found: Iterable[EntityCounts], hints: Iterable[Entity]) -> str:
    announced = frozenset(hints)
    standings = [_is_personal(counts, column.filled, announced) for counts in found]
    if any(standings):
        return "personal"
    return "possible" if standings or announced or column.unscanned else "none"


def _is_personal(counts: EntityCounts, filled: int, announced: frozenset[Entity]) -> bool:
    if counts.entity_type in SECRETS:
        return True

    def at_least(number: int, ppm: int) -> bool:
        return number * _MILLION >= ppm * filled

    if counts.entity_type in announced:
        return at_least(counts.whole, ANNOUNCED_WHOLE_PPM) or at_least(counts.values, ANNOUNCED_SOMEWHERE_PPM)
    is_shown = 2 * max(counts.strong, counts.checksum) >= counts.spans
    return is_shown and (at_least(counts.whole, SHOWN_WHOLE_PPM) or at_least(counts.values, SHOWN_SOMEWHERE_PPM))


def _entity(counts: EntityCounts, rows: int) -> dict[str, Any]:
    bits = {
        "strong-format": counts.strong,
        "checksum": counts.checksum,
        "context": counts.context,
        "header": counts.header,
        "negative": counts.negative,
    }
    return {
        "entity_type": counts.entity_type.value,
        "values": counts.values,
        "whole": counts.whole,
        "rows_ppm": counts.values * _MILLION // rows,
        "distinct": counts.distinct,
        "evidence": [name for name, number in bits.items() if number],
        "examples": list(counts.examples),
    }
