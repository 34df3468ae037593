"""SSHSIG, version 1: a detached SSH signature that names its key, its purpose (the namespace) and its hash.

Format: https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.sshsig, made and checked by
``ssh-keygen -Y sign`` and ``-Y verify``. Stricter than those: what is not signed has one form only.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from tolbooth.evidence.ssh_keys import SshPublicKey, read_public_key, refused
from tolbooth.evidence.ssh_primitives import Touch, check_signature
from tolbooth.evidence.ssh_wire import Reader, SshRefusal, string, uint32
from tolbooth.evidence.strict_base64 import decode, encode

HASHES = ("sha256", "sha512")
"""How the message may be hashed before it is signed."""

OUR_HASH = "sha512"
"""How we hash it, as ``ssh-keygen`` does unless told otherwise."""

ARMOUR_BEGIN = "-----BEGIN SSH SIGNATURE-----"
ARMOUR_END = "-----END SSH SIGNATURE-----"

_MAGIC = b"SSHSIG"
_VERSION = 1
_WIDTH = 70
_WIDTHS = (_WIDTH, 64, 76)
_ARMOUR_LIMIT_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class SshSignature:
    """A signature taken apart, or to be written; nothing about it is checked but its form."""

    key: SshPublicKey
    namespace: str
    hash_algorithm: str
    value: bytes
    """The signature proper in SSH's wire form, over ``to_be_signed``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedSsh:
    """A signature that was checked: whose, for what, how, and how a security key was used."""

    key: SshPublicKey
    namespace: str
    hash_algorithm: str
    algorithm: str
    touch: Touch | None
    """None unless a security key signed."""


def to_be_signed(message: bytes, *, namespace: str, hash_algorithm: str = OUR_HASH) -> bytes:
    """What the key signs for a message under a namespace.

    Raises:
        ValueError: for an empty namespace, one with a NUL, or a hash that is not in ``HASHES``.
    """
    if not namespace or "\0" in namespace or hash_algorithm not in HASHES:
        raise ValueError(f"no namespace or no hash of an SSH signature: {namespace!r}, {hash_algorithm!r}")
    digest = hashlib.new(hash_algorithm, message).digest()
    return _MAGIC + string(namespace.encode()) + string(b"") + string(hash_algorithm.encode()) + string(digest)


def armour(signature: SshSignature) -> str:
    """The signature as the text of a file, byte for byte as ``ssh-keygen`` would write it."""
    named = [signature.key.blob, signature.namespace.encode(), b"", signature.hash_algorithm.encode(), signature.value]
    blob = _MAGIC + uint32(_VERSION) + b"".join(map(string, named))
    return "\n".join([ARMOUR_BEGIN, *_wrapped(encode(blob), _WIDTH), ARMOUR_END, ""])


def take_apart_sshsig(armoured: bytes | str, *, path: str | None = None) -> SshSignature:
    """Read a signature without checking it.

    Raises:
        VerificationError: ``sshsig.armour``, ``sshsig.format``, ``sshsig.version``, ``sshsig.namespace`` (empty),
            ``sshsig.reserved``, ``sshsig.hash``, or about the key as ``parse_public_key``.
    """
    try:
        return _read(armoured)
    except SshRefusal as refusal:
        raise refused(refusal, path) from None


def signer_of(armoured: bytes | str, *, path: str | None = None) -> SshPublicKey:
    """The key that a signature says made it; whether it did is not checked.

    Raises:
        VerificationError: as ``take_apart_sshsig``.
    """
    return take_apart_sshsig(armoured, path=path).key


def verify_sshsig(
    armoured: bytes | str, message: bytes, *, namespace: str, key: SshPublicKey, path: str | None = None
) -> VerifiedSsh:
    """Check that ``key`` signed the whole of ``message`` for ``namespace``.

    Raises:
        VerificationError: as ``take_apart_sshsig``; ``sshsig.namespace`` if it was signed for another purpose,
            ``sshsig.signer`` if another key signed, ``sshsig.algorithm``, ``sshsig.signature``, or ``sshsig.touch``
            if the key is a security key that asks for a touch and nobody touched it.
    """
    try:
        return _verify(_read(armoured), message, namespace, key)
    except SshRefusal as refusal:
        raise refused(refusal, path) from None


