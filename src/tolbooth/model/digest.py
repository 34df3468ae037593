"""Digests: SHA-256 everywhere, lower-case hexadecimal."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

DigestSet = Mapping[str, str]
"""Algorithm name to value, as in in-toto: ``{"sha256": …}`` for a file, ``{"dirHash": …}`` for a folder."""

_SHA256 = re.compile(r"[0-9a-f]{64}")


def sha256_hex(content: bytes) -> str:
    """SHA-256 of ``content``: 64 lower-case hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def is_sha256(text: str) -> bool:
    """Whether ``text`` is a SHA-256 in the only form that we write."""
    return _SHA256.fullmatch(text) is not None


def short(digest: str) -> str:
    """The first 12 characters, for screens; JSON and packs hold digests whole."""
    return digest.removeprefix("h1:")[:12]
