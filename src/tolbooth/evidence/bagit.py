"""The BagIt files of a pack (RFC 8493), so that ``sha256sum -c`` and archivists' tools can check it.

A pack's names hold no control characters and no ``%``, so nothing in a manifest needs escaping (RFC 8493 §2.1.3).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from tolbooth.model.instant import format_instant

DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"


def bag_info(payload_sizes: Mapping[str, int], *, root: str, sealed_at: datetime) -> bytes:
    """``bag-info.txt``; ``payload_sizes`` are the sizes in bytes of every file below ``data/``."""
    lines = {
        "Bag-Software-Agent": "tolbooth",
        "Bagging-Date": format_instant(sealed_at)[:10],
        "External-Identifier": root,
        "Payload-Oxum": f"{sum(payload_sizes.values())}.{len(payload_sizes)}",
    }
    return "".join(f"{label}: {value}\n" for label, value in lines.items()).encode()


def manifest(digests: Mapping[str, str]) -> bytes:
    """A manifest over (path, SHA-256), sorted by the UTF-8 bytes of the paths."""
    return "".join(f"{digests[path]}  {path}\n" for path in sorted(digests, key=str.encode)).encode()
