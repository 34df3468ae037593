"""Packs on disk: a folder or a zip read into memory within limits, and written whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from tolbooth.evidence.container import check_container, read_zip, write_zip
from tolbooth.model.errors import ConfigError
from tolbooth.store.durable import write_whole


def read_pack(path: Path) -> Mapping[str, bytes]:
    """Read a pack, zip or folder; names and sizes are checked before contents are read.

    Raises:
        ConfigError: ``pack.not-found`` if there is nothing at ``path``.
        VerificationError: ``container.*``.
    """
    try:
        if path.is_dir():
            return _folder(path)
        with path.open("rb") as file:
            return read_zip(file)
    except FileNotFoundError as error:
        raise ConfigError.of("pack.not-found", f"there is no pack at {path}") from error
    except OSError as error:
        raise ConfigError.of("pack.unreadable", f"{path}: {error.strerror}") from error


def write_pack(path: Path, files: Mapping[str, bytes]) -> None:
    """Write a pack as a zip; an older file of that name is replaced only by a whole one."""
    write_whole(path, write_zip(files))


def _folder(root: Path) -> dict[str, bytes]:
    """A pack's folder: names, links and sizes are looked at before any file is read."""
    sizes: dict[str, int] = {}
    links: list[str] = []
    for path in _walk(root):
        name = path.relative_to(root).as_posix()
        status = path.lstat()
        if stat.S_ISREG(status.st_mode):
            sizes[name] = status.st_size
        else:
            links.append(name)
    check_container(sizes, links=links)
    return {name: (root / name).read_bytes() for name in sizes}


def _walk(root: Path) -> Iterator[Path]:
    """Every file, and every folder that is only a link to one."""
    for folder, folders, names in os.walk(root, followlinks=False):
        here = Path(folder)
        yield from (here / name for name in (*names, *folders) if name in names or (here / name).is_symlink())
