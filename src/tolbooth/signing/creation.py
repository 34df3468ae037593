"""Creating a file whole: it appears with all of its bytes on disk, or not at all, and replaces nothing."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def create_file(path: Path, content: bytes, *, mode: int) -> None:
    """Write ``content`` beside ``path``, sync it, and link it into place; ``mode`` is exact, whatever the umask.

    Raises:
        FileExistsError: if ``path`` is there already.
        OSError: if the folder can't be written.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)
    finally:
        temporary.unlink()
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
