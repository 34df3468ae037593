"""What is still awaited of people, from whom, until when; and which places nobody is left for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tolbooth.model.approval import Quorum
from tolbooth.model.people import DutyRule, People
from tolbooth.review.duties import check_duties
from tolbooth.review.people import Capacity, capacities, is_away
from tolbooth.review.seating import Candidate, Seating, match
from tolbooth.review.standing import Awaited, Matter, Unmeetable
from tolbooth.review.workflow import Order, Place


def required_quorums(places: Sequence[Place], seating: Seating) -> tuple[Quorum, ...]:
    """The places as ``decide`` takes them: each by the role that fills it, or that it asks."""
    roles = Counter(
        seated.role if (seated := seating.seats.get(position)) else place.role for position, place in enumerate(places)
    )
    return tuple(Quorum(role=role, count=count) for role, count in roles.items())


def awaited_places(matter: Matter, places: Sequence[Place], seating: Seating) -> tuple[Awaited, ...]:
    """The empty places by stage and role, in order, with those who could fill them and have not spoken yet."""
    empty = Counter((place.stage, place.role) for at, place in enumerate(places) if at not in seating.seats)
    seated = {person for each in seating.seats.values() for person in each.persons}
    found = []
    for (position, role), count in empty.items():
        place = next(each for each in places if (each.stage, each.role) == (position, role))
        roles = [role, *([place.escalate_to] if _is_overdue(matter, place) and place.escalate_to else [])]
        able = [each for each in _eligible(matter) if each.role in roles and not seated & set(_persons(each))]
        away = _away(matter)
        found.append(
            Awaited(
                stage=matter.workflow.stages[position].name,
                role=role,
                count=count,
                could=tuple(dict.fromkeys(each.person for each in able if each.person not in away)),
                away=tuple(dict.fromkeys(each.person for each in able if each.person in away)),
                is_open=_is_open(matter, position, seating),
                due=place.deadline,
                overdue=_is_overdue(matter, place),
                escalate_to=place.escalate_to,
            )
        )
    return tuple(found)


def unmeetable_places(matter: Matter, places: Sequence[Place], taking: Sequence[Candidate]) -> tuple[Unmeetable, ...]:
    """The places that stay empty even if everybody who may speak now says yes."""
    able = [
        Candidate(
            sha256=f"{each.person} {each.role} {each.on_behalf_of}",
            role=each.role,
            at=matter.as_of,
            persons=_persons(each),
        )
        for each in _eligible(matter)
    ]
    full = match(places, [*taking, *able], lambda one, place: one.role in {place.role, place.escalate_to})
    empty = Counter(place.role for position, place in enumerate(places) if position not in full)
    return tuple(
        Unmeetable(
            role=role,
            count=count,
            eligible=tuple(dict.fromkeys(each.persons[0] for each in [*taking, *able] if each.role == role)),
        )
        for role, count in empty.items()
    )


def _eligible(matter: Matter) -> Iterator[Capacity]:
    """Every capacity in which somebody with a key may speak now without breaking a duty."""
    version = matter.chain.at(matter.as_of)
    if version is None:
        return
    people = version.people
    rules = tuple(rule for rule in matter.workflow.duties_over(people.duties) if rule is not DutyRule.ONCE)
    for person in people.people:
        if not any(key.holds(matter.as_of) for key in person.keys):
            continue
        for each in capacities(people, person.id, matter.as_of):
            if not check_duties(replace(people, duties=rules), each, matter.involved).conflicts:
                yield each


def _away(matter: Matter) -> set[str]:
    version = matter.chain.at(matter.as_of)
    people = version.people if version is not None else People(version=0, people=(), names_sha256="")
    return {person.id for person in people.people if is_away(person, matter.as_of)}


def _persons(each: Capacity) -> tuple[str, ...]:
    return (each.person,) if each.on_behalf_of is None else (each.person, each.on_behalf_of)


def _is_open(matter: Matter, stage: int, seating: Seating) -> bool:
    return stage == 0 or matter.workflow.order is Order.PARALLEL or seating.opened[stage] is not None


def _is_overdue(matter: Matter, place: Place) -> bool:
    return place.deadline is not None and not matter.as_of < place.deadline
