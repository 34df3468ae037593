"""Approvals as a pure state machine: from signed words, people and workflow to what counts at an instant.

A person must hold key and role when they say that they signed, and still when the log first saw the word: so a clock
that was set back gains nothing. For a rejection the first is enough, since keeping it only holds back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from tolbooth.model.approval import Approval, Condition, Duties, Verb
from tolbooth.model.errors import Problem, ReviewError
from tolbooth.model.instant import format_instant
from tolbooth.model.people import DutyRule, People
from tolbooth.model.words import DecisionWord, Revocation
from tolbooth.review.awaiting import awaited_places, required_quorums, unmeetable_places
from tolbooth.review.duties import DutyCheck, DutyConflict, check_duties
from tolbooth.review.people import Capacity, require_capacity
from tolbooth.review.people_chain import PeopleChain
from tolbooth.review.seating import Candidate, Seating, match, seat
from tolbooth.review.spoken import Spoken
from tolbooth.review.standing import Matter, Standing, WordStanding
from tolbooth.review.withdrawal import withdrawals
from tolbooth.review.workflow import Place, places_of

REJECTIONS = frozenset({Verb.REJECT, Verb.REQUEST_CHANGES})


def standing(
    matter: Matter, words: Iterable[Spoken[DecisionWord]], revocations: Iterable[Spoken[Revocation]] = ()
) -> Standing:
    """What people's words come to at ``matter.as_of``.

    Args:
        matter: what is to be approved, by which workflow, who is involved.
        words: every verified word known; those on other subjects, gates or environments are passed over, as is what
            the log saw later.
        revocations: every verified revocation known.

    Returns:
        The words that count, for ``decide``; why each other does not; what is awaited, and what can't be met.
    """
    known = (each for each in words if _about(matter, each.said) and not matter.as_of < each.first_seen)
    about = sorted(known, key=lambda each: (each.sha256, each.fingerprint))
    taken = tuple(each for each in revocations if not matter.as_of < each.first_seen)
    withdrawn, dismissed = withdrawals(matter.chain, about, taken)
    judged = [_judge(matter, each, withdrawn.get(each.sha256)) for each in about]
    places = places_of(matter.workflow, matter.asked_at)
    candidates = [_candidate(each) for each in judged if each.counts and each.approval.is_yes]
    seating = seat(places, candidates, matter.workflow.order)
    judged = [_seated(matter, each, places, seating) for each in judged]
    taking = [each for each in candidates if any(one.sha256 == each.sha256 and one.counts for one in judged)]
    required = required_quorums(places, seating)
    passed = {each.sha256 for each in _for_decide(places, taking, seating)}
    return Standing(
        approvals=tuple(
            each.approval for each in judged if each.counts and (each.approval.is_rejection or each.sha256 in passed)
        ),
        required=required,
        words=tuple(judged),
        awaited=awaited_places(matter, places, seating),
        unmeetable=unmeetable_places(matter, places, taking),
        dismissed=dismissed,
    )


def duty_check(matter: Matter, word: DecisionWord) -> DutyCheck:
    """The duties of one word, but for counting twice, which only all words together can tell."""
    version = matter.chain.at(matter.as_of)
    people = version.people if version is not None else People(version=0, people=(), names_sha256="")
    rules = tuple(rule for rule in matter.workflow.duties_over(people.duties) if rule is not DutyRule.ONCE)
    speaker = Capacity(person=word.person, role=word.role, on_behalf_of=word.on_behalf_of)
    return check_duties(replace(people, duties=rules), speaker, matter.involved)


def _about(matter: Matter, word: DecisionWord) -> bool:
    return (word.subject, word.gate, word.environment) == (matter.subject, matter.gate, matter.environment)


def _judge(matter: Matter, spoken: Spoken[DecisionWord], withdrawn_at: datetime | None) -> WordStanding:
    checked = duty_check(matter, spoken.said)
    approval = _approval(matter, spoken, checked.duties, withdrawn_at)
    rejects = spoken.said.verb in REJECTIONS
    problem = _objection(matter, spoken, approval)
    if problem is None and not rejects and spoken.said.verb is not Verb.ABSTAIN:
        problem = _duty_problem(checked) or _asked(matter, spoken.said) or _lapsed(matter, approval)
    if rejects and approval.duties is Duties.UNCHECKED:
        # A no is held to no duty: it only holds back, so what can't be checked must not drop it.
        approval = replace(approval, duties=Duties.KEPT)
    counts = problem is None and spoken.said.verb is not Verb.ABSTAIN
    return WordStanding(sha256=spoken.sha256, word=spoken.said, approval=approval, counts=counts, problem=problem)


def _approval(matter: Matter, spoken: Spoken[DecisionWord], duties: Duties, withdrawn_at: datetime | None) -> Approval:
    word = spoken.said
    return Approval(
        sha256=spoken.sha256,
        basis=word.basis,
        subject=word.subject,
        gate=word.gate,
        environment=word.environment,
        person=word.person,
        role=word.role,
        verb=word.verb,
        meaning=word.meaning,
        reason=word.reason,
        assurance=word.assurance,
        duties=duties,
        signed_at=word.signed_at,
        comment=word.comment,
        effective_until=_until(matter, word),
        withdrawn_at=withdrawn_at,
        conditions=tuple(_closed(matter, word, each) for each in word.conditions),
    )


def _until(matter: Matter, word: DecisionWord) -> datetime | None:
    days = matter.workflow.expires_days
    ends = [word.effective_until, None if days is None else word.signed_at + timedelta(days=days)]
    return min((end for end in ends if end is not None), default=None)


def _closed(matter: Matter, word: DecisionWord, condition: Condition) -> Condition:
    """A condition is closed by the first later decision in which its rule passed; after its end nothing closes it."""
    passed = matter.passes.get(condition.rule, ()) if condition.rule is not None else ()
    in_time = (at for at in passed if word.signed_at < at <= matter.as_of and at < condition.due)
    return replace(condition, closed_at=min(in_time, default=None))


def _objection(matter: Matter, spoken: Spoken[DecisionWord], approval: Approval) -> Problem | None:
    """Why nothing that a person says in this way counts: not theirs to say, another basis, or not in time."""
    word, rejects = spoken.said, approval.is_rejection
    if not rejects and word.basis != matter.basis:
        message = f"{word.person} spoke on basis {word.basis[:12]}, and what is to be decided now is another"
        hint = "what was approved has changed since: look at the difference, and approve again"
        return Problem(code="approval.other-basis", message=message, hint=hint)
    if matter.as_of < word.signed_at:
        message = f"it says that it was signed at {format_instant(word.signed_at)}, which is still to come"
        hint = "the signer's clock is ahead: sign again"
        return Problem(code="approval.not-yet", message=message, hint=hint)
    if approval.withdrawn_at is not None and not matter.as_of < approval.withdrawn_at:
        message = f"{word.person} took it back at {format_instant(approval.withdrawn_at)}"
        return Problem(code="approval.revoked", message=message, hint=f"{word.person} may say it again")
    try:
        require_speaker(matter.chain, spoken, word.signed_at)
    except ReviewError as error:
        return error.problems[0]
    return None if rejects else _seen_too_late(matter.chain, spoken)


def require_speaker(chain: PeopleChain, spoken: Spoken[DecisionWord], at: datetime) -> None:
    """That the key is the person's, and the role theirs to speak in, at an instant, by the record in force then.

    Raises:
        ReviewError: as ``PeopleChain.holder`` and ``review.people.require_capacity``; ``approval.key-of-another``.
    """
    _require_key(chain, spoken, at)
    version = chain.at(at)
    assert version is not None
    word = spoken.said
    require_capacity(version.people, word.person, word.role, as_of=at, on_behalf_of=word.on_behalf_of)


def _require_key(chain: PeopleChain, spoken: Spoken[DecisionWord], at: datetime) -> None:
    holder = chain.holder(spoken.fingerprint, at)
    if holder.id != spoken.said.person:
        message = f"it speaks for {spoken.said.person}, and {holder.id} signed it"
        hint = "everybody signs with their own key"
        raise ReviewError.of("approval.key-of-another", message, hint=hint)


def _seen_too_late(chain: PeopleChain, spoken: Spoken[DecisionWord]) -> Problem | None:
    """Whether key or role had ended when the log first saw the word, whatever the signer's clock said."""
    seen = max(spoken.first_seen, spoken.said.signed_at)
    hint = "somebody who may speak now has to say it; a clock that was set back gains nothing"
    try:
        _require_key(chain, spoken, seen)
    except ReviewError as error:
        message = f"this log saw it first at {format_instant(seen)}; by then {error.problems[0].message}"
        return Problem(code="approval.key-ended-before-seen", message=message, hint=hint)
    try:
        require_speaker(chain, spoken, seen)
    except ReviewError as error:
        message = f"this log saw it first at {format_instant(seen)}; by then {error.problems[0].message}"
        return Problem(code="approval.role-ended-before-seen", message=message, hint=hint)
    return None


