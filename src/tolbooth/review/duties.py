"""Segregation of duties (NIST SP 800-53 AC-5): who may not also be who, and whose word counts twice.

Pure: it compares ids of persons that others found out, and reads nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

from tolbooth.model.approval import Duties
from tolbooth.model.errors import Problem, ReviewError
from tolbooth.model.people import DutyRule, People
from tolbooth.review.people import UNDECLARED, Capacity

_WORDS = {
    DutyRule.REQUESTER: "who asks for a release does not approve it",
    DutyRule.AUTHOR: "who made the model does not approve it",
    DutyRule.RULE_AUTHOR: "who wrote the rule does not approve what it judges",
    DutyRule.SEALER: "who approves does not seal",
    DutyRule.ONCE: "nobody counts twice in one quorum",
    DutyRule.TEAM: "who approves is of another team than those who ask for it and made it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Involved:
    """The persons that a decision involves besides its approvers, by id.

    ``requester`` is None or ``UNDECLARED``, and ``authors`` or ``rule_authors`` hold ``UNDECLARED``, where nobody could
    be told; None in place of ``authors`` says that no source named any. ``rule_authors`` is empty for rules that come
    with Tolbooth. ``sealers`` is empty before anybody sealed; who seals by a key that is nobody's is not in it.
    """

    requester: str | None
    authors: tuple[str, ...] | None
    rule_authors: tuple[str, ...] | None = ()
    sealers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A breach of one duty rule, and the persons that it is about."""

    rule: DutyRule
    persons: tuple[str, ...]

    @property
    def message(self) -> str:
        """The breach in a sentence."""
        return f"the duty rule '{self.rule}' is broken by {' and '.join(self.persons)}: {_WORDS[self.rule]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyCheck:
    """Whether duties were kept; the rules that are broken, and those that nobody can check."""

    duties: Duties
    conflicts: tuple[Conflict, ...] = ()
    unchecked: tuple[DutyRule, ...] = ()


class DutyConflict(ReviewError):  # noqa: N818 - the field's word for it
    """A person's move breaks segregation of duties; ``conflicts`` names rule and persons of each breach."""

    conflicts: tuple[Conflict, ...] = ()

    @classmethod
    def between(cls, conflicts: Sequence[Conflict]) -> DutyConflict:
        """The error about these breaches, of which there is at least one."""
        hint = "somebody else has to do it; 'tolbooth people show' lists who may speak in which role"
        error = cls([Problem(code=f"duties.{each.rule}", message=each.message, hint=hint) for each in conflicts])
        error.conflicts = tuple(conflicts)
        return error


def check_duties(
    people: People, speaker: Capacity, involved: Involved, *, spoken: Collection[Capacity] = ()
) -> DutyCheck:
    """Whether what ``speaker`` says on a decision keeps the duty rules that ``people`` declare.

    Who speaks on behalf of another is held to the duties of both. A conflict weighs more than what can't be checked.

    Args:
        people: the record in force, with its duty rules and teams.
        speaker: who speaks, in which capacity.
        involved: who else has a part in the decision.
        spoken: in which capacities others, or the same person, have spoken for the same quorum.

    Returns:
        ``kept``; ``conflict`` with every breach; or ``unchecked`` with the rules that need somebody who is unknown.
    """
    conflicts: list[Conflict] = []
    unchecked: list[DutyRule] = []
    for rule in people.duties:
        if rule is DutyRule.ONCE:
            conflicts += _twice(speaker, spoken)
            continue
        others = _others(rule, involved)
        if others is None or UNDECLARED in others:
            unchecked.append(rule)
        conflicts += _breaches(people, rule, speaker, others or ())
    if conflicts:
        return DutyCheck(duties=Duties.CONFLICT, conflicts=tuple(conflicts), unchecked=tuple(unchecked))
    return DutyCheck(duties=Duties.UNCHECKED if unchecked else Duties.KEPT, unchecked=tuple(unchecked))


def require_duties(
    people: People, speaker: Capacity, involved: Involved, *, spoken: Collection[Capacity] = ()
) -> DutyCheck:
    """As ``check_duties``, but a breach is an error.

    Raises:
        DutyConflict: with every breach.
    """
    checked = check_duties(people, speaker, involved, spoken=spoken)
    if checked.conflicts:
        raise DutyConflict.between(checked.conflicts)
    return checked


