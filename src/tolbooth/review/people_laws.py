"""What must hold within one people record, whoever signed it: ids, keys, dates, delegations, and a steward.

``about`` of a problem is the path in the record, such as ``ID/delegations/0``, for whoever knows where it was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from tolbooth.model.errors import Problem
from tolbooth.model.instant import format_instant
from tolbooth.model.people import ALWAYS_IN_FORCE, STEWARD, Absence, Delegation, HeldKey, HeldRole, People, Person

PERSON_ID = re.compile(r"p-[0-9a-f]{16}")
"""A person's random id."""


_Dated = HeldKey | HeldRole | Delegation | Absence


def law_problems(people: People) -> tuple[Problem, ...]:
    """Every breach, in the order of the record; none for a record that is sound.

    Codes: ``people.id``, ``people.duplicate-id``, ``people.duplicate-key``, ``people.dates``,
    ``people.unknown-delegate``, ``people.circular-delegation``, ``people.delegation-not-held``,
    ``people.steward-lent``, ``people.no-steward``, ``people.duties``.
    """
    return (*_duties(people), *_ids(people), *_keys(people), *_dates(people), *_delegations(people), *_steward(people))


def _duties(people: People) -> Iterator[Problem]:
    for rule in ALWAYS_IN_FORCE:
        if rule not in people.duties:
            message = f"the duty rules leave out '{rule}', which always holds: nobody decides alone"
            yield Problem(code="people.duties", message=message, about="duties", hint=f"add {rule}")


def _ids(people: People) -> Iterator[Problem]:
    seen: set[str] = set()
    for person in people.people:
        if PERSON_ID.fullmatch(person.id) is None:
            message, hint = (
                f"'{person.id}' is no person's id",
                "an id is p- and 16 hex digits; 'tolbooth people new' makes one",
            )
            yield Problem(code="people.id", message=message, about=f"{person.id}/id", hint=hint)
        elif person.id in seen:
            message, hint = f"two persons have the id {person.id}", "an id is never given twice"
            yield Problem(code="people.duplicate-id", message=message, about=f"{person.id}/id", hint=hint)
        seen.add(person.id)


def _keys(people: People) -> Iterator[Problem]:
    holders: dict[str, str] = {}
    for person in people.people:
        for position, key in enumerate(person.keys):
            other = holders.setdefault(key.fingerprint, person.id)
            twice = [each.fingerprint for each in person.keys[:position]]
            if other != person.id or key.fingerprint in twice:
                message = f"the key {key.fingerprint} belongs to {other} already"
                hint = "a key is one person's, and stands once: its signatures must tell who signed"
                about = f"{person.id}/keys/{position}"
                yield Problem(code="people.duplicate-key", message=message, about=about, hint=hint)


def _dates(people: People) -> Iterator[Problem]:
    for person in people.people:
        parts: dict[str, tuple[_Dated, ...]] = {
            "keys": person.keys,
            "roles": person.roles,
            "delegations": person.delegations,
            "absences": person.absences,
        }
        for name, dated in parts.items():
            for position, each in enumerate(dated):
                if _is_reversed(each):
                    assert each.effective_until is not None
                    message = f"it ends at {format_instant(each.effective_until)}, before it begins"
                    about = f"{person.id}/{name}/{position}"
                    hint = "'until' names the last day, 'from' the first one"
                    yield Problem(code="people.dates", message=message, about=about, hint=hint)


def _is_reversed(each: _Dated) -> bool:
    start, end = each.effective_on, each.effective_until
    return start is not None and end is not None and not start < end


def _delegations(people: People) -> Iterator[Problem]:
    for person in people.people:
        for position, each in enumerate(person.delegations):
            about = f"{person.id}/delegations/{position}"
            if people.person(each.to) is None:
                message = f"a role is lent to {each.to}, who is not in the record"
                yield Problem(code="people.unknown-delegate", message=message, about=about)
            for role in () if _is_reversed(each) else each.roles:
                yield from _lending(people, person, each, role, about)


def _lending(people: People, lender: Person, each: Delegation, role: str, about: str) -> Iterator[Problem]:
    if role == STEWARD:
        message = "the role 'steward' can't be lent: who signs for people is named in the record itself"
        hint = "give the other person the role, from and until a day"
        yield Problem(code="people.steward-lent", message=message, about=about, hint=hint)
    elif not any(held.role == role and (_is_reversed(held) or _meet(each, held)) for held in lender.roles):
        message = f"the role '{role}' is lent by somebody who does not hold it then"
        hint = "only what one holds in one's own right can be lent"
        yield Problem(code="people.delegation-not-held", message=message, about=about, hint=hint)
    elif _returns(people, lender, each, role):
        message = f"the role '{role}' is lent in a circle"
        hint = "while a role is lent to somebody, they can't lend it back, nor on"
        yield Problem(code="people.circular-delegation", message=message, about=about, hint=hint)


def _meet(each: Delegation, held: HeldRole) -> bool:
    """Whether a role is held at some instant of a delegation."""
    begins = each.effective_on if held.effective_on is None else max(each.effective_on, held.effective_on)
    return each.holds(begins) and held.holds(begins)


def _returns(people: People, lender: Person, each: Delegation, role: str) -> bool:
    """Whether a role comes back to its lender at an instant at which all of the way is lent.

    If there is such an instant, the beginning of one of the delegations on the way is one.
    """
    beginnings = {
        other.effective_on
        for person in people.people
        for other in person.delegations
        if role in other.roles and each.holds(other.effective_on)
    }
    return any(lender.id in _reached(people, each.to, role, instant) for instant in beginnings)


def _reached(people: People, start: str, role: str, as_of: datetime) -> set[str]:
    """Everybody whom a role that was lent to ``start`` gets to at ``as_of``, were lending on allowed."""
    reached: set[str] = set()
    ahead = [start]
    while ahead:
        current = ahead.pop()
        if current in reached:
            continue
        reached.add(current)
        person = people.person(current)
        lent = person.delegations if person is not None else ()
        ahead += [each.to for each in lent if role in each.roles and each.holds(as_of)]
    return reached


def _steward(people: People) -> Iterator[Problem]:
    able = [person for person in people.people if person.keys and any(held.role == STEWARD for held in person.roles)]
    if not able:
        message = "nobody with a key has the role 'steward', so nobody could sign the next version"
        hint = "add steward to somebody's roles"
        yield Problem(code="people.no-steward", message=message, about="people", hint=hint)
