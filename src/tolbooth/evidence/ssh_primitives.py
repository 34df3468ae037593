"""One SSH signature over bytes, by the key's type: which algorithms it may use, and what a security key adds.

Formats: RFC 8332 §3 (RSA with SHA-2), RFC 5656 §3.1.2 (ECDSA), RFC 8709 §6 (Ed25519), OpenSSH's PROTOCOL.u2f.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import assert_never

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from tolbooth.evidence.ssh_keys import KeyType, Loaded, SshPublicKey, loaded
from tolbooth.evidence.ssh_wire import Reader, SshRefusal, string, uint32

_ED25519_SIGNATURE_BYTES = 64
_RSA_HASHES: dict[str, hashes.HashAlgorithm] = {"rsa-sha2-256": hashes.SHA256(), "rsa-sha2-512": hashes.SHA512()}
_PRESENT, _VERIFIED = 0x01, 0x04


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """What a security key says of the moment it signed: somebody touched it, and proved to be its owner (by PIN).

    ``counter`` counts its signatures, 0 to 2^32 - 1; some keys leave it at 0.
    """

    present: bool
    verified: bool
    counter: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A signature that fits: the algorithm that made it and, from a security key, the touch."""

    algorithm: str
    touch: Touch | None


def ed25519_signature(raw: bytes) -> bytes:
    """The wire form of a plain Ed25519 signature of 64 bytes."""
    return string(KeyType.ED25519.encode()) + string(raw)


def check_signature(key: SshPublicKey, signature: bytes, content: bytes) -> Signed:
    """Check the wire form of a signature by ``key`` over ``content``.

    Raises:
        SshRefusal: ``sshsig.format``, ``sshsig.algorithm``, ``sshsig.signature``, or ``sshsig.touch`` if nobody
            touched a security key that asks for it.
    """
    reader = Reader(signature, code="sshsig.format")
    algorithm = reader.string().decode("ascii", errors="replace")
    _check_algorithm(key.type, algorithm)
    value, touch = reader.string(), None
    verifier = loaded(key)
    if key.type.is_hardware:
        flags, counter = reader.take(1), reader.uint32()
        touch = Touch(present=bool(flags[0] & _PRESENT), verified=bool(flags[0] & _VERIFIED), counter=counter)
        content = _seen_by_security_key(verifier, flags, counter, content)
    reader.finish()
    try:
        _verify(verifier, algorithm, value, content)
    except InvalidSignature:
        raise SshRefusal("sshsig.signature", "the signature does not fit the content") from None
    if touch is not None and key.touch_required and not touch.present:
        hint = "sign again and touch the security key, or let the people record say that this key needs no touch"
        raise SshRefusal("sshsig.touch", "nobody touched the security key for this signature", hint)
    return Signed(algorithm=algorithm, touch=touch)


def _check_algorithm(kind: KeyType, algorithm: str) -> None:
    allowed = tuple(_RSA_HASHES) if kind == KeyType.RSA else (kind.value,)
    if algorithm not in allowed:
        message = f"a key of type {kind} signs with {' or '.join(allowed)} here, not with {algorithm[:60]!r}"
        raise SshRefusal("sshsig.algorithm", message)


def _seen_by_security_key(verifier: Loaded, flags: bytes, counter: int, content: bytes) -> bytes:
    # SPEC: PROTOCOL.u2f, "SSH U2F Signatures": SHA256(application), flags, counter, SHA256(message).
    application, message = hashlib.sha256(verifier.application), hashlib.sha256(content)
    return application.digest() + flags + uint32(counter) + message.digest()


def _verify(verifier: Loaded, algorithm: str, value: bytes, content: bytes) -> None:
    key = verifier.key
    if isinstance(key, Ed25519PublicKey):
        if len(value) != _ED25519_SIGNATURE_BYTES:
            raise SshRefusal("sshsig.format", f"an Ed25519 signature has {_ED25519_SIGNATURE_BYTES} bytes")
        key.verify(value, content)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        _verify_elliptic(key, value, content)
    elif isinstance(key, rsa.RSAPublicKey):
        if len(value) != (key.key_size + 7) // 8:
            raise SshRefusal("sshsig.format", "an RSA signature is as long as its key")
        key.verify(value, content, padding.PKCS1v15(), _RSA_HASHES[algorithm])
    else:
        assert_never(key)


def _verify_elliptic(key: ec.EllipticCurvePublicKey, value: bytes, content: bytes) -> None:
    reader = Reader(value, code="sshsig.format")
    r, s = reader.number(), reader.number()
    reader.finish()
    # SPEC: RFC 5656 §6.2.1: the hash follows from the size of the curve.
    algorithm = hashes.SHA256() if isinstance(key.curve, ec.SECP256R1) else hashes.SHA384()
    key.verify(encode_dss_signature(r, s), content, ec.ECDSA(algorithm))
