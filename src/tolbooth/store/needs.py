"""Which blobs an entry needs: its envelope, and what a decision's attestation names."""

from __future__ import annotations

from collections.abc import Mapping

from tolbooth.evidence.decision_record import DECISION_ENVELOPE, DecisionRecord
from tolbooth.evidence.dsse import take_apart
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.reading import read_value
from tolbooth.evidence.signed import read_unverified
from tolbooth.evidence.statement import parse_statement
from tolbooth.evidence.transcript import blobs_named_by


def named_blobs(kind: str, envelope: bytes, *, path: str) -> Mapping[str, str]:
    """The blobs that an envelope names: from SHA-256 to what each is, in a few words.

    Raises:
        VerificationError: if the envelope is none, or does not say what its kind says.
    """
    named = dict.fromkeys(blobs_named_by(kind, envelope, path=path), "a blob that it names")
    if kind == Kind.DECISION:
        record = _decision_record(envelope, path)
        named |= {file.sha256: file.path for file in record.core}
        named[record.salt_seed_sha256] = "the seed of its salts"
    return named


def named_attestations(kind: str, envelope: bytes, *, path: str) -> Mapping[str, str]:
    """The attestations that an envelope rests on, which stand in the log themselves: from SHA-256 to kind.

    Raises:
        VerificationError: as ``named_blobs``.
    """
    if kind != Kind.DECISION:
        return {}
    return {each.envelope_sha256: each.kind for each in _decision_record(envelope, path).attestations}


def erasable_blob(kind: str, envelope: bytes, *, path: str) -> str | None:
    """The blob that an envelope names and that may be erased all the same: the names beside a people record.

    Raises:
        VerificationError: if the envelope is none.
    """
    if kind != Kind.PEOPLE:
        return None
    return str(read_unverified(envelope, path=path).statement.predicate["names_sha256"])


def _decision_record(envelope: bytes, path: str) -> DecisionRecord:
    statement = parse_statement(take_apart(envelope, path=path).payload, path=path)
    return read_value(DecisionRecord, dict(statement.predicate), path=DECISION_ENVELOPE)
