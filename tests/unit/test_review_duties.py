"""Segregation of duties: each rule broken once, kept once, and unchecked where somebody is unknown."""

from __future__ import annotations

import pytest

from tests.people_sample import ANA, BEN, CHEN, DORA, EVE, everybody, people, person
from tolbooth.model.approval import Duties
from tolbooth.model.people import DEFAULT_DUTIES, DutyRule, People
from tolbooth.review.duties import Conflict, DutyConflict, Involved, check_duties, distinct_voices, require_duties
from tolbooth.review.people import UNDECLARED, Capacity

BY_BEN = Capacity(person=BEN, role="approver")
KNOWN = Involved(requester=ANA, authors=(DORA,))


def with_teams(**teams: tuple[str, ...]) -> People:
    ids = {"ana": ANA, "ben": BEN, "dora": DORA}
    persons = [person(ids[name], "approver", teams=team) for name, team in teams.items()]
    return people(*persons, duties=(*DEFAULT_DUTIES, DutyRule.TEAM))


def test_somebody_else_keeps_every_duty() -> None:
    assert check_duties(everybody(), BY_BEN, KNOWN).duties is Duties.KEPT


@pytest.mark.parametrize(
    ("involved", "rule"),
    [
        (Involved(requester=BEN, authors=(DORA,)), DutyRule.REQUESTER),
        (Involved(requester=ANA, authors=(DORA, BEN)), DutyRule.AUTHOR),
        (Involved(requester=ANA, authors=(DORA,), rule_authors=(BEN,)), DutyRule.RULE_AUTHOR),
        (Involved(requester=ANA, authors=(DORA,), sealers=(BEN,)), DutyRule.SEALER),
    ],
)
def test_a_breach_names_the_rule_and_the_person(involved: Involved, rule: DutyRule) -> None:
    with pytest.raises(DutyConflict) as raised:
        require_duties(everybody(), BY_BEN, involved)
    assert raised.value.conflicts == (Conflict(rule=rule, persons=(BEN,)),)
    assert raised.value.code == f"duties.{rule}"
    assert BEN in str(raised.value)
    assert raised.value.hint


def test_ana_cannot_approve_her_own_through_a_delegate() -> None:
    for_ana = Capacity(person=BEN, role="approver", on_behalf_of=ANA)
    found = check_duties(everybody(), for_ana, KNOWN)
    assert found.conflicts == (Conflict(rule=DutyRule.REQUESTER, persons=(BEN, ANA)),)


@pytest.mark.parametrize(
    ("involved", "rule"),
    [
        (Involved(requester=None, authors=(DORA,)), DutyRule.REQUESTER),
        (Involved(requester=UNDECLARED, authors=(DORA,)), DutyRule.REQUESTER),
        (Involved(requester=ANA, authors=None), DutyRule.AUTHOR),
        (Involved(requester=ANA, authors=(DORA, UNDECLARED)), DutyRule.AUTHOR),
        (Involved(requester=ANA, authors=(DORA,), rule_authors=None), DutyRule.RULE_AUTHOR),
    ],
)
def test_somebody_unknown_leaves_the_duty_unchecked(involved: Involved, rule: DutyRule) -> None:
    found = check_duties(everybody(), BY_BEN, involved)
    assert (found.duties, found.unchecked) == (Duties.UNCHECKED, (rule,))


def test_a_conflict_weighs_more_than_what_is_unknown() -> None:
    found = check_duties(everybody(), BY_BEN, Involved(requester=BEN, authors=None))
    assert found.duties is Duties.CONFLICT


def test_a_duty_that_is_not_declared_is_not_asked_for() -> None:
    record = people(person(BEN, "approver"), duties=(DutyRule.REQUESTER, DutyRule.ONCE))
    assert check_duties(record, BY_BEN, Involved(requester=ANA, authors=(BEN,))).duties is Duties.KEPT


def test_team_independence_is_for_those_who_ask_for_it() -> None:
    record = with_teams(ana=("credit",), ben=("credit", "risk"), dora=("audit",))
    found = check_duties(record, BY_BEN, KNOWN)
    assert found.conflicts == (Conflict(rule=DutyRule.TEAM, persons=(BEN, ANA)),)
    apart = with_teams(ana=("credit",), ben=("risk",), dora=("audit",))
    assert check_duties(apart, BY_BEN, KNOWN).duties is Duties.KEPT


def test_a_second_word_by_the_same_person_is_a_conflict() -> None:
    board = Capacity(person=BEN, role="board")
    found = check_duties(everybody(), BY_BEN, KNOWN, spoken=[board])
    assert found.conflicts == (Conflict(rule=DutyRule.ONCE, persons=(BEN,)),)


def test_one_person_through_two_roles_has_one_voice() -> None:
    assert len(distinct_voices([BY_BEN, Capacity(person=BEN, role="board")])) == 1


def test_a_delegates_word_falls_where_the_lender_speaks_too() -> None:
    for_chen = Capacity(person=DORA, role="approver", on_behalf_of=CHEN)
    chen = Capacity(person=CHEN, role="approver")
    assert distinct_voices([for_chen, chen]) == (chen,)


def test_two_delegates_of_one_lender_have_one_voice() -> None:
    voices = [Capacity(person=each, role="approver", on_behalf_of=CHEN) for each in (BEN, DORA)]
    assert len(distinct_voices(voices)) == 1


def test_words_that_would_block_each_other_are_matched_for_the_most_voices() -> None:
    voices = [
        Capacity(person=BEN, role="approver", on_behalf_of=ANA),
        Capacity(person=CHEN, role="approver", on_behalf_of=ANA),
        Capacity(person=BEN, role="approver", on_behalf_of=EVE),
    ]
    assert len(distinct_voices(voices)) == 2
