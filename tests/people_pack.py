"""A pack in which people had a word: a waiver by Ben and Chen, and Ben's yes; made by a gate that may lie.

What the gate claims follows from the records it was given, whether they are legal or not; so an honest scene verifies,
and a forged one says what a forger would have it say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.people_sample import ANA, BEN, CHEN, DORA
from tests.sample_pack import AS_OF, SEALER, attested, sealed
from tests.ssh_sample import ED25519, SoftKey
from tolbooth.evidence.dsse import sign_envelope
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.people_context import PeopleContext
from tolbooth.evidence.people_files import Applied, people_files, statement_sha256
from tolbooth.evidence.ssh_envelope import sign_ssh_envelope
from tolbooth.evidence.statement import ResourceDescriptor, statement
from tolbooth.model.approval import Approval, Assurance, Duties, Quorum, Verb
from tolbooth.model.decision import AppliedWaiver, Verdict
from tolbooth.model.digest import sha256_hex
from tolbooth.model.people import Delegation, HeldKey, HeldRole, People, Person
from tolbooth.model.rule import Loosens, Severity
from tolbooth.model.waiver import RiskAssessment, RiskLevel, SubjectScope, Treatment, Waiver, WaiverApproval
from tolbooth.model.words import DecisionWord, Retirement, Revocation, WaiverRequest, WaiverWord
from tolbooth.review.duties import Involved
from tolbooth.review.waiver_policy import RuleTraits
from tolbooth.review.workflow import Stage, Workflow

SIGNED = datetime(2026, 10, 1, 9, tzinfo=UTC)
ASKED = datetime(2026, 11, 20, 10, tzinfo=UTC)
SPOKEN = AS_OF - timedelta(minutes=10)
BASIS = sha256_hex(b"basis")
RULE = "fairness.difference"
DECISION = sha256_hex(b"the decision before")
HOUR = timedelta(hours=1)

Said = DecisionWord | WaiverWord | WaiverRequest | Revocation | Retirement
_KINDS = {WaiverRequest: Kind.WAIVER, Revocation: Kind.REVOCATION, Retirement: Kind.RETIREMENT}


def key(name: str) -> SoftKey:
    """A person's key, which follows from a name."""
    seed = hashlib.sha256(f"key of {name}".encode()).digest()
    return SoftKey(type=ED25519, private=Ed25519PrivateKey.from_private_bytes(seed))


def held(name: str, **dates: Any) -> HeldKey:
    public = replace(key(name).public_key, comment="")
    return HeldKey(fingerprint=public.fingerprint, public_key=public.line, **dates)


def person(person_id: str, *roles: str | HeldRole, keys: tuple[HeldKey, ...] | None = None, **more: Any) -> Person:
    named = tuple(HeldRole(role=each) if isinstance(each, str) else each for each in roles)
    return Person(id=person_id, keys=(held(person_id),) if keys is None else keys, roles=named, **more)


def everybody(**changed: Person) -> People:
    """Ana asks, Ben and Chen approve, Chen is steward, Dora audits; Eve is not among them."""
    known = {
        "ana": person(ANA, "requester"),
        "ben": person(BEN, "approver"),
        "chen": person(CHEN, "steward", "approver"),
        "dora": person(DORA, "auditor"),
    }
    return People(version=1, people=tuple((known | changed).values()), names_sha256="ab" * 32, signed_at=SIGNED)


def yes(person_id: str = BEN, **changes: Any) -> DecisionWord:
    word = DecisionWord(
        decision_sha256=DECISION,
        basis=BASIS,
        subject="credit",
        gate="release",
        environment="ci",
        person=person_id,
        role="approver",
        verb=Verb.APPROVE,
        meaning="I approve for release",
        reason="reviewed",
        assurance=Assurance.PERSONAL_KEY,
        signed_at=SPOKEN,
    )
    return replace(word, **changes)


