"""Who may speak: which person holds a key at an instant, which roles a person has then, own or lent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from tolbooth.model.errors import Problem, ReviewError
from tolbooth.model.instant import format_instant
from tolbooth.model.people import AliasSystem, Delegation, HeldKey, HeldRole, Names, People, Person

T = TypeVar("T", HeldRole, Delegation)

UNDECLARED = "undeclared"
"""What stands for somebody whom no alias names, where a person's id would stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """A role that a person may speak in: in their own right, or on behalf of the one who lent it."""

    person: str
    role: str
    on_behalf_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Speakers:
    """Who may speak for a role at an instant: those who are there, and those who are away."""

    present: tuple[Capacity, ...]
    away: tuple[Capacity, ...]


def person_by_id(people: People, person_id: str) -> Person:
    """The person of that id.

    Raises:
        ReviewError: ``people.unknown-person``.
    """
    found = people.person(person_id)
    if found is None:
        hint = f"the people record is at version {people.version}; 'tolbooth people show' lists who is in it"
        raise _refusal("people.unknown-person", f"nobody has the id {person_id}", hint)
    return found


def key_holder(people: People, fingerprint: str, *, as_of: datetime, earlier: Sequence[People] = ()) -> Person:
    """The person whose key of that fingerprint counts at ``as_of``.

    Args:
        people: the record in force.
        fingerprint: the key's, as OpenSSH prints it.
        as_of: when the key should count.
        earlier: the versions before, to tell a key that was taken away from one that was never there.

    Raises:
        ReviewError: ``people.key-unknown``, ``people.key-not-yet``, ``people.key-ended`` for one whose time is over, or
            ``people.key-revoked`` for one that an earlier version had and this one does not.
    """
    for person, key in keys_of(people):
        if key.fingerprint == fingerprint:
            _require_holding(person, key, as_of)
            return person
    if any(key.fingerprint == fingerprint for version in earlier for _, key in keys_of(version)):
        message = f"the key {fingerprint} was taken out of the people record"
        raise _refusal(
            "people.key-revoked", message, f"version {people.version} does not name it; sign with a key that it names"
        )
    hint = "a steward adds it to people.yaml and signs: 'tolbooth people sign'"
    raise _refusal("people.key-unknown", f"the key {fingerprint} is nobody's in the people record", hint)


def keys_of(people: People) -> Iterable[tuple[Person, HeldKey]]:
    """Every key with its person, whether it counts or not."""
    return ((person, key) for person in people.people for key in person.keys)


def own_roles(person: Person, as_of: datetime) -> tuple[str, ...]:
    """The roles that the person holds in their own right at ``as_of``; each once, in the order of the record."""
    return tuple(dict.fromkeys(held.role for held in person.roles if held.holds(as_of)))


def capacities(people: People, person_id: str, as_of: datetime) -> tuple[Capacity, ...]:
    """Every role that a person may speak in at ``as_of``: own ones first, then those that were lent.

    What is lent must be the lender's own at that instant, so that nothing can be lent on.

    Raises:
        ReviewError: ``people.unknown-person``.
    """
    person = person_by_id(people, person_id)
    own = [Capacity(person=person_id, role=role) for role in own_roles(person, as_of)]
    lent = [
        Capacity(person=person_id, role=role, on_behalf_of=lender.id)
        for lender in people.people
        for delegation in lender.delegations
        if delegation.to == person_id and lender.id != person_id and delegation.holds(as_of)
        for role in delegation.roles
        if role in own_roles(lender, as_of)
    ]
    return tuple(dict.fromkeys([*own, *lent]))


def require_capacity(
    people: People, person_id: str, role: str, *, as_of: datetime, on_behalf_of: str | None = None
) -> Capacity:
    """That a person may speak in a role at ``as_of``, in their own right or on behalf of the one named.

    Raises:
        ReviewError: ``people.unknown-person``, ``people.no-role``, ``people.role-not-yet``, ``people.role-ended``,
            ``people.no-delegation``, ``people.delegation-not-yet``, ``people.delegation-ended`` or
            ``people.lender-without-role``.
    """
    wanted = Capacity(person=person_id, role=role, on_behalf_of=on_behalf_of)
    held = capacities(people, person_id, as_of)
    if wanted in held:
        return wanted
    if on_behalf_of is None:
        raise _without_role(person_by_id(people, person_id), role, as_of, held)
    raise _without_delegation(person_by_id(people, on_behalf_of), person_id, role, as_of)


