"""A decision with everything that led to it, read from the core files of its pack: for reports, explanations, packs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tolbooth.evidence.dsse import take_apart
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.pack import ATTEST_FOLDER, COUNTS_FOLDER, DECISION_PATH, INPUT_PATH
from tolbooth.evidence.reading import read, read_value
from tolbooth.evidence.statement import parse_statement
from tolbooth.evidence.strict_json import parse
from tolbooth.judge.interface import EngineDescription
from tolbooth.judge.judge import JudgeProblem
from tolbooth.judge.library.policy import Policy, policy_from_core
from tolbooth.model.decision import Decision
from tolbooth.model.digest import sha256_hex
from tolbooth.model.observation import Artifact
from tolbooth.model.rule import Point

INPUT_SCHEMA_PATH = "schemas/input.schema.json"


def attestation_path(kind: Kind) -> str:
    """Where a step's attestation lies in the core."""
    return f"{ATTEST_FOLDER}{kind}.dsse.json"


def counts_path(sha256: str) -> str:
    """Where a count table lies in the core."""
    return f"{COUNTS_FOLDER}{sha256}.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFile:
    """One decision, whole.

    ``verified_with`` is another engine that gave the same decision, where one was asked.

    ``core`` holds the files of the pack's core by path; a hypothetical case's has no attestations. ``position`` is
    the decision's place in the log, from 0; None for a hypothetical decision and for one read from a pack. ``retired``
    are the ids of the waivers that ended with it, since their rule passed; only the gate itself tells. ``repeated``
    tells that the gate was asked again with the same key, and gives what it recorded first.
    """

    decision: Decision
    decision_sha256: str
    input_document: Mapping[str, Any]
    artifacts: tuple[Artifact, ...]
    engine: EngineDescription
    errors: tuple[JudgeProblem, ...]
    policy: Policy
    core: Mapping[str, bytes]
    position: int | None = None
    verified_with: EngineDescription | None = None
    retired: tuple[str, ...] = ()
    repeated: bool = False


def case_file(core: Mapping[str, bytes], *, position: int | None = None) -> CaseFile:
    """Read a recorded case from its core files.

    Raises:
        VerificationError: ``json.*`` if a file is not what it should be.
        JudgeError: if the policy in the core can't be loaded.
    """
    collection, judgement = attestation_path(Kind.COLLECTION), attestation_path(Kind.JUDGEMENT)
    judged = _predicate(core, judgement)
    document = parse(core[INPUT_PATH], path=INPUT_PATH)
    verified_with = judged.get("verified_with")
    return CaseFile(
        decision=read(Decision, core[DECISION_PATH], path=DECISION_PATH),
        decision_sha256=sha256_hex(core[DECISION_PATH]),
        input_document=document,
        artifacts=read_value(tuple[Artifact, ...], _predicate(core, collection)["artifacts"], path=collection),
        engine=read_value(EngineDescription, judged["engine"], path=judgement),
        errors=read_value(tuple[JudgeProblem, ...], judged["errors"], path=judgement),
        policy=policy_from_core(core, read_value(Point, document.get("point", Point.CI.value), path=INPUT_PATH)),
        core=core,
        position=position,
        verified_with=None if verified_with is None else read_value(EngineDescription, verified_with, path=judgement),
    )


def _predicate(core: Mapping[str, bytes], path: str) -> Mapping[str, Any]:
    return parse_statement(take_apart(core[path], path=path).payload, path=path).predicate
