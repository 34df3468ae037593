"""Which words fill which places: at most one for each person, whether they speak for themselves or for another.

More words never fill fewer places.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import combinations

from tolbooth.review.workflow import Order, Place

LENT_LIMIT = 12
"""How many words in lent roles are weighed against each other; the first ones, since each doubles the work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A yes that could fill a place; ``persons`` are who speaks and on whose behalf."""

    sha256: str
    role: str
    at: datetime
    persons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seating:
    """``seats`` gives the candidate by place, as far as filled; ``opened`` when each stage opened, if it did."""

    seats: Mapping[int, Candidate]
    opened: tuple[datetime | None, ...]

    def fits(self, candidate: Candidate, place: Place) -> bool:
        """Whether the place takes such a word, said when it was."""
        since = self.opened[place.stage]
        return since is not None and not candidate.at < since and place.takes(candidate.role, candidate.at)


def match(
    places: Sequence[Place],
    candidates: Sequence[Candidate],
    fits: Callable[[Candidate, Place], bool],
) -> dict[int, Candidate]:
    """Fill as many places as can be; each person fills at most one, lenders and delegates counted as one.

    Words in one's own right come first; those in lent roles are taken where they fill more.
    """
    own = [each for each in candidates if len(each.persons) == 1]
    lent = sorted((each for each in candidates if len(each.persons) > 1), key=lambda each: (each.at, each.sha256))
    best: dict[int, Candidate] = {}
    for size in range(min(len(lent), LENT_LIMIT) + 1):
        for chosen in combinations(lent[:LENT_LIMIT], size):
            involved = [person for each in chosen for person in each.persons]
            if len(set(involved)) < len(involved):
                continue
            rest = [each for each in own if each.persons[0] not in involved]
            found = _maximum(places, [*rest, *chosen], fits)
            if len(found) > len(best):
                best = found
            if len(best) == len(places):
                return best
    return best


def seat(places: Sequence[Place], candidates: Sequence[Candidate], order: Order) -> Seating:
    """Fill the places; in order, a stage takes only words said when all stages before were filled.

    A stage opens at the earliest instant at which the words said until then fill every stage before it.
    """
    stages = max((place.stage for place in places), default=-1) + 1
    earliest = min((each.at for each in candidates), default=None)
    opened: list[datetime | None] = [earliest] * stages
    if order is Order.IN_ORDER:
        for stage in range(1, stages):
            before = [place for place in places if place.stage < stage]
            opened[stage] = _filled_at(before, candidates, Seating(seats={}, opened=tuple(opened)).fits)
    seating = Seating(seats={}, opened=tuple(opened))
    return replace(seating, seats=match(places, candidates, seating.fits))


def _filled_at(
    places: Sequence[Place], candidates: Sequence[Candidate], fits: Callable[[Candidate, Place], bool]
) -> datetime | None:
    for at in sorted({each.at for each in candidates}):
        if len(match(places, [each for each in candidates if not at < each.at], fits)) == len(places):
            return at
    return None


def _maximum(
    places: Sequence[Place], candidates: Sequence[Candidate], fits: Callable[[Candidate, Place], bool]
) -> dict[int, Candidate]:
    """A maximum matching of persons to places; the words of one person are one node, each opening its own places."""
    words: dict[tuple[str, ...], list[Candidate]] = {}
    for each in sorted(candidates, key=lambda one: (one.at, one.sha256)):
        words.setdefault(each.persons, []).append(each)
    holder: dict[int, Candidate] = {}

    def place_for(persons: tuple[str, ...], visited: set[int]) -> bool:
        for position, place in enumerate(places):
            word = next((each for each in words[persons] if fits(each, place)), None)
            if word is None or position in visited:
                continue
            visited.add(position)
            if position not in holder or place_for(holder[position].persons, visited):
                holder[position] = word
                return True
        return False

    for persons in words:
        place_for(persons, set())
    return holder
