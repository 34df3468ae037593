"""The embedded store: ``.tolbooth/`` with SQLite and a blob folder, written in the one safe order.

Blobs first; then one transaction with entry, tree nodes and projections; then the signed checkpoint, which is also
kept in a file outside the database, so that a shorter or diverging database (a restored backup) is noticed.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Row, func, insert, select

from tolbooth.evidence import merkle
from tolbooth.evidence.checkpoint import Checkpoint, sign_checkpoint
from tolbooth.evidence.entry import Entry
from tolbooth.evidence.interface import Signer
from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.tlog_proof import LogProof, write_proof
from tolbooth.model.errors import ConfigError, Problem, StoreError
from tolbooth.model.instant import format_instant, instant, parse_instant
from tolbooth.store import tables
from tolbooth.store.blobs import BlobFolder
from tolbooth.store.database import DATABASE_NAME, Database
from tolbooth.store.durable import make_folder, refuse_network_file_system, storage_errors, write_whole
from tolbooth.store.history import CHECKPOINT_NAME, CheckpointFile, log_size, tree_nodes
from tolbooth.store.identity import StoreIdentity, make_identity, read_identity
from tolbooth.store.locks import store_lock
from tolbooth.store.needs import named_blobs
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

    def __init__(self, folder: Path, database: Database, identity: StoreIdentity) -> None:
        """Use ``open_store`` or ``make_store``."""
        self.folder = folder
        self.blobs = BlobFolder(folder)
        self.origin = identity.origin
        self.log_key = identity.log_key
        self._database = database
        self._checkpoint = CheckpointFile(folder, identity.origin, identity.log_key)

    def append(
        self,
        kind: Kind,
        envelope: bytes,
        *,
        signer: Signer,
        clock: Callable[[], datetime],
        unless: Callable[[], int | None] | None = None,
    ) -> LogEntry:
        """Append an envelope to the log; one that is there already is returned as it stands.

        Every blob that the envelope names must have been put before. ``signer`` is the log's key; ``clock`` is read
        inside the transaction, so that entries are in order. ``unless`` is asked while nobody else can append: where
        it gives the position of an entry, nothing is appended, and that entry is returned.

        Raises:
            StoreError: if disk, lock or permission refuse, the key is not the log's, a named blob is not there, or
                the database is not the one that the checkpoint file knows. Nothing was appended then, but for
                ``store.checkpoint-late``: the entry stands, and the next append renews the checkpoint file.
            ConfigError: ``log.clock-behind`` if the clock is behind the last entry.
        """
        if signer.key_id != self.log_key.key_id:
            raise StoreError.of(
                "store.foreign-log-key",
                f"this log is signed by key {self.log_key.key_id[:12]}, not by {signer.key_id[:12]}",
                hint="TOLBOOTH_LOG_KEY_FILE names the log's key",
            )
        envelope_sha256 = self.blobs.put(envelope)
        with ExitStack() as until_placed:
            until_placed.enter_context(store_lock(self.folder))
            position = unless() if unless is not None else None
            if position is not None:
                return self.entry_at(position)
            checkpoint = None
            with self._database.writing() as connection:
                nodes = tree_nodes(connection)
                kept = self._checkpoint.refuse_other(log_size(connection), nodes)
                entry = self._append_row(connection, kind, envelope, envelope_sha256, clock)
                size = log_size(connection)
                if kept is None or kept.size < size:
                    checkpoint = until_placed.enter_context(self._checkpoint.next(size, nodes, signer))
            if checkpoint is not None:
                with storage_errors(
                    f"entry {entry.position + 1} is appended, but the checkpoint file could not be renewed",
                    self._checkpoint.path,
                    code="store.checkpoint-late",
                ):
                    checkpoint.put_in_place()
        return entry

    def _append_row(
        self, connection: Connection, kind: Kind, envelope: bytes, sha256: str, clock: Callable[[], datetime]
    ) -> LogEntry:
        known = connection.execute(select(tables.entry).where(tables.entry.c.envelope_sha256 == sha256)).one_or_none()
        if known is not None:
            return _entry(known)
        position = log_size(connection)
        now = instant(clock())
        self._refuse_clock_behind(connection, now)
        self._refuse_missing_blobs(kind, envelope, sha256)
        leaf = Entry(kind=kind, envelope_sha256=sha256, appended_at=now).leaf()
        connection.execute(
            insert(tables.entry).values(
                position=position, leaf=leaf, kind=kind, envelope_sha256=sha256, appended_at=format_instant(now)
            )
        )
        completed = merkle.nodes_completed_by(position, merkle.leaf_hash(leaf), tree_nodes(connection))
        rows = [{"level": node.level, "position": node.index, "hash": node.hash} for node in completed]
        connection.execute(insert(tables.tree_node), rows)
        project(connection, position, kind, envelope, self.blobs.get)
        return LogEntry(position=position, kind=kind, envelope_sha256=sha256, appended_at=now, leaf=leaf)

    @staticmethod
    def _refuse_clock_behind(connection: Connection, now: datetime) -> None:
        last = connection.execute(select(func.max(tables.entry.c.appended_at))).scalar_one()
        if last is not None and now < parse_instant(last):
            raise ConfigError.of(
                "log.clock-behind",
                f"the clock says {format_instant(now)}, but the log's last entry is of {last}",
                hint="set the clock right; nothing was recorded",
            )

    def _refuse_missing_blobs(self, kind: Kind, envelope: bytes, sha256: str) -> None:
        """A blob may have been tidied away while a run slept for longer than blobs are spared."""
        named = {sha256: "the envelope", **named_blobs(kind, envelope, path="the envelope")}
        for each, what in named.items():
            if not self.blobs.has(each):
                raise StoreError.of(
                    "store.blob-missing", f"blob {each} ({what}) vanished before it was named", hint="run it again"
                )

    def kept_checkpoint(self) -> Checkpoint | None:
        """The highest checkpoint, from the file outside the database; None before the first entry.

        Raises:
            StoreError: ``store.checkpoint-altered`` if the log's key did not sign it.
        """
        return self._checkpoint.read()

    def size(self) -> int:
        """How many entries the log has."""
        with self._database.reading() as connection:
            return log_size(connection)

    def entries(self) -> tuple[LogEntry, ...]:
        """All entries, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(select(tables.entry).order_by(tables.entry.c.position)).all()
        return tuple(_entry(row) for row in rows)

    def entry_at(self, position: int) -> LogEntry:
        """One entry by its position, from 0."""
        with self._database.reading() as connection:
            return _entry(_entry_row(connection, position))

    def decisions(self, *, gate: str | None = None) -> tuple[DecisionRow, ...]:
        """All recorded decisions, oldest first; of one gate, if named."""
        query = select(tables.decision).order_by(tables.decision.c.entry_position)
        if gate is not None:
            query = query.where(tables.decision.c.gate == gate)
        with self._database.reading() as connection:
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
        with self._database.reading() as connection:
            size = log_size(connection)
            read = tree_nodes(connection)
            row = _entry_row(connection, position)
            hashes = merkle.inclusion_proof(position, size, read)
            root = merkle.root_at(size, read)
        checkpoint = sign_checkpoint(self.origin, size, root, signer)
        return write_proof(LogProof(index=position, hashes=hashes, checkpoint=checkpoint, extra=row.leaf))


