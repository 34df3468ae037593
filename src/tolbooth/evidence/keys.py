"""Public keys. Ed25519 (RFC 8032) only, for now."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tolbooth.evidence.ssh_wire import string
from tolbooth.evidence.strict_base64 import encode
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import SigningError

RAW_SIZE_BYTES = 32
"""How long a raw Ed25519 public key is."""

_SSH_TYPE = "ssh-ed25519"
_SSH_PREFIXES = (b"ssh-", b"ecdsa-sha2-", b"sk-ssh-", b"sk-ecdsa-", b"-----BEGIN OPENSSH PRIVATE KEY-----")


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """An Ed25519 public key: 32 raw bytes."""

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != RAW_SIZE_BYTES:
            raise ValueError(f"an Ed25519 public key has {RAW_SIZE_BYTES} bytes, not {len(self.raw)}")

    @classmethod
    def from_pem(cls, content: bytes | str) -> PublicKey:
        """Read a PEM SubjectPublicKeyInfo.

        Raises:
            SigningError: ``key.private`` for a private key, ``key.ssh`` for an SSH key, ``key.type`` for a key of
                another type, ``key.pem`` for anything else.
        """
        data = content.encode() if isinstance(content, str) else content
        if data.lstrip().startswith(_SSH_PREFIXES):
            raise SigningError.of("key.ssh", "this is an SSH key", hint="give the PEM that 'tolbooth key export' wrote")
        if b"PRIVATE KEY-----" in data:
            raise SigningError.of(
                "key.private", "this is a private key", hint="give its public half, and keep this one to yourself"
            )
        try:
            key = serialization.load_pem_public_key(data)
        except UnsupportedAlgorithm as error:
            raise SigningError.of("key.type", "a key of an unknown type; Ed25519 is wanted") from error
        except ValueError as error:
            hint = "it starts with -----BEGIN PUBLIC KEY-----"
            raise SigningError.of("key.pem", "this is no public key in PEM", hint=hint) from error
        if not isinstance(key, Ed25519PublicKey):
            kind = type(key).__name__.removesuffix("PublicKey")
            hint = "'tolbooth key export' writes one"
            raise SigningError.of("key.type", f"a key of type {kind}; Ed25519 is wanted", hint=hint)
        return cls.of(key)

    @classmethod
    def of(cls, key: Ed25519PublicKey) -> PublicKey:
        """Wrap a key of the cryptography library."""
        return cls(raw=key.public_bytes_raw())

    def to_pem(self) -> str:
        """The key as PEM SubjectPublicKeyInfo, as ``openssl`` reads it."""
        encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        return self._key().public_bytes(encoding, form).decode("ascii")

    @property
    def key_id(self) -> str:
        """SHA-256 of the DER SubjectPublicKeyInfo, in hex."""
        encoding, form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        return sha256_hex(self._key().public_bytes(encoding, form))

    @property
    def fingerprint(self) -> str:
        """``SHA256:`` and 43 characters, as ``ssh-keygen -l`` prints it for the same key in OpenSSH's form."""
        return "SHA256:" + encode(bytes.fromhex(sha256_hex(self._ssh_blob()))).rstrip("=")

    def to_openssh(self) -> str:
        """The key as one line of a ``.pub`` file, without a comment."""
        return f"{_SSH_TYPE} {encode(self._ssh_blob())}"

    def verify(self, signature: bytes, message: bytes) -> bool:
        """Whether ``signature`` is this key's over the whole of ``message``."""
        try:
            self._key().verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def _ssh_blob(self) -> bytes:
        # SPEC: RFC 8709 §4.
        return string(_SSH_TYPE.encode()) + string(self.raw)

    def _key(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(self.raw)
