"""A decision as OpenLineage tells it: two run events, with the verdict in a run facet of our own.

Pure: the same decision gives the same events. The run's id is made from the decision's digest, so telling it again
tells nothing new. The specification's part follows its ``OpenLineage.json`` 2-0-2; the schema of our facet is shipped
in ``schemas/tolbooth-decision-run-facet.schema.json``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any
from uuid import UUID

from tolbooth import __version__
from tolbooth.config.settings import Settings
from tolbooth.evidence.summary import subject_uri
from tolbooth.model.decision import Decision
from tolbooth.model.instant import format_instant
from tolbooth.model.observation import Artifact
from tolbooth.model.rule import Enforcement, Outcome, RuleResult
from tolbooth.pipeline.case_file import CaseFile

PRODUCER = f"urn:tolbooth:producer:{__version__}"
FACET = "tolbooth_decision"
FACET_SCHEMA = "urn:tolbooth:openlineage:tolbooth-decision-run-facet:1-0-0"

_SPEC = "https://openlineage.io/spec"
_EVENT_SCHEMA = f"{_SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"
_TEST_SCHEMA = f"{_SPEC}/facets/1-0-1/TestRunFacet.json#/$defs/TestRunFacet"
_ENGINE_SCHEMA = f"{_SPEC}/facets/1-1-0/ProcessingEngineRunFacet.json#/$defs/ProcessingEngineRunFacet"
_PARENT_SCHEMA = f"{_SPEC}/facets/1-0-2/ParentRunFacet.json#/$defs/ParentRunFacet"
_VERSION_SCHEMA = f"{_SPEC}/facets/1-0-0/DatasetVersionDatasetFacet.json#/$defs/DatasetVersionDatasetFacet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the environment says of the run that the gate is part of.

    ``namespace`` is the job's namespace; None for the project's name. ``parent`` is the run that started the gate, as
    ``NAMESPACE/JOB/RUN_ID``.
    """

    namespace: str | None = None
    parent: str | None = None

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> Surroundings:
        """Read ``OPENLINEAGE_NAMESPACE`` and ``OPENLINEAGE_PARENT_ID``, as OpenLineage's own clients do."""
        return cls(
            namespace=variables.get("OPENLINEAGE_NAMESPACE") or None,
            parent=variables.get("OPENLINEAGE_PARENT_ID") or None,
        )


def facet_schema_bytes() -> bytes:
    """The JSON Schema of our run facet, as shipped."""
    return files("tolbooth.enforce.schemas").joinpath("tolbooth-decision-run-facet.schema.json").read_bytes()


def decision_events(case: CaseFile, settings: Settings, around: Surroundings) -> tuple[dict[str, Any], dict[str, Any]]:
    """A ``START`` and a ``COMPLETE`` event, both of the decision's ``as_of``.

    The gate did its work whatever it said, so the run is complete; a no stands in the facets.

    Args:
        case: a recorded decision.
        settings: the project's, for what its lineage calls our data.
        around: what the environment says.
    """
    namespace = around.namespace or settings.project
    run_id = str(run_id_of(case.decision_sha256))
    base = {
        "eventTime": format_instant(case.decision.case.as_of),
        "producer": PRODUCER,
        "schemaURL": _EVENT_SCHEMA,
        "job": {"namespace": namespace, "name": f"tolbooth.gate.{case.decision.case.gate}", "facets": {}},
        "inputs": [_data_set(artifact, case.decision, settings, namespace) for artifact in case.artifacts],
        "outputs": [],
    }
    engine = _facet(_ENGINE_SCHEMA, {"version": __version__, "name": "tolbooth"})
    known = {"processing_engine": engine, **_parent(around.parent)}
    told = {FACET: decision_facet(case), "test": _facet(_TEST_SCHEMA, {"tests": list(_tests(case.decision))})}
    return (
        {"eventType": "START", **base, "run": {"runId": run_id, "facets": known}},
        {"eventType": "COMPLETE", **base, "run": {"runId": run_id, "facets": {**known, **told}}},
    )