def asked(**changes: Any) -> WaiverRequest:
    request = WaiverRequest(
        id="W-3",
        rule=RULE,
        term=None,
        scope=SubjectScope(pattern="credit", matches_at_most=1),
        gate="release",
        environment="ci",
        requested_by=ANA,
        reason="remediation",
        comment="retraining under way",
        risk=RiskAssessment(
            harmed="applicants who are wrongly denied",
            inherent=RiskLevel(likelihood=4, impact=4),
            treatment=Treatment.MITIGATE,
            treatment_text="a person looks at every denial",
        ),
        effective_on=ASKED,
        effective_until=datetime(2027, 1, 1, tzinfo=UTC),
        from_decision=DECISION,
        evidence_as_of=ASKED,
        signed_at=ASKED,
        limit=220_000,
    )
    return replace(request, **changes)


def agreed(waiver: str, person_id: str, hours: int, **changes: Any) -> WaiverWord:
    word = WaiverWord(
        waiver_sha256=waiver,
        person=person_id,
        role="approver",
        verb=Verb.APPROVE,
        meaning="I accept the risk",
        reason="risk-accepted",
        assurance=Assurance.PERSONAL_KEY,
        signed_at=ASKED + hours * HOUR,
        residual=RiskLevel(likelihood=2, impact=3),
    )
    return replace(word, **changes)


@dataclass(frozen=True)
class Record:
    """A signed statement of people."""

    kind: Kind
    said: People | Said
    envelope: bytes
    seen: datetime

    @property
    def sha256(self) -> str:
        return statement_sha256(self.envelope)


def record(said: Said, by: str | None = None, *, namespace: str | None = None, seen: datetime | None = None) -> Record:
    """What somebody says, signed with the key of ``by``, by default their own; seen when it was signed."""
    kind = _KINDS.get(type(said))
    if kind is None:
        assert isinstance(said, DecisionWord | WaiverWord)
        kind = Kind.REJECTION if said.verb in {Verb.REJECT, Verb.REQUEST_CHANGES} else Kind.APPROVAL
    payload = _payload(kind, said, "lending/word")
    speaker = by or getattr(said, "person", None) or getattr(said, "requested_by", None)
    at = said.at if isinstance(said, Retirement) else said.signed_at
    if isinstance(said, Retirement):
        envelope = sign_envelope(payload, SEALER)
    else:
        envelope = sign_ssh_envelope(payload, key(str(speaker)), namespace=namespace or kind.ssh_namespace)
    return Record(kind=kind, said=said, envelope=envelope, seen=seen or at)


def people_record(people: People, by: str = CHEN, *, about: str = "lending/people") -> Record:
    payload = _payload(Kind.PEOPLE, people, about)
    envelope = sign_ssh_envelope(payload, key(by), namespace=Kind.PEOPLE.ssh_namespace)
    assert people.signed_at is not None
    return Record(kind=Kind.PEOPLE, said=people, envelope=envelope, seen=people.signed_at)


def following(before: Record, people: People, by: str = CHEN, *, days: int = 30) -> Record:
    assert isinstance(before.said, People)
    assert before.said.signed_at is not None
    after = replace(
        people,
        version=before.said.version + 1,
        previous_sha256=before.sha256,
        signed_at=before.said.signed_at + timedelta(days=days),
    )
    return people_record(after, by)


def _payload(kind: Kind, said: object, about: str) -> bytes:
    subject = [ResourceDescriptor(name=about, digest={"sha256": sha256_hex(repr(said).encode())})]
    return statement(kind.predicate_type, subject, said)


