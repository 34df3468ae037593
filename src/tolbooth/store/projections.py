"""From a log entry to the rows that make it findable. Rows hold nothing that the log and the blobs don't."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, insert

from tolbooth.evidence.dsse import take_apart
from tolbooth.evidence.kinds import Kind
from tolbooth.store import tables

ReadBlob = Callable[[str], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectedRow:
    """One row of a projection: its table, and its values by column."""

    table: Table
    values: Mapping[str, Any]


def projected_rows(position: int, kind: str, envelope: bytes, read_blob: ReadBlob) -> tuple[ProjectedRow, ...]:
    """The rows that one entry gives; a kind without a projection gives none.

    Raises:
        VerificationError: if the envelope is none.
        StoreError: as ``read_blob``.
        ValueError, KeyError, TypeError: if the statement does not say what its kind says.
    """
    row_of = _ROWS.get(kind)
    if row_of is None:
        return ()
    table, make = row_of
    predicate = json.loads(take_apart(envelope, path=f"entry {position}").payload)["predicate"]
    return (ProjectedRow(table=table, values={"entry_position": position, **make(predicate, read_blob)}),)


def project(connection: Connection, position: int, kind: str, envelope: bytes, read_blob: ReadBlob) -> int:
    """Write the projections of one entry, and give the number of rows.

    Raises:
        VerificationError, StoreError, ValueError, KeyError, TypeError: as ``projected_rows``.
    """
    rows = projected_rows(position, kind, envelope, read_blob)
    for row in rows:
        connection.execute(insert(row.table).values(**row.values))
    return len(rows)


def _decision(predicate: Mapping[str, Any], read_blob: ReadBlob) -> dict[str, Any]:
    sha256 = predicate["decision"]["sha256"]
    document = json.loads(read_blob(sha256))
    case, subject = document["case"], document["case"]["subject"]
    return {
        "decision_sha256": sha256,
        "basis": document["basis"],
        "subject": subject["name"],
        "version": subject["version"],
        "subject_digest": next(iter(subject["digest"].values())),
        "gate": case["gate"],
        "environment": case["environment"],
        "verdict": document["verdict"],
        "as_of": case["as_of"],
    }


def _seal(predicate: Mapping[str, Any], _read_blob: ReadBlob) -> dict[str, Any]:
    return {
        "root": predicate["root"],
        "sealed_at": predicate["sealed_at"],
    }


_ROWS: Mapping[str, tuple[Table, Callable[[Mapping[str, Any], ReadBlob], dict[str, Any]]]] = {
    Kind.DECISION: (tables.decision, _decision),
    Kind.SEAL: (tables.seal, _seal),
}
