"""What somebody signed, as a log received it: the claim, which key signed, and when this log saw it first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken(Generic[T]):
    """A verified statement.

    ``sha256`` is the digest of the statement's bytes as signed, ``fingerprint`` the signing key's as OpenSSH prints it.
    ``first_seen`` is the log's clock, which the signer can't set back.
    """

    sha256: str
    said: T
    fingerprint: str
    first_seen: datetime
