"""Blobs: files named by their SHA-256, written whole or not at all, and read back only if they still match."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from tolbooth.model.digest import is_sha256, sha256_hex
from tolbooth.model.errors import StoreError
from tolbooth.store.durable import flush_folder, storage_errors


class BlobFolder:
    """``<folder>/ab/abcdef…``; files are read-only once written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, content: bytes) -> str:
        """Store ``content`` durably and return its SHA-256; storing twice is storing once.

        Raises:
            StoreError: ``store.write`` if the disk refuses; nothing half-written then carries the blob's name.
        """
        sha256 = sha256_hex(content)
        path = self._path(sha256)
        if self._intact(path, sha256):
            return sha256
        with storage_errors(f"blob {sha256[:12]} could not be written", path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._write(path, content)
        return sha256

    def get(self, sha256: str) -> bytes:
        """Read a blob.

        Raises:
            StoreError: ``store.blob-missing``, or ``store.blob-altered`` if its bytes no longer match its name.
        """
        path = self._path(sha256)
        try:
            content = path.read_bytes()
        except FileNotFoundError as error:
            raise StoreError.of("store.blob-missing", f"blob {sha256} is missing from the store") from error
        except OSError as error:
            raise StoreError.of("store.read", f"blob {sha256} can't be read: {error.strerror}") from error
        if sha256_hex(content) != sha256:
            raise StoreError.of("store.blob-altered", f"blob {sha256} has been altered on disk")
        return content

    def has(self, sha256: str) -> bool:
        """Whether a blob of that name is there; its bytes are not looked at."""
        return self._path(sha256).is_file()

    def _path(self, sha256: str) -> Path:
        if not is_sha256(sha256):
            raise StoreError.of("store.blob-name", f"'{sha256}' is not a SHA-256")
        return self._folder / sha256[:2] / sha256

    @staticmethod
    def _intact(path: Path, sha256: str) -> bool:
        return path.is_file() and sha256_hex(path.read_bytes()) == sha256

    @staticmethod
    def _write(path: Path, content: bytes) -> None:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fchmod(file.fileno(), 0o444)
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        flush_folder(path.parent)
        flush_folder(path.parent.parent)
