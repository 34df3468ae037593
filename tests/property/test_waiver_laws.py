"""Whatever is said, in whatever order: nobody decides alone, nothing over comes back, one function knows the end."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.waiver_sample import (
    CASE,
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
    chain_of,
    decision_of,
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
from tolbooth.model.rule import Severity
from tolbooth.model.waiver import SubjectScope
from tolbooth.review.risk import LevelOfRisk
from tolbooth.review.spoken import Spoken
from tolbooth.review.waiver_policy import RuleTraits, WaiverPolicy
from tolbooth.review.waiver_request import request_end
from tolbooth.review.waiver_state import WaiverRules, WaiverState, WaiverStatus, to_waiver
from tolbooth.review.waivers import require_legal, review_waivers, waivers_in_force

BOARD = {
    LevelOfRisk.LOW: (Quorum(role="approver", count=1),),
    LevelOfRisk.MEDIUM: (Quorum(role="approver", count=1),),
    LevelOfRisk.HIGH: (Quorum(role="approver", count=2),),
    LevelOfRisk.CRITICAL: (Quorum(role="approver", count=1), Quorum(role="board", count=1)),
}
EVERYBODY = (
    person("ana", "approver", "board", lent_to=("finn",)),
    person("ben", "approver", lent_to=("finn", "chen")),
    person("chen", "approver", "board", lent_to=("ben",)),
    PEOPLE[3],
    person("finn", "approver"),
)
TOWN = replace(RULES, policy=WaiverPolicy(approvers=BOARD), chain=chain_of(*EVERYBODY))
NAMES = st.sampled_from(["ana", "ben", "chen", "dora", "eve", "finn"])
LENDERS = st.sampled_from([None, None, "ana", "ben", "chen"])
ROLES = st.sampled_from(["approver", "approver", "board", "auditor"])
RISKS = st.sampled_from([LOW, HIGH, CRITICAL])
STEPS = st.sampled_from([HOUR, HOUR, DAY, DAY, 9 * DAY, 30 * DAY])
BACK = st.sampled_from([timedelta(0), timedelta(0), HOUR, 40 * DAY])


class Waivers(RuleBasedStateMachine):
    """Everybody says anything at any time; clocks may be set back; even what is illegal lies in the folder."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.said: list[Spoken[Any]] = []
        self.over: set[str] = set()
        self.clock_stands = False

    @initialize(risk=RISKS, readily=st.lists(st.sampled_from(["ben", "chen", "finn"]), unique=True, max_size=3))
    def asked(self, risk: Any, readily: list[str]) -> None:
        asked = spoken(replace(REQUEST, risk=replace(REQUEST.risk, inherent=risk)))
        self.say(asked)
        for who in readily:
            self.say(yes(asked, who, at=self.now, residual=LOW))

    def say(self, new: Spoken[Any]) -> None:
        """A legal statement must come to what was foretold; an illegal one must change no waiver.

        Of what is said within one second the digests tell the order, so that nothing can be foretold then.
        """
        before = review_waivers(self.said, TOWN, as_of=self.now)
        foretold: WaiverState | None = None
        with suppress(ReviewError):
            foretold = require_legal(new, self.said, TOWN, as_of=self.now)
        self.said.append(new)
        after = review_waivers(self.said, TOWN, as_of=self.now)
        if self.clock_stands:
            return
        self.now += timedelta(seconds=1)
        if foretold is None:
            assert {**after.states, new.sha256: None} == {**before.states, new.sha256: None}
        else:
            assert after.states[foretold.sha256] == foretold
            assert len(after.refused) == len(before.refused)

    @rule(stands=st.booleans())
    def clock(self, stands: bool) -> None:
        self.clock_stands = stands
        self.now += timedelta(seconds=1)

    @rule(step=STEPS)
    def time_passes(self, step: timedelta) -> None:
        self.now += step

    @rule(
        who=NAMES,
        role=ROLES,
        lender=LENDERS,
        residual=RISKS,
        back=BACK,
        verb=st.sampled_from(Verb),
        at=st.integers(0, 3),
    )
    def speaks(  # noqa: PLR0917 - hypothesis names them
        self, who: str, role: str, lender: str | None, residual: Any, back: timedelta, verb: Verb, at: int
    ) -> None:
        waiver = self.pick(at, "requested_by")
        word = yes(waiver, who, at=self.now - back, role=role, verb=verb, residual=residual, on_behalf_of=lender)
        self.say(replace(word, first_seen=self.now))

    @rule(who=st.sampled_from(["ben", "chen", "finn"]), board=st.booleans(), residual=RISKS, at=st.integers(0, 3))
    def approves_as_one_should(self, who: str, board: bool, residual: Any, at: int) -> None:
        role = "board" if board and who == "chen" else "approver"
        self.say(yes(self.pick(at, "requested_by"), who, at=self.now, role=role, residual=residual))

    @rule(who=NAMES, at=st.integers(0, 20))
    def takes_back(self, who: str, at: int) -> None:
        self.say(revocation(self.said[at % len(self.said)], who, at=self.now))

    @rule(who=st.sampled_from(["ana", "ana", "ben", "eve"]), days=st.sampled_from([1, 20, 50]), at=st.integers(0, 3))
    def renews(self, who: str, days: int, at: int) -> None:
        decision = f"{len(self.said):064x}"
        TOWN.decisions[decision] = decision_of(FAIL, PASS, case=replace(CASE, as_of=self.now))  # type: ignore[index]
        self.say(
            spoken(
                replace(
                    REQUEST,
                    id=f"W-{len(self.said) + 1}",
                    requested_by=who,
                    renews=self.pick(at, "requested_by").sha256,
                    signed_at=self.now,
                    effective_on=self.now,
                    effective_until=self.now + days * DAY,
                    evidence_as_of=self.now,
                    from_decision=decision,
                )
            )
        )

    @rule(at=st.integers(0, 3), subject=st.sampled_from(["credit", "churn"]))
    def retires(self, at: int, subject: str) -> None:
        self.say(retirement(self.pick(at, "requested_by"), subject=subject, at=self.now))

    def pick(self, at: int, attribute: str) -> Spoken[Any]:
        found = [each for each in self.said if hasattr(each.said, attribute)]
        return found[at % len(found)]

    def states(self) -> list[WaiverState]:
        return list(review_waivers(self.said, TOWN, as_of=self.now).states.values())

    @invariant()
    def nobody_decides_alone(self) -> None:
        for state in self.states():
            involved = [{voice.word.person, voice.word.on_behalf_of} - {None} for voice in state.yeses]
            persons = [each for pair in involved for each in pair]
            assert state.request.requested_by not in persons
            assert len(persons) == len(set(persons))
            if state.status(self.now) is WaiverStatus.IN_FORCE:
                assert {"eve", "dora"}.isdisjoint(persons)
                needed = TOWN.policy.required(state.levels)
                for quorum in needed:
                    assert sum(voice.word.role == quorum.role for voice in state.yeses) >= quorum.count
                answers = [TOWN.policy.scale.level(voice.word.residual) for voice in state.yeses if voice.word.residual]
                assert max(state.levels, key=lambda each: each.height).height >= max(each.height for each in answers)

    @invariant()
    def what_is_over_stays_over(self) -> None:
        for state in self.states():
            status = state.status(self.now)
            if state.sha256 in self.over:
                assert status.is_over
                assert not to_waiver(state).holds(self.now)
            if status.is_over:
                self.over.add(state.sha256)

    @invariant()
    def only_what_is_in_force_covers(self) -> None:
        case = replace(CASE, as_of=self.now)
        for state in self.states():
            covered = decide(case, [FAIL, PASS], waivers=[to_waiver(state)]).verdict is Verdict.ALLOW
            assert covered == (state.status(self.now) is WaiverStatus.IN_FORCE)


