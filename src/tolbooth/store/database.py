"""The SQLite database of the embedded store: durable, one writer at a time, and clear about who holds it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import NullPool

from tolbooth.model.errors import StoreError

LOCK_TIMEOUT_SECONDS = 30


def open_database(path: Path) -> Engine:
    """An engine whose transactions begin as we say, with ``synchronous=FULL`` and a bounded wait for the lock."""
    engine = create_engine(
        f"sqlite:///{path}", poolclass=NullPool, connect_args={"timeout": LOCK_TIMEOUT_SECONDS, "isolation_level": None}
    )

    @event.listens_for(engine, "connect")
    def _settings(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees one state of the database and changes nothing."""
    with _database_errors(), engine.connect() as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that holds the write lock from its first moment; all of it is kept, or nothing."""
    with _database_errors(), engine.connect() as plain:
        connection = plain.execution_options(writes=True)
        with connection.begin():
            yield connection


@contextmanager
def _database_errors() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        text = str(error.orig)
        if "locked" in text or "busy" in text:
            raise StoreError.of(
                "store.locked",
                f"another process has held the store for {LOCK_TIMEOUT_SECONDS} s",
                hint="wait for the other command to end, then run this one again",
            ) from error
        raise StoreError.of("store.database", f"the store's database refused: {text}") from error
    except DatabaseError as error:
        raise StoreError.of("store.database", f"the store's database is damaged: {error.orig}") from error
