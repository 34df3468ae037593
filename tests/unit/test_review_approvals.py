"""Which words on a decision count, and why each other does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.approval_sample import (
    BASIS,
    FAY,
    chain_of,
    code,
    held,
    lent,
    matter,
    record,
    revocation,
    stage,
    stands,
    word,
)
from tests.people_sample import ANA, BEN, CHEN, DAY, DORA, EVE, NOON, fingerprint, following, people, person, signed
from tolbooth.model.approval import Condition, Duties, Verb
from tolbooth.model.people import HeldKey, People
from tolbooth.review.duties import Involved
from tolbooth.review.people_chain import PeopleChain, fold
from tolbooth.review.workflow import Order

HOUR = DAY / 24
RISK, LAW = stage("risk", ("risk", 1)), stage("law", ("law", 1))


def changed(before: People, after: People, days: int = 1) -> PeopleChain:
    """A second version, signed so many days after the first."""
    first = signed(before)
    folded = fold([first, following(first, after, signed_at=NOON + days * DAY)])
    assert not folded.problems
    return folded.chain


def without(person_id: str, *roles: str, keys: tuple[HeldKey, ...] | None = None) -> People:
    """The people, one of whom has these roles and keys alone."""
    found = record()
    return replace(
        found,
        people=tuple(
            replace(each, roles=tuple(held(role) for role in roles), keys=each.keys if keys is None else keys)
            if each.id == person_id
            else each
            for each in found.people
        ),
    )


def test_a_word_of_somebody_who_may_speak_counts() -> None:
    found = stands(matter(), word(BEN))
    assert [each.person for each in found.approvals] == [BEN]
    assert found.approvals[0].duties is Duties.KEPT
    assert found.awaited == ()


def test_the_requester_does_not_approve() -> None:
    assert code(matter(), word(ANA)) == "duties.requester"


def test_the_author_does_not_approve() -> None:
    asked = matter(involved=Involved(requester=DORA, authors=(BEN,)))
    assert code(asked, word(BEN)) == "duties.author"


def test_who_wrote_the_rule_does_not_approve() -> None:
    asked = matter(involved=Involved(requester=ANA, authors=(ANA,), rule_authors=(BEN,)))
    assert code(asked, word(BEN)) == "duties.rule-author"


def test_who_seals_does_not_approve() -> None:
    asked = matter(involved=Involved(requester=ANA, authors=(ANA,), sealers=(BEN,)))
    assert code(asked, word(BEN)) == "duties.sealer"


def test_where_nobody_names_an_author_no_yes_counts_and_every_no_does() -> None:
    asked = matter(involved=Involved(requester=ANA, authors=None))
    assert code(asked, word(BEN)) == "duties.unchecked"
    found = stands(asked, word(BEN, verb=Verb.REJECT))
    assert [each.verb for each in found.approvals] == [Verb.REJECT]
    assert found.approvals[0].duties is not Duties.UNCHECKED


def test_the_requesters_own_rejection_counts() -> None:
    found = stands(matter(), word(ANA, verb=Verb.REJECT))
    assert [each.person for each in found.approvals] == [ANA]


def test_an_outsider_counts_for_nothing() -> None:
    assert code(matter(), word(EVE)) == "people.key-unknown"
    assert code(matter(), word(EVE, verb=Verb.REJECT)) == "people.key-unknown"


def test_a_word_that_another_person_signed_counts_for_nothing() -> None:
    assert code(matter(), word(BEN, key=fingerprint(CHEN))) == "approval.key-of-another"


def test_a_role_that_is_not_held_counts_for_nothing() -> None:
    assert code(matter(), word(FAY)) == "people.no-role"


def test_a_role_that_is_not_asked_counts_for_nothing() -> None:
    assert code(matter(), word(BEN, "law")) == "approval.role-not-asked"


def test_where_nobody_is_asked_a_yes_counts_for_nothing_and_a_no_stands() -> None:
    asked = replace(matter(), workflow=replace(matter().workflow, stages=()))
    assert code(asked, word(BEN)) == "approval.not-asked"
    assert code(asked, word(BEN, verb=Verb.REQUEST_CHANGES)) is None
    assert stands(asked, word(BEN)).required == ()


def test_another_basis_voids_a_yes_and_not_a_no() -> None:
    assert code(matter(), word(BEN, basis="0" * 64)) == "approval.other-basis"
    assert code(matter(), word(BEN, verb=Verb.REJECT, basis="0" * 64)) is None


def test_words_on_another_gate_subject_or_environment_are_no_words_here() -> None:
    for elsewhere in (word(BEN, gate="other"), word(BEN, subject="other"), word(BEN, environment="prod")):
        assert stands(matter(), elsewhere).words == ()


def test_a_role_that_ended_yesterday_counts_for_nothing_even_with_the_clock_set_back() -> None:
    asked = matter(chain=chain_of(replaced_role(BEN, "risk", days=1)))
    assert code(asked, word(BEN, at=NOON + DAY)) == "people.role-ended"
    backdated = word(BEN, at=NOON + DAY - HOUR, seen=NOON + DAY + HOUR)
    assert code(asked, backdated) == "approval.role-ended-before-seen"
    assert code(asked, word(BEN, at=NOON + DAY - HOUR)) is None


def replaced_role(person_id: str, role: str, *, days: int) -> People:
    found = record()
    ended = held(role, until=NOON + days * DAY)
    return replace(
        found,
        people=tuple(replace(each, roles=(ended,)) if each.id == person_id else each for each in found.people),
    )


def test_a_key_that_was_taken_away_counts_for_nothing_even_with_the_clock_set_back() -> None:
    other = replace(person(BEN).keys[0], fingerprint="SHA256:" + "x" * 43)
    asked = matter(chain=changed(record(), without(BEN, "risk", keys=(other,))))
    assert code(asked, word(BEN, at=NOON + DAY + HOUR)) == "people.key-revoked"
    backdated = word(BEN, at=NOON + HOUR, seen=NOON + DAY + HOUR)
    assert code(asked, backdated) == "approval.key-ended-before-seen"
    assert code(asked, word(BEN, at=NOON + HOUR)) is None


def test_a_key_counts_in_its_dates_alone() -> None:
    dated = replace(person(BEN).keys[0], effective_on=NOON + HOUR, effective_until=NOON + DAY)
    asked = matter(chain=chain_of(without(BEN, "risk", keys=(dated,))))
    assert code(asked, word(BEN, at=NOON)) == "people.key-not-yet"
    assert code(asked, word(BEN, at=NOON + HOUR)) is None
    assert code(asked, word(BEN, at=NOON + DAY)) == "people.key-ended"


def test_a_role_added_later_makes_no_earlier_word_count() -> None:
    asked = matter(chain=changed(without(BEN), without(BEN, "risk")))
    assert code(asked, word(BEN, at=NOON + HOUR)) == "people.no-role"
    assert code(asked, word(BEN, at=NOON + DAY)) is None


def test_before_any_people_record_nobody_could_speak() -> None:
    assert code(matter(), word(BEN, at=NOON - HOUR)) == "people.none"
    assert code(matter(chain=PeopleChain()), word(BEN)) == "people.none"


def test_what_the_log_sees_later_is_not_known_yet() -> None:
    assert stands(matter(), word(BEN, seen=NOON + 3 * DAY)).words == ()


def test_a_word_from_the_future_does_not_count_yet() -> None:
    early = word(BEN, at=NOON + 3 * DAY, seen=NOON + DAY)
    assert code(matter(), early) == "approval.not-yet"
    assert code(matter(as_of=NOON + 3 * DAY), early) is None


def test_a_yes_expires_at_the_end_of_its_days() -> None:
    said = word(BEN, at=NOON + DAY)
    assert code(matter(expires=3, as_of=NOON + 4 * DAY - HOUR), said) is None
    assert code(matter(expires=3, as_of=NOON + 4 * DAY), said) == "approval.expired"


def test_a_yes_may_be_given_for_less() -> None:
    assert code(matter(expires=9), word(BEN, effective_until=NOON + 2 * DAY)) == "approval.expired"


def test_who_said_it_can_take_it_back_and_nobody_else() -> None:
    said = word(BEN)
    assert code(matter(), said, taken=[revocation(said)]) == "approval.revoked"
    found = stands(matter(), said, taken=[revocation(said, CHEN)])
    assert found.words[0].counts
    assert [each.code for each in found.dismissed.values()] == ["revocation.not-author"]


def test_a_rejection_is_not_lifted_by_a_key_that_ended_with_the_clock_set_back() -> None:
    dated = replace(person(BEN).keys[0], effective_until=NOON + DAY + HOUR)
    asked = matter(chain=chain_of(without(BEN, "risk", keys=(dated,))))
    no = word(BEN, verb=Verb.REJECT, at=NOON + DAY)
    back = replace(revocation(no, at=NOON + DAY), first_seen=NOON + DAY + 2 * HOUR)
    assert code(asked, no, taken=[back]) is None
    assert code(asked, no, taken=[revocation(no, at=NOON + DAY)]) == "approval.revoked"


def test_a_rejection_stands_after_its_author_left() -> None:
    asked = matter(chain=changed(record(), without(BEN), days=2), as_of=NOON + 3 * DAY)
    assert code(asked, word(BEN, verb=Verb.REJECT, at=NOON + DAY, seen=NOON + 3 * DAY)) is None


def test_an_overdue_condition_ends_the_approval() -> None:
    owed = Condition(text="write the card", owner=ANA, due=NOON + 2 * DAY)
    said = word(BEN, verb=Verb.APPROVE_WITH_CONDITIONS, conditions=[owed])
    assert code(matter(as_of=NOON + 2 * DAY - HOUR), said) is None
    assert code(matter(as_of=NOON + 2 * DAY), said) == "approval.condition-overdue"


def test_a_condition_is_closed_by_its_rule_in_time_and_never_after_its_end() -> None:
    owed = Condition(text="write the card", owner=ANA, due=NOON + 2 * DAY, rule="documentation.card")
    said = word(BEN, verb=Verb.APPROVE_WITH_CONDITIONS, at=NOON + DAY, conditions=[owed])
    asked = matter(as_of=NOON + 3 * DAY)
    for passed, expected in (
        (NOON + DAY + HOUR, None),
        (NOON + DAY, "approval.condition-overdue"),
        (NOON + 2 * DAY, "approval.condition-overdue"),
    ):
        assert code(replace(asked, passes={"documentation.card": (passed,)}), said) == expected


def test_one_person_fills_one_place_whatever_the_number_of_roles() -> None:
    asked = matter(stage("both", ("risk", 1), ("law", 1)))
    found = stands(asked, word(BEN), word(BEN, "law"))
    assert [(each.role, each.count) for each in found.awaited] in [[("risk", 1)], [("law", 1)]]
    assert stands(asked, word(BEN), word(BEN, "law"), word(CHEN)).awaited == ()


def test_a_lender_and_a_delegate_are_one_voice() -> None:
    chain = chain_of(record(ben=lent(FAY, "risk")))
    asked = matter(stage("risk", ("risk", 2)), chain=chain)
    fay = word(FAY, on_behalf_of=BEN)
    assert code(asked, fay) is None
    found = stands(asked, word(BEN), fay)
    assert [(each.role, each.count) for each in found.awaited] == [("risk", 1)]
    assert sum(quorum.count for quorum in found.required) == 2
    assert len(found.approvals) == 1
    assert stands(asked, word(CHEN), fay).awaited == ()


def test_who_lent_a_role_and_made_the_model_does_not_approve_through_a_delegate() -> None:
    asked = matter(chain=chain_of(record(ben=lent(FAY, "risk"))), involved=Involved(requester=ANA, authors=(BEN,)))
    assert code(asked, word(FAY, on_behalf_of=BEN)) == "duties.author"


def test_a_delegate_out_of_dates_counts_for_nothing() -> None:
    chain = chain_of(record(ben=lent(FAY, "risk", days=1)))
    assert code(matter(chain=chain), word(FAY, on_behalf_of=BEN, at=NOON + DAY)) == "people.delegation-ended"
    assert code(matter(chain=chain), word(FAY, on_behalf_of=BEN, at=NOON + HOUR)) is None


def test_a_stage_waits_for_the_one_before() -> None:
    asked = matter(RISK, LAW)
    assert code(asked, word(DORA, "law", at=NOON + HOUR), word(BEN, at=NOON + DAY)) == "approval.too-early"
    assert code(asked, word(DORA, "law", at=NOON + DAY), word(BEN, at=NOON + DAY)) is None
    assert code(asked, word(DORA, "law")) == "approval.too-early"
    found = stands(asked, word(BEN))
    assert [(each.stage, each.role, each.is_open) for each in found.awaited] == [("law", "law", True)]
    assert [each.is_open for each in stands(asked).awaited] == [True, False]


def test_parallel_stages_wait_for_nobody() -> None:
    asked = matter(RISK, LAW, order=Order.PARALLEL)
    assert stands(asked, word(DORA, "law", at=NOON + HOUR), word(BEN)).awaited == ()


def test_after_the_deadline_the_role_of_the_escalation_may_speak_and_not_before() -> None:
    asked = matter(stage("risk", ("risk", 1), deadline=1, escalate="head"))
    assert code(asked, word(CHEN, "head", at=NOON + DAY - HOUR)) == "approval.too-early"
    found = stands(asked, word(CHEN, "head", at=NOON + DAY))
    assert found.awaited == ()
    assert [(quorum.role, quorum.count) for quorum in found.required] == [("head", 1)]
    assert stands(asked).awaited[0].overdue


def test_who_is_awaited_leaves_out_the_requester_and_who_has_spoken() -> None:
    found = stands(matter(stage("risk", ("risk", 2))), word(BEN))
    assert found.awaited[0].could == (CHEN,)


def test_a_quorum_that_cannot_be_met_is_said_plainly() -> None:
    found = stands(matter(stage("law", ("law", 3))))
    assert [(each.role, each.count) for each in found.unmeetable] == [("law", 1)]
    assert "can't be met" in found.unmeetable[0].message
    assert stands(matter(stage("law", ("law", 2)))).unmeetable == ()


def test_one_person_in_two_roles_does_not_make_a_quorum_meetable() -> None:
    alone = chain_of(people(person(CHEN, "steward", "risk", "law")))
    found = stands(matter(stage("both", ("risk", 1), ("law", 1)), chain=alone))
    assert sum(each.count for each in found.unmeetable) == 1


@pytest.mark.parametrize("verb", [Verb.ABSTAIN, Verb.REJECT, Verb.REQUEST_CHANGES])
def test_nothing_but_a_yes_fills_a_place(verb: Verb) -> None:
    assert len(stands(matter(), word(BEN, verb=verb)).awaited) == 1


def test_an_abstention_counts_as_nothing_and_is_no_mistake() -> None:
    found = stands(matter(), word(BEN, verb=Verb.ABSTAIN)).words[0]
    assert not found.counts
    assert found.problem is None


def test_every_refusal_has_a_hint_but_those_of_people_who_have_none() -> None:
    for said in (word(ANA), word(FAY), word(BEN, basis="0" * 64), word(BEN, at=NOON + 9 * DAY, seen=NOON)):
        found = stands(matter(), said).words[0]
        assert found.problem is not None
        assert found.problem.hint
        assert found.word.basis in {BASIS, "0" * 64}
