"""The SQLite database of the embedded store: durable, one writer at a time, and plain about what it refuses."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from tolbooth.model.errors import Problem, StoreError
from tolbooth.store import locks
from tolbooth.store.durable import storage_errors

DATABASE_NAME = "log.sqlite"
WAL_NAME = f"{DATABASE_NAME}-wal"
_ROOM_BYTES = 1 << 20

_CHECK = "'tolbooth store check' names what is damaged"
_REFUSALS: tuple[tuple[str, str, str, str | None], ...] = (
    ("SQLITE_FULL", "store.full", "the disk is full", "free some space and run the command again"),
    ("SQLITE_READONLY_DBMOVED", "store.vanished", "the log's database was moved away while it was used", None),
    (
        "SQLITE_READONLY",
        "store.read-only",
        "the log's database may only be read",
        "look at the permissions of the store's folder, and at how its file system is mounted",
    ),
    ("SQLITE_CANTOPEN", "store.unreachable", "the log's database can't be opened", "look at the store's folder"),
    ("SQLITE_IOERR", "store.disk", "the disk reported an error", f"look at the disk first; then, {_CHECK}"),
    ("SQLITE_CORRUPT", "store.damaged", "the log's database is damaged", f"{_CHECK}; put back a whole copy"),
    ("SQLITE_NOTADB", "store.damaged", "the log's database is no database any more", "put back a whole copy"),
    (
        "SQLITE_CONSTRAINT",
        "store.row-in-the-way",
        "a row that the log does not back is in the way",
        f"{_CHECK}; 'tolbooth store rebuild' makes the rows anew",
    ),
)


class Database:
    """``log.sqlite``. Opening it makes no connection; each transaction has one of its own."""

    def __init__(self, path: Path, *, make: bool = False) -> None:
        """With ``make``, a database that is not there is made by its first transaction."""
        self.path = path
        self._make = make
        self._engine = create_engine("sqlite://", creator=self._connect, poolclass=NullPool)
        event.listen(self._engine, "begin", _begin)

    def there(self) -> bool:
        """Whether there is a database; an empty file is what a run leaves that was killed before its first commit.

        Raises:
            StoreError: ``store.read`` if the folder can't be looked into.
        """
        with storage_errors("the store can't be read", self.path, code="store.read"):
            return self.path.exists() and self.path.stat().st_size > 0

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database and changes nothing.

        Raises:
            StoreError: ``store.*``, as the database refuses.
        """
        with self._plain_errors(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that holds the write lock from its first moment; all of it is kept, or nothing.

        Raises:
            StoreError: ``store.*``, as the database refuses.
        """
        with self._plain_errors(), self._engine.connect() as plain:
            connection = plain.execution_options(writes=True)
            with connection.begin():
                yield connection

    def _connect(self) -> sqlite3.Connection:
        """A connection with ``synchronous=FULL`` and a bounded wait for the lock.

        Where the folder can't be written, SQLite can't make the files beside the database that even readers share;
        the database is then read as it stands, which is right as long as its log of unfinished writes is empty.
        """
        mode = "rwc" if self._make else "rw"
        if not self._make and self._only_readable():
            wal = self.path.with_name(WAL_NAME)
            mode = "ro" if wal.exists() and wal.stat().st_size else "ro&immutable=1"
        connection = sqlite3.connect(
            f"file:{quote(str(self.path.absolute()))}?mode={mode}",
            uri=True,
            timeout=locks.LOCK_TIMEOUT_SECONDS,
            isolation_level=None,
        )
        try:
            if mode.startswith("rw"):
                connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _only_readable(self) -> bool:
        return self.path.exists() and not (os.access(self.path.parent, os.W_OK) and os.access(self.path, os.W_OK))

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise self._refusal(error) from error

    def _refusal(self, error: DBAPIError) -> StoreError:
        """SQLite's result codes in our words (https://www.sqlite.org/rescode.html)."""
        name = str(getattr(error.orig, "sqlite_errorname", ""))
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            return locks.locked(locks.LOCK_TIMEOUT_SECONDS)
        if name.startswith("SQLITE_IOERR") and self._no_room():
            name = "SQLITE_FULL"
        if str(error.orig).startswith("no such table"):
            rebuild = "'tolbooth store rebuild' makes tables anew"
            return StoreError(Problem(code="store.table-missing", message=str(error.orig), hint=rebuild))
        for prefix, code, message, hint in _REFUSALS:
            if name.startswith(prefix):
                gone = " (its folder is gone)" if not self.path.parent.is_dir() else ""
                text = f"{message}{gone}: {error.orig} ({self.path})"
                return StoreError(Problem(code=code, message=text, hint=hint))
        text = f"the log's database refused: {error.orig} ({self.path})"
        return StoreError(Problem(code="store.database", message=text, hint=_CHECK))

    def _no_room(self) -> bool:
        # NOTE: a full disk shows as an I/O error where SQLite maps memory; less than a page's worth of files is full.
        try:
            status = os.statvfs(self.path.parent)
        except OSError:
            return False
        return status.f_bavail * status.f_frsize < _ROOM_BYTES


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
