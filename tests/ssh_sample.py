"""SSH keys made in code, security keys among them, that sign SSHSIG as OpenSSH does; nothing here is the product's."""

from __future__ import annotations

import base64
import hashlib
import struct
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tolbooth.evidence.ssh_keys import SshPublicKey, parse_public_key

ED25519 = "ssh-ed25519"
P256 = "ecdsa-sha2-nistp256"
P384 = "ecdsa-sha2-nistp384"
RSA = "ssh-rsa"
SK_ED25519 = "sk-ssh-ed25519@openssh.com"
SK_P256 = "sk-ecdsa-sha2-nistp256@openssh.com"
TYPES = (ED25519, P256, P384, RSA, SK_ED25519, SK_P256)

TOUCHED = 0x01
PIN_GIVEN = 0x04

PrivateKey = Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def string(content: bytes | str) -> bytes:
    data = content.encode() if isinstance(content, str) else content
    return struct.pack(">I", len(data)) + data


def mpint(value: int) -> bytes:
    return string(value.to_bytes(value.bit_length() // 8 + 1, "big"))


@dataclass(frozen=True)
class SoftKey:
    """A private key in memory that writes SSHSIG; flags and counter are those of a security key."""

    type: str
    private: PrivateKey
    application: str = "ssh:"
    flags: int = TOUCHED
    counter: int = 7
    rsa_algorithm: str = "rsa-sha2-512"

    @property
    def blob(self) -> bytes:
        fields = [string(self.type)]
        public = self.private.public_key()
        if isinstance(public, rsa.RSAPublicKey):
            numbers = public.public_numbers()
            fields += [mpint(numbers.e), mpint(numbers.n)]
        elif isinstance(public, ec.EllipticCurvePublicKey):
            size = (public.key_size + 7) // 8
            point = public.public_numbers()
            fields += [string(f"nistp{public.key_size}")]
            fields += [string(b"\4" + point.x.to_bytes(size, "big") + point.y.to_bytes(size, "big"))]
        else:
            fields += [string(public.public_bytes_raw())]
        if self.type.startswith("sk-"):
            fields += [string(self.application)]
        return b"".join(fields)

    @property
    def line(self) -> str:
        return f"{self.type} {base64.b64encode(self.blob).decode()} ben@example.org"

    @property
    def public_key(self) -> SshPublicKey:
        return parse_public_key(self.line)

    def value(self, content: bytes) -> bytes:
        if not self.type.startswith("sk-"):
            return string(self.rsa_algorithm if self.type == RSA else self.type) + string(self._raw(content))
        said = struct.pack(">BI", self.flags, self.counter)
        seen = hashlib.sha256(self.application.encode()).digest() + said + hashlib.sha256(content).digest()
        return string(self.type) + string(self._raw(seen)) + said

    def _raw(self, content: bytes) -> bytes:
        if isinstance(self.private, rsa.RSAPrivateKey):
            algorithm = {"rsa-sha2-256": hashes.SHA256(), "rsa-sha2-512": hashes.SHA512()}.get(self.rsa_algorithm)
            return self.private.sign(content, padding.PKCS1v15(), algorithm or hashes.SHA1())
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            algorithm = hashes.SHA256() if self.private.key_size == 256 else hashes.SHA384()
            r, s = decode_dss_signature(self.private.sign(content, ec.ECDSA(algorithm)))
            return mpint(r) + mpint(s)
        return self.private.sign(content)

    def sign(self, message: bytes, *, namespace: str) -> str:
        return armoured(self.fields(message, namespace=namespace))

    def fields(
        self, message: bytes, *, namespace: str, hash_name: str = "sha512", reserved: bytes = b""
    ) -> list[bytes]:
        digest = hashlib.new(hash_name, message).digest()
        named = (namespace.encode(), reserved, hash_name.encode(), digest)
        signed = b"SSHSIG" + b"".join(map(string, named))
        return [self.blob, namespace.encode(), reserved, hash_name.encode(), self.value(signed)]


def armoured(
    fields: list[bytes], *, magic: bytes = b"SSHSIG", version: int = 1, after: bytes = b"", width: int = 70
) -> str:
    text = base64.b64encode(magic + struct.pack(">I", version) + b"".join(map(string, fields)) + after).decode()
    lines = [text[start : start + width] for start in range(0, len(text), width)]
    return "\n".join(["-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----", ""])


def soft_key(kind: str, *, flags: int = TOUCHED) -> SoftKey:
    """A fresh key of that type; 2,048 bits for RSA."""
    private: PrivateKey
    if kind == RSA:
        private = rsa.generate_private_key(65537, 2048)
    elif kind in {P256, SK_P256}:
        private = ec.generate_private_key(ec.SECP256R1())
    elif kind == P384:
        private = ec.generate_private_key(ec.SECP384R1())
    else:
        private = Ed25519PrivateKey.generate()
    return SoftKey(type=kind, private=private, flags=flags)


KEYS = {kind: soft_key(kind) for kind in TYPES}
"""One key of each type, made once a run: an RSA key takes a while."""
