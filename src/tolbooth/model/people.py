"""Who may speak, in which role, from when until when. Persons are random ids here; their names are kept elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tolbooth.model.instant import in_force

STEWARD = "steward"
"""The role that signs the next version of the people record."""


class DutyRule(StrEnum):
    """Segregation of duties (NIST SP 800-53 AC-5): who may not also be who, for one decision."""

    REQUESTER = "requester"
    AUTHOR = "author"
    RULE_AUTHOR = "rule-author"
    SEALER = "sealer"
    ONCE = "once"
    TEAM = "team"


ALWAYS_IN_FORCE = (DutyRule.REQUESTER, DutyRule.ONCE)
"""Duty rules that no project can leave out: nobody decides alone."""

DEFAULT_DUTIES = (DutyRule.REQUESTER, DutyRule.AUTHOR, DutyRule.RULE_AUTHOR, DutyRule.SEALER, DutyRule.ONCE)
"""The duty rules in force where the project declares none; team independence is for those who ask for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldKey:
    """A public key of a person: its OpenSSH fingerprint, ``SHA256:`` and 43 characters, and when it counts.

    ``public_key`` is the line of its ``.pub`` file without the comment, which may name a person. ``touch_required`` is
    about security keys alone: whether each signature needs a touch.
    """

    fingerprint: str
    public_key: str
    effective_on: datetime | None = None
    effective_until: datetime | None = None
    touch_required: bool = True

    def holds(self, as_of: datetime) -> bool:
        """Whether the key counts at ``as_of``."""
        return in_force(as_of, effective_on=self.effective_on, effective_until=self.effective_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRole:
    """A role, and when the person holds it."""

    role: str
    effective_on: datetime | None = None
    effective_until: datetime | None = None

    def holds(self, as_of: datetime) -> bool:
        """Whether the role is held at ``as_of``."""
        return in_force(as_of, effective_on=self.effective_on, effective_until=self.effective_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """Roles that a person lends to another for a time; both dates are needed, and what is lent can't be lent on."""

    to: str
    roles: tuple[str, ...]
    effective_on: datetime
    effective_until: datetime

    def holds(self, as_of: datetime) -> bool:
        """Whether the delegation counts at ``as_of``."""
        return in_force(as_of, effective_on=self.effective_on, effective_until=self.effective_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """When a person can't be asked; what they say all the same counts."""

    effective_on: datetime
    effective_until: datetime

    def holds(self, as_of: datetime) -> bool:
        """Whether the person is away at ``as_of``."""
        return in_force(as_of, effective_on=self.effective_on, effective_until=self.effective_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person by a random id, with keys, roles, teams, what they lent to others and when they are away."""

    id: str
    keys: tuple[HeldKey, ...] = ()
    roles: tuple[HeldRole, ...] = ()
    teams: tuple[str, ...] = ()
    delegations: tuple[Delegation, ...] = ()
    absences: tuple[Absence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """One version of the people record.

    ``version`` counts from 1; ``previous_sha256`` is the digest of the statement of the version before, None for the
    first. ``names_sha256`` is the digest of the one erasable document that holds names and aliases by id. ``signed_at``
    is the steward's own clock; the version is in force from then on. ``duties`` are the duty rules in force.
    ``settles`` are the digests of versions that were signed beside the previous one and that this one sets aside.
    """

    version: int
    people: tuple[Person, ...]
    names_sha256: str
    previous_sha256: str | None = None
    signed_at: datetime | None = None
    duties: tuple[DutyRule, ...] = DEFAULT_DUTIES
    settles: tuple[str, ...] = ()

    def person(self, person_id: str) -> Person | None:
        """A person by id."""
        return next((person for person in self.people if person.id == person_id), None)


class AliasSystem(StrEnum):
    """Where else a person has a name: git's e-mail addresses, MLflow's users, logins of a CI system."""

    GIT = "git"
    MLFLOW = "mlflow"
    CI = "ci"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonNames:
    """What a person is called: the handle in ``people.yaml``, the full name, and aliases by system."""

    handle: str
    name: str
    aliases: Mapping[AliasSystem, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The erasable document beside a people record: names and aliases by person id.

    ``salt`` is random, so that the digest in the record can't be guessed once the document is erased.
    """

    salt: str
    names: Mapping[str, PersonNames]
