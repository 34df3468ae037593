"""``people/context.json``: what people's words were judged with, beside the words themselves.

The people record and the words prove themselves by signatures. This is what the gate knew besides: who asks, who made
the model, what the workflow asks, when its log saw each word first. It stands in the pack as the sealer's word.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tolbooth.evidence.pack import PEOPLE_FOLDER
from tolbooth.model.decision import Decision
from tolbooth.review.duties import Involved
from tolbooth.review.people_chain import PeopleChain
from tolbooth.review.standing import Matter
from tolbooth.review.waiver_policy import RuleTraits, WaiverPolicy
from tolbooth.review.waiver_state import WaiverRules
from tolbooth.review.workflow import Workflow

CONTEXT_PATH = PEOPLE_FOLDER + "context.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleContext:
    """What is needed to judge the words of a pack again.

    ``involved``, ``workflow``, ``asked_at`` and ``passes`` are those of the decision's ``review.standing.Matter``;
    ``policy``, ``traits`` and ``subjects`` those of the waivers' ``review.waiver_state.WaiverRules``, as far as the
    waivers here need them. ``first_seen`` is the log's clock, by statement digest.
    """

    involved: Involved
    workflow: Workflow = field(default_factory=Workflow)
    asked_at: datetime | None = None
    passes: Mapping[str, tuple[datetime, ...]] = field(default_factory=dict)
    policy: WaiverPolicy = field(default_factory=WaiverPolicy)
    traits: Mapping[str, RuleTraits] = field(default_factory=dict)
    subjects: tuple[str, ...] = ()
    first_seen: Mapping[str, datetime] = field(default_factory=dict)

    def matter(self, decision: Decision, chain: PeopleChain) -> Matter:
        """The decision's matter, as the gate judged it."""
        case = decision.case
        return Matter(
            basis=decision.basis,
            subject=case.subject.name,
            gate=case.gate,
            environment=case.environment,
            as_of=case.as_of,
            chain=chain,
            involved=self.involved,
            workflow=self.workflow,
            asked_at=self.asked_at,
            passes=self.passes,
        )

    def rules(self, chain: PeopleChain) -> WaiverRules:
        """By what the pack's waivers were judged; the decisions that they answer are not in the pack."""
        return WaiverRules(policy=self.policy, chain=chain, traits=self.traits, subjects=frozenset(self.subjects))
