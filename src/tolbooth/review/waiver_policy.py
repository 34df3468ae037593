"""What a project declares about waivers: who must approve at which risk, for how long at most, how often renewed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tolbooth.model.approval import Quorum
from tolbooth.model.rule import Loosens, Severity
from tolbooth.review.risk import LevelOfRisk, RiskScale

APPROVER = "approver"
"""The role that approves waivers where the project declares no other."""

DEFAULT_REASONS: Mapping[str, str] = {
    "remediation": "the fix is under way and needs time",
    "false-alarm": "the rule misjudges this case",
    "insufficient-data": "more data are needed to tell, and are being gathered",
    "loosened-bound": "the bound does not fit this use, and another one is argued for",
    "accepted-risk": "the risk is known and retained by informed decision",
}


def _default_approvers() -> dict[LevelOfRisk, tuple[Quorum, ...]]:
    one, two = Quorum(role=APPROVER, count=1), Quorum(role=APPROVER, count=2)
    return {
        LevelOfRisk.LOW: (one,),
        LevelOfRisk.MEDIUM: (one,),
        LevelOfRisk.HIGH: (two,),
        LevelOfRisk.CRITICAL: (two,),
    }


def _default_days() -> dict[Severity, int]:
    return {Severity.LOW: 180, Severity.MEDIUM: 90, Severity.HIGH: 60, Severity.CRITICAL: 30}


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverPolicy:
    """The rules for waivers.

    ``approvers`` are the quorums by level of risk. ``maximum_days`` is counted from the request, by the severity of the
    rule that is waived. ``renewals`` is how often a waiver may be renewed. ``loosest`` holds, by rule, the worst value
    that any waiver may cover, in what the rule reads. ``declared`` is False where nothing but these defaults holds.
    """

    scale: RiskScale = field(default_factory=RiskScale)
    approvers: Mapping[LevelOfRisk, tuple[Quorum, ...]] = field(default_factory=_default_approvers)
    maximum_days: Mapping[Severity, int] = field(default_factory=_default_days)
    renewals: int = 2
    warning_days: int = 14
    reasons: Mapping[str, str] = field(default_factory=lambda: dict(DEFAULT_REASONS))
    loosest: Mapping[str, int] = field(default_factory=dict)
    declared: bool = False

    @property
    def roles(self) -> frozenset[str]:
        """Every role that may speak on waivers."""
        return frozenset(quorum.role for quorums in self.approvers.values() for quorum in quorums)

    def required(self, levels: Iterable[LevelOfRisk]) -> tuple[Quorum, ...]:
        """The quorums of all these levels together: of each role the largest number, by role."""
        asked: dict[str, int] = {}
        for quorum in (quorum for level in levels for quorum in self.approvers[level]):
            asked[quorum.role] = max(quorum.count, asked.get(quorum.role, 0))
        return tuple(Quorum(role=role, count=count) for role, count in sorted(asked.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTraits:
    """What a waiver has to know of a rule: its severity; and of its bound, if it has one, direction and unit."""

    severity: Severity
    loosens: Loosens | None = None
    unit: str | None = None


STRICTEST = RuleTraits(severity=Severity.CRITICAL)
"""What holds for a rule that nobody knows here."""
