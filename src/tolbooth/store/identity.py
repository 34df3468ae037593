"""Who a store is: its schema, its random origin and the key of its log; one row, written when the store is made."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import Connection, inspect

from tolbooth.evidence.keys import PublicKey
from tolbooth.model.errors import SigningError, StoreError
from tolbooth.store import tables


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreIdentity:
    """A log's name, and the key that signs its checkpoints."""

    origin: str
    log_key: PublicKey


def read_identity(connection: Connection) -> StoreIdentity | None:
    """The store's identity; None if the making of the store never ended.

    Raises:
        StoreError: ``store.schema-version`` for a store of another release, ``store.damaged`` if the row is no key.
    """
    if not inspect(connection).has_table(tables.store.name):
        return None
    row = connection.execute(tables.store.select()).one_or_none()
    if row is None:
        return None
    if row.schema_version != tables.SCHEMA_VERSION:
        raise StoreError.of(
            "store.schema-version",
            f"the store has schema {row.schema_version}; this release reads {tables.SCHEMA_VERSION}",
            hint="use the release that made it, or a newer one",
        )
    try:
        log_key = PublicKey.from_pem(row.log_public_key)
    except SigningError as error:
        raise StoreError.of("store.damaged", f"the log's key in the database is damaged: {error}") from error
    return StoreIdentity(origin=str(row.origin), log_key=log_key)


def make_identity(connection: Connection, log_key: PublicKey) -> None:
    """Make the tables and a random origin, in the transaction of ``connection``: all of it is there, or nothing."""
    tables.metadata.create_all(connection)
    connection.execute(
        tables.store.insert().values(
            schema_version=tables.SCHEMA_VERSION,
            origin=f"tolbooth-log-{secrets.token_hex(16)}",
            log_public_key=log_key.to_pem(),
        )
    )
