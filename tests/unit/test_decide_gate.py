"""What one gate decides, case by case."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tolbooth.decide.gate import decide
from tolbooth.model.approval import Approval, Assurance, Condition, Duties, Quorum, Verb
from tolbooth.model.decision import Case, Decision, Verdict
from tolbooth.model.rule import Enforcement, Loosens, Measured, Outcome, Reason, RuleResult, Severity
from tolbooth.model.subject import Subject, SubjectKind
from tolbooth.model.waiver import RiskAssessment, RiskLevel, SubjectScope, Treatment, Waiver, WaiverApproval

AS_OF = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SUBJECT = Subject(project="p", name="credit", version="7", kind=SubjectKind.MODEL, digest={"sha256": "a" * 64})
CASE = Case(
    subject=SUBJECT, gate="release", environment="ci", as_of=AS_OF, policy_sha256="b" * 64, input_sha256="c" * 64
)
PASS = RuleResult(
    rule="fairness.difference",
    title="t",
    outcome=Outcome.PASS,
    enforcement=Enforcement.DENY,
    severity=Severity.HIGH,
    message="m",
)
FAIL = replace(
    PASS,
    outcome=Outcome.FAIL,
    term="race: a / b",
    measured=Measured(value=214_000, bound=100_000, unit="ppm", loosens=Loosens.UP),
)
CONTROL = replace(PASS, rule="data.digests")
WAIVER = Waiver(
    sha256="d" * 64,
    id="W-3",
    rule="fairness.difference",
    term="race: a / b",
    scope=SubjectScope(digest="a" * 64),
    gate="release",
    environment="ci",
    requested_by="ana",
    reason="retraining under way",
    risk=RiskAssessment(
        harmed="applicants",
        inherent=RiskLevel(likelihood=3, impact=3),
        treatment=Treatment.MITIGATE,
        treatment_text="every denial is reviewed by a person",
    ),
    effective_on=AS_OF - DAY,
    effective_until=AS_OF + DAY,
    approvals=(WaiverApproval(statement_sha256="d" * 64, person="ben", role="risk", signed_at=AS_OF - DAY),),
)
YES = Approval(
    sha256="e" * 64,
    basis="",
    subject="credit",
    gate="release",
    environment="ci",
    person="ben",
    role="risk",
    verb=Verb.APPROVE,
    meaning="I approve for release",
    reason="reviewed",
    assurance=Assurance.PERSONAL_KEY,
    duties=Duties.KEPT,
    signed_at=AS_OF - DAY,
)
ONE_RISK = [Quorum(role="risk", count=1)]


def about(decision: Decision, word: Approval = YES) -> Approval:
    return replace(word, basis=decision.basis)


def codes(decision: Decision) -> list[str]:
    return [reason.code for reason in decision.reasons]


def test_a_passing_gate_allows() -> None:
    assert decide(CASE, [PASS]).verdict is Verdict.ALLOW


def test_a_deny_level_fail_denies_and_is_named() -> None:
    decision = decide(CASE, [FAIL, CONTROL])
    assert decision.verdict is Verdict.DENY
    assert decision.reasons[0].rule == "fairness.difference"


@pytest.mark.parametrize("enforcement", [Enforcement.OBSERVE, Enforcement.WARN])
def test_a_fail_below_deny_level_does_not_block(enforcement: Enforcement) -> None:
    assert decide(CASE, [replace(FAIL, enforcement=enforcement)]).verdict is Verdict.ALLOW


@pytest.mark.parametrize("outcome", [Outcome.UNDECIDED, Outcome.ERROR])
def test_what_could_not_be_decided_is_no_pass(outcome: Outcome) -> None:
    assert decide(CASE, [PASS, replace(FAIL, outcome=outcome)]).verdict is Verdict.UNDECIDED


def test_a_waiver_in_force_covers_the_fail_and_the_result_stays() -> None:
    decision = decide(CASE, [FAIL], waivers=[WAIVER])
    assert decision.verdict is Verdict.ALLOW
    assert decision.results == (FAIL,)
    assert decision.waivers[0].waiver_id == "W-3"


def test_a_waiver_covers_insufficient_but_never_missing_or_stale() -> None:
    insufficient = replace(FAIL, outcome=Outcome.UNDECIDED, reason=Reason.INSUFFICIENT)
    assert decide(CASE, [insufficient], waivers=[WAIVER]).verdict is Verdict.ALLOW
    for reason in (Reason.MISSING, Reason.STALE):
        undecided = replace(insufficient, reason=reason)
        assert decide(CASE, [undecided], waivers=[WAIVER]).verdict is Verdict.UNDECIDED


def test_a_waiver_never_covers_an_error() -> None:
    assert decide(CASE, [replace(FAIL, outcome=Outcome.ERROR)], waivers=[WAIVER]).verdict is Verdict.UNDECIDED


def test_a_limit_covers_up_to_itself_and_never_insufficient() -> None:
    at_limit = replace(WAIVER, limit=214_000)
    assert decide(CASE, [FAIL], waivers=[at_limit]).verdict is Verdict.ALLOW
    assert decide(CASE, [FAIL], waivers=[replace(WAIVER, limit=213_999)]).verdict is Verdict.DENY
    insufficient = replace(FAIL, outcome=Outcome.UNDECIDED, reason=Reason.INSUFFICIENT)
    assert decide(CASE, [insufficient], waivers=[at_limit]).verdict is Verdict.UNDECIDED


def test_a_limit_of_a_bound_that_loosens_downwards_is_a_floor() -> None:
    ratio = replace(FAIL, measured=Measured(value=700_000, bound=800_000, unit="ppm", loosens=Loosens.DOWN))
    assert decide(CASE, [ratio], waivers=[replace(WAIVER, limit=700_000)]).verdict is Verdict.ALLOW
    assert decide(CASE, [ratio], waivers=[replace(WAIVER, limit=700_001)]).verdict is Verdict.DENY


@pytest.mark.parametrize(
    "waiver",
    [
        replace(WAIVER, effective_until=AS_OF),
        replace(WAIVER, effective_on=AS_OF + DAY),
        replace(WAIVER, ended_at=AS_OF),
        replace(WAIVER, gate="serve"),
        replace(WAIVER, environment="production"),
        replace(WAIVER, term="race: other"),
        replace(WAIVER, scope=SubjectScope(digest="0" * 64)),
        replace(WAIVER, sha256="f" * 64),
        replace(WAIVER, approvals=()),
        replace(WAIVER, compensating_controls=("performance.minimum",)),
    ],
    ids=["ended", "not-begun", "revoked", "gate", "environment", "term", "subject", "moved", "unapproved", "control"],
)
def test_a_waiver_that_does_not_hold_covers_nothing(waiver: Waiver) -> None:
    assert decide(CASE, [FAIL, CONTROL], waivers=[waiver]).verdict is Verdict.DENY


def test_a_compensating_control_counts_only_while_it_passes() -> None:
    waiver = replace(WAIVER, compensating_controls=("data.digests",))
    assert decide(CASE, [FAIL, CONTROL], waivers=[waiver]).verdict is Verdict.ALLOW
    assert decide(CASE, [FAIL, replace(CONTROL, outcome=Outcome.FAIL)], waivers=[waiver]).verdict is Verdict.DENY


def test_a_required_approval_that_is_missing_leaves_the_decision_pending() -> None:
    decision = decide(CASE, [PASS], required=ONE_RISK)
    assert decision.verdict is Verdict.PENDING
    assert decision.reasons[0].role == "risk"
    assert decide(CASE, [PASS], approvals=[about(decision)], required=ONE_RISK).verdict is Verdict.ALLOW


def test_an_approval_is_void_when_a_fact_changes() -> None:
    pending = decide(CASE, [PASS], required=ONE_RISK)
    changed = replace(PASS, values={"rows": 7})
    assert decide(CASE, [changed], approvals=[about(pending)], required=ONE_RISK).verdict is Verdict.PENDING


def test_running_again_tomorrow_keeps_the_approval() -> None:
    pending = decide(CASE, [PASS], required=ONE_RISK)
    tomorrow = replace(CASE, as_of=AS_OF + DAY, input_sha256="f" * 64)
    assert decide(tomorrow, [PASS], approvals=[about(pending)], required=ONE_RISK).verdict is Verdict.ALLOW


def test_a_value_that_moves_by_itself_is_not_part_of_the_basis() -> None:
    aged = replace(PASS, values={"age_days": 3}, moving_values=("age_days",))
    older = replace(aged, values={"age_days": 4})
    assert decide(CASE, [aged]).basis == decide(CASE, [older]).basis


@pytest.mark.parametrize(
    "word",
    [
        replace(YES, duties=Duties.CONFLICT),
        replace(YES, duties=Duties.UNCHECKED),
        replace(YES, verb=Verb.ABSTAIN),
        replace(YES, role="legal"),
        replace(YES, subject="other"),
        replace(YES, effective_until=AS_OF),
        replace(YES, withdrawn_at=AS_OF),
        replace(YES, signed_at=AS_OF + DAY),
        replace(YES, conditions=(Condition(text="c", owner="ana", due=AS_OF),)),
    ],
    ids=["conflict", "unchecked", "abstained", "role", "subject", "expired", "withdrawn", "future", "overdue"],
)
def test_a_yes_that_does_not_count_leaves_the_decision_pending(word: Approval) -> None:
    pending = decide(CASE, [PASS], required=ONE_RISK)
    assert decide(CASE, [PASS], approvals=[about(pending, word)], required=ONE_RISK).verdict is Verdict.PENDING


def test_one_person_in_two_roles_fills_only_one_place() -> None:
    required = [Quorum(role="risk", count=1), Quorum(role="legal", count=1)]
    pending = decide(CASE, [PASS], required=required)
    both = [about(pending), about(pending, replace(YES, role="legal", sha256="f" * 64))]
    assert decide(CASE, [PASS], approvals=both, required=required).verdict is Verdict.PENDING
    third = about(pending, replace(YES, person="chen", sha256="0" * 64))
    assert decide(CASE, [PASS], approvals=[*both, third], required=required).verdict is Verdict.ALLOW


@pytest.mark.parametrize("verb", [Verb.REJECT, Verb.REQUEST_CHANGES])
def test_a_rejection_stands_for_the_next_version_until_it_is_withdrawn(verb: Verb) -> None:
    no = replace(YES, verb=verb, basis="0" * 64)
    next_version = replace(CASE, subject=replace(SUBJECT, version="8", digest={"sha256": "9" * 64}))
    assert decide(next_version, [PASS], approvals=[no]).verdict is Verdict.DENY
    assert decide(next_version, [PASS], approvals=[replace(no, withdrawn_at=AS_OF)]).verdict is Verdict.ALLOW


def test_a_rejection_by_an_unknown_author_does_not_count() -> None:
    no = replace(YES, verb=Verb.REJECT, duties=Duties.UNCHECKED)
    assert decide(CASE, [PASS], approvals=[no]).verdict is Verdict.ALLOW


def test_all_obstacles_are_named_not_only_the_decisive_ones() -> None:
    missing = replace(CONTROL, outcome=Outcome.UNDECIDED, reason=Reason.MISSING)
    decision = decide(CASE, [FAIL, missing], required=ONE_RISK)
    assert decision.verdict is Verdict.DENY
    assert set(codes(decision)) == {"rule.failed", "rule.undecided", "approval.missing"}
