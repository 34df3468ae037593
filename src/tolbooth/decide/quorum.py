"""Whether the yeses that count fill the quorums: a maximum matching of persons to places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tolbooth.model.approval import Approval, Quorum


def unfilled(required: Sequence[Quorum], yeses: Sequence[Approval]) -> tuple[str, ...]:
    """The roles of the places that stay empty, one for each place; each person fills at most one place."""
    roles_of: dict[str, set[str]] = {}
    for approval in yeses:
        roles_of.setdefault(approval.person, set()).add(approval.role)
    places = [quorum.role for quorum in required for _ in range(quorum.count)]
    holder: dict[int, str] = {}
    for person in sorted(roles_of):
        _seat(person, roles_of, places, holder, visited=set())
    return tuple(role for place, role in enumerate(places) if place not in holder)


def _seat(
    person: str,
    roles_of: Mapping[str, set[str]],
    places: Sequence[str],
    holder: dict[int, str],
    *,
    visited: set[int],
) -> bool:
    """Find a place for ``person``, moving others if that helps (Kuhn, Naval Res. Logist. Q. 2:83, 1955)."""
    for place, role in enumerate(places):
        if role not in roles_of[person] or place in visited:
            continue
        visited.add(place)
        if place not in holder or _seat(holder[place], roles_of, places, holder, visited=visited):
            holder[place] = person
            return True
    return False