@dataclass(frozen=True)
class Scene:
    """What the gate was given, and what it claims."""

    people: tuple[Record, ...]
    records: tuple[Record, ...]
    verdict: Verdict = Verdict.ALLOW
    required: tuple[Quorum, ...] = (Quorum(role="approver", count=1),)
    involved: Involved = field(default_factory=lambda: Involved(requester=ANA, authors=(ANA,)))
    left_out: frozenset[str] = frozenset()
    """Digests of statements that the gate claims to have passed over."""

    @property
    def context(self) -> PeopleContext:
        return PeopleContext(
            involved=self.involved,
            workflow=Workflow(stages=(Stage(name="release", quorum=self.required),)),
            asked_at=SPOKEN - HOUR,
            traits={RULE: RuleTraits(severity=Severity.HIGH, loosens=Loosens.UP)},
            subjects=("credit",),
            first_seen={each.sha256: each.seen for each in self.records},
        )

    @property
    def applied(self) -> Applied:
        words = [each for each in self.records if each.sha256 not in self.left_out]
        return Applied(
            waivers=tuple(self._waiver(each) for each in words if isinstance(each.said, WaiverRequest)),
            approvals=tuple(_approval(each) for each in words if isinstance(each.said, DecisionWord)),
            required=self.required,
        )

    def _waiver(self, asked: Record) -> Waiver:
        request = asked.said
        assert isinstance(request, WaiverRequest)
        pairs = [(each, each.said) for each in self.records if isinstance(each.said, WaiverWord)]
        mine = [(each, said) for each, said in pairs if said.waiver_sha256 == asked.sha256]
        names = [name for name in Waiver.__slots__ if name in WaiverRequest.__slots__]
        fields = {name: getattr(request, name) for name in names}
        fields["risk"] = replace(request.risk, residual=mine[0][1].residual) if mine else request.risk
        fields["effective_on"] = max([request.effective_on, *(each.seen for each, _ in mine)])
        yeses = tuple(
            WaiverApproval(statement_sha256=asked.sha256, person=said.person, role=said.role, signed_at=said.signed_at)
            for _, said in mine
        )
        return Waiver(**fields, sha256=asked.sha256, approvals=yeses)

    def _attested(self, files: Mapping[str, bytes], applied: Applied) -> tuple[dict[str, bytes], Any]:
        waivers = tuple(
            AppliedWaiver(
                waiver_sha256=each.sha256,
                waiver_id=each.id,
                rule=each.rule,
                term="race: African-American / Caucasian",
                effective_until=each.effective_until,
            )
            for each in applied.waivers
        )
        approvals = tuple(sorted(each.sha256 for each in applied.approvals))
        changes = {"verdict": self.verdict, "reasons": (), "approvals": approvals, "basis": BASIS}
        return attested(waivers=waivers, changes=changes, extra=files)

    def pack(self, *, changed: Mapping[str, bytes | None] | None = None) -> dict[str, bytes]:
        """The pack; ``changed`` are files of ``people/`` that a forger changes or takes away before it is attested."""
        applied = self.applied
        envelopes = ((each.kind, each.envelope) for each in (*self.people, *self.records))
        files: dict[str, bytes | None] = {**people_files(applied, envelopes, self.context), **(changed or {})}
        kept = {path: content for path, content in files.items() if content is not None}
        return sealed(*self._attested(kept, applied))


def _approval(each: Record) -> Approval:
    word = each.said
    assert isinstance(word, DecisionWord)
    names = {name for name in Approval.__slots__ if name in DecisionWord.__slots__}
    fields = {name: getattr(word, name) for name in names}
    return Approval(**fields, sha256=each.sha256, duties=Duties.KEPT)


def honest(people: People | None = None) -> Scene:
    """The scene that verifies."""
    waiver = record(asked())
    return Scene(
        people=(people_record(people or everybody()),),
        records=(
            waiver,
            record(agreed(waiver.sha256, BEN, 1)),
            record(agreed(waiver.sha256, CHEN, 2)),
            record(yes()),
        ),
    )


def lent(until: datetime) -> Delegation:
    """Ben lends his role to Dora."""
    return Delegation(to=DORA, roles=("approver",), effective_on=SIGNED, effective_until=until)
