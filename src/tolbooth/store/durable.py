"""Files that are there whole or not at all, and operating system errors in plain words."""

from __future__ import annotations

import errno
import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tolbooth.model.errors import StoreError

_HINTS = {
    errno.ENOSPC: "the disk is full: free some space and run the command again",
    errno.EDQUOT: "the quota is used up: free some space and run the command again",
    errno.EROFS: "the file system is mounted read-only",
    errno.EACCES: "this user may not write there",
    errno.EPERM: "this user may not write there",
    errno.ENOENT: "a folder vanished while it was used",
}

_NETWORK_FILE_SYSTEMS = {
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "9p",
    "afs",
    "ceph",
    "glusterfs",
    "fuse.sshfs",
    "lustre",
}


@contextmanager
def storage_errors(what: str, path: Path) -> Iterator[None]:
    """Turn an ``OSError`` into a ``StoreError`` that says what could not be done, and what helps."""
    try:
        yield
    except OSError as error:
        number = error.errno or 0
        message = f"{what}: {error.strerror or error} ({path})"
        raise StoreError.of("store.write", message, hint=_HINTS.get(number)) from error


def flush_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_whole(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Replace ``path`` by ``content``: readers see the old bytes or the new ones, never a part.

    Raises:
        StoreError: ``store.write`` if the disk refuses; the old file stays then.
    """
    with storage_errors(f"{path.name} could not be written", path):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fchmod(file.fileno(), mode)
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        flush_folder(path.parent)


def wait_for_lock(file: IO[str], *, seconds: int) -> None:
    """Take the exclusive lock on an open file; it is given back when the file is closed, or its process ends.

    Raises:
        StoreError: ``store.locked`` when another process holds it for longer than ``seconds``.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                raise StoreError.of(
                    "store.locked",
                    f"another process has held the store for {seconds} s",
                    hint="wait for the other command to end, then run this one again",
                ) from error
            time.sleep(0.02)
        else:
            return


def refuse_network_file_system(folder: Path) -> None:
    """Refuse a folder on a network file system, where locks and fsync can't be relied on.

    Raises:
        StoreError: ``store.network-file-system``.
    """
    kind = _file_system(folder)
    if kind in _NETWORK_FILE_SYSTEMS:
        raise StoreError.of(
            "store.network-file-system",
            f"{folder} lies on a network file system ({kind}), which can't hold the log safely",
            hint="put the project on a local disk",
        )


def _file_system(folder: Path) -> str | None:
    """The type of the mount that ``folder`` lies on; None where the system doesn't say."""
    try:
        lines = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    real = folder.resolve()
    mounts = [(Path(fields[1].replace("\\040", " ")), fields[2]) for fields in (line.split() for line in lines)]
    holding = [(len(point.parts), kind) for point, kind in mounts if real.is_relative_to(point)]
    return max(holding)[1] if holding else None
