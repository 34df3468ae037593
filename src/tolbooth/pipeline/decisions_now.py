"""Recorded decisions held against what is known now: the last one on a digest, and whether it still allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from tolbooth.config.load import Project
from tolbooth.decide.gate import decide
from tolbooth.decide.promotion import Held, OnRecord
from tolbooth.evidence.decision_record import DECISION_ENVELOPE
from tolbooth.evidence.dsse import open_envelope
from tolbooth.evidence.keys import PublicKey
from tolbooth.model.decision import Verdict
from tolbooth.model.digest import DigestSet, short
from tolbooth.model.errors import Problem, StoreError, VerificationError
from tolbooth.pipeline.approving import standing_of
from tolbooth.pipeline.case_file import CaseFile
from tolbooth.pipeline.hearing import Heard, hear
from tolbooth.pipeline.people import people_in_force
from tolbooth.pipeline.records import recorded_case
from tolbooth.pipeline.speaking import recorded_matter
from tolbooth.pipeline.waiving import KnownWaivers, waivers_for_gate, waivers_of
from tolbooth.review.people_laws import PERSON_ID
from tolbooth.store.embedded import DecisionRow, EmbeddedStore

_REVOKED = "approval.revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionsNow:
    """The decisions of a log at an instant; ``machines`` are the keys whose records are taken."""

    project: Project
    store: EmbeddedStore
    heard: Heard
    known: KnownWaivers
    machines: tuple[PublicKey, ...]
    as_of: datetime
    _seen: dict[tuple[str, str, str], Held | None] = field(default_factory=dict)

    def held(self, *, gate: str, environment: str, digest: DigestSet) -> Held | None:
        """The last decision on this digest at this gate and environment, by when it was decided; None if there is none.

        Raises:
            StoreError: if a blob is missing or altered, or a row of the store says otherwise than the record.
        """
        for value in digest.values():
            key = (gate, environment, value)
            if key not in self._seen:
                self._seen[key] = self._last(*key)
            if (found := self._seen[key]) is not None:
                return found
        return None

    def others(self) -> tuple[OnRecord, ...]:
        """Every recorded decision in brief, oldest first."""
        return tuple(_brief(row) for row in self.store.decisions())

    def by_handle(self, problem: Problem) -> Problem:
        """A problem that names persons as people know them."""
        return replace(problem, message=self.named(problem.message))

    def named(self, text: str) -> str:
        """A text that names persons as people know them."""
        return PERSON_ID.sub(lambda found: self.heard.people.called(found[0]), text)

    def _last(self, gate: str, environment: str, digest: str) -> Held | None:
        about = (environment, digest)
        rows = [row for row in self.store.decisions(gate=gate) if (row.environment, row.subject_digest) == about]
        if not rows:
            return None
        row = max(rows, key=lambda each: (each.as_of, each.entry_position))
        case = recorded_case(self.store, row.decision_sha256)
        said = case.decision.case
        if (said.gate, said.environment, said.subject.digest_value) != (gate, *about):
            message = f"a row says otherwise of decision {short(row.decision_sha256)} than the decision itself"
            raise StoreError.of("store.row-damaged", message, hint="'tolbooth store check' names what is damaged")
        return self._held(case)

    def _held(self, case: CaseFile) -> Held:
        matter = recorded_matter(self.project, self.store, self.heard, case, self.machines, as_of=self.as_of)
        standing = standing_of(matter, self.heard)
        decision = case.decision
        rested = set(decision.approvals)
        now = decide(
            replace(decision.case, as_of=self.as_of),
            decision.results,
            waivers=waivers_for_gate(self.known, subject=decision.case.subject.name, as_of=self.as_of),
            approvals=standing.approvals,
            required=standing.required,
        )
        revoked = [each.sha256 for each in standing.words if each.problem is not None and each.problem.code == _REVOKED]
        return Held(
            decision=decision,
            decision_sha256=case.decision_sha256,
            now=now,
            is_signed=self._is_signed(case),
            revoked=tuple(each for each in revoked if each in rested),
        )

    def _is_signed(self, case: CaseFile) -> bool:
        try:
            open_envelope(case.core[DECISION_ENVELOPE], self.machines, path=DECISION_ENVELOPE, ours=True)
        except VerificationError:
            return False
        return True


def decisions_now(
    project: Project, store: EmbeddedStore, machines: Sequence[PublicKey], *, as_of: datetime
) -> DecisionsNow:
    """Read what people said, in the records folder and the log, as it is at ``as_of``.

    Raises:
        ConfigError: for mistakes of the workflow file or of ``people.yaml``.
        VerificationError: for a file of the records folder that does not verify.
    """
    heard = hear(project, store, people_in_force(project, store, as_of=as_of), machines, now=as_of)
    return DecisionsNow(
        project=project,
        store=store,
        heard=heard,
        known=waivers_of(project, heard, store, as_of=as_of),
        machines=tuple(machines),
        as_of=as_of,
    )


def _brief(row: DecisionRow) -> OnRecord:
    return OnRecord(
        decision_sha256=row.decision_sha256,
        gate=row.gate,
        environment=row.environment,
        version=row.version,
        digest=row.subject_digest,
        verdict=Verdict(row.verdict),
    )