def _duty_problem(checked: DutyCheck) -> Problem | None:
    if checked.conflicts:
        return DutyConflict.between(checked.conflicts).problems[0]
    if checked.unchecked:
        named = ", ".join(f"'{rule}'" for rule in checked.unchecked)
        message = (
            f"nobody can check the duty rules {named}: a source does not say who it was, or by a name unknown here"
        )
        hint = "a steward adds the alias (git e-mail, MLflow user, CI login) to people.yaml"
        return Problem(code="duties.unchecked", message=message, hint=hint)
    return None


def _asked(matter: Matter, word: DecisionWord) -> Problem | None:
    roles = matter.workflow.roles
    if word.role in roles:
        return None
    if not roles:
        message = f"no approval is asked at the gate '{matter.gate}'"
        hint = "the workflow file says who must agree; a rejection counts all the same"
        return Problem(code="approval.not-asked", message=message, hint=hint)
    message = f"the role '{word.role}' is not asked at the gate '{matter.gate}'"
    return Problem(code="approval.role-not-asked", message=message, hint=f"asked are: {', '.join(roles)}")


def _lapsed(matter: Matter, approval: Approval) -> Problem | None:
    if approval.holds(matter.as_of):
        return None
    if approval.effective_until is not None and not matter.as_of < approval.effective_until:
        message = f"the yes held until {format_instant(approval.effective_until)}"
        return Problem(code="approval.expired", message=message, hint="approve again")
    overdue = next(each for each in approval.conditions if each.closed_at is None and not matter.as_of < each.due)
    message = f"the condition '{overdue.text}' of {overdue.owner} was due at {format_instant(overdue.due)} and is open"
    hint = "an overdue condition ends the approval: meet it, then approve again"
    return Problem(code="approval.condition-overdue", message=message, hint=hint)


