"""What may happen to a waiver, by whom, and what each refusal names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.waiver_sample import (
    CASE,
    CONTROL,
    CRITICAL,
    DAY,
    DECISION,
    DECISION_SHA256,
    FAIL,
    HIGH,
    HOUR,
    LOW,
    NOW,
    PASS,
    PEOPLE,
    REQUEST,
    RULE,
    RULES,
    SUBJECT,
    chain_of,
    decision_of,
    digest_of,
    no,
    person,
    retirement,
    revocation,
    spoken,
    yes,
)
from tolbooth.decide.gate import decide
from tolbooth.model.approval import Quorum, Verb
from tolbooth.model.decision import Verdict
from tolbooth.model.errors import ReviewError
from tolbooth.model.rule import Loosens, Outcome, Reason, Severity
from tolbooth.model.waiver import RiskLevel, SubjectScope
from tolbooth.review.duties import DutyConflict
from tolbooth.review.risk import LevelOfRisk, RiskScale
from tolbooth.review.spoken import Spoken
from tolbooth.review.waiver_policy import RuleTraits, WaiverPolicy
from tolbooth.review.waiver_request import request_end
from tolbooth.review.waiver_state import WaiverRules, WaiverState, WaiverStatus, to_waiver
from tolbooth.review.waivers import asked_before, require_legal, retirements, review_waivers, waivers_in_force

ASKED = spoken(REQUEST)
BEN, CHEN = yes(ASKED, "ben"), yes(ASKED, "chen", at=NOW + 2 * HOUR)
APPROVED = (ASKED, BEN, CHEN)
LATER = NOW + 3 * HOUR


def state_of(*said: Spoken[Any], as_of: datetime = LATER, rules: WaiverRules = RULES) -> WaiverState:
    return review_waivers(said, rules, as_of=as_of).states[said[0].sha256]


def status_of(*said: Spoken[Any], as_of: datetime = LATER, rules: WaiverRules = RULES) -> WaiverStatus:
    return state_of(*said, as_of=as_of, rules=rules).status(as_of)


def refusal(
    new: Spoken[Any], *said: Spoken[Any], as_of: datetime | None = None, rules: WaiverRules = RULES
) -> ReviewError:
    with pytest.raises(ReviewError) as caught:
        require_legal(new, said, rules, as_of=as_of or new.first_seen)
    return caught.value


def codes(error: ReviewError) -> set[str]:
    return {problem.code for problem in error.problems}


def asked(**changes: Any) -> Spoken[Any]:
    return spoken(replace(REQUEST, **changes))


def renewed(**changes: Any) -> Spoken[Any]:
    fields = {
        "id": "W-2",
        "renews": ASKED.sha256,
        "from_decision": "2" * 64,
        "evidence_as_of": NOW + 20 * DAY,
        "signed_at": NOW + 20 * DAY,
        "effective_on": NOW + 20 * DAY,
        "effective_until": NOW + 60 * DAY,
    }
    return asked(**{**fields, **changes})


RENEWAL_RULES = replace(
    RULES, decisions={**RULES.decisions, "2" * 64: decision_of(FAIL, PASS, case=replace(CASE, as_of=NOW + 20 * DAY))}
)


def test_what_was_asked_before_is_told_but_not_what_was_renewed_or_lies_elsewhere() -> None:
    renewal = renewed()
    later = {"from_decision": "2" * 64, "evidence_as_of": NOW + 20 * DAY, "effective_until": NOW + 60 * DAY}
    anew = asked(id="W-3", signed_at=NOW + 30 * DAY, effective_on=NOW + 30 * DAY, **later)
    wider = asked(id="W-4", signed_at=NOW + 30 * DAY, scope=SubjectScope(pattern="*", matches_at_most=9), **later)
    elsewhere = asked(id="W-5", signed_at=NOW + 5 * DAY, gate="serve")
    between = asked(id="W-6", signed_at=NOW + 10 * DAY, effective_on=NOW + 10 * DAY)
    said = (
        *APPROVED,
        between,
        renewal,
        yes(renewal, "ben", at=NOW + 20 * DAY),
        yes(renewal, "chen", at=NOW + 20 * DAY),
    )
    review = review_waivers((*said, elsewhere, anew, wider), RENEWAL_RULES, as_of=NOW + 40 * DAY)
    states = review.states.values()
    found = {each.request.id: [before.request.id for before in asked_before(each, states)] for each in states}
    assert found == {
        "W-1": [],
        "W-2": ["W-6"],
        "W-3": ["W-6", "W-2"],
        "W-4": ["W-6", "W-2", "W-3"],
        "W-5": [],
        "W-6": ["W-1"],
    }


def test_two_approvers_bring_a_high_risk_into_force() -> None:
    assert status_of(ASKED) is WaiverStatus.REQUESTED
    assert status_of(ASKED, BEN) is WaiverStatus.REQUESTED
    assert state_of(ASKED, BEN).missing == (Quorum(role="approver", count=1),)
    assert status_of(*APPROVED) is WaiverStatus.IN_FORCE
    assert [step.what for step in state_of(*APPROVED).history] == ["requested", "approved", "approved"]


def test_one_approver_is_enough_for_a_low_risk() -> None:
    low = asked(risk=replace(REQUEST.risk, inherent=LOW))
    assert status_of(low, yes(low, "ben")) is WaiverStatus.IN_FORCE


def test_a_waiver_is_in_force_from_when_the_last_approval_was_seen_and_covers_then() -> None:
    waiver = to_waiver(state_of(*APPROVED))
    assert waiver.effective_on == NOW + 2 * HOUR
    assert not waiver.holds(NOW + 2 * HOUR - HOUR / 60)
    assert decide(replace(CASE, as_of=LATER), [FAIL, PASS], waivers=[waiver]).verdict is Verdict.ALLOW
    assert decide(replace(CASE, as_of=LATER), [FAIL, PASS], waivers=[to_waiver(state_of(ASKED, BEN))]).verdict is (
        Verdict.DENY
    )


def test_the_waiver_carries_the_highest_residual_answer() -> None:
    higher = yes(ASKED, "chen", residual=RiskLevel(likelihood=3, impact=3))
    assert to_waiver(state_of(ASKED, BEN, higher)).risk.residual == RiskLevel(likelihood=3, impact=3)


def test_a_higher_residual_answer_adds_the_approvers_of_that_level() -> None:
    board = {level: (Quorum(role="approver", count=1),) for level in LevelOfRisk}
    board[LevelOfRisk.CRITICAL] = (Quorum(role="board", count=1),)
    rules = replace(RULES, policy=WaiverPolicy(approvers=board))
    assert status_of(ASKED, yes(ASKED, "ben"), rules=rules) is WaiverStatus.IN_FORCE
    worse = yes(ASKED, "ben", residual=CRITICAL)
    state = state_of(ASKED, worse, rules=rules)
    assert state.levels == (LevelOfRisk.HIGH, LevelOfRisk.CRITICAL)
    assert state.missing == (Quorum(role="board", count=1),)
    agreed = yes(ASKED, "chen", role="board", at=NOW + 2 * HOUR)
    assert status_of(ASKED, worse, agreed, rules=rules) is WaiverStatus.IN_FORCE


def test_a_lower_residual_answer_takes_no_approver_away() -> None:
    assert state_of(ASKED, yes(ASKED, "ben", residual=RiskLevel(likelihood=1, impact=1))).required == (
        Quorum(role="approver", count=2),
    )


def test_a_rejection_ends_it_for_good() -> None:
    rejected = no(ASKED, "ben")
    assert status_of(ASKED, rejected) is WaiverStatus.REJECTED
    assert refusal(CHEN, ASKED, rejected).code == "waiver.rejected"


def test_to_request_changes_counts_as_a_rejection_and_to_abstain_as_nothing() -> None:
    changes = yes(ASKED, "ben", verb=Verb.REQUEST_CHANGES, residual=None)
    assert status_of(ASKED, changes) is WaiverStatus.REJECTED
    abstained = yes(ASKED, "ben", verb=Verb.ABSTAIN, residual=None)
    assert state_of(ASKED, abstained).yeses == ()
    assert status_of(ASKED, abstained, yes(ASKED, "ben", at=NOW + 2 * HOUR), CHEN) is WaiverStatus.IN_FORCE


def test_it_expires_the_moment_it_ends() -> None:
    end = REQUEST.effective_until
    assert status_of(*APPROVED, as_of=end - HOUR) is WaiverStatus.IN_FORCE
    assert status_of(*APPROVED, as_of=end) is WaiverStatus.EXPIRED
    assert status_of(ASKED, as_of=end) is WaiverStatus.EXPIRED


def test_it_warns_ahead_of_its_end_and_not_before() -> None:
    state = state_of(*APPROVED)
    end = REQUEST.effective_until
    assert not state.ends_soon(end - 14 * DAY - HOUR, days=14)
    assert state.ends_soon(end - 14 * DAY, days=14)
    assert not state.ends_soon(end, days=14)


def test_what_the_log_sees_later_does_not_count_yet() -> None:
    late = replace(CHEN, first_seen=NOW + 5 * DAY)
    assert status_of(ASKED, BEN, late, as_of=NOW + 4 * DAY) is WaiverStatus.REQUESTED
    assert status_of(ASKED, BEN, late, as_of=NOW + 5 * DAY) is WaiverStatus.IN_FORCE


def test_a_word_counts_after_its_waiver_whatever_its_clock_says() -> None:
    behind = replace(yes(ASKED, "ben", at=NOW - HOUR), first_seen=NOW - HOUR)
    assert state_of(ASKED, behind).yeses[0].at == NOW


def test_of_a_yes_and_a_no_within_one_second_the_no_comes_first() -> None:
    at_once = [yes(ASKED, "ben"), *(replace(no(ASKED, "chen"), sha256=each * 64) for each in "0f")]
    for rejected in at_once[1:]:
        assert status_of(ASKED, yes(ASKED, "ben", at=NOW), at_once[0], rejected) is WaiverStatus.REJECTED


# Who may not


def test_ana_cannot_approve_her_own() -> None:
    error = refusal(yes(ASKED, "ana"), ASKED)
    assert isinstance(error, DutyConflict)
    assert error.code == "duties.requester"
    assert error.conflicts[0].persons == ("ana",)


def test_ana_cannot_approve_her_own_through_a_delegate() -> None:
    rules = replace(RULES, chain=chain_of(person("ana", "approver", lent_to=("dora",)), *PEOPLE[1:]))
    error = refusal(yes(ASKED, "dora", on_behalf_of="ana"), ASKED, rules=rules)
    assert isinstance(error, DutyConflict)
    assert error.conflicts[0].persons == ("dora", "ana")


def test_nobody_counts_twice_by_themselves_or_through_a_delegate() -> None:
    again = yes(ASKED, "ben", at=NOW + 2 * HOUR)
    assert refusal(again, ASKED, BEN).code == "waiver.twice"
    lent = yes(ASKED, "finn", on_behalf_of="ben", at=NOW + 2 * HOUR)
    error = refusal(lent, ASKED, BEN)
    assert isinstance(error, DutyConflict)
    assert error.code == "duties.once"
    assert status_of(ASKED, BEN, again, lent) is WaiverStatus.REQUESTED


def test_nobody_counts_twice_through_two_roles() -> None:
    both = {level: (Quorum(role="approver", count=1), Quorum(role="board", count=1)) for level in LevelOfRisk}
    rules = replace(RULES, policy=WaiverPolicy(approvers=both))
    other = yes(ASKED, "chen", role="board", at=NOW + 3 * HOUR)
    assert refusal(other, ASKED, CHEN, rules=rules).code in {"waiver.twice", "duties.once"}
    assert status_of(ASKED, CHEN, other, rules=rules) is WaiverStatus.REQUESTED


def test_what_finn_says_for_ben_counts_as_ben_s() -> None:
    lent = yes(ASKED, "finn", on_behalf_of="ben")
    assert status_of(ASKED, lent, CHEN) is WaiverStatus.IN_FORCE


@pytest.mark.parametrize(
    "word",
    [
        lambda: yes(ASKED, "eve"),
        lambda: no(ASKED, "eve"),
        lambda: revocation(ASKED, "eve"),
        lambda: asked(id="W-2", requested_by="eve"),
        lambda: renewed(requested_by="eve"),
    ],
    ids=["approve", "reject", "revoke", "request", "renew"],
)
def test_eve_cannot(word: Callable[[], Spoken[Any]]) -> None:
    error = refusal(word(), *APPROVED[:1], rules=RENEWAL_RULES)
    assert codes(error) == {"people.key-unknown"}


def test_eve_cannot_speak_in_ben_s_name() -> None:
    forged = replace(BEN, fingerprint="dora")
    assert refusal(forged, ASKED).code == "waiver.not-theirs"
    assert state_of(ASKED, forged).yeses == ()


def test_dora_cannot_approve_as_an_auditor_nor_in_a_role_that_is_not_hers() -> None:
    assert refusal(yes(ASKED, "dora"), ASKED).code == "people.no-role"
    assert refusal(yes(ASKED, "dora", role="auditor"), ASKED).code == "waiver.role"


def test_dora_can_end_nothing_that_is_not_hers() -> None:
    assert refusal(revocation(ASKED, "dora"), *APPROVED).code == "waiver.not-yours-to-revoke"


def test_who_lost_the_role_does_not_count_whatever_the_clock_of_the_signer_says() -> None:
    gone = person("ben", "approver", until=NOW + HOUR)
    rules = replace(RULES, chain=chain_of(PEOPLE[0], gone, *PEOPLE[2:]))
    backdated = replace(yes(ASKED, "ben", at=NOW), first_seen=NOW + 2 * HOUR)
    assert state_of(ASKED, backdated, rules=rules).yeses == ()
    assert state_of(ASKED, yes(ASKED, "ben", at=NOW), rules=rules).yeses != ()


# Ending


def test_its_requester_or_an_approver_ends_it() -> None:
    for who in ("ana", "ben"):
        assert status_of(*APPROVED, revocation(ASKED, who, at=LATER)) is WaiverStatus.REVOKED


def test_what_was_revoked_is_in_force_until_then() -> None:
    state = state_of(*APPROVED, revocation(ASKED, "ana", at=LATER))
    assert to_waiver(state).holds(LATER - HOUR / 60)
    assert not to_waiver(state).holds(LATER)


def test_an_approval_taken_back_before_it_was_approved_leaves_it_asked_for() -> None:
    taken = revocation(BEN, "ben", at=NOW + HOUR + HOUR / 2)
    assert status_of(ASKED, BEN, taken, CHEN) is WaiverStatus.REQUESTED
    assert status_of(ASKED, BEN, taken, CHEN, yes(ASKED, "ben", at=LATER)) is WaiverStatus.IN_FORCE


def test_an_approval_taken_back_afterwards_ends_it() -> None:
    taken = revocation(BEN, "ben", at=LATER)
    assert status_of(*APPROVED, taken) is WaiverStatus.REVOKED
    assert refusal(revocation(BEN, "chen", at=LATER), *APPROVED).code == "waiver.not-yours-to-revoke"


@pytest.mark.parametrize("word", [yes(ASKED, "ben", at=NOW + 40 * DAY), revocation(ASKED, "ana", at=NOW + 40 * DAY)])
def test_nothing_moves_what_expired(word: Spoken[Any]) -> None:
    assert refusal(word, *APPROVED).code == "waiver.expired"


def test_nothing_moves_what_was_revoked() -> None:
    over = (*APPROVED, revocation(ASKED, "ana", at=LATER))
    assert refusal(yes(ASKED, "ben", at=LATER + HOUR), *over).code == "waiver.revoked"
    assert refusal(revocation(ASKED, "ben", at=LATER + HOUR), *over).code == "waiver.revoked"


def test_what_is_approved_is_not_approved_again() -> None:
    low = asked(risk=replace(REQUEST.risk, inherent=LOW))
    assert refusal(yes(low, "chen", at=LATER), low, yes(low, "ben")).code == "waiver.decided"


def test_an_approval_needs_the_risk_that_remains_on_the_scale() -> None:
    assert refusal(yes(ASKED, "ben", residual=None), ASKED).code == "waiver.residual-missing"
    assert refusal(yes(ASKED, "ben", residual=RiskLevel(likelihood=6, impact=1)), ASKED).code == "waiver.scale"
    assert refusal(yes(ASKED, "ben", verb=Verb.APPROVE_WITH_CONDITIONS), ASKED).code == "waiver.verb"


# Retirement


def test_it_retires_for_the_subject_whose_rule_passed_alone() -> None:
    wide = asked(scope=SubjectScope(pattern="credit*", matches_at_most=3))
    said = (wide, yes(wide, "ben"), yes(wide, "chen"), retirement(wide))
    state = state_of(*said)
    assert [each.scope.pattern for each in waivers_in_force([state], subject="credit-2", as_of=LATER)] == ["credit*"]
    assert waivers_in_force([state], subject="credit", as_of=LATER) == ()
    assert refusal(retirement(wide, at=LATER), *said).code == "waiver.retired"


def test_one_over_a_digest_is_over_once_it_retired() -> None:
    said = (*APPROVED, retirement(ASKED))
    assert status_of(*said) is WaiverStatus.RETIRED
    assert refusal(retirement(ASKED, subject="churn", at=LATER), *said).code == "waiver.retired"


def test_a_retirement_needs_a_pass_at_the_same_gate() -> None:
    cases = {
        "1" * 64: (decision_of(FAIL), "waiver.no-pass"),
        "2" * 64: (decision_of(replace(PASS, rule=RULE), case=replace(CASE, gate="serve")), "waiver.gate"),
        "3" * 64: (decision_of(replace(PASS, rule=RULE), case=replace(CASE, hypothetical=True)), "waiver.no-pass"),
        "4" * 64: (decision_of(replace(PASS, rule=RULE, outcome=Outcome.SKIP)), "waiver.no-pass"),
    }
    for sha256, (decision, code) in cases.items():
        rules = replace(RULES, decisions={sha256: decision, DECISION_SHA256: DECISION})
        assert refusal(retirement(ASKED, decision=sha256, at=LATER), *APPROVED, rules=rules).code == code


def test_what_nobody_approved_can_t_retire() -> None:
    assert refusal(retirement(ASKED), ASKED).code == "waiver.not-approved"


def test_a_recorded_pass_retires_what_is_in_force_in_the_log_of_record() -> None:
    passed = decision_of(replace(PASS, rule=RULE), PASS, case=replace(CASE, as_of=LATER))
    state = state_of(*APPROVED)
    (found,) = retirements(passed, "9" * 64, [state], of_record=True)
    assert (found.waiver_sha256, found.subject, found.at) == (ASKED.sha256, "credit", LATER)
    assert retirements(passed, "9" * 64, [state], of_record=False) == ()
    elsewhere = replace(passed, case=replace(passed.case, environment="production"))
    assert retirements(elsewhere, "9" * 64, [state], of_record=True) == ()
    other = replace(passed, case=replace(passed.case, subject=replace(SUBJECT, digest={"sha256": "0" * 64})))
    assert retirements(other, "9" * 64, [state], of_record=True) == ()
    assert retirements(passed, "9" * 64, [state_of(ASKED, BEN)], of_record=True) == ()
    hypothetical = replace(passed, case=replace(passed.case, hypothetical=True))
    assert retirements(hypothetical, "9" * 64, [state], of_record=True) == ()


def test_a_fail_elsewhere_retires_no_term_but_a_pass_on_the_term_does() -> None:
    other = replace(FAIL, term="race: a / c")
    state = state_of(*APPROVED)
    still = decision_of(other, case=replace(CASE, as_of=LATER))
    assert retirements(still, "9" * 64, [state], of_record=True) == ()
    named = decision_of(other, replace(FAIL, outcome=Outcome.PASS), case=replace(CASE, as_of=LATER))
    assert len(retirements(named, "9" * 64, [state], of_record=True)) == 1


# Renewal


RENEWED = renewed()
AT_RENEWAL = NOW + 21 * DAY


def test_a_renewal_goes_on_where_it_was_approved() -> None:
    said = (*APPROVED, RENEWED, yes(RENEWED, "ben", at=AT_RENEWAL), yes(RENEWED, "chen", at=AT_RENEWAL))
    review = review_waivers(said, RENEWAL_RULES, as_of=AT_RENEWAL + HOUR)
    first, second = review.states[ASKED.sha256], review.states[RENEWED.sha256]
    assert first.status(AT_RENEWAL + HOUR) is WaiverStatus.RENEWED
    assert second.status(AT_RENEWAL + HOUR) is WaiverStatus.IN_FORCE
    assert to_waiver(second).renewal_count == 1


def test_a_renewal_that_nobody_approved_ends_nothing() -> None:
    assert status_of(*APPROVED, RENEWED, as_of=AT_RENEWAL, rules=RENEWAL_RULES) is WaiverStatus.IN_FORCE


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"evidence_as_of": NOW, "from_decision": DECISION_SHA256}, "waiver.stale-evidence"),
        ({"rule": "documentation.card"}, "waiver.renewal-wider"),
        ({"term": None}, "waiver.renewal-wider"),
        ({"scope": SubjectScope(pattern="credit*", matches_at_most=3)}, "waiver.renewal-wider"),
        ({"renews": "0" * 64}, "waiver.unknown"),
    ],
)
def test_a_renewal_is_refused(changes: dict[str, Any], code: str) -> None:
    review = review_waivers([*APPROVED, renewed(**changes)], RENEWAL_RULES, as_of=AT_RENEWAL)
    assert code in {problem.code for each in review.refused for problem in each.problems}


def test_a_renewal_keeps_limit_and_controls() -> None:
    bound = asked(limit=220_000, compensating_controls=(CONTROL,))
    said = (bound, yes(bound, "ben"), yes(bound, "chen"))
    for changes in ({"limit": None}, {"limit": 230_000}, {"compensating_controls": ()}):
        fields = {"renews": bound.sha256, "limit": 220_000, "compensating_controls": (CONTROL,), **changes}
        error = refusal(renewed(**fields), *said, rules=RENEWAL_RULES)
        assert "waiver.renewal-wider" in codes(error)
    tighter = renewed(renews=bound.sha256, limit=215_000, compensating_controls=(CONTROL,))
    assert require_legal(tighter, said, RENEWAL_RULES, as_of=tighter.first_seen).renewal_count == 1


def test_what_expired_can_t_be_renewed() -> None:
    late = NOW + 31 * DAY
    again = renewed(signed_at=late, effective_on=late, evidence_as_of=late)
    rules = replace(RULES, decisions={"2" * 64: decision_of(FAIL, PASS, case=replace(CASE, as_of=late))})
    assert refusal(again, *APPROVED, rules=rules).code == "waiver.expired"


def test_renewals_end() -> None:
    rules = replace(RENEWAL_RULES, policy=WaiverPolicy(renewals=0))
    assert refusal(RENEWED, *APPROVED, rules=rules).code == "waiver.renewed-too-often"


# The request


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"effective_until": NOW - DAY}, "waiver.end"),
        ({"effective_until": NOW + 60 * DAY + HOUR}, "waiver.too-long"),
        ({"reason": "because"}, "waiver.reason"),
        ({"comment": " "}, "waiver.comment"),
        ({"id": "../../W-1"}, "waiver.id"),
        ({"risk": replace(REQUEST.risk, inherent=RiskLevel(likelihood=0, impact=3))}, "waiver.scale"),
        ({"risk": replace(REQUEST.risk, residual=LOW)}, "waiver.residual-not-yours"),
        ({"risk": replace(REQUEST.risk, harmed="")}, "waiver.harmed"),
        ({"risk": replace(REQUEST.risk, treatment_text="")}, "waiver.treatment"),
        ({"scope": SubjectScope(pattern="credit*", matches_at_most=2)}, "waiver.pattern-too-wide"),
        ({"scope": SubjectScope(pattern="churn", matches_at_most=1)}, "waiver.subject"),
        ({"scope": SubjectScope(digest="0" * 64)}, "waiver.subject"),
        ({"gate": "serve"}, "waiver.gate"),
        ({"from_decision": "0" * 64}, "waiver.decision-unknown"),
        ({"evidence_as_of": NOW + DAY}, "waiver.evidence"),
        ({"rule": "privacy.undeclared"}, "waiver.rule-unknown"),
        ({"term": "race: a / z"}, "waiver.term-unknown"),
        ({"rule": CONTROL, "term": None}, "waiver.nothing-to-waive"),
        ({"rule": "performance.minimum", "term": None}, "waiver.not-waivable"),
        ({"rule": "lineage.complete", "term": None}, "waiver.not-waivable"),
        ({"compensating_controls": ("privacy.undeclared",)}, "waiver.control-unknown"),
        ({"compensating_controls": (RULE,)}, "waiver.control-itself"),
        ({"limit": 100_000}, "waiver.limit-too-tight"),
        ({"limit": 213_999}, "waiver.limit-too-tight"),
    ],
)
def test_a_request_names_the_precondition_that_it_breaks(changes: dict[str, Any], code: str) -> None:
    assert code in codes(refusal(asked(**changes)))


def test_stale_evidence_is_never_waived_and_too_little_is() -> None:
    for reason, expected in ((Reason.STALE, "waiver.not-waivable"), (Reason.INSUFFICIENT, None)):
        undecided = replace(FAIL, outcome=Outcome.UNDECIDED, reason=reason, measured=None)
        rules = replace(RULES, decisions={DECISION_SHA256: decision_of(undecided, PASS)})
        if expected is not None:
            assert refusal(ASKED, rules=rules).code == expected
        else:
            assert require_legal(ASKED, (), rules, as_of=NOW).request == REQUEST
            assert refusal(asked(limit=1), rules=rules).code == "waiver.limit-insufficient"


def test_a_limit_at_the_measured_value_is_enough_and_bounded_by_the_policy() -> None:
    at_value = asked(limit=214_000)
    assert require_legal(at_value, (), RULES, as_of=NOW).request.limit == 214_000
    bounded = replace(RULES, policy=WaiverPolicy(loosest={RULE: 210_000}))
    assert refusal(at_value, rules=bounded).code == "waiver.limit-too-loose"
    assert "a limit of 0.2 does not cover 0.214" in refusal(asked(limit=200_000)).problems[0].message
    assert refusal(ASKED, rules=bounded).code == "waiver.limit-too-loose"


def test_a_rule_that_nobody_knows_here_may_be_waived_as_short_as_a_critical_one() -> None:
    rules = replace(RULES, traits={})
    assert "waiver.too-long" in codes(refusal(asked(effective_until=NOW + 31 * DAY), rules=rules))
    low = replace(RULES, traits={RULE: RuleTraits(severity=Severity.LOW, loosens=Loosens.UP)})
    assert require_legal(asked(effective_until=NOW + 180 * DAY), (), low, as_of=NOW).severity is Severity.LOW


def test_a_signer_s_clock_set_ahead_does_not_stretch_a_waiver() -> None:
    ahead = asked(signed_at=NOW + 300 * DAY, effective_until=NOW + 310 * DAY)
    assert "waiver.too-long" in codes(refusal(replace(ahead, first_seen=NOW)))


def test_a_quorum_that_can_t_be_met_is_refused_when_asked() -> None:
    rules = replace(RULES, chain=chain_of(*PEOPLE[:2], PEOPLE[3]))
    error = refusal(ASKED, rules=rules)
    assert error.code == "waiver.quorum-unreachable"
    assert error.hint is not None


def test_every_mistake_is_told_at_once() -> None:
    assert {"waiver.reason", "waiver.comment", "waiver.too-long"} <= codes(
        refusal(asked(reason="x", comment="", effective_until=NOW + 900 * DAY))
    )


def test_a_request_without_an_end_is_refused() -> None:
    with pytest.raises(ReviewError, match="needs an end"):
        request_end(None, "UTC")
    assert request_end(date(2026, 12, 31), "Europe/Berlin") == datetime(2026, 12, 31, 23, tzinfo=UTC)


def test_a_pattern_that_grows_wider_than_its_bound_covers_nothing_until_it_fits_again() -> None:
    wide = asked(scope=SubjectScope(pattern="credit*", matches_at_most=3))
    said = (wide, yes(wide, "ben"), yes(wide, "chen"))
    assert status_of(*said) is WaiverStatus.IN_FORCE
    grown = replace(RULES, subjects=RULES.subjects | {"credit-4"})
    state = state_of(*said, rules=grown)
    assert state.status(LATER) is WaiverStatus.TOO_WIDE
    assert not to_waiver(state).holds(LATER)


def test_what_is_refused_stays_in_sight_with_its_reason() -> None:
    review = review_waivers([ASKED, yes(ASKED, "ana"), yes(ASKED, "eve")], RULES, as_of=LATER)
    assert {(each.person, each.problems[0].code) for each in review.refused} == {
        ("ana", "duties.requester"),
        ("eve", "people.key-unknown"),
    }


def test_the_same_statement_in_folder_and_log_is_one() -> None:
    again = replace(BEN, first_seen=NOW + 2 * HOUR)
    assert status_of(ASKED, BEN, again) is WaiverStatus.REQUESTED
    assert review_waivers([ASKED, BEN, again], RULES, as_of=LATER).refused == ()


def test_a_statement_signed_by_another_too_changes_nothing() -> None:
    copied = replace(ASKED, fingerprint="dora", first_seen=NOW - HOUR)
    state = review_waivers([copied, *APPROVED], RULES, as_of=LATER).states[ASKED.sha256]
    assert state.status(LATER) is WaiverStatus.IN_FORCE


def test_a_word_on_no_waiver_that_is_known_is_refused() -> None:
    assert refusal(replace(BEN, sha256=digest_of("x"))).code == "waiver.unknown"
    assert refusal(revocation(ASKED, "ana")).code == "waiver.unknown"


# The scale


def test_levels_begin_where_the_scale_says() -> None:
    scale = RiskScale()
    assert [
        scale.level(RiskLevel(likelihood=a, impact=b)).value for a, b in ((1, 4), (1, 5), (2, 5), (4, 4), (4, 5))
    ] == [
        "low",
        "medium",
        "high",
        "high",
        "critical",
    ]
    assert scale.words(HIGH) == "likely × major, 4 × 4 = 16: high"


def test_a_scale_of_three_by_three_knows_no_four() -> None:
    words = ("a", "b", "c")
    scale = RiskScale(likelihood=words, impact=words, begins={LevelOfRisk.MEDIUM: 3, LevelOfRisk.HIGH: 6})
    with pytest.raises(ReviewError, match="not on the scale"):
        scale.require(HIGH)
    assert scale.level(RiskLevel(likelihood=3, impact=3)) is LevelOfRisk.HIGH
