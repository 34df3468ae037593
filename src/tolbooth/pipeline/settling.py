"""Promotions that nobody said the end of: the registry is asked where the alias points, and that is recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from tolbooth.config.environment import Environment
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.moves import Outcome, Promotion, Result
from tolbooth.evidence.statement import ResourceDescriptor
from tolbooth.model.deployment import AliasPlace, RegisteredModel
from tolbooth.model.errors import CollectError, StoreError
from tolbooth.model.instant import instant
from tolbooth.pipeline.moves import RecordedPromotion
from tolbooth.pipeline.recording import Recorded, attest
from tolbooth.pipeline.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A promotion that was open, and what became of it."""

    promotion: Promotion
    outcome: Outcome


def settle(
    workspace: Workspace, promotions: Iterator[RecordedPromotion], model: Callable[[str], RegisteredModel]
) -> tuple[Settled, ...]:
    """Say of open promotions where their aliases point now; whoever calls it holds the lock on moves.

    Raises:
        CollectError: if the registry does not answer; what was settled before stands.
        StoreError: if the store refuses.
    """
    found = []
    for each in promotions:
        said = each.said
        now = model(said.place.model)
        version = now.aliases.get(said.place.alias)
        is_there = version == said.to_version and now.created_ms == said.model_created_ms
        outcome = Outcome(
            promotion_sha256=each.entry.envelope_sha256,
            place=said.place,
            result=Result.FOUND_MOVED if is_there else Result.FOUND_ELSEWHERE,
            from_version=said.from_version,
            to_version=said.to_version,
            found_version=version,
            at=instant(workspace.clock()),
        )
        record_outcome(workspace, said, outcome)
        found.append(Settled(promotion=said, outcome=outcome))
    return tuple(found)


def record_outcome(workspace: Workspace, promotion: Promotion, outcome: Outcome) -> Recorded:
    """Append an outcome, about the content that was promoted."""
    return attest(workspace, Kind.OUTCOME, about(workspace, promotion.place, promotion.digest), outcome)


def about(workspace: Workspace, place: AliasPlace, digest: Mapping[str, str]) -> list[ResourceDescriptor]:
    """What a statement on a move is about: the place by name, and the content by digest."""
    return [ResourceDescriptor(name=f"{workspace.project.settings.project}/{place.label}", digest=digest)]


def refuse_transcript(variables: Mapping[str, str]) -> None:
    """Only decisions in the log of record count, and a CI runner's log is a transcript.

    Raises:
        StoreError: ``log.not-of-record``.
    """
    if Environment.read(variables).ci:
        raise StoreError.of(
            "log.not-of-record",
            "this runner's log is a transcript, and only decisions in the log of record count",
            hint="import the transcript where the log of record is ('tolbooth log import'), and run this there",
        )


@contextmanager
def as_refusals() -> Iterator[None]:
    """A registry that does not answer is a server that refuses, as a store that does not."""
    try:
        yield
    except CollectError as error:
        raise StoreError(error.problems) from error
