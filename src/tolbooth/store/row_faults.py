"""Faults of the projections: rows that no entry backs, that say otherwise than the log, or that are missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tolbooth.model.errors import StoreError, VerificationError
from tolbooth.store.fault import Fault
from tolbooth.store.projections import ProjectedRow, ReadBlob, projected_rows
from tolbooth.store.snapshot import RawEntry, Snapshot


def row_faults(snapshot: Snapshot, read_blob: ReadBlob) -> Iterator[Fault]:
    """Every row of every projection, held against what the log and the blobs say.

    An entry whose blobs can't be read says nothing about its rows; what is wrong with the blobs is told elsewhere.
    """
    said = [(entry.position, _expected(entry, read_blob)) for entry in snapshot.entries]
    unreadable = {position for position, rows in said if rows is None}
    expected = [row for _, rows in said for row in rows or ()]
    for name, rows in snapshot.projections.items():
        if rows is None:
            yield Fault(code="row.table-missing", text=f"the table '{name}' is missing")
            continue
        wanted = [dict(row.values) for row in expected if row.table.name == name]
        yield from _held(name, rows, wanted, unreadable)


def _held(
    name: str, rows: Sequence[Mapping[str, Any]], wanted: Sequence[Mapping[str, Any]], unreadable: set[Any]
) -> Iterator[Fault]:
    backed = {row["entry_position"] for row in wanted}
    for row in rows:
        position = row.get("entry_position")
        if position in unreadable or row in wanted:
            continue
        place = position if isinstance(position, int) else None
        if place is not None and position in backed:
            text = f"a row of '{name}' says otherwise than entry {place + 1}, which it comes from"
            yield Fault(code="row.altered", text=text, position=place)
        else:
            text = f"no entry backs the row of '{name}' at position {position}"
            yield Fault(code="row.unbacked", text=text, position=place)
    found = {row.get("entry_position") for row in rows}
    for row in wanted:
        if row["entry_position"] not in found:
            position = row["entry_position"]
            text = f"entry {position + 1} has no row in '{name}'"
            yield Fault(code="row.missing", text=text, position=position)


def _expected(entry: RawEntry, read_blob: ReadBlob) -> Sequence[ProjectedRow] | None:
    try:
        return projected_rows(entry.position, entry.kind, read_blob(entry.envelope_sha256), read_blob)
    except (StoreError, VerificationError, ValueError, KeyError, TypeError, AttributeError):
        return None
