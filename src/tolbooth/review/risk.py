"""Risk in the words of ISO 31000:2018: likelihood × impact on a declared scale, the level of risk, the treatment.

ISO 31000 fixes no scale: the project declares one. What it calls consequence is ``impact`` here, as people say it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tolbooth.model.errors import ReviewError
from tolbooth.model.waiver import RiskLevel, Treatment


class LevelOfRisk(StrEnum):
    """The magnitude of a risk, from the lowest to the highest."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def height(self) -> int:
        """0 for low, 3 for critical."""
        return list(LevelOfRisk).index(self)


TREATMENTS: Mapping[Treatment, str] = {
    Treatment.ACCEPT: "retaining the risk by informed decision",
    Treatment.MITIGATE: "changing the likelihood or the consequences",
    Treatment.TRANSFER: "sharing the risk",
    Treatment.AVOID: "not starting or not continuing what gives rise to the risk",
}
"""What each treatment is called in ISO 31000:2018, 6.5.2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskScale:
    """A project's scale: the words for likelihood and impact from 1 upwards, and the score at which a level begins.

    A score is likelihood × impact. ``begins`` holds medium, high and critical; below medium a risk is low.
    """

    likelihood: tuple[str, ...] = ("rare", "unlikely", "possible", "likely", "almost certain")
    impact: tuple[str, ...] = ("negligible", "minor", "moderate", "major", "severe")
    begins: Mapping[LevelOfRisk, int] = field(
        default_factory=lambda: {LevelOfRisk.MEDIUM: 5, LevelOfRisk.HIGH: 10, LevelOfRisk.CRITICAL: 17}
    )

    def holds(self, risk: RiskLevel) -> bool:
        """Whether both positions are on the scale."""
        return 1 <= risk.likelihood <= len(self.likelihood) and 1 <= risk.impact <= len(self.impact)

    def level(self, risk: RiskLevel) -> LevelOfRisk:
        """The level of a risk on this scale."""
        reached = [level for level, begin in self.begins.items() if score(risk) >= begin]
        return max(reached, key=lambda level: level.height, default=LevelOfRisk.LOW)

    def words(self, risk: RiskLevel) -> str:
        """A risk for people: ``likely × major, 4 × 4 = 16: high``.

        Raises:
            ReviewError: ``waiver.scale`` if it is not on the scale.
        """
        self.require(risk)
        named = f"{self.likelihood[risk.likelihood - 1]} × {self.impact[risk.impact - 1]}"
        return f"{named}, {risk.likelihood} × {risk.impact} = {score(risk)}: {self.level(risk)}"

    def require(self, risk: RiskLevel) -> None:
        """Refuse a position that the scale does not have.

        Raises:
            ReviewError: ``waiver.scale``.
        """
        if not self.holds(risk):
            raise ReviewError.of(
                "waiver.scale",
                f"a risk of {risk.likelihood} × {risk.impact} is not on the scale",
                hint=f"likelihood is 1 to {len(self.likelihood)} ({', '.join(self.likelihood)}), "
                f"impact 1 to {len(self.impact)} ({', '.join(self.impact)})",
            )


def score(risk: RiskLevel) -> int:
    """Likelihood × impact; 1 to 25 on a scale of 5 × 5."""
    return risk.likelihood * risk.impact
