"""Ana, Ben, Chen, Dora and Eve around a waiver: who they are, and what they say, as signed and verified facts."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tolbooth.model.approval import Assurance, Verb
from tolbooth.model.decision import Case, Decision, Verdict
from tolbooth.model.people import Delegation, HeldKey, HeldRole, People, Person
from tolbooth.model.rule import Enforcement, Loosens, Measured, Outcome, Reason, RuleResult, Severity
from tolbooth.model.subject import Subject, SubjectKind
from tolbooth.model.waiver import RiskAssessment, RiskLevel, SubjectScope, Treatment
from tolbooth.model.words import Retirement, Revocation, WaiverRequest, WaiverWord
from tolbooth.review.people_chain import PeopleChain, PeopleVersion, SignedPeople
from tolbooth.review.spoken import Spoken
from tolbooth.review.waiver_policy import RuleTraits, WaiverPolicy
from tolbooth.review.waiver_state import WaiverRules

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
RULE, CONTROL, TERM = "fairness.difference", "data.digests", "race: a / b"
DIGEST = "a" * 64
DECISION_SHA256 = "d" * 64
LOW, HIGH, CRITICAL = (RiskLevel(likelihood=each, impact=each) for each in (2, 4, 5))


def person(name: str, *roles: str, lent_to: tuple[str, ...] = (), until: datetime | None = None) -> Person:
    """A person who holds a key of their name, and what they lend to others."""
    return Person(
        id=name,
        keys=(HeldKey(fingerprint=name, public_key=""),),
        roles=tuple(HeldRole(role=role, effective_until=until) for role in roles),
        delegations=tuple(
            Delegation(to=each, roles=roles, effective_on=NOW - 100 * DAY, effective_until=NOW + 100 * DAY)
            for each in lent_to
        ),
    )


def chain_of(*people: Person) -> PeopleChain:
    """One version of a people record, signed long ago."""
    record = People(version=1, people=people, names_sha256="", signed_at=NOW - 1000 * DAY)
    signed = SignedPeople(people=record, statement_sha256="1" * 64, signer="ana")
    return PeopleChain(versions=(PeopleVersion(signed=signed, steward="ana"),))


PEOPLE = (
    person("ana", "steward", "approver"),
    person("ben", "approver", lent_to=("finn",)),
    person("chen", "approver", "board"),
    person("dora", "auditor"),
    person("finn", lent_to=()),
)

SUBJECT = Subject(project="p", name="credit", version="7", kind=SubjectKind.MODEL, digest={"sha256": DIGEST})
CASE = Case(subject=SUBJECT, gate="release", environment="ci", as_of=NOW, policy_sha256="b" * 64, input_sha256="c" * 64)
PASS = RuleResult(
    rule=CONTROL,
    title="t",
    outcome=Outcome.PASS,
    enforcement=Enforcement.DENY,
    severity=Severity.HIGH,
    message="m",
)
FAIL = replace(
    PASS,
    rule=RULE,
    outcome=Outcome.FAIL,
    term=TERM,
    measured=Measured(value=214_000, bound=100_000, unit="ppm", loosens=Loosens.UP),
)
MISSING = replace(PASS, rule="performance.minimum", outcome=Outcome.UNDECIDED, reason=Reason.MISSING)
ERROR = replace(PASS, rule="lineage.complete", outcome=Outcome.ERROR, error_code="e")


def decision_of(*results: RuleResult, case: Case = CASE) -> Decision:
    """A recorded decision with these results; what else it says is of no matter here."""
    return Decision(
        version=1,
        case=case,
        verdict=Verdict.DENY,
        reasons=(),
        results=results,
        waivers=(),
        approvals=(),
        basis="e" * 64,
    )


DECISION = decision_of(FAIL, PASS, MISSING, ERROR)
RULES = WaiverRules(
    policy=WaiverPolicy(),
    chain=chain_of(*PEOPLE),
    traits={
        RULE: RuleTraits(severity=Severity.HIGH, loosens=Loosens.UP),
        "documentation.card": RuleTraits(severity=Severity.LOW),
    },
    subjects=frozenset({"credit", "credit-2", "credit-3", "churn"}),
    decisions={DECISION_SHA256: DECISION},
)
REQUEST = WaiverRequest(
    id="W-1",
    rule=RULE,
    term=TERM,
    scope=SubjectScope(digest=DIGEST),
    gate="release",
    environment="ci",
    requested_by="ana",
    reason="remediation",
    comment="retraining is under way",
    risk=RiskAssessment(
        harmed="applicants", inherent=HIGH, treatment=Treatment.MITIGATE, treatment_text="every denial is reviewed"
    ),
    effective_on=NOW,
    effective_until=NOW + 30 * DAY,
    from_decision=DECISION_SHA256,
    evidence_as_of=NOW,
    signed_at=NOW,
)


def digest_of(*parts: object) -> str:
    """A digest of whatever was said."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def spoken(said: Any, *, by: str | None = None, seen: datetime | None = None) -> Spoken[Any]:
    """A statement in the log: signed by whom it names, and seen when it was signed, if not said otherwise."""
    signer = str(by or getattr(said, "person", None) or getattr(said, "requested_by", "gate"))
    at = seen or getattr(said, "signed_at", None) or said.at
    return Spoken(sha256=digest_of(said), said=said, fingerprint=signer, first_seen=at)


def yes(
    waiver: Spoken[Any],
    who: str,
    *,
    at: datetime = NOW + HOUR,
    residual: RiskLevel | None = LOW,
    role: str = "approver",
    verb: Verb = Verb.APPROVE,
    on_behalf_of: str | None = None,
) -> Spoken[Any]:
    """A person's word on a waiver."""
    return spoken(
        WaiverWord(
            waiver_sha256=waiver.sha256,
            person=who,
            role=role,
            verb=verb,
            meaning="m",
            reason="r",
            assurance=Assurance.PERSONAL_KEY,
            signed_at=at,
            on_behalf_of=on_behalf_of,
            residual=residual,
        )
    )


def no(waiver: Spoken[Any], who: str, *, at: datetime = NOW + HOUR) -> Spoken[Any]:
    """A person's no."""
    return yes(waiver, who, at=at, verb=Verb.REJECT, residual=None)


def revocation(target: Spoken[Any], who: str, *, at: datetime = NOW + 2 * HOUR) -> Spoken[Any]:
    """A person takes something back."""
    return spoken(Revocation(revokes_sha256=target.sha256, person=who, reason="r", signed_at=at))


def retirement(
    waiver: Spoken[Any], *, subject: str = "credit", decision: str = "f" * 64, at: datetime = NOW + 2 * HOUR
) -> Spoken[Any]:
    """A gate says that the rule passed again."""
    return spoken(Retirement(waiver_sha256=waiver.sha256, subject=subject, decision_sha256=decision, at=at))
