"""No sequence of legal moves lets a requester decide alone, counts one person twice or breaks the monotone law."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.approval_sample import BASIS, FAY, chain_of, lent, matter, record, revocation, stage, word
from tests.people_sample import ANA, BEN, CHEN, DORA, EVE, NOON, fingerprint
from tolbooth.decide.gate import decide
from tolbooth.decide.quorum import unfilled
from tolbooth.model.approval import Approval, Condition, Verb
from tolbooth.model.decision import Case, Decision, Verdict
from tolbooth.model.errors import ReviewError
from tolbooth.model.rule import Enforcement, Outcome, RuleResult, Severity
from tolbooth.model.subject import Subject, SubjectKind
from tolbooth.model.words import DecisionWord, Revocation
from tolbooth.review.approvals import standing
from tolbooth.review.moves import say, take_back
from tolbooth.review.spoken import Spoken
from tolbooth.review.standing import Matter, Standing
from tolbooth.review.workflow import Order, Stage

HOUR = timedelta(hours=1)
STAGES: tuple[tuple[Stage, ...], ...] = (
    (stage("risk", ("risk", 1)),),
    (stage("risk", ("risk", 2)),),
    (stage("risk", ("risk", 1), ("law", 1)),),
    (stage("risk", ("risk", 1)), stage("law", ("law", 1))),
    (stage("risk", ("risk", 1), deadline=1, escalate="head"), stage("law", ("law", 1))),
    (stage("risk", ("risk", 2), deadline=1, escalate="head"),),
)
PASSES = RuleResult(
    rule="data.digests",
    title="t",
    outcome=Outcome.PASS,
    enforcement=Enforcement.DENY,
    severity=Severity.HIGH,
    message="m",
)
CASE = Case(
    subject=Subject(project="p", name="credit", version="7", kind=SubjectKind.MODEL, digest={"sha256": "a" * 64}),
    gate="release",
    environment="ci",
    as_of=NOON,
    policy_sha256="b" * 64,
    input_sha256="c" * 64,
)

persons = st.sampled_from([ANA, BEN, CHEN, DORA, EVE, FAY])
roles = st.sampled_from(["risk", "law", "head", "requester"])


class Approvals(RuleBasedStateMachine):
    """People say whatever they like, in any order, by any key; what is illegal is refused with its precondition."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON + HOUR
        self.words: list[Spoken[DecisionWord]] = []
        self.taken: list[Spoken[Revocation]] = []
        self.asked: Matter = matter()

    @initialize(
        stages=st.sampled_from(STAGES),
        order=st.sampled_from(Order),
        expires=st.sampled_from([None, 2]),
        lends=st.booleans(),
    )
    def begin(self, stages: tuple[Stage, ...], order: Order, expires: int | None, lends: bool) -> None:
        chain = chain_of(record(ben=lent(FAY, "risk"), chen=lent(DORA, "risk")) if lends else record())
        self.asked = matter(*stages, order=order, expires=expires, chain=chain)

    @rule(hours=st.integers(1, 40))
    def wait(self, hours: int) -> None:
        self.now += hours * HOUR

    @rule(
        person=persons,
        role=roles,
        verb=st.sampled_from(Verb),
        lender=st.sampled_from([None, None, BEN, CHEN]),
        key=st.none() | persons,
        basis=st.sampled_from([BASIS, BASIS, "0" * 64]),
        due=st.integers(-2, 30),
    )
    def speak(
        self, *, person: str, role: str, verb: Verb, lender: str | None, key: str | None, basis: str, due: int
    ) -> None:
        owed = [Condition(text="card", owner=ANA, due=self.now + due * HOUR)]
        new = word(
            person,
            role,
            verb,
            at=self.now,
            key=fingerprint(key) if key else None,
            on_behalf_of=lender,
            basis=basis,
            conditions=owed if verb is Verb.APPROVE_WITH_CONDITIONS else (),
        )
        before = self.found()
        try:
            found = say(self.matter(), decided(before), self.words, self.taken, new)
        except ReviewError as error:
            self.refused(error)
            return
        assert person not in {ANA, EVE} or verb not in {Verb.APPROVE, Verb.APPROVE_WITH_CONDITIONS}
        assert person != EVE
        assert basis == BASIS or found.approval.is_rejection
        self.words.append(new)

    @rule(position=st.integers(0, 5), by=persons)
    def take_back(self, position: int, by: str) -> None:
        if position >= len(self.words):
            return
        target = self.words[position]
        new = revocation(target, by, at=self.now)
        new = replace(new, sha256=f"{len(self.taken):064x}")
        try:
            take_back(self.matter(), self.words, self.taken, new)
        except ReviewError as error:
            self.refused(error)
            return
        assert by == target.said.person
        self.taken.append(new)

    @rule(
        person=persons,
        role=roles,
        verb=st.sampled_from(Verb),
        lender=st.sampled_from([None, None, BEN, CHEN]),
        key=st.none() | persons,
        back=st.integers(0, 60),
    )
    def bring_by_git(
        self, *, person: str, role: str, verb: Verb, lender: str | None, key: str | None, back: int
    ) -> None:
        """A word that no move checked comes along, by any key, with a clock that was set back."""
        at = self.now - back * HOUR
        signer = fingerprint(key) if key else None
        self.words.append(word(person, role, verb, at=at, seen=self.now, key=signer, on_behalf_of=lender))

    @invariant()
    def nobody_decides_alone(self) -> None:
        for each in self.found().approvals:
            assert each.person != EVE
            if each.is_yes:
                assert each.person != ANA

    @invariant()
    def nobody_counts_twice(self) -> None:
        found = self.found()
        yeses = [each for each in found.approvals if each.is_yes]
        places = sum(quorum.count for quorum in found.required)
        empty = sum(each.count for each in found.awaited)
        voices = {each.person for each in yeses}
        assert places - empty <= len(voices)
        assert len(unfilled(found.required, yeses)) == empty

    @invariant()
    def allow_needs_every_place(self) -> None:
        found = self.found()
        decision = decided(found)
        rejected = any(each.is_rejection for each in found.approvals)
        expected = Verdict.DENY if rejected else Verdict.PENDING if found.awaited else Verdict.ALLOW
        assert decision.verdict is expected

    @invariant()
    def a_word_less_is_never_nearer_unless_it_was_a_no(self) -> None:
        whole = decided(self.found()).verdict.nearness
        for position, each in enumerate(self.words):
            if each.said.verb in {Verb.REJECT, Verb.REQUEST_CHANGES}:
                continue
            rest = [*self.words[:position], *self.words[position + 1 :]]
            assert decided(self.found(rest)).verdict.nearness <= whole

    @invariant()
    def a_no_more_is_never_nearer(self) -> None:
        no = word(BEN, verb=Verb.REJECT, at=self.now, sha256="e" * 64)
        assert decided(self.found([*self.words, no])).verdict is Verdict.DENY

    @invariant()
    def every_word_that_does_not_count_says_why(self) -> None:
        for each in self.found().words:
            assert each.counts or each.word.verb is Verb.ABSTAIN or (each.problem is not None and each.problem.code)

    def matter(self) -> Matter:
        return replace(self.asked, as_of=self.now)

    def found(self, words: list[Spoken[DecisionWord]] | None = None) -> Standing:
        return standing(self.matter(), self.words if words is None else words, self.taken)

    @staticmethod
    def refused(error: ReviewError) -> None:
        families = ("approval.", "people.", "duties.", "revocation.")
        assert all(each.code.startswith(families) and each.message and each.hint for each in error.problems)


def decided(found: Standing) -> Decision:
    """The decision on a passing gate with what was said, rebound to the basis that results."""
    basis = decide(CASE, [PASSES]).basis
    bound: list[Approval] = [replace(each, basis=basis, signed_at=NOON) for each in found.approvals]
    return decide(CASE, [PASSES], approvals=bound, required=found.required)


Approvals.TestCase.settings = settings(
    max_examples=60, stateful_step_count=12, suppress_health_check=[HealthCheck.too_slow]
)
TestNoSequenceOfMovesBreaksTheLaws = Approvals.TestCase
