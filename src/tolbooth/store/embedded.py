"""The embedded store: ``.tolbooth/`` with SQLite and a blob folder, written in the one safe order.

Blobs first; then one transaction with entry, tree nodes and projections; then the signed checkpoint, which is also
kept in a file outside the database, so that a shorter or diverging database (a restored backup) is noticed.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Row, func, insert, select

from tolbooth.evidence import merkle
from tolbooth.evidence.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from tolbooth.evidence.entry import Entry
from tolbooth.evidence.interface import Signer
from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.tlog_proof import LogProof, write_proof
from tolbooth.model.errors import ConfigError, StoreError
from tolbooth.model.instant import format_instant, instant, parse_instant
from tolbooth.store import tables
from tolbooth.store.blobs import BlobFolder
from tolbooth.store.database import LOCK_TIMEOUT_SECONDS, open_database, reading, writing
from tolbooth.store.durable import refuse_network_file_system, storage_errors, wait_for_lock, write_whole
from tolbooth.store.projections import project

FOLDER_NAME = ".tolbooth"
GITIGNORE = "# The store ignores itself: it is a log, not source.\n*\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One line of the log."""

    position: int
    kind: str
    envelope_sha256: str
    appended_at: datetime
    leaf: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRow:
    """Where a decision stands in the log, and what it was about."""

    entry_position: int
    decision_sha256: str
    basis: str
    subject: str
    version: str
    subject_digest: str
    gate: str
    environment: str
    verdict: str
    as_of: datetime


class EmbeddedStore:
    """One project's log, blobs and projections, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        """Use ``open_store`` or ``make_store``."""
        self.folder = folder
        self.blobs = BlobFolder(folder / "blobs")
        self._engine = open_database(folder / "log.sqlite")
        with reading(self._engine) as connection:
            row = connection.execute(select(tables.store)).one()
        if row.schema_version != tables.SCHEMA_VERSION:
            raise StoreError.of(
                "store.schema-version",
                f"the store has schema {row.schema_version}; this release reads {tables.SCHEMA_VERSION}",
                hint="use the release that made it, or a newer one",
            )
        self.origin: str = row.origin
        self.log_key = PublicKey.from_pem(row.log_public_key)

    def append(self, kind: Kind, envelope: bytes, *, signer: Signer, clock: Callable[[], datetime]) -> LogEntry:
        """Append an envelope to the log; one that is there already is returned as it stands.

        ``signer`` is the log's key; ``clock`` is read inside the transaction, so that entries are in order.

        Raises:
            StoreError: if disk, lock or permission refuse, the key is not the log's, or the database is not the one
                that the checkpoint file knows. Nothing was appended then.
            ConfigError: ``log.clock-behind`` if the clock is behind the last entry.
        """
        if signer.key_id != self.log_key.key_id:
            raise StoreError.of(
                "store.foreign-log-key",
                f"this log is signed by key {self.log_key.key_id[:12]}, not by {signer.key_id[:12]}",
                hint="TOLBOOTH_LOG_KEY_FILE names the log's key",
            )
        envelope_sha256 = self.blobs.put(envelope)
        with self._checkpoint_lock():
            with writing(self._engine) as connection:
                self._refuse_other_history(connection)
                entry = self._append_row(connection, kind, envelope, envelope_sha256, clock)
            self._keep_checkpoint(signer)
        return entry

    def _append_row(
        self, connection: Connection, kind: Kind, envelope: bytes, sha256: str, clock: Callable[[], datetime]
    ) -> LogEntry:
        known = connection.execute(select(tables.entry).where(tables.entry.c.envelope_sha256 == sha256)).one_or_none()
        if known is not None:
            return _entry(known)
        size = _size(connection)
        now = instant(clock())
        self._refuse_clock_behind(connection, now)
        leaf = Entry(kind=kind, envelope_sha256=sha256, appended_at=now).leaf()
        connection.execute(
            insert(tables.entry).values(
                position=size, leaf=leaf, kind=kind, envelope_sha256=sha256, appended_at=format_instant(now)
            )
        )
        completed = merkle.nodes_completed_by(size, merkle.leaf_hash(leaf), _nodes(connection))
        rows = [{"level": node.level, "position": node.index, "hash": node.hash} for node in completed]
        connection.execute(insert(tables.tree_node), rows)
        project(connection, size, kind, envelope, self.blobs.get)
        return LogEntry(position=size, kind=kind, envelope_sha256=sha256, appended_at=now, leaf=leaf)

    @staticmethod
    def _refuse_clock_behind(connection: Connection, now: datetime) -> None:
        last = connection.execute(select(func.max(tables.entry.c.appended_at))).scalar_one()
        if last is not None and now < parse_instant(last):
            raise ConfigError.of(
                "log.clock-behind",
                f"the clock says {format_instant(now)}, but the log's last entry is of {last}",
                hint="set the clock right; nothing was recorded",
            )

    def _refuse_other_history(self, connection: Connection) -> None:
        kept = self.kept_checkpoint()
        if kept is None:
            return
        size = _size(connection)
        if size < kept.size:
            raise StoreError.of(
                "store.shortened",
                f"the database holds {size} entries, but the checkpoint file knows {kept.size}",
                hint="an older copy was restored: put back the newer database, nothing may be appended to this one",
            )
        if merkle.root_at(kept.size, _nodes(connection)) != kept.root:
            raise StoreError.of(
                "store.diverged",
                f"the database's first {kept.size} entries are not those of the checkpoint file",
                hint="this is another log: put back the database that belongs to the checkpoint file",
            )

    def _keep_checkpoint(self, signer: Signer) -> None:
        with reading(self._engine) as connection:
            size = _size(connection)
            root = merkle.root_at(size, _nodes(connection))
        kept = self.kept_checkpoint()
        if kept is None or kept.size < size:
            write_whole(self._checkpoint_path, sign_checkpoint(self.origin, size, root, signer).encode())

    @contextmanager
    def _checkpoint_lock(self) -> Iterator[None]:
        """Writers pass one by one, so that the checkpoint file never goes back."""
        with storage_errors("the store can't be locked", self.folder):
            file = (self.folder / "lock").open("a")
        with file:
            wait_for_lock(file, seconds=LOCK_TIMEOUT_SECONDS)
            yield

    @property
    def _checkpoint_path(self) -> Path:
        return self.folder / "checkpoint"

    def kept_checkpoint(self) -> Checkpoint | None:
        """The highest checkpoint, from the file outside the database; None before the first entry."""
        try:
            text = self._checkpoint_path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        return open_checkpoint(text, self.origin, self.log_key, path="checkpoint")

    def size(self) -> int:
        """How many entries the log has."""
        with reading(self._engine) as connection:
            return _size(connection)

    def entries(self) -> tuple[LogEntry, ...]:
        """All entries, oldest first."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(tables.entry).order_by(tables.entry.c.position)).all()
        return tuple(_entry(row) for row in rows)

    def entry_at(self, position: int) -> LogEntry:
        """One entry by its position, from 0."""
        with reading(self._engine) as connection:
            return _entry(connection.execute(select(tables.entry).where(tables.entry.c.position == position)).one())

    def decisions(self, *, gate: str | None = None) -> tuple[DecisionRow, ...]:
        """All recorded decisions, oldest first; of one gate, if named."""
        query = select(tables.decision).order_by(tables.decision.c.entry_position)
        if gate is not None:
            query = query.where(tables.decision.c.gate == gate)
        with reading(self._engine) as connection:
            return tuple(_decision_row(row) for row in connection.execute(query))

    def decision(self, prefix: str | None = None) -> DecisionRow:
        """The decision whose digest begins with ``prefix``, or the latest one.

        Raises:
            ConfigError: ``log.no-decision`` or ``log.ambiguous-decision``.
        """
        rows = [row for row in self.decisions() if prefix is None or row.decision_sha256.startswith(prefix)]
        digests = {row.decision_sha256 for row in rows}
        if prefix is not None and len(digests) > 1:
            raise ConfigError.of("log.ambiguous-decision", f"{len(digests)} decisions begin with '{prefix}'")
        if not rows:
            about = "no decision is recorded yet" if prefix is None else f"no decision begins with '{prefix}'"
            raise ConfigError.of("log.no-decision", about, hint="'tolbooth log' lists what is recorded")
        return rows[-1]

    def proof(self, position: int, *, signer: Signer) -> bytes:
        """A C2SP tlog-proof of one entry, against a checkpoint of the log as it is now."""
        with reading(self._engine) as connection:
            size = _size(connection)
            read = _nodes(connection)
            row = connection.execute(select(tables.entry).where(tables.entry.c.position == position)).one()
            hashes = merkle.inclusion_proof(position, size, read)
            root = merkle.root_at(size, read)
        checkpoint = sign_checkpoint(self.origin, size, root, signer)
        return write_proof(LogProof(index=position, hashes=hashes, checkpoint=checkpoint, extra=row.leaf))


