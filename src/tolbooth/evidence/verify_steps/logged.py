"""Step 6, ``log.*``: the seal stands in the log that the seal names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tolbooth.evidence.checkpoint import Checkpoint
from tolbooth.evidence.entry import Entry, parse_entry
from tolbooth.evidence.seal import PROOF_PATH, SEAL_PATH, Seal
from tolbooth.evidence.tlog_proof import parse_proof, verify_proof
from tolbooth.evidence.verify_steps.refusal import key_from, refuse
from tolbooth.model.digest import sha256_hex

SEAL_KIND = "seal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """The seal's entry, its place in the log, and the log's checkpoint."""

    entry: Entry
    index: int
    checkpoint: Checkpoint


def check_log(files: Mapping[str, bytes], seal: Seal) -> Logged:
    """Check the log proof of the seal statement.

    Raises:
        VerificationError: ``log.missing``, ``.proof``, ``.entry``, ``.key``, ``.note``, ``.signature``, ``.origin``,
            ``.checkpoint`` or ``.inclusion``.
    """
    if PROOF_PATH not in files:
        refuse("log.missing", "nothing shows that the seal was logged", PROOF_PATH)
    proof = parse_proof(files[PROOF_PATH], path=PROOF_PATH)
    entry = parse_entry(proof.extra, path=PROOF_PATH)
    if entry.kind != SEAL_KIND or entry.envelope_sha256 != sha256_hex(files[SEAL_PATH]):
        refuse("log.entry", "the proof is of another entry than this pack's seal", PROOF_PATH)
    key = key_from(seal.log.public_key, code="log.key", path=SEAL_PATH)
    checkpoint = verify_proof(proof, proof.extra, seal.log.origin, key, path=PROOF_PATH)
    return Logged(entry=entry, index=proof.index, checkpoint=checkpoint)
