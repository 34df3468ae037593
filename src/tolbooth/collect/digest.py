"""Digests of files and folders that anybody can check with coreutils."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from tolbooth.collect.interface import Progress
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import CollectError, TolboothError
from tolbooth.model.withholding import Withheld

_CHUNK_BYTES = 1 << 20
_UNSAFE = frozenset("\n\r\\")


def file_sha256(path: Path, progress: Progress | None = None) -> str:
    """SHA-256 of a file's content, read in pieces: 64 lower-case hexadecimal digits.

    Raises:
        CollectError: ``collect.unreadable``.
    """
    digest = hashlib.sha256()
    done = 0
    try:
        total = path.stat().st_size
        with path.open("rb") as opened:
            while chunk := opened.read(_CHUNK_BYTES):
                digest.update(chunk)
                done += len(chunk)
                if progress is not None:
                    progress(done, total)
    except OSError as error:
        raise _unreadable(path, error) from error
    return digest.hexdigest()


def dir_hash(path: Path, progress: Progress | None = None) -> str:
    """A folder's digest in the manner of in-toto's DigestSet ``dirHash``: 64 lower-case hexadecimal digits.

    SHA-256 over the lines that ``sha256sum`` writes for every file at any depth, ``<sha256>  <path>``, sorted by the
    bytes of the path (Go's ``dirhash.Hash1``, in hex and without ``h1:``). Where no name holds white space or quotes::

        find . -type f | cut -c3- | LC_ALL=C sort | xargs -r sha256sum | sha256sum

    Empty folders, times and permissions don't count.

    Raises:
        CollectError: as ``folder_files``, or ``collect.unreadable``.
    """
    return digest_of_digests(file_digests(folder_files(path), progress))


def file_digests(files: Mapping[str, Path], progress: Progress | None = None) -> dict[str, str]:
    """The SHA-256 of each file, by its name; progress is over all of them.

    Raises:
        CollectError: ``collect.unreadable``.
    """
    total = sum(file.stat().st_size for file in files.values())
    before = 0
    digests: dict[str, str] = {}
    for name, file in files.items():
        digests[name] = file_sha256(file, _onwards(progress, before, total))
        before += file.stat().st_size
    return digests


def digest_of_digests(files: Mapping[str, str]) -> str:
    """The ``dirHash`` of files whose SHA-256 is known, by relative path with forward slashes."""
    lines = (f"{files[name]}  {name}\n" for name in sorted(files, key=os.fsencode))
    return sha256_hex("".join(lines).encode())


def folder_files(path: Path) -> dict[str, Path]:
    """All files at any depth, by relative path with forward slashes, sorted by the bytes of that path.

    Raises:
        CollectError: ``collect.link`` for a symbolic link, since what it names may change without the folder;
            ``collect.special-file`` for what is no file or folder; ``collect.name`` for a name with a line break, a
            backslash or bytes that are not UTF-8, which ``sha256sum`` would escape; ``collect.unreadable``.
    """
    found: dict[str, Path] = {}
    waiting = [path]
    while waiting:
        folder = waiting.pop()
        try:
            entries = list(os.scandir(folder))
        except OSError as error:
            raise _unreadable(folder, error) from error
        for entry in entries:
            name = Path(entry.path).relative_to(path).as_posix()
            _refuse(entry, name)
            if entry.is_dir(follow_symlinks=False):
                waiting.append(Path(entry.path))
            else:
                found[name] = Path(entry.path)
    return {name: found[name] for name in sorted(found, key=os.fsencode)}


def _unreadable(path: Path, error: OSError) -> TolboothError:
    return CollectError.of("collect.unreadable", f"{Withheld().text(path.name)} could not be read: {error.strerror}")


def _refuse(entry: os.DirEntry[str], name: str) -> None:
    shown = Withheld().text(name)
    if _UNSAFE & set(name) or not _is_utf8(name):
        raise CollectError.of(
            "collect.name", f"the file name {shown!r} holds a line break, a backslash or bytes that are not UTF-8"
        )
    if entry.is_symlink():
        raise CollectError.of(
            "collect.link", f"{shown} is a symbolic link", hint="put the file itself into the folder, or leave it out"
        )
    if not entry.is_dir(follow_symlinks=False) and not entry.is_file(follow_symlinks=False):
        raise CollectError.of("collect.special-file", f"{shown} is neither a file nor a folder")


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _onwards(progress: Progress | None, before: int, total: int) -> Progress | None:
    if progress is None:
        return None

    def onwards(done: int, _: int | None) -> None:
        progress(before + done, total)

    return onwards
