"""The chain of people records: who may sign the next one, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.people_sample import (
    ANA,
    BEN,
    CHEN,
    DAY,
    EVE,
    NOON,
    everybody,
    fingerprint,
    following,
    key_of,
    people,
    person,
    signed,
)
from tolbooth.model.errors import ReviewError
from tolbooth.model.people import Delegation, DutyRule, HeldRole, People
from tolbooth.review.people_chain import PeopleChain, SignedPeople, fold, require_successor
from tolbooth.review.people_difference import difference
from tolbooth.review.people_laws import law_problems

FIRST = signed(everybody())
WITH_EVE = replace(everybody(), people=(*everybody().people, person(EVE, "steward")))


def codes(*records: SignedPeople) -> list[str]:
    return [each.code for each in fold(records).problems]


def test_the_first_version_is_signed_by_a_steward_whom_it_names() -> None:
    folded = fold([FIRST])
    assert folded.problems == ()
    assert folded.chain.last is not None
    assert folded.chain.last.steward == CHEN


def test_the_first_version_by_an_approver_is_refused() -> None:
    assert codes(signed(everybody(), BEN)) == ["people.not-steward"]


def test_eve_cannot_sign_the_first_version() -> None:
    assert codes(signed(everybody(), EVE)) == ["people.key-unknown"]


def test_versions_in_any_order_make_one_chain() -> None:
    second = following(FIRST, WITH_EVE)
    third = following(second, everybody(), EVE)
    folded = fold([third, FIRST, second, FIRST])
    assert folded.problems == ()
    assert [each.people.version for each in folded.chain.versions] == [1, 2, 3]


def test_a_self_made_steward_is_refused() -> None:
    assert codes(FIRST, following(FIRST, WITH_EVE, EVE)) == ["people.self-made-steward"]


def test_an_approver_who_makes_themselves_a_steward_is_refused() -> None:
    ben = people(person(BEN, "steward"), person(CHEN, "steward"))
    assert codes(FIRST, following(FIRST, ben, BEN)) == ["people.self-made-steward"]


def test_a_steward_who_lost_the_role_in_the_version_before_is_refused() -> None:
    second = following(FIRST, people(person(CHEN, "approver"), person(BEN, "steward")))
    assert codes(FIRST, second, following(second, everybody())) == ["people.self-made-steward"]


def test_a_steward_whose_role_ended_yesterday_is_refused() -> None:
    ending = people(person(CHEN, HeldRole(role="steward", effective_until=NOON + DAY)), person(BEN, "approver"))
    first = signed(ending)
    after = people(person(CHEN, "approver"), person(BEN, "steward"))
    assert codes(first, following(first, after, signed_at=NOON + 2 * DAY)) == ["people.not-steward"]
    again = people(person(CHEN, "steward"))
    assert codes(first, following(first, again, signed_at=NOON + 2 * DAY)) == ["people.self-made-steward"]


def test_a_key_that_ended_signs_nothing_more() -> None:
    key = replace(key_of(CHEN), effective_until=NOON + DAY)
    first = signed(people(person(CHEN, "steward", keys=(key,))))
    assert codes(first, following(first, everybody())) == ["people.key-ended"]


def test_two_versions_on_one_are_a_fork_and_neither_counts() -> None:
    one, other = following(FIRST, WITH_EVE), following(FIRST, replace(everybody(), duties=tuple(DutyRule)))
    folded = fold([FIRST, one, other])
    assert [each.code for each in folded.problems] == ["people.fork", "people.fork"]
    assert folded.chain.last is not None
    assert folded.chain.last.people.version == 1


def test_a_fork_is_settled_by_a_steward_of_both_sides_who_names_the_other() -> None:
    one, other = following(FIRST, WITH_EVE), following(FIRST, replace(everybody(), duties=tuple(DutyRule)))
    on_other = following(other, everybody())
    silent = following(one, everybody())
    assert "people.fork" in codes(FIRST, one, other, silent)
    settling = following(one, everybody(), settles=(other.statement_sha256,))
    folded = fold([FIRST, one, other, on_other, settling])
    assert folded.problems == ()
    assert [each.signed for each in folded.chain.versions] == [FIRST, one, settling]


def test_a_fork_is_not_settled_by_a_steward_of_one_side_alone() -> None:
    one, other = following(FIRST, WITH_EVE), following(FIRST, replace(everybody(), duties=tuple(DutyRule)))
    by_eve = following(one, everybody(), EVE, settles=(other.statement_sha256,))
    assert "people.fork" in codes(FIRST, one, other, by_eve)


def test_the_side_that_is_asked_for_is_told_with_what_it_sets_aside() -> None:
    one, other = following(FIRST, WITH_EVE), following(FIRST, replace(everybody(), duties=tuple(DutyRule)))
    folded = fold([FIRST, one, other], onto=other.statement_sha256[:12])
    assert folded.problems == ()
    assert folded.chain.last is not None
    assert folded.chain.last.signed == other
    assert [each.signed for each in folded.aside] == [one]


def test_a_version_without_the_one_before_is_a_gap() -> None:
    second = following(FIRST, WITH_EVE)
    assert codes(FIRST, following(second, everybody())) == ["people.gap"]


def test_a_version_number_that_jumps_is_refused() -> None:
    assert codes(FIRST, following(FIRST, everybody(), version=3)) == ["people.version"]


def test_a_record_that_was_set_back_in_time_is_refused() -> None:
    assert codes(FIRST, following(FIRST, everybody(), signed_at=NOON - DAY)) == ["people.backdated"]


def test_a_record_without_its_time_is_refused() -> None:
    assert codes(signed(replace(everybody(), signed_at=None))) == ["people.undated"]


def test_a_version_counts_from_when_it_was_signed() -> None:
    chain = fold([FIRST, following(FIRST, WITH_EVE)]).chain
    found = [chain.at(NOON + shift) for shift in (-DAY, 0 * DAY, DAY - DAY / 2, DAY)]
    assert [None if each is None else each.people.version for each in found] == [None, 1, 1, 2]


def test_a_key_taken_out_is_told_from_one_that_was_never_there() -> None:
    second = following(FIRST, people(person(CHEN, "steward")))
    chain = fold([FIRST, second]).chain
    assert chain.holder(fingerprint(BEN), NOON).id == BEN
    with pytest.raises(ReviewError) as revoked:
        chain.holder(fingerprint(BEN), NOON + DAY)
    assert revoked.value.code == "people.key-revoked"
    with pytest.raises(ReviewError) as none:
        chain.holder(fingerprint(BEN), NOON - DAY)
    assert none.value.code == "people.none"


def test_what_would_not_follow_is_refused_before_it_is_signed() -> None:
    chain = fold([FIRST]).chain
    with pytest.raises(ReviewError) as raised:
        require_successor(chain, following(FIRST, WITH_EVE, EVE))
    assert raised.value.code == "people.self-made-steward"
    with pytest.raises(ReviewError) as gap:
        require_successor(PeopleChain(), following(FIRST, WITH_EVE))
    assert gap.value.code == "people.gap"


LENT = Delegation(to=BEN, roles=("approver",), effective_on=NOON, effective_until=NOON + DAY)


def laws(record: People) -> list[str]:
    return [each.code for each in law_problems(record)]


def test_a_sound_record_breaks_no_law() -> None:
    assert laws(everybody()) == []


@pytest.mark.parametrize(
    ("record", "wanted"),
    [
        (people(person(CHEN, "approver")), ["people.no-steward"]),
        (people(person(CHEN, "steward", keys=())), ["people.no-steward"]),
        (people(person("ana", "steward")), ["people.id"]),
        (people(person(CHEN, "steward"), person(CHEN, keys=())), ["people.duplicate-id"]),
        (people(person(CHEN, "steward"), person(BEN, keys=(key_of(CHEN),))), ["people.duplicate-key"]),
        (people(person(CHEN, "steward"), duties=()), ["people.duties", "people.duties"]),
        (
            people(person(CHEN, "steward", HeldRole(role="a", effective_on=NOON, effective_until=NOON))),
            ["people.dates"],
        ),
        (people(person(CHEN, "steward", "approver", delegations=(LENT,))), ["people.unknown-delegate"]),
        (people(person(CHEN, "steward", delegations=(LENT,)), person(BEN)), ["people.delegation-not-held"]),
        (
            people(person(CHEN, "steward", delegations=(replace(LENT, roles=("steward",)),)), person(BEN)),
            ["people.steward-lent"],
        ),
    ],
)
def test_each_law_is_told_by_its_code(record: People, wanted: list[str]) -> None:
    assert laws(record) == wanted


def test_a_role_that_comes_back_to_its_lender_is_lent_in_a_circle() -> None:
    back = replace(LENT, to=CHEN)
    record = people(
        person(CHEN, "steward", "approver", delegations=(LENT,)), person(BEN, "approver", delegations=(back,))
    )
    assert laws(record) == ["people.circular-delegation"] * 2


def test_lending_to_oneself_is_a_circle() -> None:
    record = people(person(CHEN, "steward", "approver", delegations=(replace(LENT, to=CHEN),)))
    assert laws(record) == ["people.circular-delegation"]


def test_two_who_stand_in_for_each_other_at_different_times_are_no_circle() -> None:
    later = replace(LENT, to=CHEN, effective_on=NOON + DAY, effective_until=NOON + 2 * DAY)
    record = people(
        person(CHEN, "steward", "approver", delegations=(LENT,)), person(BEN, "approver", delegations=(later,))
    )
    assert laws(record) == []


def test_the_difference_of_two_versions_is_told_in_words() -> None:
    ending = HeldRole(role="approver", effective_until=NOON)
    after = people(person(ANA, "requester"), person(BEN, ending, keys=()), person(CHEN, "steward", "approver"))
    names = {ANA: "ana", BEN: "ben", CHEN: "chen"}
    told = difference(everybody(), after, lambda each: names.get(each, "dora"))
    assert told == (
        f"ben loses the key {fingerprint(BEN)}",
        "ben: the role 'approver' holds until 2026-11-23T12:00:00Z, before without end",
        "dora is taken out, with every key and role",
    )
    assert difference(after, after, str) == ()
