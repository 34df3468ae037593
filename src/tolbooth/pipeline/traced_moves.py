"""The steps of a trace that are moves: promotions on these decisions, and what reconcile found of it."""

from __future__ import annotations

from collections.abc import Iterator

from tolbooth.evidence.moves import Finding, Result
from tolbooth.model.digest import short
from tolbooth.pipeline.moves import Moves, RecordedPromotion, read_moves
from tolbooth.pipeline.people_report import Called
from tolbooth.report.people import Who
from tolbooth.report.trace import TraceStep
from tolbooth.review.people import UNDECLARED
from tolbooth.store.embedded import EmbeddedStore

_WORDS = {
    Result.MOVED: "promoted",
    Result.KEPT: "promotion confirmed",
    Result.NOT_MOVED: "promotion failed",
    Result.FOUND_MOVED: "promoted",
    Result.FOUND_ELSEWHERE: "promotion failed",
}


def move_steps(store: EmbeddedStore, called: Called, decisions: set[str], digests: set[str]) -> Iterator[TraceStep]:
    """Promotions on decisions, by digest; findings about the content of these, or about where it was put.

    Raises:
        StoreError: if a blob is missing or altered.
    """
    moves = read_moves(store)
    ours = [each for each in moves.promotions if each.said.decision_sha256 in decisions]
    yield from (_promoted(each, called) for each in ours)
    yield from _found(moves, digests, {each.said.place.label for each in ours})


def _promoted(promotion: RecordedPromotion, called: Called) -> TraceStep:
    said, outcome = promotion.said, promotion.outcome
    entry = outcome.entry if outcome is not None else promotion.entry
    source = "nowhere" if said.from_version is None else f"version {said.from_version}"
    asked = None if said.requester == UNDECLARED else Who(id=said.requester, called=called(said.requester))
    return TraceStep(
        at=entry.appended_at,
        what=_WORDS[outcome.said.result] if outcome is not None else "promotion open",
        text=f"{said.place.label} from {source} to version {said.to_version}, "
        f"on decision {short(said.decision_sha256)}",
        sha256=entry.envelope_sha256,
        position=entry.position,
        person=asked,
        details=("nobody said yet what became of it: 'tolbooth reconcile' asks",) if outcome is None else (),
    )


def _found(moves: Moves, digests: set[str], labels: set[str]) -> Iterator[TraceStep]:
    """Each finding about this content, or about a place where it was put, where it was told first."""
    told: set[str] = set()
    for sighting in moves.sightings:
        for each in sighting.said.findings:
            if each.id in told or not _is_about(each, digests, labels):
                continue
            told.add(each.id)
            yield TraceStep(
                at=sighting.entry.appended_at,
                what=f"found {each.code}",
                text=f"{each.place}: {each.message}",
                sha256=sighting.entry.envelope_sha256,
                position=sighting.entry.position,
            )


def _is_about(finding: Finding, digests: set[str], labels: set[str]) -> bool:
    stood_here = any(finding.place == label or finding.place.endswith(f" ({label})") for label in labels)
    return stood_here or bool(digests & set(finding.digest.values()))
