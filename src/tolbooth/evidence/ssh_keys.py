"""SSH public keys: the types that people may sign with, read strictly.

Formats: RFC 4253 §6.6 (RSA), RFC 5656 §3.1 (ECDSA), RFC 8709 §4 (Ed25519), and OpenSSH's PROTOCOL.u2f for security keys
(https://cvsweb.openbsd.org/src/usr.bin/ssh/PROTOCOL.u2f). Certificates, DSA and short RSA keys are refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NoReturn, assert_never

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tolbooth.evidence.keys import RAW_SIZE_BYTES, PublicKey
from tolbooth.evidence.ssh_wire import Reader, SshRefusal, string
from tolbooth.evidence.strict_base64 import decode, encode
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import Place, VerificationError

RSA_BITS = range(2048, 16384 + 1)
"""How long an RSA modulus may be; below it is weak, above it OpenSSH refuses as well."""

_RSA_EXPONENT_BITS = 64
_LINE_LIMIT_BYTES = 16 * 1024
_LINE_HINT = "give the line of a .pub file: its type, its base64 and, if you like, a comment"
_APPLICATION_PREFIX = b"ssh:"
_UNCOMPRESSED = 4

_FIELD = 2**255 - 19
_ORDER_EIGHT = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_SMALL_ORDER = frozenset({0, 1, _FIELD - 1, _ORDER_EIGHT, _FIELD - _ORDER_EIGHT})
"""The y coordinates of the eight points of edwards25519 under which one signature fits many messages."""

CryptographyKey = Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey


class KeyType(StrEnum):
    """The types of key that are accepted, as OpenSSH names them."""

    ED25519 = "ssh-ed25519"
    ECDSA_P256 = "ecdsa-sha2-nistp256"
    ECDSA_P384 = "ecdsa-sha2-nistp384"
    RSA = "ssh-rsa"
    SK_ED25519 = "sk-ssh-ed25519@openssh.com"
    SK_ECDSA_P256 = "sk-ecdsa-sha2-nistp256@openssh.com"

    @property
    def is_hardware(self) -> bool:
        """Whether such a key lives in a security key (FIDO2) and nowhere else."""
        return self in {KeyType.SK_ED25519, KeyType.SK_ECDSA_P256}


_CURVES: dict[KeyType, tuple[bytes, ec.EllipticCurve]] = {
    KeyType.ECDSA_P256: (b"nistp256", ec.SECP256R1()),
    KeyType.ECDSA_P384: (b"nistp384", ec.SECP384R1()),
    KeyType.SK_ECDSA_P256: (b"nistp256", ec.SECP256R1()),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SshPublicKey:
    """A public key as OpenSSH writes it. Two are equal if their ``blob`` is; the rest is not part of the key.

    ``touch_required`` is about security keys alone: whether somebody must have touched it for each signature.
    """

    type: KeyType
    blob: bytes
    comment: str = field(default="", compare=False)
    touch_required: bool = field(default=True, compare=False)

    @property
    def fingerprint(self) -> str:
        """``SHA256:`` and the unpadded base64 of the blob's digest, as ``ssh-keygen -l`` prints it."""
        return "SHA256:" + encode(bytes.fromhex(sha256_hex(self.blob))).rstrip("=")

    @property
    def line(self) -> str:
        """The key as one line of a ``.pub`` file, without the line's end."""
        return f"{self.type} {encode(self.blob)} {self.comment}".rstrip()

    @property
    def key_id(self) -> str:
        """SHA-256 in hex, of the DER SubjectPublicKeyInfo as for ``PublicKey``; for a security key, of the blob.

        So one Ed25519 key has one id, whether it signs SSHSIG or DSSE.
        """
        if self.type.is_hardware:
            return sha256_hex(self.blob)
        encoding, form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        return sha256_hex(loaded(self).key.public_bytes(encoding, form))


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A key that can verify; ``application`` is what a security key made it for, such as ``ssh:``."""

    type: KeyType
    key: CryptographyKey
    application: bytes = b""


def parse_public_key(line: bytes | str, *, path: str | None = None, touch_required: bool = True) -> SshPublicKey:
    """Read one line of a ``.pub`` file: type, base64, and a comment if there is one. No options in front.

    Raises:
        VerificationError: ``sshsig.key-line``, ``sshsig.key-private``, ``sshsig.certificate``, ``sshsig.key-type``,
            ``sshsig.key-size`` or ``sshsig.key``.
    """
    try:
        return _parse(line, touch_required=touch_required)
    except SshRefusal as refusal:
        raise refused(refusal, path) from None


def read_public_key(blob: bytes, *, comment: str = "", touch_required: bool = True) -> SshPublicKey:
    """Read a key's wire form.

    Raises:
        SshRefusal: with the codes of ``parse_public_key``.
    """
    read = _load(blob)
    return SshPublicKey(type=read.type, blob=blob, comment=comment, touch_required=touch_required)


def ssh_key_of(key: PublicKey, *, comment: str = "") -> SshPublicKey:
    """The same Ed25519 key as OpenSSH writes it."""
    blob = string(KeyType.ED25519.encode()) + string(key.raw)
    return SshPublicKey(type=KeyType.ED25519, blob=blob, comment=comment)


def loaded(key: SshPublicKey) -> Loaded:
    """The key for the cryptography library.

    Raises:
        SshRefusal: if the blob was not read by ``parse_public_key`` or ``read_public_key`` and is none.
    """
    return _load(key.blob)


def refused(refusal: SshRefusal, path: str | None) -> VerificationError:
    """The refusal as the error that verification may leak."""
    place = None if path is None else Place(path=path)
    error = VerificationError.of(refusal.code, refusal.message, place=place, hint=refusal.hint)
    assert isinstance(error, VerificationError)
    return error


def _parse(line: bytes | str, *, touch_required: bool) -> SshPublicKey:
    try:
        text = line.decode() if isinstance(line, bytes) else line
    except UnicodeDecodeError:
        _refuse("sshsig.key-line", "this is no SSH public key: it is not UTF-8", _LINE_HINT)
    if "PRIVATE KEY-----" in text:
        hint = "give its public half, the file that ends with .pub, and keep this one to yourself"
        _refuse("sshsig.key-private", "this is a private key", hint)
    text = text.removesuffix("\n").removesuffix("\r")
    if len(text) > _LINE_LIMIT_BYTES or not text.isprintable():
        _refuse("sshsig.key-line", "an SSH public key is one line of printable text", _LINE_HINT)
    named, _, rest = text.partition(" ")
    if not rest:
        _refuse("sshsig.key-line", "this is no SSH public key", _LINE_HINT)
    wire, _, comment = rest.partition(" ")
    _check_type(named)
    try:
        blob = decode(wire)
    except ValueError:
        _refuse("sshsig.key-line", f"what follows {named} is not base64", _LINE_HINT)
    key = read_public_key(blob, comment=comment.strip(), touch_required=touch_required)
    if key.type != named:
        _refuse("sshsig.key-line", f"the line says {named}, its base64 says {key.type}")
    return key


def _check_type(named: str) -> KeyType:
    if "-cert-v0" in named:
        hint = "give the plain public key; people's keys are vouched for by the people record, not by a certificate"
        _refuse("sshsig.certificate", "this is an SSH certificate", hint)
    if named not in set(KeyType):
        hint = f"accepted: {', '.join(KeyType)}"
        _refuse("sshsig.key-type", f"{named[:60]!r} is no type of SSH key that is accepted", hint)
    return KeyType(named)


def _load(blob: bytes) -> Loaded:
    reader = Reader(blob, code="sshsig.key")
    kind = _check_type(reader.string().decode("ascii", errors="replace"))
    application = b""
    key: CryptographyKey
    try:
        match kind:
            case KeyType.ED25519 | KeyType.SK_ED25519:
                key = _ed25519(reader)
            case KeyType.ECDSA_P256 | KeyType.ECDSA_P384 | KeyType.SK_ECDSA_P256:
                key = _elliptic(reader, kind)
            case KeyType.RSA:
                key = _rsa(reader)
            case _:
                assert_never(kind)
    except ValueError as error:
        raise SshRefusal("sshsig.key", f"no key of type {kind}: {error}") from error
    if kind.is_hardware:
        application = _application(reader)
    reader.finish()
    return Loaded(type=kind, key=key, application=application)


def _ed25519(reader: Reader) -> Ed25519PublicKey:
    raw = reader.string()
    if len(raw) != RAW_SIZE_BYTES:
        _refuse("sshsig.key", f"an Ed25519 key has {RAW_SIZE_BYTES} bytes, not {len(raw)}")
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    if y >= _FIELD or y in _SMALL_ORDER:
        _refuse("sshsig.key", "under this Ed25519 key anybody can make signatures")
    return Ed25519PublicKey.from_public_bytes(raw)


def _elliptic(reader: Reader, kind: KeyType) -> ec.EllipticCurvePublicKey:
    name, curve = _CURVES[kind]
    if reader.string() != name:
        _refuse("sshsig.key", f"the curve of a key of type {kind} is {name.decode()}")
    point = reader.string()
    # SPEC: RFC 5656 §3.1 lets points be compressed; OpenSSH writes and reads the uncompressed form alone.
    if not point or point[0] != _UNCOMPRESSED:
        _refuse("sshsig.key", "the key's point is not written in full")
    return ec.EllipticCurvePublicKey.from_encoded_point(curve, point)


def _rsa(reader: Reader) -> rsa.RSAPublicKey:
    exponent, modulus = reader.number(), reader.number()
    if modulus.bit_length() not in RSA_BITS:
        hint = f"RSA keys have {RSA_BITS.start} to {RSA_BITS.stop - 1} bits here; make a new one: ssh-keygen -t ed25519"
        _refuse("sshsig.key-size", f"an RSA key of {modulus.bit_length()} bits", hint)
    if exponent.bit_length() > _RSA_EXPONENT_BITS or modulus % 2 == 0:
        _refuse("sshsig.key", "no RSA key that ssh-keygen would make")
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


def _application(reader: Reader) -> bytes:
    application = reader.string()
    # SPEC: PROTOCOL.u2f: "ssh:" starts it, which keeps SSH's keys apart from those of web sites.
    if not application.startswith(_APPLICATION_PREFIX) or b"\0" in application:
        _refuse("sshsig.key", "this security key's key was not made for SSH")
    return application


def _refuse(code: str, message: str, hint: str | None = None) -> NoReturn:
    raise SshRefusal(code, message, hint)
