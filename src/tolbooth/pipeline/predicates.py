"""What each step's statement says: the predicates, versioned by their type, one function each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tolbooth import __version__
from tolbooth.evidence.decision_record import DecisionFile, DecisionRecord, NamedAttestation, file_digests
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.pack import DECISION_PATH
from tolbooth.judge.interface import EngineDescription
from tolbooth.judge.judge import Judgement
from tolbooth.judge.library.policy import Policy
from tolbooth.model.digest import sha256_hex
from tolbooth.model.wire import as_json
from tolbooth.pipeline.collecting import Collection
from tolbooth.pipeline.situation import Situation

_TOOL = {"name": "tolbooth", "version": __version__}


def collection_predicate(run: str, collection: Collection) -> dict[str, Any]:
    """What was collected: artifacts with IPE records and dates, observations, and what could not be had."""
    return {
        "run": run,
        "tool": _TOOL,
        "artifacts": as_json(collection.artifacts),
        "observations": as_json(collection.observations),
        "gaps": as_json(collection.gaps),
    }


def measurement_predicate(run: str, situation: Situation) -> dict[str, Any]:
    """What was counted, by digest, what was answered from the counts, and what else was found out."""
    return {
        "run": run,
        "tool": _TOOL,
        "counts": [{"about": table.about, "sha256": table.counts.sha256} for table in situation.tables],
        "assessed": as_json(situation.assessed),
        "observations": as_json(situation.further),
        "gaps": as_json(situation.gaps),
    }


def judgement_predicate(
    run: str, policy: Policy, input_bytes: bytes, judgement: Judgement, verified_with: EngineDescription | None
) -> dict[str, Any]:
    """By which policy, on which input and engine, with which results; the texts of errors stand here only.

    ``verified_with`` is another engine that gave the same decision, if one was asked.
    """
    return {
        "run": run,
        "tool": _TOOL,
        "policy_sha256": policy.sha256,
        "input_sha256": sha256_hex(input_bytes),
        "engine": as_json(judgement.engine),
        "validators": as_json(judgement.validators),
        "results": as_json(judgement.results),
        "errors": as_json(judgement.errors),
        **({} if verified_with is None else {"verified_with": as_json(verified_with)}),
    }


def decision_record(
    core: Mapping[str, bytes], envelopes: Mapping[Kind, bytes], salt_seed_sha256: str
) -> DecisionRecord:
    """The decision's digest, and every file of the pack's core but this attestation itself."""
    return DecisionRecord(
        decision=DecisionFile(path=DECISION_PATH, sha256=sha256_hex(core[DECISION_PATH])),
        core=file_digests(core),
        salt_seed_sha256=salt_seed_sha256,
        attestations=tuple(
            NamedAttestation(kind=kind.value, envelope_sha256=sha256_hex(envelope))
            for kind, envelope in envelopes.items()
        ),
    )