def make_store(folder: Path, log_key: PublicKey) -> EmbeddedStore:
    """Make a store with a random origin, or open the one that is there.

    Raises:
        StoreError: if the folder can't be written or lies on a network file system.
    """
    if (folder / "log.sqlite").exists():
        return open_store(folder)
    with storage_errors("the store could not be made", folder):
        folder.mkdir(parents=True, exist_ok=True)
        refuse_network_file_system(folder)
    write_whole(folder / ".gitignore", GITIGNORE.encode())
    engine = open_database(folder / "log.sqlite")
    with writing(engine) as connection:
        tables.metadata.create_all(connection)
        if connection.execute(select(func.count()).select_from(tables.store)).scalar_one() == 0:
            connection.execute(
                insert(tables.store).values(
                    schema_version=tables.SCHEMA_VERSION,
                    origin=f"tolbooth-log-{secrets.token_hex(16)}",
                    log_public_key=log_key.to_pem(),
                )
            )
    return EmbeddedStore(folder)


def open_store(folder: Path) -> EmbeddedStore:
    """Open a store that is there.

    Raises:
        ConfigError: ``store.none`` if there is none yet.
    """
    if not (folder / "log.sqlite").is_file():
        raise ConfigError.of("store.none", f"nothing is recorded yet: no store at {folder}", hint="run 'tolbooth gate'")
    return EmbeddedStore(folder)


def _size(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(tables.entry)).scalar_one())


def _nodes(connection: Connection) -> merkle.NodeReader:
    def read(level: int, position: int) -> bytes:
        where = (tables.tree_node.c.level == level) & (tables.tree_node.c.position == position)
        return bytes(connection.execute(select(tables.tree_node.c.hash).where(where)).scalar_one())

    return read


def _entry(row: Row[tuple[int, bytes, str, str, str]]) -> LogEntry:
    return LogEntry(
        position=row.position,
        kind=row.kind,
        envelope_sha256=row.envelope_sha256,
        appended_at=parse_instant(row.appended_at),
        leaf=row.leaf,
    )


def _decision_row(row: Row[tuple[object, ...]]) -> DecisionRow:
    fields = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented accessor
    return DecisionRow(**{**fields, "as_of": parse_instant(row.as_of)})
