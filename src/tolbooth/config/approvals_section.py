"""The ``approvals:`` section of the workflow file: who must agree, by gate and by the subject's risk tier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from tolbooth.config.settings import Name, Section
from tolbooth.model.people import DutyRule

ANY_TIER = "all"
"""The key for every risk tier that has no entry of its own."""

Days = Annotated[int, Field(ge=1, le=3650)]


class QuorumSection(Section):
    """How many different persons in a role must say yes."""

    role: Name = Field(description="A role of the people record.")
    count: int = Field(default=1, ge=1, le=20, description="How many persons.")


class StageSection(Section):
    """Quorums that are filled together."""

    name: Name | None = Field(
        default=None, description="What the stage is called; default: its place, such as stage-1."
    )
    quorum: tuple[QuorumSection, ...] = Field(min_length=1, description="Who must agree; every line is needed.")
    deadline: Days | None = Field(default=None, description="Days after the first decision until it should be filled.")
    escalate_to: Name | None = Field(default=None, description="The role that may fill the places after the deadline.")


class TierSection(Section):
    """What is asked of people at a gate for one risk tier."""

    stages: tuple[StageSection, ...] = Field(description="The stages; an empty list asks nobody.")
    order: Literal["in-order", "parallel"] = Field(
        default="in-order", description="in-order: a stage waits for the one before; parallel: none does."
    )
    expires: Days | None = Field(default=None, description="Days that a yes holds; default: as long as the basis.")
    duties: tuple[DutyRule, ...] | None = Field(
        default=None, description="The duty rules at this gate; default: those of the people record."
    )


ApprovalsSection = Mapping[Name, Mapping[Name, TierSection]]
"""By gate, then by risk tier; the tier ``all`` stands for every one that is not named."""
