"""One attack on what people said, one test: each is refused with its code and a hint, by ``verify`` alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.people_pack import (
    ASKED,
    HOUR,
    SIGNED,
    SPOKEN,
    Record,
    Scene,
    agreed,
    asked,
    everybody,
    following,
    held,
    honest,
    key,
    lent,
    people_record,
    person,
    record,
    yes,
)
from tests.people_sample import ANA, BEN, CHEN, DORA, EVE
from tests.sample_pack import AS_OF, LOG, ORIGIN, SEALER
from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.evidence.checkpoint import verifier_key
from tolbooth.evidence.people_files import APPLIED_PATH, record_path
from tolbooth.evidence.ssh_envelope import take_apart_ssh
from tolbooth.evidence.strict_base64 import encode
from tolbooth.evidence.strict_json import parse
from tolbooth.evidence.trust import Trust
from tolbooth.evidence.verify import Examination, Status, examine
from tolbooth.model.approval import Quorum, Verb
from tolbooth.model.digest import sha256_hex
from tolbooth.model.people import Delegation, HeldRole, People, Person
from tolbooth.model.words import Retirement, Revocation
from tolbooth.review.duties import Involved

Pack = dict[str, bytes]
DAY = timedelta(days=1)


def verified(pack: Pack, trust: Trust | None = None) -> Examination:
    return examine(pack, SEALER.public_key, trust=trust)


def saying(word: Record, people: People | None = None, *, before: Scene | None = None) -> Scene:
    """The honest scene with another word on the decision in place of Ben's."""
    scene = before or honest(people)
    return replace(scene, records=(*scene.records[:-1], word))


def ben(*roles: str | HeldRole, **more: Any) -> People:
    return everybody(ben=person(BEN, *(roles or ("approver",)), **more))


def moved_approval() -> Pack:
    return saying(record(yes(basis=sha256_hex(b"another decision")))).pack()


def moved_between_subjects() -> Pack:
    return saying(record(yes(subject="churn"))).pack()


def altered_statement() -> Pack:
    """The waiver's end is moved in the signed statement, and its name with it."""
    scene = honest()
    waiver = scene.records[0]
    said = take_apart_ssh(waiver.envelope, path="x").payload
    payload = said.replace(b"2027-01-01T00:00:00Z", b"2028-01-01T00:00:00Z")
    assert payload != said
    document: Any = parse(waiver.envelope, path="x")
    envelope = canonical_bytes({**document, "payload": encode(payload)})
    forged = Record(
        kind=waiver.kind, said=asked(effective_until=ASKED + 400 * DAY), envelope=envelope, seen=waiver.seen
    )
    words = tuple(record(agreed(forged.sha256, each, hours)) for each, hours in ((BEN, 1), (CHEN, 2)))
    return replace(scene, records=(forged, *words, scene.records[-1])).pack()


def prolonged_in_what_was_applied() -> Pack:
    scene = honest()
    waivers = tuple(replace(each, effective_until=each.effective_until + 30 * DAY) for each in scene.applied.waivers)
    return scene.pack(changed={APPLIED_PATH: canonical_bytes(replace(scene.applied, waivers=waivers))})


def resigned_after_it_was_approved() -> Pack:
    """Ana signs her waiver again with a later end; the approvals are of the one before."""
    scene = honest()
    longer = record(asked(effective_until=ASKED + 59 * DAY))
    return replace(scene, records=(longer, *scene.records[1:])).pack()


def role_added_later() -> Pack:
    """Dora approves, and a steward gives her the role on the day after."""
    scene = saying(record(yes(DORA, signed_at=SIGNED + 20 * DAY)))
    first = scene.people[0]
    later = following(first, everybody(dora=person(DORA, "auditor", "approver")), days=30)
    return replace(scene, people=(first, later)).pack()


def flipped(envelope: bytes) -> bytes:
    place = envelope.index(b"BEGIN SSH SIGNATURE") + 260
    return envelope[:place] + (b"A" if envelope[place : place + 1] != b"A" else b"B") + envelope[place + 1 :]


