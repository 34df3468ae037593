"""A statement that a person signed by SSH: its exact bytes and a detached SSHSIG over them, in one canonical JSON blob.

``{"payload": base64, "payloadType": "application/vnd.in-toto+json", "sshsig": "-----BEGIN SSH SIGNATURE-----…"}``.
The signature covers the payload alone; everything around it has one form only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.evidence.dsse import PAYLOAD_TYPE, Opened, Unverified
from tolbooth.evidence.ssh_keys import SshPublicKey
from tolbooth.evidence.sshsig import SshSignature, VerifiedSsh, armour, take_apart_sshsig, verify_sshsig
from tolbooth.evidence.statement import parse_statement
from tolbooth.evidence.strict_base64 import decode, encode
from tolbooth.evidence.strict_json import parse
from tolbooth.model.errors import Place, SigningError, VerificationError

MEMBERS = frozenset({"payload", "payloadType", "sshsig"})


class SshSigner(Protocol):
    """Holds a key, wherever it lies, and makes SSHSIG signatures with it."""

    @property
    def public_key(self) -> SshPublicKey:
        """The key that verifies what this signer signs."""
        ...

    def sign(self, message: bytes, *, namespace: str) -> str:
        """Sign the whole of ``message`` for ``namespace``; gives the armoured signature."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SshOpened(Opened):
    """An envelope whose SSHSIG was checked; ``signature`` says by whom, for what, and how."""

    signature: VerifiedSsh


def sign_ssh_envelope(payload: bytes, signer: SshSigner, *, namespace: str) -> bytes:
    """Sign the canonical bytes of a statement for ``namespace``, and look at the signature before giving it out.

    Raises:
        SigningError: if the signer can't; ``sshsig.*`` if what came back is not its signature, or lacks a touch.
    """
    armoured = signer.sign(payload, namespace=namespace)
    try:
        verify_sshsig(armoured, payload, namespace=namespace, key=signer.public_key)
    except VerificationError as error:
        raise SigningError(error.problems) from error
    return ssh_envelope(payload, armoured)


def ssh_envelope(payload: bytes, armoured: bytes | str) -> bytes:
    """Put a statement and its detached signature into one blob; that they fit is not checked.

    Raises:
        VerificationError: as ``sshsig.take_apart_sshsig``.
    """
    return _envelope(payload, take_apart_sshsig(armoured))


def open_ssh_envelope(
    content: bytes, keys: Sequence[SshPublicKey], *, namespace: str, path: str, family: str = "seal"
) -> SshOpened:
    """Check an envelope: one of ``keys`` must have signed it for ``namespace``, and nothing unsigned may vary in it.

    ``family`` is the first part of the codes of its own problems.

    Raises:
        VerificationError: ``<family>.envelope``, ``<family>.payload-type``, ``<family>.signature`` (by another key, or
            it does not fit), ``json.*``, or ``sshsig.*`` for a signature that can't be read, was made for another
            namespace, or needed a touch.
    """
    payload, signature = _read(content, path, family)
    key = next((key for key in keys if key == signature.key), None)
    if key is None:
        trusted = ", ".join(sorted(key.fingerprint for key in keys)) or "none"
        hint = f"The signature says that key {signature.key.fingerprint} made it; trusted: {trusted}."
        _refuse(f"{family}.signature", "not signed by a key that is trusted here", path, hint)
    try:
        verified = verify_sshsig(armour(signature), payload, namespace=namespace, key=key, path=path)
    except VerificationError as error:
        if error.code == "sshsig.signature":
            _refuse(f"{family}.signature", "the signature does not fit the content", path)
        raise
    statement = parse_statement(payload, path=path)
    return SshOpened(payload=payload, key_id=key.key_id, statement=statement, signature=verified)


def take_apart_ssh(content: bytes, *, path: str, family: str = "seal") -> Unverified:
    """Read an envelope's parts without checking its signature.

    Raises:
        VerificationError: ``<family>.envelope``, ``<family>.payload-type``, ``json.*`` or ``sshsig.*``.
    """
    payload, signature = _read(content, path, family)
    return Unverified(payload=payload, payload_type=PAYLOAD_TYPE, signatures=((signature.key.key_id, signature.value),))


def _read(content: bytes, path: str, family: str) -> tuple[bytes, SshSignature]:
    value = parse(content, path=path)
    if not isinstance(value, dict) or set(value) != MEMBERS:
        _refuse(f"{family}.envelope", "no SSH envelope: payload, payloadType and sshsig are wanted", path)
    if value["payloadType"] != PAYLOAD_TYPE:
        message = f"the payload's type is {value['payloadType']!r}, not {PAYLOAD_TYPE}"
        _refuse(f"{family}.payload-type", message, path)
    payload = _payload(value["payload"], path, family)
    if not isinstance(value["sshsig"], str):
        _refuse(f"{family}.envelope", "sshsig is the text of a signature", path)
    signature = take_apart_sshsig(value["sshsig"], path=path)
    if content != _envelope(payload, signature):
        _refuse(f"{family}.envelope", "something around the signed payload was altered", path)
    return payload, signature


def _payload(value: Any, path: str, family: str) -> bytes:
    try:
        return decode(value)
    except (TypeError, ValueError):
        _refuse(f"{family}.envelope", "payload is base64", path)


def _envelope(payload: bytes, signature: SshSignature) -> bytes:
    return canonical_bytes({"payload": encode(payload), "payloadType": PAYLOAD_TYPE, "sshsig": armour(signature)})


def _refuse(code: str, message: str, path: str, hint: str | None = None) -> NoReturn:
    raise VerificationError.of(code, message, place=Place(path=path), hint=hint)
