"""What one people record says otherwise than another, in words: who gained and who lost which key, role or time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from tolbooth.model.instant import format_instant
from tolbooth.model.people import People, Person

Called = Callable[[str], str]
"""What a person is called, by id."""


def difference(before: People | None, after: People, called: Called) -> tuple[str, ...]:
    """Sentences about all that changed, persons in the order of their ids; none if both say the same.

    Version, digest of names and time of signing are no difference.
    """
    was = {person.id: person for person in before.people} if before is not None else {}
    will = {person.id: person for person in after.people}
    found: list[str] = []
    for person_id in sorted(was.keys() | will.keys()):
        found += _of_person(was.get(person_id), will.get(person_id), called)
    if before is None:
        return (*found, f"the duty rules in force: {', '.join(after.duties)}")
    old = before.duties
    found += [f"the duty rule '{rule}' comes into force" for rule in after.duties if rule not in old]
    found += [f"the duty rule '{rule}' is dropped" for rule in old if rule not in after.duties]
    return tuple(found)


def _of_person(before: Person | None, after: Person | None, called: Called) -> Iterator[str]:
    known = before or after
    assert known is not None
    name = called(known.id)
    if before is None:
        yield f"{name} joins"
    if after is None:
        yield f"{name} is taken out, with every key and role"
        return
    was, will = _parts(before, called), _parts(after, called)
    yield from (f"{name} gains {what}{dates}" for what, dates in will.items() if what not in was)
    yield from (f"{name} loses {what}" for what in was if what not in will)
    yield from (
        f"{name}: {what} holds{will[what] or ' without end'}, before{dates or ' without end'}"
        for what, dates in was.items()
        if what in will and will[what] != dates
    )


def _parts(person: Person | None, called: Called) -> Mapping[str, str]:
    """Everything that a person has, by what it is, with its dates in words."""
    if person is None:
        return {}
    parts = [
        *((f"the key {each.fingerprint}", each.effective_on, each.effective_until) for each in person.keys),
        *((f"the role '{each.role}'", each.effective_on, each.effective_until) for each in person.roles),
        *((f"the team '{team}'", None, None) for team in person.teams),
        *(
            (f"a delegate for '{role}', {called(each.to)},", each.effective_on, each.effective_until)
            for each in person.delegations
            for role in each.roles
        ),
        *(("an absence", each.effective_on, each.effective_until) for each in person.absences),
    ]
    found: dict[str, str] = {}
    for what, start, end in parts:
        found[what] = " and".join(filter(None, (found.get(what), _dates(start, end))))
    return found


def _dates(start: datetime | None, end: datetime | None) -> str:
    since = f" from {format_instant(start)}" if start is not None else ""
    until = f" until {format_instant(end)}" if end is not None else ""
    return since + until
