"""Base64 (RFC 4648 §4) in its one canonical form, so that no flipped bit goes unseen."""

from __future__ import annotations

import base64


def encode(content: bytes) -> str:
    """Standard alphabet, padded."""
    return base64.b64encode(content).decode("ascii")


def decode(text: str) -> bytes:
    """Decode what ``encode`` writes, and nothing else.

    Raises:
        ValueError: for another alphabet, white space, missing padding, or padding bits that are not zero.
    """
    content = base64.b64decode(text, validate=True)
    if encode(content) != text:
        raise ValueError("not canonical base64")
    return content