Waivers.TestCase.settings = settings(max_examples=50, stateful_step_count=18)
test_no_sequence_lets_anybody_decide_alone_or_brings_back_what_is_over = Waivers.TestCase


ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Pacific/Apia", "Pacific/Kiritimati"]
)
TURNS = st.sampled_from(
    [date(2028, 2, 28), date(2028, 2, 29), date(2026, 12, 31), date(2027, 3, 28), date(2027, 10, 31), date(2027, 3, 14)]
)
DAYS = st.one_of(TURNS, st.dates(date(2026, 11, 24), date(2029, 12, 31)))
NEAR = st.one_of(st.integers(-2, 2), st.integers(-4000, 4000), st.integers(-200_000, 200_000))
LONG = replace(
    TOWN,
    traits={RULE: RuleTraits(severity=Severity.LOW)},
    policy=WaiverPolicy(maximum_days=dict.fromkeys(Severity, 3650)),
)


def in_force_everywhere(until: date | datetime, zone: str, as_of: datetime, rules: WaiverRules = LONG) -> set[bool]:
    """Whether a waiver is in force: as a list, a register, a gate's decision and the waiver itself say."""
    request = replace(
        REQUEST, effective_until=request_end(until, zone), scope=SubjectScope(pattern="credit", matches_at_most=1)
    )
    asked = spoken(request)
    said = (asked, yes(asked, "ben"), yes(asked, "chen"))
    state = review_waivers(said, rules, as_of=as_of).states[asked.sha256]
    case = replace(CASE, as_of=as_of)
    waivers = waivers_in_force([state], subject="credit", as_of=as_of)
    return {
        state.status(as_of) is WaiverStatus.IN_FORCE,
        to_waiver(state).holds(as_of),
        bool(waivers),
        decide(case, [FAIL, PASS], waivers=[to_waiver(state)]).verdict is Verdict.ALLOW,
        decide(case, [FAIL, PASS], waivers=waivers).verdict is Verdict.ALLOW,
    }


@given(day=DAYS, zone=ZONES, seconds=NEAR, other=ZONES)
@settings(max_examples=250)
def test_list_gate_and_waiver_agree_around_every_bare_end(day: date, zone: str, seconds: int, other: str) -> None:
    end = request_end(day, zone)
    as_of = max(end + timedelta(seconds=seconds), NOW + 2 * HOUR)
    shown = as_of.astimezone(ZoneInfo(other))
    assert in_force_everywhere(day, zone, as_of) == {as_of < end}
    assert in_force_everywhere(day, zone, shown) == {as_of < end}
    # The day is the last one there: an instant of it is covered, one of the next is not.
    assert (as_of < end) == (as_of.astimezone(ZoneInfo(zone)).date() <= day)


@given(seconds=st.integers(1, 3 * 365 * 86_400), offset=st.integers(-14 * 60, 14 * 60), near=NEAR)
@settings(max_examples=150)
def test_list_gate_and_waiver_agree_around_every_instant(seconds: int, offset: int, near: int) -> None:
    zone = ZoneInfo("UTC")
    until = (NOW + 3 * HOUR + timedelta(seconds=seconds)).astimezone(zone) + timedelta(minutes=offset)
    as_of = max(until.astimezone(UTC) + timedelta(seconds=near), NOW + 2 * HOUR)
    if until > NOW + 2 * HOUR:
        assert in_force_everywhere(until, "UTC", as_of) == {as_of < until}


def test_the_decision_that_everything_here_answers_denies() -> None:
    assert TOWN.decisions[DECISION_SHA256] == DECISION
