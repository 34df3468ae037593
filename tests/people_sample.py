"""The same people everywhere: Ana asks, Ben approves, Chen approves and is steward, Dora audits, Eve is an outsider."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tolbooth.model.people import HeldKey, HeldRole, People, Person
from tolbooth.review.people_chain import SignedPeople

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)

ANA, BEN, CHEN, DORA, EVE = (f"p-{number:016x}" for number in range(1, 6))


def key_of(person_id: str) -> HeldKey:
    """A key that nobody could sign with, for records that are never opened."""
    digest = base64.b64encode(hashlib.sha256(person_id.encode()).digest()).decode().rstrip("=")
    return HeldKey(fingerprint=f"SHA256:{digest}", public_key=f"ssh-ed25519 {person_id}")


def fingerprint(person_id: str) -> str:
    """The fingerprint of a person's key."""
    return key_of(person_id).fingerprint


def person(person_id: str, *roles: str | HeldRole, **more: object) -> Person:
    """A person with a key and roles without end."""
    held = tuple(HeldRole(role=each) if isinstance(each, str) else each for each in roles)
    return replace(Person(id=person_id, keys=(key_of(person_id),), roles=held), **more)  # type: ignore[arg-type]


def people(*persons: Person, **more: object) -> People:
    """The first version, of these persons."""
    record = People(version=1, people=persons, names_sha256="a" * 64, signed_at=NOON)
    return replace(record, **more)  # type: ignore[arg-type]


def everybody() -> People:
    """Ana, Ben, Chen and Dora; Eve is not among them."""
    return people(
        person(ANA, "requester"),
        person(BEN, "approver"),
        person(CHEN, "steward", "approver"),
        person(DORA, "auditor"),
    )


def signed(record: People, by: str = CHEN) -> SignedPeople:
    """A record that a person's key signed; its digest is that of what it says."""
    digest = hashlib.sha256(repr(record).encode()).hexdigest()
    return SignedPeople(people=record, statement_sha256=digest, signer=fingerprint(by))


def following(before: SignedPeople, record: People, by: str = CHEN, **more: object) -> SignedPeople:
    """The next version, a day later, that says what ``record`` says."""
    assert before.people.signed_at is not None
    after = replace(
        record,
        version=before.people.version + 1,
        previous_sha256=before.statement_sha256,
        signed_at=before.people.signed_at + DAY,
    )
    return signed(replace(after, **more), by)  # type: ignore[arg-type]
