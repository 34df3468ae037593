"""Waivers from all that was said: each statement in the order in which the log saw it, legal moves applied.

What is illegal changes nothing; it is kept with the precondition that it broke, so that nobody wonders where it went.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, assert_never

from tolbooth.model.decision import Decision
from tolbooth.model.errors import Problem, ReviewError
from tolbooth.model.waiver import Waiver
from tolbooth.model.words import Retirement, Revocation, WaiverRequest, WaiverWord
from tolbooth.review.spoken import Spoken
from tolbooth.review.waiver_moves import NO, ask, passes, renewed_by, require_reference, retire, revoke, speak
from tolbooth.review.waiver_request import require_new
from tolbooth.review.waiver_state import WaiverRules, WaiverState, to_waiver

Statement = WaiverRequest | WaiverWord | Revocation | Retirement
"""What may be said about waivers."""

T = TypeVar("T", WaiverRequest, WaiverWord, Revocation, Retirement)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A statement that counts for nothing: when the log saw it, whose name it bears, and what it broke."""

    sha256: str
    waiver_sha256: str | None
    at: datetime
    person: str | None
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverReview:
    """Every waiver by its digest, in the order of asking, and every statement that counts for nothing."""

    states: Mapping[str, WaiverState]
    refused: tuple[Refused, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class _Moment:
    """When something counts as said, and, among what the log saw at once, when its signer says so."""

    at: datetime
    signed_at: datetime


def review_waivers(said: Iterable[Spoken[Statement]], rules: WaiverRules, *, as_of: datetime) -> WaiverReview:
    """Where every waiver stands at ``as_of``.

    Args:
        said: everything that was said about waivers, verified, in any order; revocations of other things are left out.
        rules: by what waivers are judged.
        as_of: what the log saw later is not looked at.
    """
    states: dict[str, WaiverState] = {}
    refused: list[Refused] = []
    known = _distinct(said)
    targets = _waivers_meant(known)
    for spoken, moment in _in_order(known):
        waiver = targets.get(spoken.sha256)
        if moment.at > as_of or waiver is None:
            continue
        try:
            states |= _moved(states, spoken, waiver, rules, moment.at)
        except ReviewError as error:
            person = _person(spoken.said)
            refused.append(
                Refused(
                    sha256=spoken.sha256,
                    waiver_sha256=waiver,
                    at=moment.at,
                    person=person,
                    problems=error.problems,
                )
            )
    return WaiverReview(states=states, refused=tuple(refused))


def require_legal(
    new: Spoken[Statement], said: Iterable[Spoken[Statement]], rules: WaiverRules, *, as_of: datetime
) -> WaiverState:
    """What a statement would make of its waiver; asked before it is recorded.

    Raises:
        ReviewError: the precondition that it would break; ``waiver.*``, ``people.*`` or a ``DutyConflict``.
    """
    if isinstance(new.said, WaiverRequest):
        require_new(new.said, rules, at=as_of)
    before = list(said)
    if (new.sha256, new.fingerprint) in {(each.sha256, each.fingerprint) for each in before}:
        raise ReviewError.of("waiver.said-already", "exactly this was said already, and is recorded")
    states = dict(review_waivers(before, rules, as_of=as_of).states)
    waiver = _waivers_meant([*before, new]).get(new.sha256)
    if waiver is None:
        require_reference(None, _meant(new.said) or new.sha256)
    assert waiver is not None
    return _moved(states, new, waiver, rules, as_of)[waiver]


def retirements(
    decision: Decision, decision_sha256: str, states: Iterable[WaiverState], *, of_record: bool
) -> tuple[Retirement, ...]:
    """The waivers that a decision retires: those in force for its subject whose rule passed at their gate.

    Args:
        decision: a recorded one.
        decision_sha256: its digest.
        states: the waivers known, as they stand at the decision's ``as_of``.
        of_record: whether the decision is in the log of record; a runner's transcript retires nothing by itself.
    """
    case = decision.case
    if case.hypothetical or not of_record:
        return ()
    return tuple(
        Retirement(
            waiver_sha256=state.sha256, subject=case.subject.name, decision_sha256=decision_sha256, at=case.as_of
        )
        for state in states
        if to_waiver(state, subject=case.subject.name).holds(case.as_of)
        and (state.request.gate, state.request.environment) == (case.gate, case.environment)
        and state.request.scope.covers(case.subject)
        and passes(state.request.rule, state.request.term, decision.results)
    )


def asked_before(state: WaiverState, states: Iterable[WaiverState]) -> tuple[WaiverState, ...]:
    """The waivers that were asked for before a waiver, of its rule at its gate in its environment, whatever they cover.

    A new request after an end or a refusal is no renewal, so nothing limits how many there are: those who approve are
    to see them. What it renews is not among them, nor what another one of them renews.
    """
    every = {each.sha256: each for each in states}
    own, link = set[str](), state
    while (before := every.get(link.request.renews or "")) is not None:
        own.add(before.sha256)
        link = before
    found = [
        each
        for each in every.values()
        if each.sha256 not in own and _place(each.request) == _place(state.request) and each.turn < state.turn
    ]
    renewed = {each.request.renews for each in found if each.approved_at is not None}
    return tuple(sorted((each for each in found if each.sha256 not in renewed), key=lambda each: each.turn))


def _place(request: WaiverRequest) -> tuple[str, str, str]:
    return request.rule, request.gate, request.environment


def waivers_in_force(states: Iterable[WaiverState], *, subject: str, as_of: datetime) -> tuple[Waiver, ...]:
    """What ``decide`` is given for a subject's name at ``as_of``, by digest."""
    found = (to_waiver(state, subject=subject) for state in states)
    return tuple(sorted((waiver for waiver in found if waiver.holds(as_of)), key=lambda waiver: waiver.sha256))


def _moved(
    states: Mapping[str, WaiverState], spoken: Spoken[Statement], waiver: str, rules: WaiverRules, at: datetime
) -> dict[str, WaiverState]:
    """The states that a statement changes.

    Raises:
        ReviewError: for an illegal move.
    """
    said = spoken.said
    if isinstance(said, WaiverRequest):
        if waiver in states:
            raise ReviewError.of("waiver.known", f"{said.id} was asked for already")
        renewed = states.get(said.renews) if said.renews is not None else None
        return {waiver: ask(_again(spoken, said), rules, at=at, renewed=renewed)}
    state = require_reference(states.get(waiver), waiver)
    match said:
        case WaiverWord():
            moved = speak(state, _again(spoken, said), rules, at=at)
        case Revocation():
            moved = revoke(state, _again(spoken, said), rules, at=at)
        case Retirement():
            moved = retire(state, _again(spoken, said), rules, at=at)
        case _:
            assert_never(said)
    changed = {waiver: moved}
    renews = moved.request.renews
    if renews is not None and moved.approved_at is not None and state.approved_at is None:
        changed[renews] = renewed_by(states[renews], moved)
    return changed


def _distinct(said: Iterable[Spoken[Statement]]) -> list[Spoken[Statement]]:
    """Each statement of each signer once: as the log saw it first."""
    found: dict[tuple[str, str], Spoken[Statement]] = {}
    for each in said:
        key = (each.sha256, each.fingerprint)
        if key not in found or each.first_seen < found[key].first_seen:
            found[key] = each
    return list(found.values())


def _in_order(said: Sequence[Spoken[Statement]]) -> list[tuple[Spoken[Statement], _Moment]]:
    """As the log saw them; nothing before the statement that it names, whatever its signer's clock says."""
    by_sha256 = {each.sha256: each for each in said}
    moments: dict[str, _Moment] = {}

    def moment(each: Spoken[Statement]) -> _Moment:
        own = _moment(each)
        target = by_sha256.get(_meant(each.said) or "")
        if target is None or target.sha256 == each.sha256:
            return own
        if target.sha256 not in moments:
            moments[target.sha256] = moment(target)
        before = moments[target.sha256]
        return _Moment(at=max(own.at, before.at), signed_at=max(own.signed_at, before.signed_at))

    placed = [(each, moment(each)) for each in said]
    return sorted(placed, key=lambda pair: (pair[1], _rank(pair[0].said), pair[0].sha256, pair[0].fingerprint))


def _moment(spoken: Spoken[Statement]) -> _Moment:
    """A statement whose signer's clock runs ahead counts from when that clock says."""
    said = spoken.said
    signed_at = said.at if isinstance(said, Retirement) else said.signed_at
    return _Moment(at=max(spoken.first_seen, signed_at), signed_at=signed_at)


def _rank(said: Statement) -> int:
    """Within one instant a no comes before a yes, so that it is not too late."""
    match said:
        case WaiverRequest():
            return 0
        case WaiverWord():
            return 1 if said.verb in NO else 2
        case Revocation():
            return 3
        case Retirement():
            return 4
        case _:
            assert_never(said)


def _meant(said: Statement) -> str | None:
    """The digest of the statement that another one names."""
    match said:
        case WaiverRequest():
            return said.renews
        case WaiverWord() | Retirement():
            return said.waiver_sha256
        case Revocation():
            return said.revokes_sha256
        case _:
            assert_never(said)


def _waivers_meant(said: Sequence[Spoken[Statement]]) -> dict[str, str]:
    """The waiver that each statement is about; revocations of what is no waiver's are left out."""
    requests = {each.sha256 for each in said if isinstance(each.said, WaiverRequest)}
    words = {each.sha256: each.said.waiver_sha256 for each in said if isinstance(each.said, WaiverWord)}
    found: dict[str, str] = {sha256: sha256 for sha256 in requests} | words
    for each in said:
        if isinstance(each.said, Retirement):
            found[each.sha256] = each.said.waiver_sha256
        elif isinstance(each.said, Revocation):
            target = each.said.revokes_sha256
            meant = target if target in requests else words.get(target)
            if meant is not None:
                found[each.sha256] = meant
    return found


def _person(said: Statement) -> str | None:
    match said:
        case WaiverRequest():
            return said.requested_by
        case WaiverWord() | Revocation():
            return said.person
        case Retirement():
            return None
        case _:
            assert_never(said)


def _again(spoken: Spoken[Any], said: T) -> Spoken[T]:
    """The same statement with the type of what it says."""
    return Spoken(sha256=spoken.sha256, said=said, fingerprint=spoken.fingerprint, first_seen=spoken.first_seen)
