"""All tables as they stand at one moment, as SQLite holds them: for checks that must not trust a single column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, inspect

from tolbooth.store import tables


@dataclass(frozen=True, slots=True, kw_only=True)
class RawEntry:
    """A row of ``entry``; nothing about its values is known yet."""

    position: Any
    leaf: Any
    kind: Any
    envelope_sha256: Any
    appended_at: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The log, its stored tree by (level, position), and each projection's rows; None for a table that is missing.

    ``complaints`` is what SQLite itself says about the database's structure.
    """

    entries: tuple[RawEntry, ...]
    tree: Mapping[tuple[Any, Any], Any] | None
    projections: Mapping[str, tuple[Mapping[str, Any], ...] | None]
    complaints: tuple[str, ...]


def take_snapshot(connection: Connection) -> Snapshot:
    """Read everything.

    Raises:
        DBAPIError: if the database can't be read; ``Database.reading`` puts it in words.
    """
    tree = _rows(connection, tables.tree_node.name)
    return Snapshot(
        entries=raw_entries(connection),
        tree=None if tree is None else {(row["level"], row["position"]): row["hash"] for row in tree},
        projections={table.name: _rows(connection, table.name) for table in tables.PROJECTIONS},
        complaints=tuple(
            str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check(20)") if row[0] != "ok"
        ),
    )


def raw_entries(connection: Connection) -> tuple[RawEntry, ...]:
    """The log as it stands, by position; empty if even that table is gone."""
    rows = _rows(connection, tables.entry.name) or ()
    names = [column.name for column in tables.entry.columns]
    found = [RawEntry(**{name: row.get(name) for name in names}) for row in rows]
    return tuple(sorted(found, key=lambda entry: entry.position if isinstance(entry.position, int) else -1))


def _rows(connection: Connection, table: str) -> tuple[Mapping[str, Any], ...] | None:
    if not inspect(connection).has_table(table):
        return None
    # NOTE: plain SQL, so that a value of another type than its column's is seen and not converted.
    result = connection.exec_driver_sql(f'SELECT * FROM "{table}"')  # noqa: S608 - our own table names
    return tuple(dict(row) for row in result.mappings())