def make_store(folder: Path, log_key: PublicKey) -> EmbeddedStore:
    """Make a store with a random origin, or open the one that is there; one whose making was cut short is made now.

    Raises:
        StoreError: if the folder can't be written or lies on a network file system, or ``store.lost`` if there was a
            log whose database is gone.
    """
    with storage_errors("the store could not be made", folder):
        make_folder(folder)
        refuse_network_file_system(folder)
    with store_lock(folder):
        if not (folder / ".gitignore").exists():
            write_whole(folder / ".gitignore", GITIGNORE.encode())
        if _identity(folder) is None:
            _refuse_lost(folder)
            with Database(folder / DATABASE_NAME, make=True).writing() as connection:
                make_identity(connection, log_key)
    return open_store(folder)


def open_store(folder: Path) -> EmbeddedStore:
    """Open a store that is there.

    Raises:
        ConfigError: ``store.none`` if there is none yet.
        StoreError: ``store.lost`` if there was a log whose database is gone, or if the store can't be read.
    """
    identity = _identity(folder)
    if identity is None:
        _refuse_lost(folder)
        raise ConfigError.of("store.none", f"nothing is recorded yet: no store at {folder}", hint="run 'tolbooth gate'")
    return EmbeddedStore(folder, Database(folder / DATABASE_NAME), identity)


def _identity(folder: Path) -> StoreIdentity | None:
    database = Database(folder / DATABASE_NAME)
    if not database.there():
        return None
    with database.reading() as connection:
        return read_identity(connection)


def _refuse_lost(folder: Path) -> None:
    if (folder / CHECKPOINT_NAME).exists():
        raise StoreError.of(
            "store.lost",
            f"the log's database is gone, but its checkpoint file is there ({folder / CHECKPOINT_NAME})",
            hint=f"put {DATABASE_NAME} back; only if the log is given up for good, move the whole folder away",
        )


def _entry(row: Row[tuple[int, bytes, str, str, str]]) -> LogEntry:
    try:
        appended_at = parse_instant(row.appended_at)
    except (TypeError, ValueError) as error:
        raise _damaged(f"entry {row.position + 1}") from error
    return LogEntry(
        position=row.position,
        kind=row.kind,
        envelope_sha256=row.envelope_sha256,
        appended_at=appended_at,
        leaf=row.leaf,
    )


def _decision_row(row: Row[tuple[object, ...]]) -> DecisionRow:
    fields = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented accessor
    try:
        return DecisionRow(**{**fields, "as_of": parse_instant(row.as_of)})
    except (TypeError, ValueError) as error:
        raise _damaged(f"the row of the decision at entry {row.entry_position + 1}") from error


def _entry_row(connection: Connection, position: int) -> Row[tuple[int, bytes, str, str, str]]:
    row = connection.execute(select(tables.entry).where(tables.entry.c.position == position)).one_or_none()
    if row is None:
        raise StoreError.of(
            "store.entry-missing",
            f"the log has no entry {position + 1}, though a row says so",
            hint="'tolbooth store check' names every row that no entry backs; 'tolbooth store rebuild' drops them",
        )
    return row


def _damaged(what: str) -> StoreError:
    hint = "'tolbooth store check' names what is damaged"
    return StoreError(Problem(code="store.row-damaged", message=f"{what} can't be read", hint=hint))
