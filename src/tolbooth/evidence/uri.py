"""Percent-encoding of names in URIs (RFC 3986 §2.1)."""

from __future__ import annotations

UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def quote(text: str, *, keep: str = "") -> str:
    """Encode every byte of ``text`` but the unreserved ones and those in ``keep``."""
    safe = UNRESERVED | frozenset(keep.encode())
    return "".join(chr(byte) if byte in safe else f"%{byte:02X}" for byte in text.encode())