def distinct_voices(voices: Iterable[Capacity]) -> tuple[Capacity, ...]:
    """The largest set of voices in which nobody speaks twice, neither by themselves nor through a delegate.

    A person has one voice, whatever the number of roles; a delegate's word falls where the lender speaks too, and where
    the delegate speaks in their own right; of two delegates of one lender one counts. So every voice uses up the person
    who speaks and the one on whose behalf, and what is kept is a maximum matching: one word more never makes it
    smaller. The result does not depend on the order in which the voices come.
    """
    ordered = sorted(set(voices), key=_order)
    own = {each.person: each for each in reversed(ordered) if each.on_behalf_of is None}
    lent = [each for each in ordered if each.on_behalf_of is not None and not _uses(each) & own.keys()]
    return tuple(sorted([*own.values(), *_matched(_one_for_each_pair(lent))], key=_order))


def _twice(speaker: Capacity, spoken: Iterable[Capacity]) -> Iterator[Conflict]:
    for other in spoken:
        if other == speaker:
            # The same word again is no second voice.
            continue
        shared = _uses(speaker) & _uses(other)
        if shared:
            persons = dict.fromkeys([*sorted(shared), speaker.person, other.person])
            yield Conflict(rule=DutyRule.ONCE, persons=tuple(persons))


def _others(rule: DutyRule, involved: Involved) -> tuple[str, ...] | None:
    """Who must be somebody else than the speaker; None where nobody could be told."""
    requester = None if involved.requester is None else (involved.requester,)
    match rule:
        case DutyRule.REQUESTER:
            return requester
        case DutyRule.AUTHOR:
            return involved.authors
        case DutyRule.RULE_AUTHOR:
            return involved.rule_authors
        case DutyRule.SEALER:
            return involved.sealers
        case DutyRule.TEAM:
            return None if requester is None or involved.authors is None else (*requester, *involved.authors)
        case DutyRule.ONCE:
            return ()
        case _:
            assert_never(rule)


def _breaches(people: People, rule: DutyRule, speaker: Capacity, others: Iterable[str]) -> Iterator[Conflict]:
    for other in dict.fromkeys(others):
        for person in sorted(_uses(speaker)):
            if rule is DutyRule.TEAM:
                if _teams(people, person) & _teams(people, other):
                    yield Conflict(rule=rule, persons=tuple(dict.fromkeys((speaker.person, person, other))))
            elif person == other:
                yield Conflict(rule=rule, persons=tuple(dict.fromkeys((speaker.person, person))))


def _teams(people: People, person_id: str) -> set[str]:
    person = people.person(person_id)
    return set(person.teams) if person is not None else set()


def _uses(voice: Capacity) -> set[str]:
    """The person who speaks, and the one on whose behalf."""
    return {voice.person} if voice.on_behalf_of is None else {voice.person, voice.on_behalf_of}


def _order(voice: Capacity) -> tuple[str, str, str]:
    return voice.person, voice.on_behalf_of or "", voice.role


def _one_for_each_pair(lent: Iterable[Capacity]) -> list[Capacity]:
    """Two persons who lent to each other, or one role beside another, are still one pair."""
    pairs = {frozenset(_uses(each)): each for each in reversed(list(lent))}
    return sorted(pairs.values(), key=_order)


def _matched(lent: list[Capacity]) -> list[Capacity]:
    """A maximum matching of pairs: the first pair is in it or not; those apart from it are matched by themselves."""
    if not lent:
        return []
    first, apart = _component(lent)
    if apart:
        return [*_matched(first), *_matched(apart)]
    edge = lent[0]
    with_it = [edge, *_matched([each for each in lent[1:] if not _uses(each) & _uses(edge)])]
    if len({person for each in lent for person in _uses(each)}) // 2 <= len(with_it):
        return with_it
    without = _matched(lent[1:])
    return with_it if len(with_it) >= len(without) else without


def _component(lent: Sequence[Capacity]) -> tuple[list[Capacity], list[Capacity]]:
    """The pairs that hang together with the first, and the others."""
    reached = _uses(lent[0])
    while True:
        grown = reached.union(*(_uses(each) for each in lent if _uses(each) & reached))
        if grown == reached:
            break
        reached = grown
    inside = [each for each in lent if _uses(each) & reached]
    return inside, [each for each in lent if not _uses(each) & reached]
