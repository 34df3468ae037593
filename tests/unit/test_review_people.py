"""Who holds a key, a role, a lent role, at an instant."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.people_sample import ANA, BEN, CHEN, DAY, DORA, EVE, NOON, everybody, fingerprint, key_of, people, person
from tolbooth.model.errors import ReviewError
from tolbooth.model.people import Absence, AliasSystem, Delegation, HeldRole, Names, PersonNames
from tolbooth.review.people import (
    Capacity,
    capacities,
    key_holder,
    own_roles,
    person_of_alias,
    require_capacity,
    who_may_speak,
)

LENT = Delegation(to=BEN, roles=("approver",), effective_on=NOON - DAY, effective_until=NOON + DAY)


def code(raised: pytest.ExceptionInfo[ReviewError]) -> str:
    assert raised.value.hint
    return raised.value.code


def test_a_key_names_its_holder() -> None:
    assert key_holder(everybody(), fingerprint(BEN), as_of=NOON).id == BEN


def test_the_key_of_an_outsider_is_nobodys() -> None:
    with pytest.raises(ReviewError) as raised:
        key_holder(everybody(), fingerprint(EVE), as_of=NOON)
    assert code(raised) == "people.key-unknown"


@pytest.mark.parametrize(
    ("start", "end", "wanted"),
    [
        (NOON + DAY, None, "people.key-not-yet"),
        (None, NOON, "people.key-ended"),
        (None, NOON - DAY, "people.key-ended"),
    ],
)
def test_a_key_out_of_its_dates_is_refused(start: datetime | None, end: datetime | None, wanted: str) -> None:
    key = replace(key_of(BEN), effective_on=start, effective_until=end)
    with pytest.raises(ReviewError) as raised:
        key_holder(people(person(BEN, "approver", keys=(key,))), fingerprint(BEN), as_of=NOON)
    assert code(raised) == wanted


def test_a_key_that_an_earlier_version_had_was_revoked() -> None:
    now = people(person(CHEN, "steward"))
    with pytest.raises(ReviewError) as raised:
        key_holder(now, fingerprint(BEN), as_of=NOON, earlier=(everybody(),))
    assert code(raised) == "people.key-revoked"


def test_a_role_counts_up_to_its_end_and_not_at_it() -> None:
    ben = person(BEN, HeldRole(role="approver", effective_until=NOON))
    assert own_roles(ben, NOON - DAY) == ("approver",)
    assert own_roles(ben, NOON) == ()


def test_who_lost_the_role_yesterday_is_refused_with_the_day() -> None:
    record = people(person(BEN, HeldRole(role="approver", effective_until=NOON - DAY)))
    with pytest.raises(ReviewError) as raised:
        require_capacity(record, BEN, "approver", as_of=NOON)
    assert code(raised) == "people.role-ended"
    assert "2026-11-22T12:00:00Z" in str(raised.value)


def test_a_role_ahead_and_a_role_never_held_are_told_apart() -> None:
    record = people(person(BEN, HeldRole(role="approver", effective_on=NOON + DAY)))
    with pytest.raises(ReviewError) as ahead:
        require_capacity(record, BEN, "approver", as_of=NOON)
    with pytest.raises(ReviewError) as never:
        require_capacity(record, BEN, "board", as_of=NOON)
    assert (code(ahead), code(never)) == ("people.role-not-yet", "people.no-role")


def test_eve_cannot_speak_at_all() -> None:
    with pytest.raises(ReviewError) as raised:
        require_capacity(everybody(), EVE, "approver", as_of=NOON)
    assert code(raised) == "people.unknown-person"


def test_a_lent_role_is_spoken_on_behalf_of_its_lender() -> None:
    record = people(person(CHEN, "steward", "approver", delegations=(LENT,)), person(BEN, "requester"))
    lent = Capacity(person=BEN, role="approver", on_behalf_of=CHEN)
    assert capacities(record, BEN, NOON) == (Capacity(person=BEN, role="requester"), lent)
    assert require_capacity(record, BEN, "approver", as_of=NOON, on_behalf_of=CHEN) == lent


def test_a_delegate_who_speaks_as_if_the_role_was_their_own_is_told_for_whom() -> None:
    record = people(person(CHEN, "approver", delegations=(LENT,)), person(BEN))
    with pytest.raises(ReviewError) as raised:
        require_capacity(record, BEN, "approver", as_of=NOON)
    assert f"on behalf of {CHEN}" in str(raised.value.hint)


@pytest.mark.parametrize(
    ("shift", "wanted"), [(2 * DAY, "people.delegation-not-yet"), (-2 * DAY, "people.delegation-ended")]
)
def test_a_delegate_out_of_dates_is_refused(shift: timedelta, wanted: str) -> None:
    lent = replace(LENT, effective_on=LENT.effective_on + shift, effective_until=LENT.effective_until + shift)
    record = people(person(CHEN, "approver", delegations=(lent,)), person(BEN))
    with pytest.raises(ReviewError) as raised:
        require_capacity(record, BEN, "approver", as_of=NOON, on_behalf_of=CHEN)
    assert code(raised) == wanted


def test_nobody_lends_what_they_do_not_hold_any_more() -> None:
    over = HeldRole(role="approver", effective_until=NOON)
    record = people(person(CHEN, over, delegations=(LENT,)), person(BEN))
    with pytest.raises(ReviewError) as raised:
        require_capacity(record, BEN, "approver", as_of=NOON, on_behalf_of=CHEN)
    assert code(raised) == "people.lender-without-role"


def test_without_a_delegation_nobody_speaks_for_another() -> None:
    with pytest.raises(ReviewError) as raised:
        require_capacity(everybody(), DORA, "approver", as_of=NOON, on_behalf_of=BEN)
    assert code(raised) == "people.no-delegation"


def test_who_is_away_can_not_be_asked_and_may_speak() -> None:
    away = Absence(effective_on=NOON - DAY, effective_until=NOON + DAY)
    record = people(person(BEN, "approver", absences=(away,)), person(CHEN, "approver"))
    speakers = who_may_speak(record, "approver", NOON)
    assert [each.person for each in speakers.present] == [CHEN]
    assert [each.person for each in speakers.away] == [BEN]
    assert require_capacity(record, BEN, "approver", as_of=NOON).person == BEN


def test_an_alias_names_a_person_whatever_its_case() -> None:
    named = PersonNames(handle="ana", name="Ana", aliases={AliasSystem.GIT: ("Ana@Example.org",)})
    names = Names(salt="00", names={ANA: named})
    assert person_of_alias(names, AliasSystem.GIT, " ana@example.ORG ") == ANA
    assert person_of_alias(names, AliasSystem.CI, "ana@example.org") is None


def test_erased_names_name_nobody() -> None:
    assert person_of_alias(None, AliasSystem.GIT, "ana@example.org") is None
