"""A signer whose private key was read from a file."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tolbooth.evidence.keys import PublicKey
from tolbooth.model.errors import Place, SigningError

_SIZE_LIMIT_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class FileSigner:
    """Signs with an Ed25519 key held in memory (``evidence.interface.Signer``)."""

    _key: Ed25519PrivateKey

    @property
    def key_id(self) -> str:
        """SHA-256 of the public key's DER SubjectPublicKeyInfo, in hex."""
        return self.public_key.key_id

    @property
    def public_key(self) -> PublicKey:
        """The key that verifies what this signer signs."""
        return PublicKey.of(self._key.public_key())

    def sign(self, message: bytes) -> bytes:
        """Sign ``message``; 64 bytes."""
        return self._key.sign(message)

    def __repr__(self) -> str:
        return f"FileSigner(key_id={self.key_id[:12]!r})"


def load_signer(path: Path, passphrase: str | None = None) -> FileSigner:
    """Read a private key file.

    Raises:
        SigningError: ``signing.not-found``, ``signing.readable-by-others``, ``signing.passphrase-wanted``,
            ``signing.passphrase-wrong``, ``signing.not-private``, ``signing.key-type`` or ``signing.key-file``.
    """
    content = _read_private(path)
    place = Place(path=str(path))
    try:
        key = serialization.load_pem_private_key(content, passphrase.encode() if passphrase is not None else None)
    except TypeError as error:
        # SPEC: cryptography raises TypeError where a passphrase is wanted and missing, or given and not wanted.
        if passphrase is None:
            raise SigningError.of("signing.passphrase-wanted", "the key is encrypted", place=place) from error
        raise SigningError.of("signing.passphrase-wrong", "the key is not encrypted", place=place) from error
    except UnsupportedAlgorithm as error:
        raise SigningError.of("signing.key-type", "a key of an unknown type", place=place) from error
    except ValueError as error:
        if passphrase is not None:
            message = "the passphrase does not open the key"
            raise SigningError.of("signing.passphrase-wrong", message, place=place) from error
        raise SigningError.of("signing.key-file", "this is no private key in PKCS #8 PEM", place=place) from error
    if not isinstance(key, Ed25519PrivateKey):
        kind = type(key).__name__.removesuffix("PrivateKey")
        raise SigningError.of("signing.key-type", f"a key of type {kind}; Ed25519 is wanted", place=place)
    return FileSigner(key)


def _read_private(path: Path) -> bytes:
    place = Place(path=str(path))
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_SIZE_LIMIT_BYTES)
    except OSError as error:
        message = f"the key can't be read: {error.strerror}"
        raise SigningError.of("signing.not-found", message, place=place) from error
    if b"PRIVATE KEY-----" not in content:
        hint = "give the file that ends with .key; the public half can't sign"
        raise SigningError.of("signing.not-private", "this is no private key in PEM", place=place, hint=hint)
    if stat.S_IMODE(mode) & 0o077:
        message = f"others can read this private key (mode {stat.S_IMODE(mode):04o})"
        hint = f"run: chmod 600 {path}"
        raise SigningError.of("signing.readable-by-others", message, place=place, hint=hint)
    return content
