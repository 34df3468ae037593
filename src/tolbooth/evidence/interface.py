"""What evidence asks of the outside: somebody who signs."""

from __future__ import annotations

from typing import Protocol

from tolbooth.evidence.keys import PublicKey


class Signer(Protocol):
    """Holds a private key, wherever it lies, and signs whole messages with it."""

    @property
    def key_id(self) -> str:
        """SHA-256 of the public key's DER SubjectPublicKeyInfo, in hex."""
        ...

    @property
    def public_key(self) -> PublicKey:
        """The key that verifies what this signer signs."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Sign ``message`` itself, not a digest of it; for Ed25519, 64 bytes."""
        ...
