"""Dead Simple Signing Envelope, version 1: a payload, its type, and signatures over both.

Format: https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.evidence.interface import Signer
from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.statement import Statement, parse_statement
from tolbooth.evidence.strict_base64 import decode, encode
from tolbooth.evidence.strict_json import parse
from tolbooth.model.errors import Place, VerificationError

PAYLOAD_TYPE = "application/vnd.in-toto+json"

SIGNATURE_LIMIT = 16
"""How many signatures one envelope may carry; ours carry one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An envelope whose signature was checked: the payload as signed, the key that signed, the claim."""

    payload: bytes
    key_id: str
    statement: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Unverified:
    """An envelope taken apart; nothing about it is checked but its form."""

    payload: bytes
    payload_type: str
    signatures: tuple[tuple[str, bytes], ...]
    """Key id as hinted (may be empty) and signature."""


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """What is signed: ``DSSEv1 LEN(type) type LEN(payload) payload``."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def sign_envelope(payload: bytes, signer: Signer) -> bytes:
    """Sign the canonical bytes of a statement; gives the envelope as canonical JSON."""
    signature = signer.sign(pre_authentication_encoding(PAYLOAD_TYPE, payload))
    return _envelope(payload, signer.key_id, signature)


def open_envelope(
    content: bytes, keys: Sequence[PublicKey], *, path: str, family: str = "seal", ours: bool = False
) -> Opened:
    """Check an envelope against ``keys``: one signature by one of them is enough. Key ids are not trusted.

    ``family`` is the first part of the codes of its own problems. With ``ours``, the envelope must be, byte for byte,
    what ``sign_envelope`` writes: nothing unsigned may vary in it.

    Raises:
        VerificationError: ``<family>.envelope``, ``<family>.payload-type``, ``<family>.signature``, or ``json.*``.
    """
    envelope = take_apart(content, path=path, family=family)
    _check_type(envelope, path, family)
    message_bytes = pre_authentication_encoding(envelope.payload_type, envelope.payload)
    for _, signature in envelope.signatures:
        for key in keys:
            if key.verify(signature, message_bytes):
                if ours and content != _envelope(envelope.payload, key.key_id, signature):
                    _refuse(f"{family}.envelope", "something around the signed payload was altered", path)
                statement = parse_statement(envelope.payload, path=path)
                return Opened(payload=envelope.payload, key_id=key.key_id, statement=statement)
    raise _unsigned(envelope, keys, path, family)


def read_unverified(content: bytes, *, path: str, family: str = "seal") -> Opened:
    """Read the statement of an envelope whose signature nobody checks; the key id is left empty.

    Raises:
        VerificationError: ``<family>.envelope``, ``<family>.payload-type`` or ``json.*``.
    """
    envelope = take_apart(content, path=path, family=family)
    _check_type(envelope, path, family)
    return Opened(payload=envelope.payload, key_id="", statement=parse_statement(envelope.payload, path=path))


def take_apart(content: bytes, *, path: str, family: str = "seal") -> Unverified:
    """Read an envelope's parts without checking any signature.

    Raises:
        VerificationError: ``<family>.envelope`` or ``json.*``.
    """
    value = parse(content, path=path)
    if not isinstance(value, dict) or set(value) != {"payload", "payloadType", "signatures"}:
        _refuse(f"{family}.envelope", "no DSSE envelope: payload, payloadType and signatures are wanted", path)
    signatures = value["signatures"]
    if not isinstance(signatures, list) or not 1 <= len(signatures) <= SIGNATURE_LIMIT:
        _refuse(f"{family}.envelope", f"an envelope carries 1 to {SIGNATURE_LIMIT} signatures", path)
    if not isinstance(value["payloadType"], str):
        _refuse(f"{family}.envelope", "payloadType is a string", path)
    return Unverified(
        payload=_from_base64(value["payload"], path, family),
        payload_type=value["payloadType"],
        signatures=tuple(_signature(one, path, family) for one in signatures),
    )


def _check_type(envelope: Unverified, path: str, family: str) -> None:
    if envelope.payload_type != PAYLOAD_TYPE:
        message = f"the payload's type is {envelope.payload_type!r}, not {PAYLOAD_TYPE}"
        _refuse(f"{family}.payload-type", message, path)


def _envelope(payload: bytes, key_id: str, signature: bytes) -> bytes:
    return canonical_bytes(
        {
            "payload": encode(payload),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"keyid": key_id, "sig": encode(signature)}],
        }
    )


def _signature(value: Any, path: str, family: str) -> tuple[str, bytes]:
    if not isinstance(value, dict) or not isinstance(value.get("keyid", ""), str):
        _refuse(f"{family}.envelope", "a signature is an object with sig and, if anything, a keyid", path)
    return value.get("keyid", ""), _from_base64(value.get("sig"), path, family)


def _from_base64(value: Any, path: str, family: str) -> bytes:
    try:
        # SPEC: DSSE protocol, standard and URL-safe encodings must both be accepted.
        return decode(value.replace("-", "+").replace("_", "/"))
    except (AttributeError, ValueError):
        _refuse(f"{family}.envelope", "payload and sig are base64", path)


def _unsigned(envelope: Unverified, keys: Sequence[PublicKey], path: str, family: str) -> Exception:
    hinted = {key_id for key_id, _ in envelope.signatures}
    known = {key.key_id for key in keys}
    if hinted & known:
        message, hint = "the signature does not fit the content", None
    else:
        named = ", ".join(sorted(key_id[:12] for key_id in hinted))
        message = "not signed by a key that is trusted here"
        hint = (
            f"The envelope says that key {named} signed; trusted: {', '.join(sorted(k[:12] for k in known)) or 'none'}."
        )
    return VerificationError.of(f"{family}.signature", message, place=Place(path=path), hint=hint)


def _refuse(code: str, message: str, path: str) -> NoReturn:
    raise VerificationError.of(code, message, place=Place(path=path))
