"""The gate: collect, measure, judge, decide, and record each step as it ends."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from tolbooth.config.environment import Environment
from tolbooth.config.load import Project
from tolbooth.config.mistakes import nearest
from tolbooth.config.settings import EngineName
from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.pack import DECISION_PATH, INPUT_PATH
from tolbooth.judge.input_document import input_schema_bytes
from tolbooth.judge.library.policy import core_files
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import ConfigError
from tolbooth.model.instant import instant
from tolbooth.model.observation import Gap
from tolbooth.pipeline.case_file import INPUT_SCHEMA_PATH, CaseFile, attestation_path, case_file, counts_path
from tolbooth.pipeline.collecting import Progress
from tolbooth.pipeline.engine import Engines, project_engines
from tolbooth.pipeline.hearing import Heard, hear
from tolbooth.pipeline.once import decided_in, run_of
from tolbooth.pipeline.people import keep_names, people_in_force
from tolbooth.pipeline.predicates import (
    collection_predicate,
    decision_record,
    judgement_predicate,
    measurement_predicate,
)
from tolbooth.pipeline.recording import attest, telling_what_was_kept
from tolbooth.pipeline.records import core_of
from tolbooth.pipeline.records_folder import append_records
from tolbooth.pipeline.situation import Situation, gather
from tolbooth.pipeline.transcripts import known_signers
from tolbooth.pipeline.verdict import Judged, judge_situation
from tolbooth.pipeline.voices import Voices, core_people_files
from tolbooth.pipeline.waiving import KnownWaivers, ending_soon, retire_waivers, waivers_for_gate, waivers_of
from tolbooth.pipeline.workspace import Workspace
from tolbooth.store.embedded import EmbeddedStore


def gate(
    workspace: Workspace,
    name: str | None,
    *,
    variables: Mapping[str, str],
    progress: Progress,
    verify_with: EngineName | None = None,
    once: str | None = None,
) -> CaseFile:
    """Decide whether a gate's subject may pass, and record each step as it ends.

    Args:
        workspace: the open project.
        name: the gate; may be None when the project has only one.
        variables: the environment's, for what a CI system claims there.
        progress: told how far long work is.
        verify_with: another engine, on which the decision must be the same to the byte.
        once: a key, such as the id of an orchestrator's run and task. Asked again with it, the gate gives the decision
            that it recorded first, and records nothing; of two at once, one records.

    Returns:
        The decision with everything that led to it, as it stands in the log.

    Raises:
        ConfigError: for mistakes in the settings, the policy or the data's columns; nothing was recorded.
        StoreError: if the store refuses; what was appended before is whole, and a note on the error names it.
        VerificationError: ``gate.engines-differ``; no judgement and no decision was recorded.
    """
    with telling_what_was_kept(workspace):
        chosen = choose_gate(workspace.project, name)
        if once is None:
            engines = project_engines(workspace.project, variables, verify_with)
            return _gate(workspace, chosen, engines, variables, progress, run=secrets.token_hex(16))
        run = run_of(workspace.project, chosen, once)
        before = workspace.store.size()
        first = _first(workspace, run, chosen)
        if first is not None:
            return _repeated(workspace, first)
        engines = project_engines(workspace.project, variables, verify_with)
        meanwhile = partial(_first, workspace, run, chosen, since=before)
        return _gate(workspace, chosen, engines, variables, progress, run=run, unless=meanwhile)


def _first(workspace: Workspace, run: str, chosen: str, *, since: int = 0) -> int | None:
    """The position of the decision that was recorded for a run, by this process or another one."""
    row = decided_in(workspace.store, run, chosen, since=since)
    return None if row is None else row.entry_position


def _repeated(workspace: Workspace, position: int) -> CaseFile:
    row = next(each for each in workspace.store.decisions() if each.entry_position == position)
    return replace(case_file(core_of(workspace.store, row), position=position), repeated=True)


def _gate(
    workspace: Workspace,
    chosen: str,
    engines: Engines,
    variables: Mapping[str, str],
    progress: Progress,
    *,
    run: str,
    unless: Callable[[], int | None] | None = None,
) -> CaseFile:
    now = instant(workspace.clock())
    people = people_in_force(workspace.project, workspace.store, as_of=now)
    heard = hear(workspace.project, workspace.store, people, known_signers(workspace), now=now)
    known = waivers_of(workspace.project, heard, workspace.store, as_of=now)
    situation = gather(
        workspace.project,
        chosen,
        store=workspace.store,
        clock=workspace.clock,
        variables=variables,
        progress=progress,
        gaps=(*ending_soon(known, gate=chosen, as_of=now), *_unheard(heard)),
        people=people,
        waivers=known.states,
    )
    keep_names(workspace.store, people)
    append_records(workspace, heard.new)
    subject = situation.collection.subject
    attestations = {
        kind: attest(workspace, kind, subject, predicate).envelope
        for kind, predicate in (
            (Kind.COLLECTION, collection_predicate(run, situation.collection)),
            (Kind.MEASUREMENT, measurement_predicate(run, situation)),
        )
    }
    voices = _voices(situation, known, workspace.store, workspace.keys.seal.public_key)
    judged = judge_situation(situation, engines, hypothetical=False, voices=voices)
    said = judgement_predicate(run, situation.policy, judged.input_bytes, judged.judgement, judged.verified_with)
    attestations[Kind.JUDGEMENT] = attest(workspace, Kind.JUDGEMENT, subject, said).envelope
    core = _core(situation, judged, voices)
    core |= {attestation_path(kind): envelope for kind, envelope in attestations.items()}
    for content in core.values():
        workspace.store.blobs.put(content)
    seed_sha256 = workspace.store.blobs.put(secrets.token_bytes(32))
    record = decision_record(core, attestations, seed_sha256)
    decided = attest(workspace, Kind.DECISION, subject, record, unless=unless)
    if decided.entry.envelope_sha256 != sha256_hex(decided.envelope):
        return _repeated(workspace, decided.entry.position)
    core[attestation_path(Kind.DECISION)] = decided.envelope
    ci = Environment.read(variables).ci
    retired = retire_waivers(workspace, known, judged.decision, sha256_hex(core[DECISION_PATH]), of_record=not ci)
    case = _case_file(situation, judged, core, position=decided.entry.position)
    return replace(case, retired=tuple(state.request.id for state in retired))


def suppose(
    project: Project,
    name: str | None,
    *,
    as_of: datetime,
    store: EmbeddedStore | None,
    clock: Callable[[], datetime],
    variables: Mapping[str, str],
    progress: Progress,
    verify_with: EngineName | None = None,
    machines: Sequence[PublicKey] = (),
) -> CaseFile:
    """Decide as of another instant, hypothetically: nothing is recorded, and the decision can't be sealed.

    ``store`` is the project's log, for what it knows; None where nothing is recorded yet. ``machines`` are the keys of
    gates, whose word on a waiver's retirement is taken.
    """
    chosen = choose_gate(project, name)
    engines = project_engines(project, variables, verify_with)
    people = people_in_force(project, store, as_of=instant(as_of))
    heard = hear(project, store, people, machines, now=instant(clock()))
    known = waivers_of(project, heard, store, as_of=instant(as_of))
    now = gather(
        project,
        chosen,
        store=store,
        clock=clock,
        variables=variables,
        progress=progress,
        gaps=_unheard(heard),
        people=people,
    )
    situation = replace(now, as_of=instant(as_of))
    voices = _voices(situation, known, store, None)
    judged = judge_situation(situation, engines, hypothetical=True, voices=voices)
    return _case_file(situation, judged, _core(situation, judged, voices), position=None)


def choose_gate(project: Project, name: str | None) -> str:
    """The gate that was named, or the only one.

    Raises:
        ConfigError: ``gate.unknown`` or ``gate.unnamed``, with the gates that there are.
    """
    gates = project.settings.gates
    if name is None and len(gates) == 1:
        return next(iter(gates))
    if name is None:
        raise ConfigError.of("gate.unnamed", "there are several gates; name one", hint=f"one of: {', '.join(gates)}")
    if name not in gates:
        hint = nearest(name, gates) or f"one of: {', '.join(gates)}"
        raise ConfigError.of(
            "gate.unknown", f"there is no gate '{name}'", place=project.place("gates", key=True), hint=hint
        )
    return name


def _voices(
    situation: Situation, known: KnownWaivers, store: EmbeddedStore | None, gate_key: PublicKey | None
) -> Voices:
    subject = situation.collection.subject.name
    return Voices(
        project=situation.project,
        heard=known.heard,
        rules=known.rules,
        store=store,
        gate_key=None if gate_key is None else gate_key.fingerprint,
        waivers=waivers_for_gate(known, subject=subject, as_of=situation.as_of),
    )


def _unheard(heard: Heard) -> tuple[Gap, ...]:
    """Entries of the log that say something nobody of the people record signed: told, since they count as nothing."""
    return tuple(Gap(kind="records", about="records", code=each.code, message=each.message) for each in heard.unheard)


def _core(situation: Situation, judged: Judged, voices: Voices) -> dict[str, bytes]:
    """The files of the pack's core, but for the attestations."""
    return {
        DECISION_PATH: canonical_bytes(judged.decision),
        INPUT_PATH: judged.input_bytes,
        INPUT_SCHEMA_PATH: input_schema_bytes(),
        **{counts_path(table.counts.sha256): table.counts.canonical() for table in situation.tables},
        **core_files(situation.policy),
        **core_people_files(voices, judged.heeded),
    }


def _case_file(situation: Situation, judged: Judged, core: Mapping[str, bytes], *, position: int | None) -> CaseFile:
    return CaseFile(
        decision=judged.decision,
        decision_sha256=sha256_hex(core[DECISION_PATH]),
        input_document=json.loads(judged.input_bytes),
        artifacts=situation.collection.artifacts,
        engine=judged.judgement.engine,
        verified_with=judged.verified_with,
        errors=judged.judgement.errors,
        policy=situation.policy,
        core=core,
        position=position,
    )
