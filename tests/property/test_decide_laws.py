"""The laws of ``decide``, over generated results, waivers and approvals."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tolbooth.decide.gate import decide
from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.model.approval import Approval, Assurance, Duties, Quorum, Verb
from tolbooth.model.decision import Case, Decision, Verdict
from tolbooth.model.rule import Enforcement, Loosens, Measured, Outcome, Reason, RuleResult, Severity
from tolbooth.model.subject import Subject, SubjectKind
from tolbooth.model.waiver import RiskAssessment, RiskLevel, SubjectScope, Treatment, Waiver, WaiverApproval

AS_OF = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SUBJECT = Subject(project="p", name="m", version="1", kind=SubjectKind.MODEL, digest={"sha256": "a" * 64})
CASE = Case(
    subject=SUBJECT,
    gate="release",
    environment="ci",
    as_of=AS_OF,
    policy_sha256="b" * 64,
    input_sha256="c" * 64,
)
RULES = ("fairness.difference", "fairness.ratio", "data.digests")
TERMS = (None, "race: a", "race: b")
PEOPLE = ("ben", "chen", "eve")
ROLES = ("risk", "legal")


@st.composite
def results(draw: st.DrawFn) -> RuleResult:
    outcome = draw(st.sampled_from(Outcome))
    reason = None
    if outcome is Outcome.UNDECIDED:
        reason = draw(st.sampled_from([Reason.MISSING, Reason.STALE, Reason.INSUFFICIENT]))
    if outcome is Outcome.SKIP:
        reason = draw(st.sampled_from([Reason.OFF, Reason.OUTSIDE_DATES]))
    measured = draw(st.none() | st.integers(0, 10).map(_measured))
    return RuleResult(
        rule=draw(st.sampled_from(RULES)),
        title="t",
        outcome=outcome,
        enforcement=draw(st.sampled_from(Enforcement)),
        severity=Severity.HIGH,
        message="m",
        reason=reason,
        term=draw(st.sampled_from(TERMS)),
        measured=measured,
        error_code="judge.deadline" if outcome is Outcome.ERROR else None,
    )


def _measured(value: int) -> Measured:
    return Measured(value=value, bound=3, unit="ppm", loosens=Loosens.UP)


instants = st.integers(-3, 3).map(lambda days: AS_OF + timedelta(days=days))


@st.composite
def waivers(draw: st.DrawFn) -> Waiver:
    sha256 = draw(st.sampled_from(["1" * 64, "2" * 64, "3" * 64]))
    bound_to = draw(st.sampled_from([sha256, "9" * 64]))
    scope = draw(
        st.sampled_from(
            [
                SubjectScope(digest="a" * 64),
                SubjectScope(digest="0" * 64),
                SubjectScope(pattern="m*", matches_at_most=3),
            ]
        )
    )
    level = RiskLevel(likelihood=2, impact=3)
    return Waiver(
        sha256=sha256,
        id="W-1",
        rule=draw(st.sampled_from(RULES)),
        term=draw(st.sampled_from(TERMS)),
        scope=scope,
        gate=draw(st.sampled_from(["release", "other"])),
        environment="ci",
        requested_by="ana",
        reason="retraining",
        risk=RiskAssessment(harmed="applicants", inherent=level, treatment=Treatment.MITIGATE, treatment_text="review"),
        effective_on=draw(instants),
        effective_until=draw(instants),
        approvals=(WaiverApproval(statement_sha256=bound_to, person="ben", role="risk", signed_at=draw(instants)),),
        compensating_controls=draw(st.sampled_from([(), ("data.digests",)])),
        limit=draw(st.none() | st.integers(0, 10)),
        ended_at=draw(st.none() | instants),
    )


@st.composite
def words(draw: st.DrawFn) -> Approval:
    verb = draw(st.sampled_from(Verb))
    return Approval(
        sha256=draw(st.text("0123456789abcdef", min_size=64, max_size=64)),
        basis="",
        subject=draw(st.sampled_from(["m", "other"])),
        gate="release",
        environment="ci",
        person=draw(st.sampled_from(PEOPLE)),
        role=draw(st.sampled_from(ROLES)),
        verb=verb,
        meaning="I approve for release",
        reason="reviewed",
        assurance=Assurance.PERSONAL_KEY,
        duties=draw(st.sampled_from(Duties)),
        signed_at=draw(instants),
        effective_until=draw(st.none() | instants),
        withdrawn_at=draw(st.none() | instants),
    )


quorums = st.lists(st.builds(Quorum, role=st.sampled_from(ROLES), count=st.integers(1, 2)), max_size=2)


def rebound(rules: list[RuleResult], held: list[Waiver], said: list[Approval], required: list[Quorum]) -> Decision:
    """Decide with people's words held fixed as if they had been said about the basis that results."""
    basis = decide(CASE, rules, waivers=held).basis
    bound = [replace(word, basis=basis) for word in said]
    return decide(CASE, rules, waivers=held, approvals=bound, required=required)


