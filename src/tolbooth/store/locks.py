"""The store's locks: for whoever appends, for whoever moves an alias, and against tidying away what is being written.

All are ``flock`` locks: the kernel gives them back when their process ends, however it ends.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tolbooth.model.errors import Problem, StoreError
from tolbooth.store.durable import storage_errors

LOCK_TIMEOUT_SECONDS = 30
STORE_LOCK = "lock"
BLOB_LOCK = "blobs.lock"
MOVE_LOCK = "moves.lock"


@contextmanager
def store_lock(folder: Path) -> Iterator[None]:
    """Writers of the log pass one by one, so that the checkpoint file never goes back.

    Raises:
        StoreError: ``store.locked`` when another process holds it for longer than ``LOCK_TIMEOUT_SECONDS``, or
            ``store.write`` if the folder is gone or can't be written.
    """
    with _held(folder / STORE_LOCK, fcntl.LOCK_EX):
        yield


@contextmanager
def blob_lock(folder: Path, *, alone: bool) -> Iterator[None]:
    """Many may put blobs at once; who removes some must be ``alone``. Whoever wants both locks takes this one last.

    Raises:
        StoreError: as ``store_lock``.
    """
    with _held(folder / BLOB_LOCK, fcntl.LOCK_EX if alone else fcntl.LOCK_SH):
        yield


@contextmanager
def move_lock(folder: Path) -> Iterator[None]:
    """Those who move an alias, or say what became of a move, pass one by one. Take it before any other lock.

    Raises:
        StoreError: as ``store_lock``.
    """
    with _held(folder / MOVE_LOCK, fcntl.LOCK_EX):
        yield


@contextmanager
def _held(path: Path, kind: int) -> Iterator[None]:
    with storage_errors("the store can't be locked", path):
        file = path.open("a")
    with file:
        _wait(file, kind, path)
        yield


def _wait(file: IO[str], kind: int, path: Path) -> None:
    seconds = LOCK_TIMEOUT_SECONDS
    deadline = time.monotonic() + seconds
    while True:
        try:
            with storage_errors("the store can't be locked", path):
                fcntl.flock(file, kind | fcntl.LOCK_NB)
        except StoreError as error:
            if not isinstance(error.__cause__, BlockingIOError):
                raise
            if time.monotonic() > deadline:
                raise locked(seconds) from error
            time.sleep(0.02)
        else:
            return


def locked(seconds: int) -> StoreError:
    """What to say when somebody else has held the store for too long."""
    return StoreError(
        Problem(
            code="store.locked",
            message=f"another process has held the store for {seconds} s",
            hint="wait for the other command to end, then run this one again",
        )
    )
