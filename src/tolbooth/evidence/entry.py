"""A log entry's leaf: what was appended, and when. The envelope itself is a blob, named by digest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.evidence.reading import read
from tolbooth.model.digest import is_sha256
from tolbooth.model.errors import Place, VerificationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the log: the kind of claim, the SHA-256 of its envelope's bytes, the instant of appending."""

    kind: str
    envelope_sha256: str
    appended_at: datetime

    def leaf(self) -> bytes:
        """The canonical bytes whose RFC 6962 leaf hash is in the tree."""
        return canonical_bytes(self)


def parse_entry(leaf: bytes, *, path: str) -> Entry:
    """Read a leaf.

    Raises:
        VerificationError: ``json.*``, or ``log.entry`` if the bytes are not canonical or name no digest.
    """
    entry = read(Entry, leaf, path=path)
    if entry.leaf() != leaf or not is_sha256(entry.envelope_sha256):
        raise VerificationError.of("log.entry", "the log entry is not in canonical form", place=Place(path=path))
    return entry