def forged_signature() -> Pack:
    word = record(yes())
    return saying(replace(word, envelope=flipped(word.envelope))).pack()


def signed_for_another() -> Pack:
    """Chen signs what Ben should say."""
    return saying(record(yes(BEN), by=CHEN)).pack()


def replayed_word() -> Pack:
    """Ben's yes on the basis of last week is there again."""
    old = record(yes(basis=sha256_hex(b"last week"), signed_at=SPOKEN - 7 * DAY))
    return saying(old).pack()


def expired_key() -> Pack:
    return saying(record(yes()), ben(keys=(held(BEN, effective_until=SPOKEN - DAY),))).pack()


def expired_key_and_a_clock_set_back() -> Pack:
    word = record(yes(signed_at=ASKED + 2 * HOUR), seen=SPOKEN)
    return saying(word, ben(keys=(held(BEN, effective_until=SPOKEN - DAY),))).pack()


def revoked_key() -> Pack:
    scene = honest()
    without = everybody(ben=person(BEN, "approver", keys=(held("ben's new key"),)))
    later = following(scene.people[0], without, days=52)
    return replace(scene, people=(scene.people[0], later)).pack()


def unknown_key() -> Pack:
    return saying(record(yes(EVE))).pack()


def other_namespace() -> Pack:
    return saying(record(yes(), namespace="git")).pack()


def namespace_of_people() -> Pack:
    return saying(record(yes(), namespace="tolbooth-people")).pack()


def role_lost_yesterday() -> Pack:
    return saying(record(yes()), ben(HeldRole(role="approver", effective_until=SPOKEN - DAY))).pack()


def delegate_out_of_dates() -> Pack:
    word = record(yes(DORA, on_behalf_of=BEN))
    return saying(word, ben(delegations=(lent(SPOKEN - DAY),))).pack()


def circular_delegation() -> Pack:
    until = AS_OF + DAY
    back = Delegation(to=BEN, roles=("approver",), effective_on=SIGNED, effective_until=until)
    people = everybody(
        ben=person(BEN, "approver", delegations=(lent(until),)), dora=person(DORA, "auditor", delegations=(back,))
    )
    return saying(record(yes()), people).pack()


def self_made_steward() -> Pack:
    """Eve signs a second version that makes her the steward."""
    scene = honest()
    eve = person(EVE, "steward", "approver")
    record_of_eve = following(scene.people[0], everybody(eve=eve), by=EVE)
    return replace(scene, people=(scene.people[0], record_of_eve)).pack()


def no_steward_signed() -> Pack:
    """Ben, who is nobody's steward, signs the second version."""
    scene = honest()
    return replace(scene, people=(scene.people[0], following(scene.people[0], everybody(), by=BEN))).pack()


def two_people_records() -> Pack:
    scene = honest()
    other = people_record(replace(everybody(), signed_at=SIGNED + HOUR))
    return replace(scene, people=(*scene.people, other)).pack()


def own_waiver() -> Pack:
    """Ana, who is an approver too, approves what she asked for herself."""
    people = everybody(ana=person(ANA, "requester", "approver"))
    waiver = record(asked())
    words = (record(agreed(waiver.sha256, BEN, 1)), record(agreed(waiver.sha256, ANA, 2)), record(yes()))
    return replace(honest(people), records=(waiver, *words)).pack()


def one_approver_of_two() -> Pack:
    waiver = record(asked())
    return replace(honest(), records=(waiver, record(agreed(waiver.sha256, BEN, 1)), record(yes()))).pack()


def own_release() -> Pack:
    return replace(saying(record(yes())), involved=Involved(requester=BEN, authors=(ANA,))).pack()


def author_of_the_model() -> Pack:
    return replace(saying(record(yes())), involved=Involved(requester=ANA, authors=(BEN,))).pack()


