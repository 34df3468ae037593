"""Words on one matter, with the people of ``people_sample``: whom they bind, when they were said and first seen."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from tests.people_sample import ANA, BEN, CHEN, DORA, EVE, NOON, fingerprint, people, person, signed
from tolbooth.model.approval import Assurance, Condition, Quorum, Verb
from tolbooth.model.people import Delegation, HeldRole, People
from tolbooth.model.words import DecisionWord, Revocation
from tolbooth.review.approvals import standing
from tolbooth.review.duties import Involved
from tolbooth.review.people_chain import PeopleChain, fold
from tolbooth.review.spoken import Spoken
from tolbooth.review.standing import Matter, Standing
from tolbooth.review.workflow import Order, Stage, Workflow

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BASIS = "b" * 64
FAY = f"p-{6:016x}"
ALL = {"ana": ANA, "ben": BEN, "chen": CHEN, "dora": DORA, "eve": EVE, "fay": FAY}


def record(**lent: Delegation) -> People:
    """Ana requests and may approve; Ben and Chen speak for risk, Dora for law, Fay for neither; Chen is steward."""
    persons = (
        person(ANA, "requester", "risk"),
        person(BEN, "risk", "law", delegations=(lent["ben"],) if "ben" in lent else ()),
        person(CHEN, "steward", "risk", "head", delegations=(lent["chen"],) if "chen" in lent else ()),
        person(DORA, "law"),
        person(FAY),
    )
    return people(*persons)


def chain_of(*versions: People, by: str = CHEN) -> PeopleChain:
    """The chain of versions, each sound."""
    folded = fold(signed(version, by) for version in versions)
    assert not folded.problems, folded.problems
    return folded.chain


def stage(name: str, *quorum: tuple[str, int], deadline: int | None = None, escalate: str | None = None) -> Stage:
    return Stage(
        name=name,
        quorum=tuple(Quorum(role=role, count=count) for role, count in quorum),
        deadline_days=deadline,
        escalate_to=escalate,
    )


def matter(
    *stages: Stage,
    as_of: datetime = NOON + 2 * DAY,
    order: Order = Order.IN_ORDER,
    expires: int | None = None,
    chain: PeopleChain | None = None,
    involved: Involved | None = None,
    asked_at: datetime | None = NOON,
) -> Matter:
    """A matter that Ana asks about and Ana made, before Ben, Chen and Dora."""
    return Matter(
        basis=BASIS,
        subject="credit",
        gate="release",
        environment="ci",
        as_of=as_of,
        chain=chain or chain_of(record()),
        involved=involved or Involved(requester=ANA, authors=(ANA,)),
        workflow=Workflow(stages=stages or (stage("risk", ("risk", 1)),), order=order, expires_days=expires),
        asked_at=asked_at,
    )


def word(
    person_id: str,
    role: str = "risk",
    verb: Verb = Verb.APPROVE,
    *,
    at: datetime = NOON + DAY,
    seen: datetime | None = None,
    key: str | None = None,
    sha256: str | None = None,
    conditions: Sequence[Condition] = (),
    **more: object,
) -> Spoken[DecisionWord]:
    """A word on the matter; first seen when it was signed, by the person's own key."""
    said = DecisionWord(
        decision_sha256="d" * 64,
        basis=BASIS,
        subject="credit",
        gate="release",
        environment="ci",
        person=person_id,
        role=role,
        verb=verb,
        meaning="I approve for release",
        reason="reviewed",
        assurance=Assurance.PERSONAL_KEY,
        signed_at=at,
        conditions=tuple(conditions),
    )
    said = replace(said, **more)  # type: ignore[arg-type]
    digest = sha256 or hashlib.sha256(repr((said, key)).encode()).hexdigest()
    return Spoken(
        sha256=digest, said=said, fingerprint=key or fingerprint(person_id), first_seen=at if seen is None else seen
    )


def revocation(
    target: Spoken[DecisionWord], by: str | None = None, *, at: datetime = NOON + DAY + HOUR, key: str | None = None
) -> Spoken[Revocation]:
    """A word taken back."""
    author = by or target.said.person
    said = Revocation(revokes_sha256=target.sha256, person=author, reason="mistaken", signed_at=at)
    return Spoken(sha256=f"f{target.sha256[1:]}", said=said, fingerprint=key or fingerprint(author), first_seen=at)


def lent(to: str, *roles: str, start: datetime = NOON, days: int = 30) -> Delegation:
    return Delegation(to=to, roles=roles, effective_on=start, effective_until=start + days * DAY)


def held(role: str, *, start: datetime | None = None, until: datetime | None = None) -> HeldRole:
    return HeldRole(role=role, effective_on=start, effective_until=until)


def stands(asked: Matter, *words: Spoken[DecisionWord], taken: Sequence[Spoken[Revocation]] = ()) -> Standing:
    return standing(asked, words, taken)


def code(asked: Matter, *words: Spoken[DecisionWord], taken: Sequence[Spoken[Revocation]] = ()) -> str | None:
    """Why the first word does not count; None if it does."""
    found = next(each for each in stands(asked, *words, taken=taken).words if each.sha256 == words[0].sha256)
    assert found.counts is (found.problem is None)
    return None if found.problem is None else found.problem.code
