"""Moves on a decision: each illegal one names the precondition that it lacks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.approval_sample import matter, revocation, stage, word
from tests.decide_sample import CASE, FAIL, PASS
from tests.people_sample import ANA, BEN, CHEN, DAY, NOON
from tolbooth.decide.gate import decide
from tolbooth.model.approval import Condition, Quorum, Verb
from tolbooth.model.errors import ReviewError
from tolbooth.model.people import DutyRule
from tolbooth.model.words import DecisionWord
from tolbooth.review.duties import DutyConflict
from tolbooth.review.moves import say, take_back
from tolbooth.review.spoken import Spoken

PENDING = decide(CASE, [PASS], required=[Quorum(role="risk", count=1)])
DENIED = decide(CASE, [PASS, FAIL])
ASKED = matter(stage("risk", ("risk", 2)))


def refusal(new: Spoken[DecisionWord], *before: Spoken[DecisionWord], denied: bool = False) -> ReviewError:
    with pytest.raises(ReviewError) as caught:
        say(ASKED, DENIED if denied else PENDING, before, (), new)
    assert caught.value.hint
    return caught.value


def conditional(*conditions: Condition) -> Spoken[DecisionWord]:
    return word(BEN, verb=Verb.APPROVE_WITH_CONDITIONS, conditions=conditions)


OWED = Condition(text="write the card", owner=ANA, due=NOON + 9 * DAY)


def test_a_legal_yes_counts() -> None:
    assert say(ASKED, PENDING, (), (), word(BEN)).counts


def test_a_requesters_yes_is_a_duty_conflict_that_names_rule_and_person() -> None:
    error = refusal(word(ANA))
    assert isinstance(error, DutyConflict)
    assert [(each.rule, each.persons) for each in error.conflicts] == [
        (DutyRule.REQUESTER, (ANA,)),
        (DutyRule.AUTHOR, (ANA,)),
    ]


def test_no_yes_lifts_a_failing_rule() -> None:
    error = refusal(word(BEN), denied=True)
    assert error.code == "approval.blocked"
    assert "fairness.difference" in str(error)


def test_a_no_may_be_said_on_any_decision() -> None:
    assert say(ASKED, DENIED, (), (), word(BEN, verb=Verb.REJECT, reason="risk-too-high")).counts


def test_the_same_is_not_said_twice() -> None:
    said = word(BEN)
    assert refusal(word(BEN, at=NOON + DAY + DAY / 2), said).code == "approval.said-already"


def test_somebody_else_may_say_the_same() -> None:
    assert say(ASKED, PENDING, (word(BEN),), (), word(CHEN)).counts


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (conditional(), "approval.condition-missing"),
        (word(BEN, conditions=[OWED]), "approval.condition-stray"),
        (conditional(replace(OWED, due=NOON)), "approval.condition-due"),
        (conditional(replace(OWED, owner="p-ffffffffffffffff")), "approval.condition-owner"),
        (conditional(replace(OWED, rule="no.such")), "approval.condition-rule"),
        (word(BEN, reason="because"), "approval.reason"),
        (word(BEN, reason="other"), "approval.reason"),
        (word(BEN, meaning=" "), "approval.meaning"),
        (word(BEN, basis="0" * 64), "approval.other-basis"),
        (word(BEN, "law"), "approval.role-not-asked"),
    ],
)
def test_an_ill_made_word_is_refused(said: Spoken[DecisionWord], code: str) -> None:
    assert refusal(said).code == code


def test_a_condition_that_a_rule_of_the_gate_checks_is_legal() -> None:
    assert say(ASKED, PENDING, (), (), conditional(replace(OWED, rule="performance.minimum"))).counts


def test_only_the_author_takes_a_word_back_and_only_once() -> None:
    said = word(BEN)
    assert take_back(ASKED, [said], (), revocation(said)) == said
    with pytest.raises(ReviewError) as caught:
        take_back(ASKED, [said], (), revocation(said, CHEN))
    assert caught.value.code == "revocation.not-author"
    with pytest.raises(ReviewError) as caught:
        take_back(ASKED, [said], [revocation(said)], revocation(said))
    assert caught.value.code == "revocation.already"
    with pytest.raises(ReviewError) as caught:
        take_back(ASKED, [], (), revocation(said))
    assert caught.value.code == "revocation.unknown"


def test_what_was_taken_back_may_be_said_again() -> None:
    said = word(BEN)
    again = word(BEN, at=NOON + DAY + DAY / 2)
    assert say(ASKED, PENDING, [said], [revocation(said)], again).counts
