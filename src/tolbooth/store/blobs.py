"""Blobs: files named by their SHA-256, written whole or not at all, and read back only if they still match."""

from __future__ import annotations

import os
from pathlib import Path

from tolbooth.model.digest import is_sha256, sha256_hex
from tolbooth.model.errors import StoreError
from tolbooth.store.durable import flush_folder, prepared, storage_errors
from tolbooth.store.locks import blob_lock

BLOB_FOLDER = "blobs"


class BlobFolder:
    """``<store>/blobs/ab/abcdef…``; files are read-only once written."""

    def __init__(self, store: Path) -> None:
        """Give the store's folder, which must be there before anything is put."""
        self._store = store
        self._folder = store / BLOB_FOLDER

    def put(self, content: bytes) -> str:
        """Store ``content`` durably and return its SHA-256; storing twice is storing once.

        A blob that is there already becomes as young as a new one, so that nothing tidies it away before the log
        names it.

        Raises:
            StoreError: ``store.write`` if the disk refuses; nothing half-written then carries the blob's name.
        """
        sha256 = sha256_hex(content)
        path = self._path(sha256)
        with blob_lock(self._store, alone=False), storage_errors(f"blob {sha256[:12]} could not be written", path):
            if not self._kept(path, sha256):
                self._write(path, content)
        return sha256

    def get(self, sha256: str) -> bytes:
        """Read a blob.

        Raises:
            StoreError: ``store.blob-missing``, ``store.blob-altered`` if its bytes no longer match its name, or
                ``store.read``.
        """
        path = self._path(sha256)
        hint = "'tolbooth store check' names everything that is missing or altered"
        try:
            with storage_errors(f"blob {sha256[:12]} can't be read", path, code="store.read"):
                content = path.read_bytes()
        except StoreError as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                raise
            raise StoreError.of("store.blob-missing", f"blob {sha256} is missing from the store", hint=hint) from error
        if sha256_hex(content) != sha256:
            raise StoreError.of("store.blob-altered", f"blob {sha256} has been altered on disk", hint=hint)
        return content

    def has(self, sha256: str) -> bool:
        """Whether a blob of that name is there; its bytes are not looked at."""
        path = self._path(sha256)
        with storage_errors(f"blob {sha256[:12]} can't be looked for", path, code="store.read"):
            return path.is_file()

    def _path(self, sha256: str) -> Path:
        if not is_sha256(sha256):
            raise StoreError.of("store.blob-name", f"'{sha256}' is not a SHA-256")
        return self._folder / sha256[:2] / sha256

    @staticmethod
    def _kept(path: Path, sha256: str) -> bool:
        """Whether the blob is there, unaltered; if so, its name is made durable and its age starts again."""
        if not path.is_file() or sha256_hex(path.read_bytes()) != sha256:
            return False
        try:
            os.utime(path)
        except PermissionError:
            # NOTE: another user's file; ours takes its place.
            return False
        # NOTE: who wrote it may have been killed between the rename and its own flush.
        flush_folder(path.parent)
        return True

    def _write(self, path: Path, content: bytes) -> None:
        # NOTE: the store's own folder is never made here: if it vanished, a new one would hide that.
        for folder in (self._folder, path.parent):
            if not folder.is_dir():
                folder.mkdir(exist_ok=True)
                flush_folder(folder.parent)
        with prepared(path, content, mode=0o444) as file:
            file.put_in_place()