def who_may_speak(people: People, role: str, as_of: datetime) -> Speakers:
    """Everybody who may speak for ``role`` at ``as_of``, by whether they are away; in the order of the record.

    Who is away can't be asked, yet what they say all the same counts.
    """
    found = [
        capacity
        for person in people.people
        for capacity in capacities(people, person.id, as_of)
        if capacity.role == role
    ]
    away = {person.id for person in people.people if is_away(person, as_of)}
    return Speakers(
        present=tuple(each for each in found if each.person not in away),
        away=tuple(each for each in found if each.person in away),
    )


def is_away(person: Person, as_of: datetime) -> bool:
    """Whether the person is absent at ``as_of``."""
    return any(absence.holds(as_of) for absence in person.absences)


def person_of_alias(names: Names | None, system: AliasSystem, alias: str | None) -> str | None:
    """The id of the person who is called so in that system; None if nobody is, or the names were erased.

    Case makes no difference, as in the systems themselves.
    """
    if names is None or alias is None:
        return None
    wanted = alias.strip().casefold()
    for person_id, named in names.names.items():
        if wanted in {each.casefold() for each in named.aliases.get(system, ())}:
            return person_id
    return None


def _require_holding(person: Person, key: HeldKey, as_of: datetime) -> None:
    if key.holds(as_of):
        return
    if key.effective_on is not None and as_of < key.effective_on:
        message = f"the key {key.fingerprint} of {person.id} counts only from {format_instant(key.effective_on)}"
        raise _refusal("people.key-not-yet", message, "sign with a key that counts now")
    assert key.effective_until is not None
    message = f"the key {key.fingerprint} of {person.id} ended at {format_instant(key.effective_until)}"
    raise _refusal("people.key-ended", message, "sign with a key that counts now, or have a steward prolong this one")


def _without_role(person: Person, role: str, as_of: datetime, held: Sequence[Capacity]) -> ReviewError:
    ever = [each for each in person.roles if each.role == role]
    lenders = [each.on_behalf_of for each in held if each.role == role and each.on_behalf_of is not None]
    if lenders:
        hint = f"the role was lent to {person.id}: speak on behalf of {lenders[0]}"
    else:
        may = ", ".join(dict.fromkeys(each.role for each in held)) or "nothing"
        hint = f"{person.id} may speak as: {may}; a steward gives roles in people.yaml and signs it"
    if not ever:
        return _refusal("people.no-role", f"{person.id} does not hold the role '{role}'", hint)
    last = _nearest(ever, as_of)
    if last.effective_on is not None and as_of < last.effective_on:
        since = format_instant(last.effective_on)
        return _refusal("people.role-not-yet", f"{person.id} holds the role '{role}' only from {since}", hint)
    assert last.effective_until is not None
    until = format_instant(last.effective_until)
    return _refusal("people.role-ended", f"{person.id} held the role '{role}' until {until}", hint)


def _without_delegation(lender: Person, delegate: str, role: str, as_of: datetime) -> ReviewError:
    hint = f"{lender.id} lends a role in people.yaml under 'delegates', and a steward signs it"
    ever = [each for each in lender.delegations if each.to == delegate and role in each.roles]
    if not ever:
        return _refusal("people.no-delegation", f"{lender.id} did not lend the role '{role}' to {delegate}", hint)
    last = _nearest(ever, as_of)
    lent = f"{lender.id} lent the role '{role}' to {delegate}"
    if as_of < last.effective_on:
        return _refusal("people.delegation-not-yet", f"{lent} only from {format_instant(last.effective_on)}", hint)
    if not last.holds(as_of):
        return _refusal("people.delegation-ended", f"{lent} until {format_instant(last.effective_until)}", hint)
    message = f"{lent}, but does not hold it at {format_instant(as_of)}"
    return _refusal("people.lender-without-role", message, "what somebody does not hold can't be lent, nor lent on")


def _nearest(found: Sequence[T], as_of: datetime) -> T:
    """The one that holds, else the last that has ended, else the first that will begin."""
    holding = [each for each in found if each.holds(as_of)]
    begun = [each for each in found if each.effective_on is None or not as_of < each.effective_on]
    ended = sorted(begun, key=lambda each: each.effective_until or as_of)[-1:]
    return (holding or ended or found)[0]


def _refusal(code: str, message: str, hint: str) -> ReviewError:
    return ReviewError(Problem(code=code, message=message, hint=hint))
