"""The log's history: its tree as it is stored, and the highest checkpoint, kept in a file outside the database.

A database that is shorter than that file says, or another one (a restored backup), is not the log and gets no entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, func, select

from tolbooth.evidence import merkle
from tolbooth.evidence.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from tolbooth.evidence.interface import Signer
from tolbooth.evidence.keys import PublicKey
from tolbooth.model.errors import StoreError, VerificationError
from tolbooth.store import tables
from tolbooth.store.durable import PreparedFile, prepared, storage_errors

CHECKPOINT_NAME = "checkpoint"


def log_size(connection: Connection) -> int:
    """How many entries the log has."""
    return int(connection.execute(select(func.count()).select_from(tables.entry)).scalar_one())


def tree_nodes(connection: Connection) -> merkle.NodeReader:
    """The stored tree; a node that is not there is ``store.node-missing``."""

    def read(level: int, position: int) -> bytes:
        where = (tables.tree_node.c.level == level) & (tables.tree_node.c.position == position)
        found = connection.execute(select(tables.tree_node.c.hash).where(where)).scalar_one_or_none()
        if found is None:
            raise StoreError.of(
                "store.node-missing",
                f"node {position} of level {level} is missing from the stored tree",
                hint="'tolbooth store check' names what is damaged; 'tolbooth store rebuild' makes the tree anew",
            )
        return bytes(found)

    return read


class CheckpointFile:
    """``checkpoint``: the highest signed checkpoint that this log ever had."""

    def __init__(self, folder: Path, origin: str, log_key: PublicKey) -> None:
        self.path = folder / CHECKPOINT_NAME
        self._origin = origin
        self._log_key = log_key

    def read(self) -> Checkpoint | None:
        """The kept checkpoint; None before the first entry.

        Raises:
            StoreError: ``store.checkpoint-altered`` if the log's key did not sign it, or ``store.read``.
        """
        try:
            text = self._text()
            return open_checkpoint(text, self._origin, self._log_key, path=str(self.path)) if text is not None else None
        except (VerificationError, UnicodeDecodeError) as error:
            raise StoreError.of(
                "store.checkpoint-altered",
                f"the checkpoint file is not one that this log's key signed: {error}",
                hint=f"put back the {CHECKPOINT_NAME} that belongs to this database",
            ) from error

    def _text(self) -> str | None:
        try:
            with storage_errors("the checkpoint can't be read", self.path, code="store.read"):
                return self.path.read_text(encoding="utf-8")
        except StoreError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return None
            raise

    def refuse_other(self, size: int, nodes: merkle.NodeReader) -> Checkpoint | None:
        """Hold a log of ``size`` entries against the kept checkpoint, and give that back.

        Raises:
            StoreError: ``store.shortened``, ``store.diverged``, or as ``read``.
        """
        kept = self.read()
        if kept is None:
            return None
        if size < kept.size:
            raise StoreError.of(
                "store.shortened",
                f"the database holds {size} entries, but the checkpoint file knows {kept.size}",
                hint="an older copy was restored: put back the newer database, nothing may be appended to this one",
            )
        if merkle.root_at(kept.size, nodes) != kept.root:
            raise StoreError.of(
                "store.diverged",
                f"the database's first {kept.size} entries are not those of the checkpoint file",
                hint="this is another log, or an altered one: put back the database that belongs to the checkpoint",
            )
        return kept

    @contextmanager
    def next(self, size: int, nodes: merkle.NodeReader, signer: Signer) -> Iterator[PreparedFile]:
        """The signed checkpoint of ``size`` entries, durable beside the file before the entries are committed.

        A full disk is so met before the commit, not after it.
        """
        content = sign_checkpoint(self._origin, size, merkle.root_at(size, nodes), signer).encode()
        with storage_errors("the checkpoint could not be written", self.path), prepared(self.path, content) as file:
            yield file