def run_id_of(decision_sha256: str) -> UUID:
    """A UUID of version 8 (RFC 9562 §5.8) from a decision's digest."""
    number = int(decision_sha256[:32], 16)
    number = number & ~(0xF << 76) | (8 << 76)
    return UUID(int=number & ~(0b11 << 62) | (0b10 << 62))


def decision_facet(case: CaseFile) -> dict[str, Any]:
    """The decision as a run facet: verdict, digests, reasons by rule and term, counts of results; no person's id."""
    decision = case.decision
    subject = decision.case.subject
    outcomes = Counter(result.outcome for result in decision.results)
    optional = {"position": case.position}
    return _facet(
        f"{FACET_SCHEMA}#/$defs/TolboothDecisionRunFacet",
        {
            "verdict": decision.verdict.value,
            "gate": decision.case.gate,
            "environment": decision.case.environment,
            "asOf": format_instant(decision.case.as_of),
            "subject": {
                "project": subject.project,
                "name": subject.name,
                "version": subject.version,
                "kind": subject.kind.value,
                "digest": dict(subject.digest),
                "uri": subject_uri(subject),
            },
            "decision": case.decision_sha256,
            "basis": decision.basis,
            "policy": decision.case.policy_sha256,
            "input": decision.case.input_sha256,
            "reasons": [
                {name: text for name, text in (("code", each.code), ("rule", each.rule), ("term", each.term)) if text}
                for each in decision.reasons
            ],
            "results": {outcome.value: outcomes[outcome] for outcome in Outcome},
            "waivers": [
                {"id": each.waiver_id, "rule": each.rule, "effectiveUntil": format_instant(each.effective_until)}
                for each in decision.waivers
            ],
            "engine": {"name": case.engine.name, "version": case.engine.version},
            **{name: value for name, value in optional.items() if value is not None},
        },
    )


def _tests(decision: Decision) -> Iterator[dict[str, Any]]:
    """Each result as the specification's test; what is undecided is no success, and no harmless skip either."""
    waived = {(each.rule, each.term): each.waiver_id for each in decision.waivers}
    for result in decision.results:
        waiver = waived.get((result.rule, result.term)) or waived.get((result.rule, None))
        covers = waiver is not None and result.outcome not in {Outcome.PASS, Outcome.SKIP}
        blocks = result.enforcement is Enforcement.DENY and not covers
        params = {"outcome": result.outcome.value, "enforcement": result.enforcement.value, **_why(result)}
        yield {
            "name": result.rule if result.term is None else f"{result.rule}: {result.term}",
            "status": {Outcome.PASS: "pass", Outcome.SKIP: "skip"}.get(result.outcome, "fail"),
            "severity": "error" if blocks else "warn",
            "type": result.rule,
            "description": result.title,
            "params": {**params, "waiver": waiver} if covers else params,
        }


def _why(result: RuleResult) -> dict[str, str]:
    return {} if result.reason is None else {"reason": result.reason.value}


def _data_set(artifact: Artifact, decision: Decision, settings: Settings, namespace: str) -> dict[str, Any]:
    """An artifact by the name that the project's lineage gives it, else by ours; its digest is its version."""
    lineage = settings.subjects[decision.case.subject.name].lineage
    theirs = None if lineage is None else lineage.data.get(artifact.name)
    algorithm, value = next(iter(sorted(artifact.digest.items())))
    return {
        "namespace": namespace if theirs is None else theirs.namespace,
        "name": artifact.name if theirs is None else theirs.name,
        "facets": {"version": _facet(_VERSION_SCHEMA, {"datasetVersion": f"{algorithm}:{value}"})},
    }


def _parent(named: str | None) -> dict[str, Any]:
    """The run that started the gate; nothing for what names none."""
    namespace, _, rest = (named or "").partition("/")
    job, _, run = rest.rpartition("/")
    try:
        run_id = str(UUID(run))
    except ValueError:
        return {}
    if not namespace or not job:
        return {}
    return {"parent": _facet(_PARENT_SCHEMA, {"run": {"runId": run_id}, "job": {"namespace": namespace, "name": job}})}


def _facet(schema: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {"_producer": PRODUCER, "_schemaURL": schema, **values}
