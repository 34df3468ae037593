"""A run made elsewhere, taken into the log of record: what it retires here, and which of its decisions don't count.

A decision that applied a waiver which this log knows as ended, or that missed a rejection, is kept and doesn't count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.reading import read
from tolbooth.model.decision import Decision
from tolbooth.model.digest import short
from tolbooth.model.instant import format_instant, instant
from tolbooth.pipeline.approving import standing_of
from tolbooth.pipeline.hearing import hear
from tolbooth.pipeline.people import people_in_force
from tolbooth.pipeline.records import recorded_case
from tolbooth.pipeline.speaking import recorded_matter
from tolbooth.pipeline.transcripts import Imported, import_transcript, known_signers
from tolbooth.pipeline.waiving import KnownWaivers, retire_waivers, waivers_of
from tolbooth.pipeline.workspace import Workspace
from tolbooth.review.waiver_state import to_waiver


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedDecision:
    """A decision that came with a transcript: why it doesn't count here, if so, and the waivers that it retired."""

    decision_sha256: str
    decision: Decision
    objections: tuple[str, ...]
    retired: tuple[str, ...]

    @property
    def counts(self) -> bool:
        """Whether it counts for promotion, boards and packs over a period."""
        return not self.objections


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedRun:
    """What came of an import; ``decisions`` are those that this log did not know, in its order."""

    imported: Imported
    decisions: tuple[ImportedDecision, ...]


def import_run(workspace: Workspace, path: Path, keys: Sequence[PublicKey]) -> ImportedRun:
    """Import a transcript and hold its decisions against what this log knows.

    Raises:
        VerificationError, ConfigError, StoreError: as ``import_transcript``.
    """
    before = workspace.store.size()
    imported = import_transcript(workspace, path, keys)
    fresh = [row for row in workspace.store.decisions() if row.entry_position >= before]
    if not fresh:
        return ImportedRun(imported=imported, decisions=())
    now = instant(workspace.clock())
    people = people_in_force(workspace.project, workspace.store, as_of=now)
    heard = hear(workspace.project, workspace.store, people, known_signers(workspace), now=now)
    known = waivers_of(workspace.project, heard, workspace.store, as_of=now)
    return ImportedRun(
        imported=imported, decisions=tuple(_weighed(workspace, known, row.decision_sha256) for row in fresh)
    )


def _weighed(workspace: Workspace, known: KnownWaivers, sha256: str) -> ImportedDecision:
    decision = read(Decision, workspace.store.blobs.get(sha256), path=f"decision {short(sha256)}")
    objections = (*_ended(known, decision), *_missed(workspace, known, sha256, decision))
    retired = () if objections else retire_waivers(workspace, known, decision, sha256, of_record=True)
    return ImportedDecision(
        decision_sha256=sha256,
        decision=decision,
        objections=objections,
        retired=tuple(state.request.id for state in retired),
    )


def _ended(known: KnownWaivers, decision: Decision) -> Iterator[str]:
    as_of, subject = decision.case.as_of, decision.case.subject.name
    for each in decision.waivers:
        state = known.review.states.get(each.waiver_sha256)
        ended = to_waiver(state, subject=subject).ended_at if state is not None else None
        if ended is not None and not as_of < ended:
            yield f"it applied the waiver {each.waiver_id}, which ended at {format_instant(ended)}"


def _missed(workspace: Workspace, known: KnownWaivers, sha256: str, decision: Decision) -> Iterator[str]:
    case = recorded_case(workspace.store, sha256)
    signers = known_signers(workspace)
    matter = recorded_matter(workspace.project, workspace.store, known.heard, case, signers, as_of=known.as_of)
    found = standing_of(replace(matter, passes={}), known.heard)
    for each in found.approvals:
        if each.is_rejection and not decision.case.as_of < each.signed_at and each.sha256 not in decision.approvals:
            yield f"it missed the rejection of {known.called(each.person)}, of {format_instant(each.signed_at)}"
