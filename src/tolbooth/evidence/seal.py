"""The seal statement: what the sealer signs of a pack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from tolbooth.evidence.container import VIEWS
from tolbooth.evidence.decision_record import FileDigest, file_digest
from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.statement import SEAL, statement
from tolbooth.model.subject import Subject

SEAL_PATH = "seal/seal.dsse.json"
SUMMARY_PATH = "seal/vsa.dsse.json"
PROOF_PATH = "seal/pack.tlog-proof"
DESCRIPTION_PATH = "data/pack.json"
LEAVES_PATH = "data/leaves.jsonl"
CRATE_PATH = "data/ro-crate-metadata.json"

SIGNED_PATHS = ("VERIFY.md", "bag-info.txt", "bagit.txt", LEAVES_PATH, DESCRIPTION_PATH, CRATE_PATH)
"""The files outside ``data/core`` and ``data/views`` that a seal names, sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A rendering of the decision: its path below ``data/views``, its bytes, and what rendered it."""

    path: str
    content: bytes
    renderer: str
    renderer_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedView:
    """A view as the seal names it; ``path`` is the path in the pack."""

    path: str
    sha256: str
    size_bytes: int
    renderer: str
    renderer_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogIdentity:
    """The log that the seal is appended to: its origin and its public key in PEM."""

    origin: str
    public_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """The predicate of ``urn:tolbooth:seal:v1``.

    ``root`` is in hex. ``files`` are exactly ``SIGNED_PATHS``. ``signers`` are the public keys, in PEM, of those who
    signed the attestations inside: vouched for by the sealer.
    """

    version: int
    root: str
    leaf_count: int
    files: tuple[FileDigest, ...]
    views: tuple[SealedView, ...]
    log: LogIdentity
    signers: tuple[str, ...]
    sealed_at: datetime


def seal_predicate(
    files: Mapping[str, bytes],
    *,
    root: str,
    leaf_count: int,
    views: Iterable[View],
    log: LogIdentity,
    signers: Iterable[PublicKey],
    sealed_at: datetime,
) -> Seal:
    """What is to be signed of a laid out pack; ``files`` are those of ``pack.lay_out``."""
    return Seal(
        version=1,
        root=root,
        leaf_count=leaf_count,
        files=tuple(file_digest(path, files[path]) for path in SIGNED_PATHS),
        views=tuple(sorted((_sealed(view) for view in views), key=lambda view: view.path.encode())),
        log=log,
        signers=tuple(sorted({key.to_pem() for key in signers})),
        sealed_at=sealed_at,
    )


def seal_statement(seal: Seal, subject: Subject) -> bytes:
    """The canonical bytes of the seal statement about ``subject``."""
    return statement(SEAL, subject, seal)


def _sealed(view: View) -> SealedView:
    digest = file_digest(VIEWS + view.path, view.content)
    return SealedView(
        path=digest.path,
        sha256=digest.sha256,
        size_bytes=digest.size_bytes,
        renderer=view.renderer,
        renderer_version=view.renderer_version,
    )
