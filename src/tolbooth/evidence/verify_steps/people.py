"""Step 9, ``people.*``: every waiver and approval that the decision rests on was said by somebody who might say it.

The records' signatures are checked, and what they come to is worked out again by ``review``, the same functions that
the gate called: a role on that day, a key in force, duties, quorums and ends have no second reading here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from tolbooth.evidence.container import CORE
from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.pack import PEOPLE_FOLDER
from tolbooth.evidence.people_files import APPLIED_PATH
from tolbooth.evidence.people_opening import ALTERED_HINT, OpenedPeople, open_people_folder, people_code
from tolbooth.evidence.trust import Trust
from tolbooth.evidence.verify_steps.content import PackContent
from tolbooth.evidence.verify_steps.pinned import check_pins
from tolbooth.evidence.verify_steps.refusal import refuse
from tolbooth.model.approval import Approval
from tolbooth.model.decision import AppliedWaiver, Verdict
from tolbooth.model.errors import Problem
from tolbooth.model.waiver import Waiver
from tolbooth.model.words import DecisionWord, Retirement, Revocation, WaiverRequest, WaiverWord
from tolbooth.review.approvals import standing
from tolbooth.review.spoken import Spoken
from tolbooth.review.standing import Standing
from tolbooth.review.waiver_state import to_waiver
from tolbooth.review.waivers import WaiverReview, review_waivers

T = TypeVar("T")

_APPLIED = CORE + APPLIED_PATH
_ABOUT_WAIVERS = (WaiverRequest, WaiverWord, Revocation, Retirement)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleRecord:
    """A record that changed nothing about this decision, and why; it is shown, so that nothing is hidden."""

    path: str
    sha256: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedPeople:
    """What people said, checked: how many records, words and waivers the decision rests on, and what is idle.

    ``opened``, ``standing`` and ``review`` are None where nobody had a word. ``versions`` counts people records.
    """

    records: int = 0
    versions: int = 0
    approvals: int = 0
    waivers: int = 0
    idle: tuple[IdleRecord, ...] = ()
    pinned: bool = False
    opened: OpenedPeople | None = None
    standing: Standing | None = None
    review: WaiverReview | None = None


def check_people(content: PackContent, machines: Sequence[PublicKey], trust: Trust | None = None) -> CheckedPeople:
    """Check what the decision says that people said.

    Args:
        content: the pack's core.
        machines: the keys of gates, for which the sealer vouches: they say that a waiver retired.
        trust: pins of people from elsewhere; None to take the sealer's word for who they are.

    Raises:
        VerificationError: ``people.*`` or ``json.*`` for the first thing that does not hold. What ``review`` refuses
            keeps its code behind ``people.``, such as ``people.approval-other-basis``, ``people.duties-requester``,
            ``people.role-ended``.
    """
    opened = open_people_folder(content.core, machines, about=f"{content.decision.case.subject.project}/people")
    if opened is None:
        _require_none_named(content)
        return CheckedPeople()
    _require_records(content, opened)
    check_pins(opened, trust)
    review = _check_waivers(content, opened)
    words = _check_approvals(content, opened)
    return CheckedPeople(
        records=len(opened.paths),
        versions=len(opened.chain.versions),
        approvals=len(content.decision.approvals),
        waivers=len({each.waiver_sha256 for each in content.decision.waivers}),
        idle=tuple(_idle(content, opened, words, review)),
        pinned=trust is not None and trust.pins_people,
        opened=opened,
        standing=words,
        review=review,
    )


def said_of(opened: OpenedPeople, *kinds: type[Any]) -> tuple[Spoken[Any], ...]:
    """The statements of some kinds."""
    return tuple(each for each in opened.said if isinstance(each.said, kinds))


def _named(content: PackContent) -> dict[str, str]:
    named = {waiver.waiver_sha256: "waiver" for waiver in content.decision.waivers}
    return named | dict.fromkeys(content.decision.approvals, "approval")


def _require_none_named(content: PackContent) -> None:
    for digest, kind in _named(content).items():
        _missing(kind, digest)


def _missing(kind: str, digest: str) -> None:
    hint = "without the signed record nobody can tell who said it: ask for a pack that holds it"
    message = f"the decision applied the {kind} {digest[:12]}, and the pack does not hold it"
    refuse("people.missing", message, CORE + PEOPLE_FOLDER, hint=hint)


def _require_records(content: PackContent, opened: OpenedPeople) -> None:
    """Each record that is named is there, and of the kind that is meant."""
    applied = opened.applied
    named = _named(content)
    named |= {each.sha256: "waiver" for each in applied.waivers} | {
        each.sha256: "approval" for each in applied.approvals
    }
    kinds = {each.sha256: each.said for each in opened.said}
    for digest, kind in named.items():
        wanted = WaiverRequest if kind == "waiver" else DecisionWord
        if not isinstance(kinds.get(digest), wanted):
            _missing(kind, digest)


def _check_waivers(content: PackContent, opened: OpenedPeople) -> WaiverReview:
    case, chain = content.decision.case, opened.chain
    review = review_waivers(said_of(opened, *_ABOUT_WAIVERS), opened.context.rules(chain), as_of=case.as_of)
    for waiver in opened.applied.waivers:
        state = review.states.get(waiver.sha256)
        if state is None:
            _explain(review, waiver.sha256, opened)
        assert state is not None
        again = to_waiver(state, subject=case.subject.name)
        if not again.holds(case.as_of):
            _explain(review, waiver.sha256, opened)
            path = opened.paths[waiver.sha256]
            status = state.status(case.as_of).words
            hint = "the decision may not rest on it: ask for a new decision"
            refuse("people.waiver-not-in-force", f"{waiver.id} was {status} as of the decision", path, hint=hint)
        _require_same(waiver, again, f"the waiver {waiver.id}", opened.paths[waiver.sha256])
    held = {waiver.sha256: waiver for waiver in opened.applied.waivers}
    for each in content.decision.waivers:
        _require_applied(each, held.get(each.waiver_sha256))
    return review


def _explain(review: WaiverReview, waiver: str, opened: OpenedPeople) -> None:
    """Refuse by the first statement about the waiver that counts for nothing; nothing if there is none."""
    for each in review.refused:
        if waiver in {each.sha256, each.waiver_sha256}:
            _refuse(each.problems[0], opened.paths[each.sha256])


def _require_applied(named: AppliedWaiver, waiver: Waiver | None) -> None:
    if waiver is None:
        message = f"the decision rests on {named.waiver_id}, which was not in force at the gate"
        refuse("people.waiver-not-applied", message, _APPLIED, hint=ALTERED_HINT)
    said = (waiver.id, waiver.rule, waiver.effective_until)
    if (named.waiver_id, named.rule, named.effective_until) != said:
        hint = "the signed statement says what was approved; the decision says more"
        refuse("people.waiver-altered", f"the decision tells {named.waiver_id} otherwise", _APPLIED, hint=hint)


def _check_approvals(content: PackContent, opened: OpenedPeople) -> Standing:
    decision, applied = content.decision, opened.applied
    found = standing(
        opened.context.matter(decision, opened.chain),
        said_of(opened, DecisionWord),
        said_of(opened, Revocation),
    )
    again = {each.sha256: each for each in found.approvals}
    for word in applied.approvals:
        if word.sha256 not in again:
            _refuse_word(word, found, opened)
        _require_same(word, again[word.sha256], f"the word of {word.person}", opened.paths[word.sha256])
    told = {word.sha256 for word in applied.approvals}
    for sha256, approval in again.items():
        if sha256 not in told:
            message = f"a word of {approval.person} ({approval.verb}) counts, and was left out"
            refuse("people.word-left-out", message, opened.paths[sha256], hint="ask for a new decision")
    for sha256 in decision.approvals:
        if sha256 not in told:
            refuse(
                "people.not-applied",
                f"the decision rests on {sha256[:12]}, which did not count",
                _APPLIED,
                hint=ALTERED_HINT,
            )
    if applied.required != found.required:
        refuse("people.required-altered", "other quorums than the workflow asks", _APPLIED, hint=ALTERED_HINT)
    if decision.verdict is Verdict.ALLOW and found.awaited:
        first = found.awaited[0]
        message = f"allowed, though the stage '{first.stage}' still awaits {first.count} of the role '{first.role}'"
        refuse("people.quorum", message, _APPLIED, hint="the release was not approved by all who must")
    return found


def _refuse_word(word: Approval, found: Standing, opened: OpenedPeople) -> None:
    path = opened.paths[word.sha256]
    judged = next((each for each in found.words if each.sha256 == word.sha256), None)
    if judged is None:
        message = f"{word.person} said it about another subject, gate or environment"
        refuse("people.approval-other-matter", message, path, hint="a word counts where it was said, and nowhere else")
    if judged.problem is not None:
        _refuse(judged.problem, path)
    refuse("people.word-idle", f"the word of {word.person} fills no place here", path, hint=ALTERED_HINT)


def _refuse(problem: Problem, path: str) -> None:
    refuse(people_code(problem.code), problem.message, path, hint=problem.hint)


def _require_same(applied: T, again: T, what: str, path: str) -> None:
    if applied == again:
        return
    fields = [each.name for each in dataclasses.fields(applied)]  # type: ignore[arg-type]
    changed = [name for name in fields if getattr(applied, name) != getattr(again, name)]
    message = f"{APPLIED_PATH} tells {what} otherwise than it was signed: {', '.join(changed)}"
    refuse("people.applied-altered", message, path, hint="what was signed counts; ask for a pack that tells it so")


def _idle(content: PackContent, opened: OpenedPeople, words: Standing, review: WaiverReview) -> Iterator[IdleRecord]:
    """Records that the decision does not rest on, in the order of their paths."""
    used = set(_used(content, review))
    why = dict(_reasons(words, review))
    for each in sorted(opened.said, key=lambda one: opened.paths[one.sha256]):
        if each.sha256 not in used:
            reason = why.get(each.sha256, "nothing in this decision needs it")
            yield IdleRecord(path=opened.paths[each.sha256], sha256=each.sha256, why=reason)


def _used(content: PackContent, review: WaiverReview) -> Iterable[str]:
    yield from content.decision.approvals
    for sha256 in {each.waiver_sha256 for each in content.decision.waivers}:
        yield from (step.sha256 for step in review.states[sha256].history)


def _reasons(words: Standing, review: WaiverReview) -> Iterator[tuple[str, str]]:
    for word in words.words:
        if word.problem is not None:
            yield word.sha256, word.problem.message
    dismissed: Mapping[str, Problem] = words.dismissed
    for sha256, problem in dismissed.items():
        yield sha256, problem.message
    for refused in review.refused:
        yield refused.sha256, refused.problems[0].message
