"""rebuild: drop every table but the log and the store's identity, and make them anew from the log and the blobs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, insert, inspect

from tolbooth.model.errors import StoreError
from tolbooth.store import tables
from tolbooth.store.blobs import BlobFolder
from tolbooth.store.database import DATABASE_NAME, Database
from tolbooth.store.embedded import open_store
from tolbooth.store.history import CheckpointFile
from tolbooth.store.locks import store_lock
from tolbooth.store.log_faults import entry_faults, tree_of
from tolbooth.store.projections import project
from tolbooth.store.snapshot import raw_entries

_LOG = {tables.entry.name, tables.store.name}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """How many entries were read, and how many rows were made from them; the tree's nodes are counted apart."""

    entry_count: int
    row_count: int
    node_count: int


def rebuild_store(folder: Path) -> Rebuilt:
    """Make every projection and the tree anew, in one transaction: all of it, or nothing.

    Raises:
        ConfigError: ``store.none`` if there is no store.
        StoreError: ``store.log-broken`` if the log itself is damaged, ``store.shortened`` or ``store.diverged`` if it
            is not the one of the checkpoint file, ``store.blob-missing`` or ``store.blob-altered`` if what the rows
            come from is not there. Nothing was changed then.
    """
    store = open_store(folder)
    checkpoint = CheckpointFile(folder, store.origin, store.log_key)
    with store_lock(folder), Database(folder / DATABASE_NAME).writing() as connection:
        entries = raw_entries(connection)
        fault = next(entry_faults(entries), None)
        if fault is not None:
            raise StoreError.of(
                "store.log-broken",
                f"the log itself is damaged, so nothing can be rebuilt from it: {fault.text}",
                hint="put back a whole copy of the database",
            )
        tree = tree_of(entries)
        checkpoint.refuse_other(len(entries), lambda level, place: tree[level, place])
        _drop_projections(connection)
        tables.metadata.create_all(connection)
        nodes = [{"level": level, "position": place, "hash": node} for (level, place), node in tree.items()]
        if nodes:
            connection.execute(insert(tables.tree_node), nodes)
        blobs = BlobFolder(folder)
        rows = sum(
            project(connection, entry.position, entry.kind, blobs.get(entry.envelope_sha256), blobs.get)
            for entry in entries
        )
    return Rebuilt(entry_count=len(entries), row_count=rows, node_count=len(nodes))


def _drop_projections(connection: Connection) -> None:
    quote = connection.dialect.identifier_preparer.quote_identifier
    for name in inspect(connection).get_table_names():
        if name not in _LOG:
            connection.exec_driver_sql(f"DROP TABLE {quote(name)}")
