"""What a recorded decision would be by what people have said since: nothing is recorded, no fact is read again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from tolbooth.config.load import Project
from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.pack import PEOPLE_FOLDER
from tolbooth.model.instant import instant
from tolbooth.pipeline.case_file import CaseFile
from tolbooth.pipeline.hearing import hear
from tolbooth.pipeline.people import people_in_force
from tolbooth.pipeline.records import recorded_case
from tolbooth.pipeline.speaking import gate_key_of
from tolbooth.pipeline.voices import Voices, core_people_files
from tolbooth.pipeline.waiving import waivers_for_gate, waivers_of
from tolbooth.store.embedded import EmbeddedStore


def foresee(
    project: Project, store: EmbeddedStore, prefix: str | None, machines: Sequence[PublicKey], *, now: datetime
) -> CaseFile:
    """Decide a recorded case again at ``now``, hypothetically, with the waivers and the people's words known then.

    Args:
        project: whose records folder, people and workflow count.
        store: the log.
        prefix: the beginning of the decision's digest; None for the latest.
        machines: the keys of gates.
        now: the instant at which it is told.

    Returns:
        The case with what would be decided now. ``decision_sha256`` and ``position`` stay those of the record.

    Raises:
        ConfigError: if no decision, or more than one, is meant, or for mistakes of the workflow file.
        VerificationError: for a file of the records folder that does not verify.
    """
    as_of = instant(now)
    case = recorded_case(store, prefix)
    recorded = case.decision.case
    heard = hear(project, store, people_in_force(project, store, as_of=as_of), machines, now=as_of)
    known = waivers_of(project, heard, store, as_of=as_of)
    voices = Voices(
        project=project,
        heard=heard,
        rules=known.rules,
        store=store,
        gate_key=gate_key_of(case, machines),
        waivers=waivers_for_gate(known, subject=recorded.subject.name, as_of=as_of),
    )
    supposed = replace(recorded, as_of=as_of, hypothetical=True)
    heeded = voices.decide(supposed, case.decision.results, case.input_document)
    kept = {path: content for path, content in case.core.items() if not path.startswith(PEOPLE_FOLDER)}
    core = {**kept, **core_people_files(voices, heeded)}
    return replace(case, decision=heeded.decision, core=core)
