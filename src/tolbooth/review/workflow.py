"""Who must agree at a gate: stages of quorums, in which order, until when, and how long a yes holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tolbooth.model.approval import Quorum
from tolbooth.model.people import ALWAYS_IN_FORCE, DutyRule


class Order(StrEnum):
    """Whether a stage waits for the one before."""

    IN_ORDER = "in-order"
    PARALLEL = "parallel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Quorums that are filled together.

    ``deadline_days`` counts from the first decision with the basis; after it, ``escalate_to`` may fill the places too.
    """

    name: str
    quorum: tuple[Quorum, ...]
    deadline_days: int | None = None
    escalate_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """What a gate asks of people for one risk tier.

    ``expires_days`` is how long a yes holds. ``duties`` are the duty rules of this gate; None for those of the people
    record. Without stages nobody is asked.
    """

    stages: tuple[Stage, ...] = ()
    order: Order = Order.IN_ORDER
    expires_days: int | None = None
    duties: tuple[DutyRule, ...] | None = None

    @property
    def roles(self) -> tuple[str, ...]:
        """Every role that is asked, those of escalation too; each once."""
        asked = [quorum.role for stage in self.stages for quorum in stage.quorum]
        return tuple(dict.fromkeys([*asked, *(stage.escalate_to for stage in self.stages if stage.escalate_to)]))

    def duties_over(self, declared: tuple[DutyRule, ...]) -> tuple[DutyRule, ...]:
        """The duty rules in force here, those that nobody can leave out among them."""
        chosen = declared if self.duties is None else self.duties
        return tuple(rule for rule in DutyRule if rule in {*chosen, *ALWAYS_IN_FORCE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One place of a quorum: any of ``roles`` fills it; the second one, after the stage's deadline."""

    stage: int
    role: str
    escalate_to: str | None = None
    deadline: datetime | None = None

    def takes(self, role: str, at: datetime) -> bool:
        """Whether a word in ``role``, said at ``at``, may fill it."""
        if role == self.role:
            return True
        return role == self.escalate_to and self.deadline is not None and not at < self.deadline


def places_of(workflow: Workflow, asked_at: datetime | None) -> tuple[Place, ...]:
    """Every place of every stage, in order; deadlines are known once it was asked."""
    return tuple(
        Place(
            stage=position,
            role=quorum.role,
            escalate_to=stage.escalate_to,
            deadline=deadline_of(stage, asked_at),
        )
        for position, stage in enumerate(workflow.stages)
        for quorum in stage.quorum
        for _ in range(quorum.count)
    )


def deadline_of(stage: Stage, asked_at: datetime | None) -> datetime | None:
    """When the stage should be filled; None without a deadline, or before it was asked."""
    if asked_at is None or stage.deadline_days is None:
        return None
    return asked_at + timedelta(days=stage.deadline_days)
