"""gc: remove what nothing needs, and never what something needs.

A blob is needed if it is an entry's envelope, or if a decision's attestation names it: a file of its core, an
attestation, or the seed of its salts. A run puts its blobs before it appends the envelope that names them, so a blob
that is not needed yet is spared for a day after it was last put; should a run sleep for longer, its append is refused.
No blob is put and no entry is appended while this is at work.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tolbooth.model.errors import StoreError
from tolbooth.store.blob_faults import stored_files
from tolbooth.store.check import check_store
from tolbooth.store.durable import flush_folder, storage_errors
from tolbooth.store.embedded import open_store
from tolbooth.store.locks import blob_lock, store_lock

SPARED_SECONDS = 24 * 3600
_REMOVABLE = {"blob.orphan", "file.leftover"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovedFile:
    """A file that was removed, or would be: relative to the store's folder."""

    path: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """What was removed, or would be, and how many blobs were spared because they are younger than a day."""

    removed: tuple[RemovedFile, ...]
    spared_count: int


def clear_store(folder: Path, *, dry_run: bool = False, now: float | None = None) -> Cleared:
    """Remove orphan blobs that are older than a day, and what interrupted writes left.

    ``now`` is in seconds since 1970, the system's clock by default; with ``dry_run``, nothing is removed.

    Raises:
        ConfigError: ``store.none`` if there is no store.
        StoreError: ``store.unclean`` if a check of the store finds a fault that is not harmless, since what is needed
            can't be known then; or if the disk refuses.
    """
    open_store(folder)
    instant = time.time() if now is None else now
    with store_lock(folder), blob_lock(folder, alone=True):
        report = check_store(folder)
        if not report.clean:
            raise StoreError.of(
                "store.unclean",
                "the store is not clean, so what is needed can't be told; nothing was removed",
                hint="'tolbooth store check' names what is wrong",
            )
        removable = {fault.path for fault in report.faults if fault.code in _REMOVABLE}
        found = [each for each in stored_files(folder) if each.path.relative_to(folder).as_posix() in removable]
        with storage_errors("the store could not be cleared", folder):
            young = {each.path for each in found if each.sha256 and _age(each.path, instant) < SPARED_SECONDS}
            paths = [each.path for each in found if each.path not in young]
            removed = tuple(_remove(paths, folder, dry_run=dry_run))
    return Cleared(removed=removed, spared_count=len(young))


def _age(path: Path, now: float) -> float:
    return now - path.stat().st_mtime


def _remove(paths: list[Path], folder: Path, *, dry_run: bool) -> Iterator[RemovedFile]:
    for path in paths:
        size = path.stat().st_size
        if not dry_run:
            path.unlink()
            flush_folder(path.parent)
        yield RemovedFile(path=path.relative_to(folder).as_posix(), size_bytes=size)
