"""What the log tells of moves: promotions with their outcomes, sightings, and the tenures that follow from both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.moves import Outcome, Promotion, Result, Seen, Sighting
from tolbooth.evidence.reading import read_value
from tolbooth.evidence.signed import read_unverified
from tolbooth.model.deployment import AliasPlace
from tolbooth.model.digest import DigestSet
from tolbooth.store.embedded import EmbeddedStore, LogEntry

T = TypeVar("T", Promotion, Outcome, Sighting)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedOutcome:
    """An outcome and its entry."""

    said: Outcome
    entry: LogEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedPromotion:
    """A promotion, its entry, and what became of it; ``outcome`` is None while it is open."""

    said: Promotion
    entry: LogEntry
    outcome: RecordedOutcome | None = None

    @property
    def is_there(self) -> bool:
        """Whether the alias pointed to the version afterwards."""
        return self.outcome is not None and self.outcome.said.result.is_there


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedSighting:
    """A sighting and its entry."""

    said: Sighting
    entry: LogEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenure:
    """A version at a place from ``at`` on, until the next tenure begins.

    ``version`` is None where the alias was found taken away. ``how`` is ``promoted``, ``confirmed`` (it stood there
    already), ``settled`` (found there after a promotion that was cut short) or ``seen`` (found by ``reconcile``, which
    nobody promoted). ``not_before`` is when something else was known last, for one whose beginning nobody saw.
    """

    place: AliasPlace
    at: datetime
    how: str
    version: str | None
    digest: DigestSet
    position: int
    not_before: datetime | None = None
    decision_sha256: str | None = None
    gate: str | None = None
    environment: str | None = None
    requester: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """All of it, oldest first."""

    promotions: tuple[RecordedPromotion, ...]
    sightings: tuple[RecordedSighting, ...]

    def places(self) -> tuple[AliasPlace, ...]:
        """Every alias that a promotion named, in the order of the first."""
        return tuple(dict.fromkeys(each.said.place for each in self.promotions))

    def open(self) -> tuple[RecordedPromotion, ...]:
        """Promotions of which nobody said what became of them."""
        return tuple(each for each in self.promotions if each.outcome is None)

    def standing(self, place: AliasPlace) -> Promotion | None:
        """The last promotion that put a version there."""
        return next(
            (each.said for each in reversed(self.promotions) if each.said.place == place and each.is_there), None
        )

    def earlier(self, place: AliasPlace) -> tuple[Promotion, ...]:
        """Promotions that put a version there, before the last one, of versions other than that."""
        last = self.standing(place)
        found = [each.said for each in self.promotions if each.said.place == place and each.is_there]
        return tuple(each for each in found if last is not None and each.to_version != last.to_version)

    def seen_last(self, name: str) -> Seen | None:
        """What the last sighting saw at a place."""
        seen = self.sightings[-1].said.seen if self.sightings else ()
        return next((each for each in seen if each.place == name), None)

    def tenures(self, place: AliasPlace) -> tuple[Tenure, ...]:
        """Which versions stood at a place, oldest first, by the log's clock."""
        found: list[Tenure] = []
        known_at: datetime | None = None
        for _, each in sorted(self._about(place), key=lambda pair: pair[0]):
            if not found or _differs(each, found[-1]):
                found.append(replace(each, not_before=known_at if each.how == "seen" else each.not_before))
            known_at = each.at
        return tuple(found)

    def _about(self, place: AliasPlace) -> Iterator[tuple[int, Tenure]]:
        for promoted in self.promotions:
            if promoted.said.place == place and promoted.is_there:
                tenure = _promoted(promoted)
                yield tenure.position, tenure
        for sighting in self.sightings:
            for seen in sighting.said.seen:
                if seen.alias == place:
                    yield sighting.entry.position, _seen(place, seen, sighting.entry)


def read_moves(store: EmbeddedStore) -> Moves:
    """Read every promotion, outcome and sighting of a log.

    Raises:
        StoreError: if a blob is missing or altered.
        VerificationError: ``json.shape`` if an entry does not say what its kind says.
    """
    entries = store.entries()
    outcomes: dict[str, RecordedOutcome] = {}
    for entry in entries:
        if entry.kind == Kind.OUTCOME:
            said = _read(store, entry, Outcome)
            outcomes.setdefault(said.promotion_sha256, RecordedOutcome(said=said, entry=entry))
    return Moves(
        promotions=tuple(
            RecordedPromotion(
                said=_read(store, entry, Promotion), entry=entry, outcome=outcomes.get(entry.envelope_sha256)
            )
            for entry in _of(entries, Kind.PROMOTION)
        ),
        sightings=tuple(
            RecordedSighting(said=_read(store, entry, Sighting), entry=entry) for entry in _of(entries, Kind.SIGHTING)
        ),
    )


def _of(entries: Iterable[LogEntry], kind: Kind) -> Iterator[LogEntry]:
    return (entry for entry in entries if entry.kind == kind)


def _read(store: EmbeddedStore, entry: LogEntry, kind: type[T]) -> T:
    path = f"log entry {entry.position + 1}"
    statement = read_unverified(store.blobs.get(entry.envelope_sha256), path=path).statement
    return read_value(kind, dict(statement.predicate), path=path)


def _differs(one: Tenure, last: Tenure) -> bool:
    """Whether another tenure begins: other content, or another promotion of the same."""
    if one.version != last.version or (one.digest and dict(one.digest) != dict(last.digest)):
        return True
    return one.how != "seen" and one.decision_sha256 != last.decision_sha256


def _promoted(promoted: RecordedPromotion) -> Tenure:
    said, outcome = promoted.said, promoted.outcome
    assert outcome is not None
    how = {Result.KEPT: "confirmed", Result.FOUND_MOVED: "settled"}.get(outcome.said.result, "promoted")
    return Tenure(
        place=said.place,
        at=outcome.entry.appended_at,
        how=how,
        version=said.to_version,
        digest=said.digest,
        position=outcome.entry.position,
        not_before=promoted.entry.appended_at if how == "settled" else None,
        decision_sha256=said.decision_sha256,
        gate=said.gate,
        environment=said.environment,
        requester=said.requester,
    )


def _seen(place: AliasPlace, seen: Seen, entry: LogEntry) -> Tenure:
    return Tenure(
        place=place,
        at=entry.appended_at,
        how="seen",
        version=seen.version,
        digest=seen.digest,
        position=entry.position,
        decision_sha256=seen.decision_sha256,
    )
