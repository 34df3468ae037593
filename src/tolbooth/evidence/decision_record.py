"""What a decision's attestation says: the decision by digest, and everything that a pack of it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tolbooth.model.digest import sha256_hex

DECISION_ENVELOPE = "attest/decision.dsse.json"
"""Where the attestation itself lies in the pack; it can't name itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDigest:
    """A file by path, digest and size."""

    path: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionFile:
    """The decision document by path and digest."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedAttestation:
    """An attestation that the decision rests on: its kind, and the SHA-256 of its envelope's bytes."""

    kind: str
    envelope_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecord:
    """The predicate of ``urn:tolbooth:decision:v1``.

    ``core`` lists every file of ``data/core`` but the decision's own envelope, by path relative to ``data/core`` and
    sorted by it. ``salt_seed_sha256`` names the secret that the pack's salts come from; the seed is never sealed.
    """

    decision: DecisionFile
    core: tuple[FileDigest, ...]
    salt_seed_sha256: str
    attestations: tuple[NamedAttestation, ...]


def file_digest(path: str, content: bytes) -> FileDigest:
    """Digest one file."""
    return FileDigest(path=path, sha256=sha256_hex(content), size_bytes=len(content))


def file_digests(files: Mapping[str, bytes]) -> tuple[FileDigest, ...]:
    """Digest files, sorted by the UTF-8 bytes of their paths."""
    return tuple(file_digest(path, files[path]) for path in sorted(files, key=str.encode))
