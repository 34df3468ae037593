"""A person's signed word on a decision's basis."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tolbooth.model.instant import in_force


class Verb(StrEnum):
    """What the person says. Request changes counts as a rejection, abstain counts as nothing."""

    APPROVE = "approve"
    APPROVE_WITH_CONDITIONS = "approve-with-conditions"
    REJECT = "reject"
    REQUEST_CHANGES = "request-changes"
    ABSTAIN = "abstain"


class Assurance(StrEnum):
    """How the person was authenticated; printed by reports."""

    SERVICE = "service"
    PERSONAL_KEY = "personal-key"
    QUALIFIED = "qualified"


class Duties(StrEnum):
    """Whether segregation of duties was kept; an approval whose duties can't be checked doesn't count."""

    KEPT = "kept"
    CONFLICT = "conflict"
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A tracked action that an approval depends on; overdue and open, it ends the approval."""

    text: str
    owner: str
    due: datetime
    rule: str | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A signed yes, no or abstention of one person in one role on one decision's basis.

    ``sha256`` is the digest of the signed statement. A rejection stands for subject name, gate and environment until
    ``withdrawn_at``, whatever the basis; a yes holds for exactly ``basis`` in [signed_at, effective_until).
    """

    sha256: str
    basis: str
    subject: str
    gate: str
    environment: str
    person: str
    role: str
    verb: Verb
    meaning: str
    reason: str
    assurance: Assurance
    duties: Duties
    signed_at: datetime
    comment: str | None = None
    effective_until: datetime | None = None
    withdrawn_at: datetime | None = None
    conditions: tuple[Condition, ...] = ()

    def holds(self, as_of: datetime) -> bool:
        """Whether this word is in force at ``as_of``: signed, not withdrawn, not expired, no condition overdue."""
        if not in_force(as_of, effective_on=self.signed_at, effective_until=self.withdrawn_at):
            return False
        if self.is_rejection:
            return True
        overdue = (c for c in self.conditions if c.closed_at is None and not as_of < c.due)
        return in_force(as_of, effective_on=None, effective_until=self.effective_until) and not any(overdue)

    @property
    def is_rejection(self) -> bool:
        """Whether the word is a no."""
        return self.verb in {Verb.REJECT, Verb.REQUEST_CHANGES}

    @property
    def is_yes(self) -> bool:
        """Whether the word is a yes that counts: its duties were checked and kept."""
        return self.verb in {Verb.APPROVE, Verb.APPROVE_WITH_CONDITIONS} and self.duties is Duties.KEPT


@dataclass(frozen=True, slots=True, kw_only=True)
class Quorum:
    """How many different persons in a role must say yes."""

    role: str
    count: int