def approver_who_seals() -> Pack:
    involved = Involved(requester=ANA, authors=(ANA,), sealers=(BEN,))
    return replace(saying(record(yes())), involved=involved).pack()


def duties_nobody_can_check() -> Pack:
    return replace(saying(record(yes())), involved=Involved(requester=None, authors=None)).pack()


def removed_record() -> Pack:
    scene = honest()
    word = scene.records[-1]
    return scene.pack(changed={record_path(word.kind, word.sha256): None})


def removed_waiver() -> Pack:
    scene = honest()
    waiver = scene.records[0]
    return scene.pack(changed={record_path(waiver.kind, waiver.sha256): None})


def removed_word_on_the_waiver() -> Pack:
    scene = honest()
    word = scene.records[1]
    return scene.pack(changed={record_path(word.kind, word.sha256): None})


def removed_people_record() -> Pack:
    scene = honest()
    first = scene.people[0]
    return scene.pack(changed={record_path(first.kind, first.sha256): None})


def removed_context() -> Pack:
    return honest().pack(changed={"people/context.json": None})


def applied_without_any_record() -> Pack:
    scene = honest()
    files = {record_path(each.kind, each.sha256): None for each in (*scene.people, *scene.records)}
    return scene.pack(changed={**files, "people/context.json": None})


def hidden_rejection() -> Pack:
    """Chen said no, and the gate claims not to have heard it."""
    scene = honest()
    no = record(yes(CHEN, verb=Verb.REJECT, meaning="not yet", reason="risk-too-high"))
    return replace(scene, records=(*scene.records, no), left_out=frozenset({no.sha256})).pack()


def hidden_revocation() -> Pack:
    """Ben took his yes back, and the gate still counts it."""
    scene = honest()
    back = Revocation(revokes_sha256=scene.records[-1].sha256, person=BEN, reason="second thoughts", signed_at=SPOKEN)
    return replace(scene, records=(*scene.records, record(back))).pack()


def revoked_waiver() -> Pack:
    scene = honest()
    back = Revocation(revokes_sha256=scene.records[0].sha256, person=ANA, reason="done", signed_at=SPOKEN)
    return replace(scene, records=(*scene.records, record(back))).pack()


def retired_waiver() -> Pack:
    scene = honest()
    told = Retirement(waiver_sha256=scene.records[0].sha256, subject="credit", decision_sha256="cd" * 32, at=SPOKEN)
    return replace(scene, records=(*scene.records, record(told))).pack()


def ended_waiver() -> Pack:
    waiver = record(asked(effective_until=AS_OF))
    words = (record(agreed(waiver.sha256, BEN, 1)), record(agreed(waiver.sha256, CHEN, 2)), record(yes()))
    return replace(honest(), records=(waiver, *words)).pack()


def endless_waiver() -> Pack:
    waiver = record(asked(effective_until=ASKED + 365 * DAY))
    words = (record(agreed(waiver.sha256, BEN, 1)), record(agreed(waiver.sha256, CHEN, 2)), record(yes()))
    return replace(honest(), records=(waiver, *words)).pack()


def quorum_not_met() -> Pack:
    scene = honest()
    return replace(scene, required=(Quorum(role="approver", count=2),)).pack()


def quorum_made_smaller() -> Pack:
    scene = replace(honest(), required=(Quorum(role="approver", count=2),))
    fewer = replace(scene.applied, required=(Quorum(role="approver", count=1),))
    return scene.pack(changed={APPLIED_PATH: canonical_bytes(fewer)})


def one_person_twice() -> Pack:
    """Ben says it himself, and Dora says it for Ben: one person, not two."""
    scene = honest(ben(delegations=(lent(AS_OF + DAY),)))
    words = (*scene.records, record(yes(DORA, on_behalf_of=BEN)))
    return replace(scene, records=words, required=(Quorum(role="approver", count=2),)).pack()


def of_another_project() -> Pack:
    scene = honest()
    return replace(scene, people=(people_record(everybody(), about="payments/people"),)).pack()


