"""check: hold every table and every file of a store against the log, and name each thing that is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tolbooth.evidence.checkpoint import Checkpoint
from tolbooth.model.errors import ConfigError, StoreError
from tolbooth.store.blob_faults import blob_faults, needs_of_log, stored_files, untidy_faults
from tolbooth.store.blobs import BlobFolder
from tolbooth.store.database import DATABASE_NAME, Database
from tolbooth.store.fault import Fault, StoreReport
from tolbooth.store.history import CHECKPOINT_NAME, CheckpointFile
from tolbooth.store.identity import StoreIdentity, read_identity
from tolbooth.store.log_faults import checkpoint_faults, entry_faults, tree_faults, tree_of
from tolbooth.store.row_faults import row_faults
from tolbooth.store.snapshot import Snapshot, take_snapshot

BROKEN = {"store.damaged", "store.database", "store.disk"}
"""What SQLite says of a database that it can't read: a fault to be named, where other refusals end the check."""


def check_store(folder: Path) -> StoreReport:
    """Check a store; others may read and write it meanwhile. Nothing is changed.

    Signatures of envelopes are not looked at: whose word is taken is decided where they are used.

    Raises:
        ConfigError: ``store.none`` if there is no store.
        StoreError: if the store can't be read: locked, forbidden or of another release.
    """
    try:
        read = _read(folder)
    except StoreError as error:
        if error.code not in BROKEN:
            raise
        return _only(Fault(code=error.code, text=str(error), path=DATABASE_NAME))
    if read is None:
        if (folder / CHECKPOINT_NAME).exists():
            text = f"{DATABASE_NAME} is gone or empty, but there is a checkpoint file: there was a log"
            return _only(Fault(code="store.lost", text=text, path=DATABASE_NAME))
        raise ConfigError.of("store.none", f"nothing is recorded yet: no store at {folder}", hint="run 'tolbooth gate'")
    identity, before, snapshot = read
    blobs = BlobFolder(folder)
    needs = needs_of_log(snapshot.entries, blobs)
    files = tuple(stored_files(folder))
    checkpoint, faults = before
    return StoreReport(
        faults=(
            *faults,
            *_log_faults(snapshot, checkpoint, _checkpoint(folder, identity)),
            *row_faults(snapshot, blobs.get),
            *needs.faults,
            *blob_faults(needs.blobs, blobs),
            *untidy_faults(folder, files, needs),
        ),
        entry_count=len(snapshot.entries),
        blob_count=sum(file.sha256 is not None for file in files),
        checkpoint_size=checkpoint.size if checkpoint is not None else None,
    )


_Kept = tuple[Checkpoint | None, tuple[Fault, ...]]


def _read(folder: Path) -> tuple[StoreIdentity, _Kept, Snapshot] | None:
    """Identity, checkpoint file and database, in the order that makes a writer at work look right."""
    database = Database(folder / DATABASE_NAME)
    if not database.there():
        return None
    with database.reading() as connection:
        identity = read_identity(connection)
    if identity is None:
        return None
    kept = _checkpoint(folder, identity)
    with database.reading() as connection:
        return identity, kept, take_snapshot(connection)


def _checkpoint(folder: Path, identity: StoreIdentity) -> _Kept:
    try:
        return CheckpointFile(folder, identity.origin, identity.log_key).read(), ()
    except StoreError as error:
        if error.code != "store.checkpoint-altered":
            raise
        return None, (Fault(code=error.code, text=str(error), path=CHECKPOINT_NAME),)


def _log_faults(snapshot: Snapshot, before: Checkpoint | None, after: _Kept) -> Iterator[Fault]:
    for complaint in snapshot.complaints:
        yield Fault(code="store.damaged", text=f"SQLite says: {complaint}", path=DATABASE_NAME)
    yield from entry_faults(snapshot.entries)
    computed = tree_of(snapshot.entries)
    yield from tree_faults(computed, snapshot.tree)
    later, unread = after
    if not unread:
        yield from checkpoint_faults(len(snapshot.entries), computed, before, later)


def _only(fault: Fault) -> StoreReport:
    return StoreReport(faults=(fault,), entry_count=0, blob_count=0, checkpoint_size=None)
