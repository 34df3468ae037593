"""People as text and as a JSON document: who may do what, by which key, until when, and who signed it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from tolbooth.model.digest import short
from tolbooth.model.instant import format_instant
from tolbooth.model.people import Delegation, HeldKey, HeldRole, Person
from tolbooth.model.wire import as_json
from tolbooth.pipeline.people import PeopleInForce, PeopleSigned
from tolbooth.review.people import capacities, is_away, own_roles


def signed_lines(signed: PeopleSigned | None, folder: Path) -> Iterator[str]:
    """What was signed, and what to do with the files."""
    if signed is None:
        yield "The newest signed people record says the same; nothing was signed."
        return
    version = signed.version
    for change in signed.changes:
        yield f"  {change}"
    yield f"Signed people record {version.people.version} ({short(version.signed.statement_sha256)})"
    yield f"  {signed.path.relative_to(folder)}"
    yield f"  {signed.names_path.relative_to(folder)}   names and aliases; erasable"
    for each in signed.erased:
        yield f"  took away {each.relative_to(folder)}"
    yield "Commit them; every gate verifies them from now on."


def people_lines(people: PeopleInForce, as_of: datetime) -> Iterator[str]:
    """The version in force, its persons, every version with who signed it, and what is not signed."""
    if people.version is None or people.people is None:
        yield "No people record is in force: nobody has signed one."
    else:
        version = people.version
        yield f"People record {version.people.version}, in force since {format_instant(version.signed_at)}"
        yield f"  duties: {', '.join(version.people.duties)}"
        if people.names is None:
            yield "  names and aliases were erased, or did not come along: persons are shown by id"
        for person in sorted(people.people.people, key=lambda person: people.called(person.id)):
            yield ""
            yield from _person(people, person, as_of)
        yield ""
        yield "Versions"
        for each in people.chain.versions:
            digest = short(each.signed.statement_sha256)
            number, at = each.people.version, format_instant(each.signed_at)
            yield f"  {number:>3}  {digest}  {at}  signed by {people.called(each.steward)}, {each.signed.signer}"
    if people.unsigned:
        yield ""
        yield "people.yaml says what nobody signed, and what does not count:"
        yield from (f"  {change}" for change in people.unsigned)
        yield "'tolbooth people sign' signs it."


def people_document(people: PeopleInForce, as_of: datetime) -> dict[str, Any]:
    """The same as a versioned document."""
    version = people.version
    return {
        "version": 1,
        "as_of": format_instant(as_of),
        "record": None if version is None else version.people.version,
        "duties": [] if version is None else list(version.people.duties),
        "people": [
            _person_document(people, person, as_of) for person in (people.people.people if people.people else ())
        ],
        "versions": [
            {
                "version": each.people.version,
                "statement_sha256": each.signed.statement_sha256,
                "signed_at": format_instant(each.signed_at),
                "steward": each.steward,
                "key": each.signed.signer,
            }
            for each in people.chain.versions
        ],
        "unsigned": list(people.unsigned),
    }


def _person(people: PeopleInForce, person: Person, as_of: datetime) -> Iterator[str]:
    named = people.names.names.get(person.id) if people.names is not None else None
    name = f"  {named.name}" if named is not None and named.name != named.handle else ""
    away = "  (away)" if is_away(person, as_of) else ""
    yield f"{people.called(person.id)}  {person.id}{name}{away}"
    yield from (f"  role    {each.role}{_dates(each, as_of)}" for each in person.roles)
    for each in capacities(people.people, person.id, as_of) if people.people is not None else ():
        if each.on_behalf_of is not None:
            yield f"  role    {each.role}  on behalf of {people.called(each.on_behalf_of)}"
    yield from (f"  key     {each.fingerprint}  {_type(each)}{_dates(each, as_of)}" for each in person.keys)
    if person.teams:
        yield f"  team    {', '.join(person.teams)}"
    for lent in person.delegations:
        yield f"  lends   {', '.join(lent.roles)} to {people.called(lent.to)}{_dates(lent, as_of)}"
    for absence in person.absences:
        yield f"  absent  {format_instant(absence.effective_on)} until {format_instant(absence.effective_until)}"
    for system, aliases in named.aliases.items() if named is not None else ():
        yield f"  {system:<7} {', '.join(aliases)}"


def _person_document(people: PeopleInForce, person: Person, as_of: datetime) -> dict[str, Any]:
    written: dict[str, Any] = as_json(person)
    named = people.names.names.get(person.id) if people.names is not None else None
    lent: Iterable[Any] = capacities(people.people, person.id, as_of) if people.people is not None else ()
    return {
        **written,
        **({"names": as_json(named)} if named is not None else {}),
        "roles_now": list(own_roles(person, as_of)),
        "lent_now": [as_json(each) for each in lent if each.on_behalf_of is not None],
        "away": is_away(person, as_of),
    }


def _type(key: HeldKey) -> str:
    return key.public_key.split(" ", 1)[0]


def _dates(each: HeldKey | HeldRole | Delegation, as_of: datetime) -> str:
    since = f"  from {format_instant(each.effective_on)}" if each.effective_on is not None else ""
    until = f"  until {format_instant(each.effective_until)}" if each.effective_until is not None else ""
    if each.holds(as_of):
        return since + until
    over = each.effective_until is not None and not as_of < each.effective_until
    return f"{since}{until}  ({'ended' if over else 'not yet'})"