def _candidate(judged: WordStanding) -> Candidate:
    word = judged.word
    persons = (word.person,) if word.on_behalf_of in {None, word.person} else (word.person, str(word.on_behalf_of))
    return Candidate(sha256=judged.sha256, role=word.role, at=word.signed_at, persons=persons)


def _seated(matter: Matter, judged: WordStanding, places: Sequence[Place], seating: Seating) -> WordStanding:
    """A yes that no place takes at its time was said too early, or by the role of an escalation before its time."""
    if not judged.counts or judged.approval.is_rejection:
        return judged
    candidate = _candidate(judged)
    if any(seating.fits(candidate, place) for place in places):
        return judged
    early = next(place for place in places if candidate.role in {place.role, place.escalate_to})
    name = matter.workflow.stages[early.stage].name
    message = f"the stage '{name}' did not take it yet when {judged.word.person} spoke"
    hint = "a stage opens when those before it are filled, and takes the role of an escalation after its deadline"
    return replace(judged, counts=False, problem=Problem(code="approval.too-early", message=message, hint=hint))


def _for_decide(places: Sequence[Place], taking: Sequence[Candidate], seating: Seating) -> Iterable[Candidate]:
    """All words that count, unless ``decide``, which knows neither stages nor lenders, would fill more with them."""
    roles = [seated.role if (seated := seating.seats.get(at)) else place.role for at, place in enumerate(places)]
    plain = [Place(stage=0, role=role) for role in roles]
    alone = [replace(each, persons=each.persons[:1]) for each in taking]
    filled = match(plain, alone, lambda candidate, place: candidate.role == place.role)
    return taking if len(filled) <= len(seating.seats) else tuple(seating.seats.values())


def counted(found: Standing) -> Mapping[str, WordStanding]:
    """The words that count, by digest."""
    return {each.sha256: each for each in found.words if each.counts}
