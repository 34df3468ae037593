"""The ``waivers:`` section of the workflow file: the scale of risk, who must approve, for how long, how often."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from tolbooth.config.approvals_section import Days, QuorumSection
from tolbooth.config.settings import Name, ParameterValue, RuleCode, Section

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Positions = Annotated[tuple[Words, ...], Field(min_length=2, max_length=10)]
Quorums = Annotated[tuple[QuorumSection, ...], Field(min_length=1)]


class ScaleSection(Section):
    """The scale of risk; a score is likelihood × impact, and below medium a risk is low."""

    likelihood: Positions = Field(
        default=("rare", "unlikely", "possible", "likely", "almost certain"),
        description="The words for likelihood, from 1 upwards.",
    )
    impact: Positions = Field(
        default=("negligible", "minor", "moderate", "major", "severe"),
        description="The words for impact, from 1 upwards.",
    )
    medium: int = Field(default=5, ge=2, description="The score at which a risk is medium.")
    high: int = Field(default=10, ge=3, description="The score at which a risk is high.")
    critical: int = Field(default=17, ge=4, description="The score at which a risk is critical.")

    @model_validator(mode="after")
    def _rising(self) -> ScaleSection:
        highest = len(self.likelihood) * len(self.impact)
        if not self.medium < self.high < self.critical <= highest:
            message = "has levels that don't rise: {levels}"
            levels = f"medium {self.medium}, high {self.high}, critical {self.critical}"
            hint = f"medium < high < critical, and critical at most {highest}, the highest score"
            raise PydanticCustomError("levels", message, {"levels": levels, "hint": hint})
        return self


class ApproversSection(Section):
    """The quorums by the level of the inherent risk; every line of a level is needed."""

    low: Quorums = Field(description="Who approves a low risk.")
    medium: Quorums = Field(description="Who approves a medium risk.")
    high: Quorums = Field(description="Who approves a high risk.")
    critical: Quorums = Field(description="Who approves a critical risk.")


class MaximumDaysSection(Section):
    """How long a waiver may last from when it was asked, by the severity of its rule."""

    low: Days = Field(default=180, description="Days for a rule of severity low.")
    medium: Days = Field(default=90, description="Days for a rule of severity medium.")
    high: Days = Field(default=60, description="Days for a rule of severity high.")
    critical: Days = Field(default=30, description="Days for a rule of severity critical.")


class WaiversSection(Section):
    """What is declared about waivers."""

    scale: ScaleSection = Field(default_factory=ScaleSection, description="The scale of risk.")
    approvers: ApproversSection | None = Field(
        default=None,
        description="Who must approve, by level of risk; default: the role approver, two persons from high upwards.",
    )
    maximum_days: MaximumDaysSection = Field(
        default_factory=MaximumDaysSection, description="How long a waiver may last."
    )
    renewals: int = Field(default=2, ge=0, le=20, description="How often a waiver may be renewed.")
    warning_days: Days = Field(default=14, description="Days ahead of its end from which a waiver is warned about.")
    reasons: Mapping[Name, Words] | None = Field(
        default=None, min_length=1, description="The reasons that may be given, each with what it means."
    )
    loosest: Mapping[RuleCode, ParameterValue] = Field(
        default_factory=dict, description="By rule, the loosest bound that any waiver may give, in the rule's own unit."
    )
