"""A log proof that can be checked offline: index, inclusion path and checkpoint in one text.

Format: https://c2sp.org/tlog-proof. The ``extra`` line carries our log entry's leaf bytes; it is not authenticated
by itself, only by the leaf hash that is computed from it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from tolbooth.evidence.checkpoint import HASH_SIZE_BYTES, Checkpoint, open_checkpoint
from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.merkle import leaf_hash, verify_inclusion
from tolbooth.evidence.strict_base64 import decode, encode
from tolbooth.model.errors import Place, VerificationError

FIRST_LINE = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile("index (0|[1-9][0-9]{0,18})")
_HASH_LIMIT = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class LogProof:
    """That an entry stands at ``index`` of the log that signed ``checkpoint``; ``hashes`` go from leaf to root."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    extra: bytes


def write_proof(proof: LogProof) -> bytes:
    """The proof as text."""
    lines = [FIRST_LINE]
    if proof.extra:
        lines.append(f"extra {encode(proof.extra)}")
    lines.append(f"index {proof.index}")
    lines.extend(encode(one) for one in proof.hashes)
    return "".join(f"{line}\n" for line in [*lines, ""]).encode() + proof.checkpoint.encode()


def parse_proof(content: bytes, *, path: str) -> LogProof:
    """Read a proof; nothing in it is checked but its form.

    Raises:
        VerificationError: ``log.proof``.
    """
    try:
        head, _, checkpoint = content.decode("utf-8").partition("\n\n")
    except UnicodeDecodeError:
        _refuse("log.proof", "the proof is not UTF-8", path)
    first, *lines = head.split("\n")
    if first != FIRST_LINE:
        _refuse("log.proof", f"the first line is not {FIRST_LINE}", path)
    extra = b""
    if lines and lines[0].startswith("extra "):
        extra = _from_base64(lines.pop(0).removeprefix("extra "), path)
    match = _INDEX.fullmatch(lines[0]) if lines else None
    if match is None:
        _refuse("log.proof", "no index line", path)
    hashes = tuple(_from_base64(line, path) for line in lines[1:])
    if len(hashes) > _HASH_LIMIT or any(len(one) != HASH_SIZE_BYTES for one in hashes) or not checkpoint:
        _refuse("log.proof", "hashes of 32 bytes, an empty line and a checkpoint are wanted", path)
    return LogProof(index=int(match[1]), hashes=hashes, checkpoint=checkpoint, extra=extra)


def verify_proof(proof: LogProof, leaf: bytes, origin: str, key: PublicKey, *, path: str) -> Checkpoint:
    """Check that the log ``origin``, whose key is ``key``, holds the entry with these leaf bytes.

    Raises:
        VerificationError: ``log.*``; ``log.inclusion`` if the path does not lead from leaf to root.
    """
    checkpoint = open_checkpoint(proof.checkpoint, origin, key, path=path)
    if not verify_inclusion(leaf_hash(leaf), proof.index, checkpoint.size, proof.hashes, checkpoint.root):
        _refuse("log.inclusion", f"entry {proof.index} is not in the log of {checkpoint.size}", path)
    return checkpoint


def _from_base64(text: str, path: str) -> bytes:
    try:
        return decode(text)
    except ValueError:
        _refuse("log.proof", "not base64", path)


def _refuse(code: str, message: str, path: str) -> NoReturn:
    raise VerificationError.of(code, message, place=Place(path=path))