def renamed_record() -> Pack:
    scene = honest()
    word = scene.records[-1]
    moved = {record_path(word.kind, word.sha256): None, "people/approval-000000000000.json": word.envelope}
    return scene.pack(changed=moved)


def never_seen() -> Pack:
    scene = honest()
    context = replace(scene.context, first_seen={})
    return scene.pack(changed={"people/context.json": canonical_bytes(context)})


ATTACKS: dict[str, tuple[Callable[[], Pack], str]] = {
    "approval-moved-to-another-decision": (moved_approval, "people.approval-other-basis"),
    "approval-moved-to-another-subject": (moved_between_subjects, "people.approval-other-matter"),
    "waiver-prolonged-in-its-statement": (altered_statement, "people.signature"),
    "waiver-prolonged-in-what-was-applied": (prolonged_in_what_was_applied, "people.applied-altered"),
    "waiver-signed-again-after-its-approvals": (resigned_after_it_was_approved, "people.waiver-not-in-force"),
    "role-added-later": (role_added_later, "people.no-role"),
    "forged-signature": (forged_signature, "people.signature"),
    "signed-by-somebody-else": (signed_for_another, "people.approval-key-of-another"),
    "replayed-word": (replayed_word, "people.approval-other-basis"),
    "expired-key": (expired_key, "people.key-ended"),
    "expired-key-and-a-clock-set-back": (expired_key_and_a_clock_set_back, "people.approval-key-ended-before-seen"),
    "revoked-key": (revoked_key, "people.key-revoked"),
    "unknown-key": (unknown_key, "people.signature"),
    "another-namespace": (other_namespace, "people.sshsig-namespace"),
    "the-namespace-of-people-records": (namespace_of_people, "people.sshsig-namespace"),
    "role-lost-yesterday": (role_lost_yesterday, "people.role-ended"),
    "delegate-out-of-dates": (delegate_out_of_dates, "people.delegation-ended"),
    "circular-delegation": (circular_delegation, "people.circular-delegation"),
    "self-made-steward": (self_made_steward, "people.self-made-steward"),
    "people-record-by-no-steward": (no_steward_signed, "people.not-steward"),
    "two-first-people-records": (two_people_records, "people.fork"),
    "people-record-of-another-project": (of_another_project, "people.other-project"),
    "self-approved-waiver": (own_waiver, "people.duties-requester"),
    "waiver-by-one-approver-of-two": (one_approver_of_two, "people.waiver-not-in-force"),
    "requester-approves-the-release": (own_release, "people.duties-requester"),
    "author-approves-the-release": (author_of_the_model, "people.duties-author"),
    "approver-seals": (approver_who_seals, "people.duties-sealer"),
    "duties-that-nobody-can-check": (duties_nobody_can_check, "people.duties-unchecked"),
    "removed-approval": (removed_record, "people.missing"),
    "removed-waiver": (removed_waiver, "people.missing"),
    "removed-word-on-a-waiver": (removed_word_on_the_waiver, "people.waiver-not-in-force"),
    "removed-people-record": (removed_people_record, "people.signature"),
    "removed-context": (removed_context, "people.missing"),
    "applied-without-any-record": (applied_without_any_record, "people.missing"),
    "hidden-rejection": (hidden_rejection, "people.word-left-out"),
    "hidden-revocation": (hidden_revocation, "people.approval-revoked"),
    "revoked-waiver": (revoked_waiver, "people.waiver-not-in-force"),
    "retired-waiver": (retired_waiver, "people.waiver-not-in-force"),
    "ended-waiver": (ended_waiver, "people.waiver-not-in-force"),
    "endless-waiver": (endless_waiver, "people.waiver-too-long"),
    "quorum-not-met": (quorum_not_met, "people.quorum"),
    "quorum-made-smaller": (quorum_made_smaller, "people.required-altered"),
    "one-person-twice": (one_person_twice, "people.word-idle"),
    "record-under-another-name": (renamed_record, "people.name"),
    "record-that-no-log-saw": (never_seen, "people.first-seen"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_on_what_people_said_is_refused_with_its_code_a_place_and_a_hint(name: str) -> None:
    forge, code = ATTACKS[name]
    found = verified(forge())
    assert found.broken is not None
    problem = found.broken.problems[0]
    assert (problem.code, found.status) == (code, Status.FAILED)
    assert [step.name for step in found.steps][-1] == "links"
    assert problem.hint
    assert problem.place is not None
    assert problem.place.path.startswith("data/core/people/")


def test_the_scene_that_nobody_attacked_verifies_and_counts_what_it_rests_on() -> None:
    found = verified(honest().pack())
    assert (found.broken, found.status) == (None, Status.PASSED)
    people = found.people
    assert (people.records, people.versions, people.approvals, people.waivers, people.idle) == (5, 1, 1, 1, ())
    assert "people and the log's key are vouched for by the sealer (pin with --trust)" in found.notes


def test_a_record_that_changed_nothing_is_listed_with_why() -> None:
    scene = honest()
    old = record(yes(CHEN, basis=sha256_hex(b"last week"), signed_at=SPOKEN - DAY))
    found = verified(replace(scene, records=(*scene.records, old), left_out=frozenset({old.sha256})).pack())
    assert found.broken is None
    assert [each.sha256 for each in found.people.idle] == [old.sha256]
    assert "another" in found.people.idle[0].why


def test_a_delegate_within_the_dates_speaks_for_the_lender() -> None:
    word = record(yes(DORA, on_behalf_of=BEN))
    scene = saying(word, ben(delegations=(lent(AS_OF + DAY),)))
    assert verified(scene.pack()).broken is None


def test_a_second_version_by_the_steward_is_followed() -> None:
    scene = honest()
    later = following(scene.people[0], everybody(dora=person(DORA, "auditor", "approver")))
    said = saying(record(yes(DORA)), before=replace(scene, people=(scene.people[0], later)))
    assert verified(said.pack()).people.versions == 2


def test_people_and_the_log_can_be_pinned() -> None:
    scene = honest()
    trust = Trust(
        first_people=scene.people[0].sha256,
        stewards=frozenset({key(CHEN).public_key.fingerprint}),
        persons={BEN: frozenset({key(BEN).public_key.fingerprint})},
        logs=frozenset({verifier_key(ORIGIN, LOG.public_key)}),
    )
    found = verified(scene.pack(), trust)
    assert found.broken is None
    assert {"people are pinned", "the log's key is pinned"} <= set(found.notes)
    assert not any("vouched" in note for note in found.notes)


@pytest.mark.parametrize(
    ("trust", "code"),
    [
        (Trust(first_people="0" * 64), "people.not-pinned"),
        (Trust(stewards=frozenset({key(EVE).public_key.fingerprint})), "people.steward-not-pinned"),
        (Trust(persons={BEN: frozenset({key(EVE).public_key.fingerprint})}), "people.key-not-pinned"),
        (Trust(logs=frozenset({verifier_key(ORIGIN, SEALER.public_key)})), "log.not-pinned"),
    ],
)
def test_other_people_or_another_log_than_those_pinned_are_refused(trust: Trust, code: str) -> None:
    found = verified(honest().pack(), trust)
    assert found.broken is not None
    assert found.broken.code == code
    assert found.broken.problems[0].hint


def test_everybody_else_in_the_pack_is_who_they_were_by_the_sealer_s_word_alone() -> None:
    """A sealer who makes up people is not seen through without pins: this is what --trust is for."""
    made_up = replace(everybody(), people=tuple(_again(each) for each in everybody().people))
    scene = honest(made_up)
    assert verified(scene.pack()).broken is None
    pinned = verified(scene.pack(), Trust(first_people=honest().people[0].sha256))
    assert pinned.broken is not None


def _again(each: Person) -> Person:
    return replace(each, teams=("made up",))
