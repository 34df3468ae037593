"""What may happen to a waiver: one pure function a move; an illegal move raises, and names its precondition.

A move gives the state after it. That the signature fits has been verified; who signed, and whether they may, is
decided here. A person must hold key and role when they say that they signed, and still when the log saw it first, so
that a clock that was set back gains nothing; for what only holds back, a rejection or a revocation, the first is
enough.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NoReturn

from tolbooth.model.approval import Quorum, Verb
from tolbooth.model.errors import ReviewError
from tolbooth.model.instant import format_instant
from tolbooth.model.people import ALWAYS_IN_FORCE
from tolbooth.model.rule import Outcome, RuleResult
from tolbooth.model.words import Retirement, Revocation, WaiverRequest, WaiverWord
from tolbooth.review.duties import Involved, require_duties
from tolbooth.review.people import require_capacity
from tolbooth.review.risk import LevelOfRisk
from tolbooth.review.spoken import Spoken
from tolbooth.review.waiver_renewal import require_renewable
from tolbooth.review.waiver_request import matching, require_standing
from tolbooth.review.waiver_state import (
    Ending,
    RetiredFor,
    Step,
    Voice,
    WaiverRules,
    WaiverState,
    WaiverStatus,
)

_SAID = {
    Verb.APPROVE: "approved",
    Verb.APPROVE_WITH_CONDITIONS: "approved with conditions",
    Verb.REJECT: "rejected",
    Verb.REQUEST_CHANGES: "changes requested",
    Verb.ABSTAIN: "abstained",
}
NO = (Verb.REJECT, Verb.REQUEST_CHANGES)
"""What ends a request."""


def ask(
    asked: Spoken[WaiverRequest], rules: WaiverRules, *, at: datetime, renewed: WaiverState | None = None
) -> WaiverState:
    """A request, or the renewal of ``renewed``, which must be in force at ``at``.

    Raises:
        ReviewError: ``waiver.*`` or ``people.*`` for every precondition that is broken.
    """
    request = asked.said
    _require_own(asked.fingerprint, request.requested_by, rules, (request.signed_at, at))
    require_standing(request, rules, at=at)
    if request.renews is not None:
        require_renewable(asked.sha256, request, renewed, rules, at=at)
    inherent = rules.policy.scale.level(request.risk.inherent)
    required = rules.policy.required([inherent])
    what = "requested" if renewed is None else f"renewal of {renewed.request.id} requested"
    return WaiverState(
        sha256=asked.sha256,
        request=request,
        severity=rules.traits_of(request.rule).severity,
        requested_at=at,
        inherent=inherent,
        levels=(inherent,),
        required=required,
        missing=required,
        matches=matching(request.scope, rules.subjects),
        renewal_count=0 if renewed is None else renewed.renewal_count + 1,
        history=(Step(at=at, what=what, sha256=asked.sha256, person=request.requested_by, comment=request.comment),),
    )


def speak(state: WaiverState, spoken: Spoken[WaiverWord], rules: WaiverRules, *, at: datetime) -> WaiverState:
    """A person's yes, no or abstention on a waiver that is asked for.

    Raises:
        ReviewError: ``waiver.*`` or ``people.*`` for the precondition that is broken.
        DutyConflict: if the requester speaks, or somebody a second time, by themselves or through a delegate.
    """
    word = spoken.said
    instants = (word.signed_at,) if word.verb in NO else (word.signed_at, at)
    _require_own(spoken.fingerprint, word.person, rules, instants)
    if word.waiver_sha256 != state.sha256:
        _refuse("waiver.unknown", "this word is on another waiver", None)
    _require_open(state, at)
    if word.role not in rules.policy.roles:
        hint = f"waivers are approved by: {', '.join(sorted(rules.policy.roles))}"
        _refuse("waiver.role", f"the role '{word.role}' does not speak on waivers", hint)
    _require_duties(state, word, rules, instants)
    if word.person in {voice.word.person for voice in state.yeses}:
        _refuse("waiver.twice", f"{word.person} approved it already", "nobody counts twice; somebody else has to")
    step = Step(
        at=at,
        what=_SAID[word.verb],
        sha256=spoken.sha256,
        person=word.person,
        role=word.role,
        comment=word.comment,
    )
    told = replace(state, history=(*state.history, step))
    if word.verb is Verb.ABSTAIN:
        return told
    if word.verb in NO:
        return replace(told, ended=Ending(at=at, how=WaiverStatus.REJECTED, person=word.person))
    return _approved(told, Voice(sha256=spoken.sha256, at=at, word=word), rules)


def revoke(state: WaiverState, spoken: Spoken[Revocation], rules: WaiverRules, *, at: datetime) -> WaiverState:
    """The end of a waiver by its requester or one of its approvers, or a yes taken back by whoever said it.

    A yes taken back before the waiver is approved leaves it asked for; afterwards it ends the waiver, unless enough
    others approved it.

    Raises:
        ReviewError: ``waiver.*`` or ``people.*`` for the precondition that is broken.
    """
    said = spoken.said
    _require_own(spoken.fingerprint, said.person, rules, (said.signed_at,))
    _require_not_over(state, at)
    step = Step(at=at, what="revoked", sha256=spoken.sha256, person=said.person, comment=said.reason)
    told = replace(state, history=(*state.history, step))
    ended = Ending(at=at, how=WaiverStatus.REVOKED, person=said.person)
    if said.revokes_sha256 == state.sha256:
        if said.person not in {state.request.requested_by, *(voice.word.person for voice in state.yeses)}:
            hint = "its requester or one of its approvers can"
            _refuse("waiver.not-yours-to-revoke", f"{said.person} neither asked for it nor approved it", hint)
        return replace(told, ended=ended)
    taken = next((voice for voice in state.yeses if voice.sha256 == said.revokes_sha256), None)
    if taken is None:
        _refuse("waiver.nothing-to-revoke", "no approval that counts has this digest", None)
    if taken.word.person != said.person:
        _refuse("waiver.not-yours-to-revoke", f"{taken.word.person} said it, and not {said.person}", None)
    left = _counted(replace(told, yeses=tuple(voice for voice in state.yeses if voice is not taken)), rules)
    if state.approved_at is None:
        return left
    return left if not left.missing else replace(told, ended=ended)


def retire(state: WaiverState, spoken: Spoken[Retirement], rules: WaiverRules, *, at: datetime) -> WaiverState:
    """The end of a waiver for one subject's name, since the rule passed again there.

    Raises:
        ReviewError: ``waiver.*`` for the precondition that is broken.
    """
    said = spoken.said
    _require_not_over(state, at)
    if state.approved_at is None:
        _refuse("waiver.not-approved", "what was never approved can't retire", None)
    scope = state.request.scope
    if scope.digest is None and not scope.matches(said.subject):
        _refuse("waiver.subject", f"it does not cover {said.subject}", None)
    if said.subject in {each.subject for each in state.retired}:
        _refuse("waiver.retired", f"it retired for {said.subject} already", None)
    _require_pass(state, said, rules)
    step = Step(at=at, what=f"retired for {said.subject}: the rule passes again", sha256=spoken.sha256)
    retired = (*state.retired, RetiredFor(subject=said.subject, at=at))
    return replace(state, history=(*state.history, step), retired=retired)


def renewed_by(state: WaiverState, renewal: WaiverState) -> WaiverState:
    """The state of a waiver whose renewal was approved: over from when the renewal begins."""
    assert renewal.approved_at is not None
    at = max(renewal.approved_at, renewal.request.effective_on)
    if state.status(at).is_over:
        return state
    step = Step(at=at, what=f"renewed by {renewal.request.id}", sha256=renewal.sha256)
    return replace(state, history=(*state.history, step), ended=Ending(at=at, how=WaiverStatus.RENEWED))


def require_reference(found: WaiverState | None, sha256: str) -> WaiverState:
    """The waiver that a statement is about.

    Raises:
        ReviewError: ``waiver.unknown``.
    """
    if found is None:
        hint = "'tolbooth waiver list' shows those that are known here"
        _refuse("waiver.unknown", f"there is no waiver {sha256[:12]}", hint)
    return found


def _approved(state: WaiverState, voice: Voice, rules: WaiverRules) -> WaiverState:
    word = voice.word
    if word.verb is not Verb.APPROVE:
        hint = "conditions of a waiver are its treatment and its compensating controls: reject it, and say which"
        _refuse("waiver.verb", f"a waiver is approved or rejected, not '{word.verb}'", hint)
    if word.residual is None:
        hint = "what remains with the treatment is the approver's answer: --residual LIKELIHOODxIMPACT"
        _refuse("waiver.residual-missing", "the approval does not say what risk remains", hint)
    rules.policy.scale.require(word.residual)
    return _counted(replace(state, yeses=(*state.yeses, voice)), rules)


def _counted(state: WaiverState, rules: WaiverRules) -> WaiverState:
    """The state with its quorums counted anew; a higher residual answer adds the approvers of that level."""
    scale = rules.policy.scale
    answers = [voice.word.residual for voice in state.yeses if voice.word.residual is not None]
    levels = _levels([state.inherent, *(scale.level(residual) for residual in answers)], state.inherent)
    required = rules.policy.required(levels)
    missing = _missing(required, state.yeses)
    approved_at = state.approved_at
    if approved_at is None and not missing:
        approved_at = max((voice.at for voice in state.yeses), default=None)
    return replace(state, levels=levels, required=required, missing=missing, approved_at=approved_at)


def _levels(found: Sequence[LevelOfRisk], inherent: LevelOfRisk) -> tuple[LevelOfRisk, ...]:
    """The inherent level, and every higher one that was found."""
    higher = {level for level in found if level.height > inherent.height}
    return (inherent, *sorted(higher, key=lambda level: level.height))


def _missing(required: Sequence[Quorum], yeses: Sequence[Voice]) -> tuple[Quorum, ...]:
    """What is left of the quorums; no two voices share a person, so that each fills one place."""
    filled = Counter(voice.word.role for voice in yeses)
    left = (Quorum(role=each.role, count=each.count - filled[each.role]) for each in required)
    return tuple(each for each in left if each.count > 0)


def _require_own(fingerprint: str, person: str, rules: WaiverRules, instants: Iterable[datetime]) -> None:
    """That whoever signed is the person in whose name it speaks, at each of these instants."""
    for at in instants:
        holder = rules.chain.holder(fingerprint, at)
        if holder.id != person:
            message = f"it speaks for {person}, and {holder.id} signed it"
            _refuse("waiver.not-theirs", message, "everybody signs with their own key")


def _require_duties(state: WaiverState, word: WaiverWord, rules: WaiverRules, instants: Iterable[datetime]) -> None:
    """That the person holds the role at each of these instants, and breaks no duty."""
    for at in instants:
        version = rules.chain.at(at)
        assert version is not None
        people = version.people
        speaker = require_capacity(people, word.person, word.role, as_of=at, on_behalf_of=word.on_behalf_of)
        people = replace(people, duties=tuple(dict.fromkeys([*people.duties, *ALWAYS_IN_FORCE])))
        involved = Involved(requester=state.request.requested_by, authors=())
        require_duties(people, speaker, involved, spoken=[voice.capacity for voice in state.yeses])


def _require_open(state: WaiverState, at: datetime) -> None:
    _require_not_over(state, at)
    if state.approved_at is not None:
        _refuse("waiver.decided", f"{state.request.id} is approved already", "to end it: 'tolbooth waiver revoke'")


def _require_not_over(state: WaiverState, at: datetime) -> None:
    status = state.status(at)
    if not status.is_over:
        return
    since = state.ended.at if state.ended is not None else state.request.effective_until
    message = f"{state.request.id} is {status} since {format_instant(since)}"
    _refuse(f"waiver.{status}", message, "what is over stays over: ask for a new one with 'tolbooth waiver request'")


def _require_pass(state: WaiverState, said: Retirement, rules: WaiverRules) -> None:
    """That the decision which is named, if it is at hand, shows the pass that retires."""
    decision = rules.decisions.get(said.decision_sha256)
    if decision is None:
        return
    case, request = decision.case, state.request
    if (case.subject.name, case.gate, case.environment) != (said.subject, request.gate, request.environment):
        _refuse("waiver.gate", "the pass was for another subject, gate or environment", None)
    if case.hypothetical or not passes(request.rule, request.term, decision.results):
        _refuse("waiver.no-pass", f"the decision shows no pass of {request.rule}", None)


def passes(rule: str, term: str | None, results: Iterable[RuleResult]) -> bool:
    """Whether what is waived passed: the whole rule, or its term by name. A rule that was not asked did not pass."""
    of_rule = [result for result in results if result.rule == rule]
    if term is not None and any(result.term == term and result.outcome is Outcome.PASS for result in of_rule):
        return True
    return bool(of_rule) and all(result.outcome is Outcome.PASS for result in of_rule)


def _refuse(code: str, message: str, hint: str | None) -> NoReturn:
    raise ReviewError.of(code, message, hint=hint)