def _verify(signature: SshSignature, message: bytes, namespace: str, key: SshPublicKey) -> VerifiedSsh:
    if signature.namespace != namespace:
        wanted = f"this was signed for {signature.namespace[:60]!r}, not for {namespace!r}"
        hint = f"a signature counts for its own purpose only; sign again: ssh-keygen -Y sign -n {namespace}"
        raise SshRefusal("sshsig.namespace", wanted, hint)
    if signature.key != key:
        message_text = f"signed by the key {signature.key.fingerprint}, not by {key.fingerprint}"
        raise SshRefusal("sshsig.signer", message_text)
    content = to_be_signed(message, namespace=namespace, hash_algorithm=signature.hash_algorithm)
    made = check_signature(key, signature.value, content)
    return VerifiedSsh(
        key=key,
        namespace=namespace,
        hash_algorithm=signature.hash_algorithm,
        algorithm=made.algorithm,
        touch=made.touch,
    )


def _read(armoured: bytes | str) -> SshSignature:
    reader = Reader(_unarmoured(armoured), code="sshsig.format")
    if reader.take(len(_MAGIC)) != _MAGIC:
        raise SshRefusal("sshsig.format", f"it does not start with {_MAGIC.decode()}")
    version = reader.uint32()
    if version != _VERSION:
        raise SshRefusal("sshsig.version", f"version {version} of SSHSIG; this reads version {_VERSION}")
    key = read_public_key(reader.string())
    namespace, reserved, hash_name, value = (reader.string() for _ in range(4))
    reader.finish()
    if reserved:
        # SPEC: PROTOCOL.sshsig lets a reader ignore it, and then it could say anything, unsigned.
        raise SshRefusal("sshsig.reserved", "the reserved field is not empty")
    return SshSignature(
        key=key, namespace=_namespace(namespace), hash_algorithm=_hash_algorithm(hash_name), value=value
    )


def _namespace(content: bytes) -> str:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise SshRefusal("sshsig.namespace", "the namespace is not UTF-8") from None
    if not text or "\0" in text:
        raise SshRefusal("sshsig.namespace", "the signature names no namespace")
    return text


def _hash_algorithm(content: bytes) -> str:
    text = content.decode("ascii", errors="replace")
    if text not in HASHES:
        raise SshRefusal("sshsig.hash", f"{text[:60]!r} is no hash of SSHSIG; there are {' and '.join(HASHES)}")
    return text


def _unarmoured(armoured: bytes | str) -> bytes:
    try:
        text = armoured if isinstance(armoured, str) else armoured.decode("ascii")
    except UnicodeDecodeError:
        raise _no_armour() from None
    if len(text) > _ARMOUR_LIMIT_BYTES:
        raise _no_armour(f"it is longer than {_ARMOUR_LIMIT_BYTES} bytes")
    lines = text.removesuffix("\n").split("\n")
    if len(lines) < 3 or lines[0] != ARMOUR_BEGIN or lines[-1] != ARMOUR_END:  # noqa: PLR2004 - first, last, between
        raise _no_armour()
    body = "".join(lines[1:-1])
    try:
        blob = decode(body)
    except ValueError:
        raise _no_armour("between its first and its last line is no canonical base64") from None
    if lines[1:-1] not in [_wrapped(body, width) for width in _WIDTHS]:
        raise _no_armour(f"its lines are not all of {', '.join(map(str, sorted(_WIDTHS)))} characters")
    return blob


def _no_armour(why: str | None = None) -> SshRefusal:
    hint = f"a file that 'ssh-keygen -Y sign' wrote starts with {ARMOUR_BEGIN} and ends with {ARMOUR_END}"
    return SshRefusal("sshsig.armour", "this is no SSH signature" + (f": {why}" if why else ""), hint)


def _wrapped(text: str, width: int) -> list[str]:
    return [text[start : start + width] for start in range(0, len(text), width)]
