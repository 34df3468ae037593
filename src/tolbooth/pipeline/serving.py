"""Which version stood at an alias on a day, and by which decision: as promotions and sightings of the log tell it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from tolbooth.config.load import Project
from tolbooth.config.mistakes import nearest
from tolbooth.model.deployment import AliasPlace
from tolbooth.model.errors import ConfigError
from tolbooth.model.instant import beginning, ending
from tolbooth.pipeline.moves import Moves, Tenure, read_moves
from tolbooth.pipeline.promotion_goal import place_of, registry_model
from tolbooth.store.embedded import EmbeddedStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A version for the part of the time asked for in which it stood there; ``until`` is None while it still does."""

    tenure: Tenure
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """The answer for one place: what stood there in [``start``, ``end``), oldest first.

    Nothing where the log knows nothing of that time yet; ``known_from`` is when it begins to.
    """

    place: AliasPlace
    start: datetime
    end: datetime | None
    served: tuple[Served, ...]
    known_from: datetime


def serving(
    project: Project, store: EmbeddedStore, model: str, alias: str, *, on: date | datetime | None
) -> tuple[Serving, ...]:
    """Tell what stood at an alias, for each registry that has it.

    Args:
        project: whose names and time zone are meant.
        store: the log of record.
        model: a registered model, or a subject that is one.
        alias: the alias.
        on: a day of the project's time zone, an instant, or None for the whole time that is known.

    Raises:
        ConfigError: ``serving.unknown`` if the log knows no such alias, with those that it knows.
    """
    moves = read_moves(store)
    wanted = place_of("", registry_model(project, model), alias)
    known = _places(moves)
    places = [each for each in known if (each.model, each.alias) == (wanted.model, wanted.alias)]
    if not places:
        labels = list(dict.fromkeys(each.label for each in known))
        hint = nearest(wanted.label, labels) or f"known: {', '.join(labels) or 'none yet'}"
        raise ConfigError.of("serving.unknown", f"the log knows nothing of {wanted.label}", hint=hint)
    return tuple(_answer(project, place, moves.tenures(place), on) for place in places)


def _places(moves: Moves) -> tuple[AliasPlace, ...]:
    seen = (each.alias for sighting in moves.sightings for each in sighting.said.seen if each.alias is not None)
    found = dict.fromkeys([*moves.places(), *seen])
    return tuple(place for place in found if moves.tenures(place))


def _answer(project: Project, place: AliasPlace, tenures: Sequence[Tenure], on: date | datetime | None) -> Serving:
    zone = project.settings.timezone
    start = beginning(on, zone) if on is not None else tenures[0].at
    assert start is not None
    end = None if on is None else start if isinstance(on, datetime) else ending(on, zone)
    following = [*(each.at for each in tenures[1:]), None]
    spans = [Served(tenure=each, until=until) for each, until in zip(tenures, following, strict=True)]
    return Serving(
        place=place,
        start=start,
        end=end,
        served=tuple(each for each in spans if on is None or _overlaps(each, start, end)),
        known_from=tenures[0].at,
    )


def _overlaps(served: Served, start: datetime, end: datetime | None) -> bool:
    """Whether a half-open span meets [start, end); an instant meets the span that holds it."""
    if served.until is not None and not start < served.until:
        return False
    begins = served.tenure.at
    return begins <= start or end is None or begins < end
