"""What people said, as one decision takes it: the waivers in force, the approvals that count, and what is required."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tolbooth.config.load import Project
from tolbooth.decide.gate import decide
from tolbooth.evidence.people_files import Applied, people_files
from tolbooth.model.decision import Case, Decision
from tolbooth.model.rule import RuleResult
from tolbooth.model.waiver import Waiver
from tolbooth.model.wire import JsonObject
from tolbooth.pipeline.approving import disregarded, matter_of, standing_of
from tolbooth.pipeline.hearing import Heard
from tolbooth.pipeline.people_context import context_of, records_behind
from tolbooth.review.standing import Matter, Standing
from tolbooth.review.waiver_state import WaiverRules
from tolbooth.store.embedded import EmbeddedStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Voices:
    """Everything that people said, and what is needed to weigh it for one decision.

    ``waivers`` are those in force for the subject, and ``rules`` by what they were judged. ``gate_key`` is the
    fingerprint of the key that the gate signs with.
    """

    project: Project
    heard: Heard
    rules: WaiverRules
    store: EmbeddedStore | None = None
    gate_key: str | None = None
    waivers: tuple[Waiver, ...] = ()

    def decide(self, case: Case, results: Sequence[RuleResult], document: JsonObject) -> Heeded:
        """Decide a case with what people said.

        Raises:
            ConfigError: for mistakes of the workflow file.
        """
        basis = decide(case, results, waivers=self.waivers).basis
        matter = matter_of(
            self.project,
            self.heard,
            case,
            results,
            basis=basis,
            document=document,
            gate_key=self.gate_key,
            store=self.store,
        )
        found = standing_of(matter, self.heard)
        decision = decide(case, results, waivers=self.waivers, approvals=found.approvals, required=found.required)
        return Heeded(decision=decision, applied=_applied(decision, self.waivers, found), standing=found, matter=matter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heeded:
    """A decision, and what of people's words it was made with: the same decision comes from ``applied`` alone.

    ``matter`` is what the words were held against; None where nobody had a word.
    """

    decision: Decision
    applied: Applied = field(default_factory=Applied)
    standing: Standing = field(default_factory=Standing)
    matter: Matter | None = None


def core_people_files(voices: Voices, heeded: Heeded) -> dict[str, bytes]:
    """The files of ``people/`` for a pack's core: what was applied, the records behind it, and what judged them."""
    if heeded.matter is None:
        return {}
    behind = records_behind(voices.heard, heeded.decision.case)
    context = context_of(heeded.matter, voices.rules, voices.heard, behind)
    records = ((record.kind, record.envelope) for record in voices.heard.records_of(behind))
    return people_files(heeded.applied, records, context)


def _applied(decision: Decision, waivers: Iterable[Waiver], found: Standing) -> Applied:
    used = {each.waiver_sha256 for each in decision.waivers}
    counted = set(decision.approvals)
    return Applied(
        waivers=tuple(sorted((each for each in waivers if each.sha256 in used), key=lambda each: each.sha256)),
        approvals=tuple(each for each in found.approvals if each.sha256 in counted),
        required=found.required,
        disregarded=disregarded(found),
    )
