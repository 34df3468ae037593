"""Files that are there whole or not at all, and operating system errors in plain words."""

from __future__ import annotations

import errno
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tolbooth.model.errors import StoreError

_HINTS = {
    errno.ENOSPC: "the disk is full: free some space and run the command again",
    errno.EDQUOT: "the quota is used up: free some space and run the command again",
    errno.EROFS: "the file system is mounted read-only",
    errno.EACCES: "this user may not read or write there",
    errno.EPERM: "this user may not read or write there",
    errno.ENOENT: "a folder vanished while it was used",
    errno.ENOTDIR: "a file stands where a folder should be",
    errno.EIO: "the disk reported an error: look at it before anything else",
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

_LEFTOVER = re.compile(r"\..+\.[a-z0-9_]{8}\.part")
_LEFTOVER_SECONDS = 3600
_NAME_LENGTH = 200


@contextmanager
def storage_errors(what: str, path: Path, *, code: str = "store.write") -> Iterator[None]:
    """Turn an ``OSError`` into a ``StoreError`` that says what could not be done, and what helps."""
    try:
        yield
    except OSError as error:
        number = error.errno or 0
        message = f"{what}: {error.strerror or error} ({path})"
        raise StoreError.of(code, message, hint=_HINTS.get(number)) from error


def flush_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, durably; one that is there stays as it is."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    flush_folder(folder.parent)


class PreparedFile:
    """New content, whole and durable beside the file that it will replace."""

    def __init__(self, path: Path, temporary: Path) -> None:
        """Use ``prepared``."""
        self._path = path
        self._temporary = temporary

    def put_in_place(self) -> None:
        """Replace the file: readers see the old bytes or the new ones, never a part. Needs no more space.

        Raises:
            OSError: if the folder is gone or may not be written any more; the old file stays then.
        """
        self._temporary.replace(self._path)
        flush_folder(self._path.parent)


@contextmanager
def prepared(path: Path, content: bytes, *, mode: int = 0o644) -> Iterator[PreparedFile]:
    """Write ``content`` beside ``path``, to be put in place or else thrown away at the end.

    A process that is killed in between leaves a file that ``is_leftover`` knows.

    Raises:
        OSError: if the disk refuses; nothing is left then.
    """
    prefix = f".{path.name[:_NAME_LENGTH]}."
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=prefix, suffix=".part")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        yield PreparedFile(path, temporary)
    finally:
        temporary.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Replace ``path`` by ``content``: readers see the old bytes or the new ones, never a part.

    What an earlier write of the same file left when it was killed is cleared away, once it is an hour old.

    Raises:
        StoreError: ``store.write`` if the disk refuses; the old file stays then.
    """
    with storage_errors(f"{path.name} could not be written", path):
        make_folder(path.parent)
        _clear_leftovers(path)
        with prepared(path, content, mode=mode) as file:
            file.put_in_place()


def is_leftover(name: str) -> bool:
    """Whether a file of that name is what an interrupted write left."""
    return _LEFTOVER.fullmatch(name) is not None


def _clear_leftovers(path: Path) -> None:
    prefix = f".{path.name[:_NAME_LENGTH]}."
    for each in path.parent.iterdir():
        if each.name.startswith(prefix) and is_leftover(each.name):
            try:
                if time.time() - each.stat().st_mtime > _LEFTOVER_SECONDS:
                    each.unlink()
            except OSError:
                # NOTE: another process may clear it too, or own it; it harms nobody.
                continue


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