def worse(result: RuleResult, outcome: Outcome) -> RuleResult:
    reason = Reason.MISSING if outcome is Outcome.UNDECIDED else None
    code = "judge.deadline" if outcome is Outcome.ERROR else None
    return replace(result, outcome=outcome, reason=reason, error_code=code, measured=None)


lists = st.lists(results(), max_size=5)


@given(lists, st.lists(waivers(), max_size=3), st.lists(words(), max_size=4), quorums, st.data())
def test_turning_a_pass_into_trouble_never_moves_nearer_to_allow(
    rules: list[RuleResult], held: list[Waiver], said: list[Approval], required: list[Quorum], data: st.DataObject
) -> None:
    passing = [index for index, result in enumerate(rules) if result.outcome is Outcome.PASS]
    if not passing:
        return
    index = data.draw(st.sampled_from(passing))
    outcome = data.draw(st.sampled_from([Outcome.FAIL, Outcome.UNDECIDED, Outcome.ERROR]))
    changed = [*rules[:index], worse(rules[index], outcome), *rules[index + 1 :]]
    before, after = rebound(rules, held, said, required), rebound(changed, held, said, required)
    assert after.verdict.nearness <= before.verdict.nearness


@given(lists, st.lists(waivers(), max_size=3), st.lists(words(), max_size=4), quorums, words())
def test_adding_a_rejection_never_moves_nearer_to_allow(
    rules: list[RuleResult], held: list[Waiver], said: list[Approval], required: list[Quorum], word: Approval
) -> None:
    rejection = replace(word, verb=Verb.REJECT)
    before, after = rebound(rules, held, said, required), rebound(rules, held, [*said, rejection], required)
    assert after.verdict.nearness <= before.verdict.nearness


@given(lists, st.lists(waivers(), min_size=1, max_size=3), st.lists(words(), max_size=4), quorums)
def test_taking_away_a_waiver_never_moves_nearer_to_allow(
    rules: list[RuleResult], held: list[Waiver], said: list[Approval], required: list[Quorum]
) -> None:
    before, after = rebound(rules, held, said, required), rebound(rules, held[1:], said, required)
    assert after.verdict.nearness <= before.verdict.nearness


@given(lists, st.lists(waivers(), max_size=2), st.lists(words(), min_size=1, max_size=5), quorums)
def test_taking_away_a_yes_never_moves_nearer_to_allow(
    rules: list[RuleResult], held: list[Waiver], said: list[Approval], required: list[Quorum]
) -> None:
    yeses = [word for word in said if not word.is_rejection]
    if not yeses:
        return
    fewer = [word for word in said if word is not yeses[0]]
    before, after = rebound(rules, held, said, required), rebound(rules, held, fewer, required)
    assert after.verdict.nearness <= before.verdict.nearness


@given(st.lists(results().map(lambda r: replace(r, outcome=Outcome.SKIP, reason=Reason.OFF)), max_size=3), quorums)
def test_a_gate_in_which_no_rule_was_evaluated_is_undecided(rules: list[RuleResult], required: list[Quorum]) -> None:
    decision = decide(CASE, rules, required=required)
    assert decision.verdict is Verdict.UNDECIDED
    assert decision.reasons[0].code == "gate.empty"


@given(lists, st.lists(waivers(), max_size=3), st.lists(words(), max_size=4), quorums, st.randoms())
def test_the_order_of_what_is_given_changes_no_byte(
    rules: list[RuleResult], held: list[Waiver], said: list[Approval], required: list[Quorum], random: object
) -> None:
    before = rebound(rules, held, said, required)
    for things in (rules, held, said):
        random.shuffle(things)  # type: ignore[attr-defined]
    assert canonical_bytes(rebound(rules, held, said, required)) == canonical_bytes(before)


@given(lists, st.lists(waivers(), max_size=3))
def test_every_result_stays_in_the_decision_waived_or_not(rules: list[RuleResult], held: list[Waiver]) -> None:
    decision = decide(CASE, rules, waivers=held)
    assert sorted(map(canonical_bytes, decision.results)) == sorted(map(canonical_bytes, rules))


@given(lists, st.lists(waivers(), max_size=3))
def test_only_failing_or_insufficient_results_are_ever_waived(rules: list[RuleResult], held: list[Waiver]) -> None:
    decision = decide(CASE, rules, waivers=held)
    open_terms = {
        (result.rule, result.term)
        for result in rules
        if result.outcome is Outcome.FAIL or result.reason is Reason.INSUFFICIENT
    }
    assert {(waiver.rule, waiver.term) for waiver in decision.waivers} <= open_terms
