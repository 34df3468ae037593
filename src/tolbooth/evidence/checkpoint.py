"""Log checkpoints: the tree's size and root as a signed note.

Formats: https://c2sp.org/tlog-checkpoint and https://c2sp.org/signed-note, as Go's ``x/mod/sumdb/note`` reads them.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import NoReturn

from tolbooth.evidence.interface import Signer
from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.strict_base64 import decode, encode
from tolbooth.model.errors import Place, VerificationError

HASH_SIZE_BYTES = 32
_ED25519 = b"\x01"
_KEY_HASH_SIZE = 4
_SIGNATURE_LIMIT = 100
_SIGNATURE_LINE = re.compile("\u2014 ([^ +]+) ([A-Za-z0-9+/]+=*)")
_NUMBER = re.compile("0|[1-9][0-9]{0,18}")
_BODY_LINES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A log's state: whose, how many entries, which root. ``others`` counts signatures by keys not asked about."""

    origin: str
    size: int
    root: bytes
    others: int = 0


def key_hash(name: str, key: PublicKey) -> bytes:
    r"""The first 4 bytes of SHA-256(name ‖ "\n" ‖ 0x01 ‖ key): a hint at the key, not proof."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + key.raw).digest()[:_KEY_HASH_SIZE]


def verifier_key(name: str, key: PublicKey) -> str:
    """The key as note programs take it: ``name+hash+base64(0x01 ‖ key)``."""
    return f"{name}+{key_hash(name, key).hex()}+{encode(_ED25519 + key.raw)}"


def sign_note(text: str, name: str, signer: Signer) -> str:
    r"""Sign ``text``, which ends with ``\n``, as ``name``."""
    signature = key_hash(name, signer.public_key) + signer.sign(text.encode())
    return f"{text}\n\u2014 {name} {encode(signature)}\n"


def sign_checkpoint(origin: str, size: int, root: bytes, signer: Signer) -> str:
    """The signed checkpoint of the log ``origin`` at ``size`` entries.

    Raises:
        ValueError: if the origin is empty or holds white space or a plus sign, or the root is not 32 bytes.
    """
    if not origin or "+" in origin or any(character.isspace() for character in origin):
        raise ValueError(f"no log origin: {origin!r}")
    if len(root) != HASH_SIZE_BYTES or size < 0:
        raise ValueError("a checkpoint has a size from 0 and a root of 32 bytes")
    return sign_note(f"{origin}\n{size}\n{encode(root)}\n", origin, signer)


def open_note(note: str, name: str, key: PublicKey, *, path: str) -> tuple[str, int]:
    """Check that ``name`` signed ``note`` with ``key``; gives the text, and how many other signatures there are.

    Raises:
        VerificationError: ``log.note`` if it is no signed note, ``log.signature`` if that signature is not there.
    """
    text, separator, tail = note.rpartition("\n\n")
    lines = tail.split("\n")
    if not separator or lines.pop() or not 1 <= len(lines) <= _SIGNATURE_LIMIT:
        _refuse("log.note", "no signed note: text, an empty line and signatures are wanted", path)
    signed, others = False, 0
    for line in lines:
        match = _SIGNATURE_LINE.fullmatch(line)
        if match is None:
            _refuse("log.note", "a line below the note is no signature", path)
        signature = _from_base64(match[2], path)
        if match[1] != name or signature[:_KEY_HASH_SIZE] != key_hash(name, key):
            others += 1
        elif key.verify(signature[_KEY_HASH_SIZE:], f"{text}\n".encode()):
            signed = True
        else:
            _refuse("log.signature", f"the signature of {name} does not fit the note", path)
    if not signed:
        _refuse("log.signature", f"not signed by the key of {name}", path)
    return f"{text}\n", others


def open_checkpoint(note: str, origin: str, key: PublicKey, *, path: str = "checkpoint") -> Checkpoint:
    """Check a checkpoint of the log ``origin``, signed with ``key``. Signatures by other keys are counted only.

    Raises:
        VerificationError: ``log.note``, ``log.signature``, ``log.origin`` or ``log.checkpoint``.
    """
    text, others = open_note(note, origin, key, path=path)
    lines = text.split("\n")[:-1]
    if len(lines) < _BODY_LINES or not all(lines):
        _refuse("log.checkpoint", "a checkpoint has at least three lines", path)
    if lines[0] != origin:
        _refuse("log.origin", f"the checkpoint is of the log {lines[0]!r}, not {origin!r}", path)
    root = _from_base64(lines[2], path)
    if _NUMBER.fullmatch(lines[1]) is None or len(root) != HASH_SIZE_BYTES:
        _refuse("log.checkpoint", "a checkpoint has a size and a root of 32 bytes", path)
    return Checkpoint(origin=origin, size=int(lines[1]), root=root, others=others)


def _from_base64(text: str, path: str) -> bytes:
    try:
        return decode(text)
    except ValueError:
        _refuse("log.note", "not base64", path)


def _refuse(code: str, message: str, path: str) -> NoReturn:
    raise VerificationError.of(code, message, place=Place(path=path))
