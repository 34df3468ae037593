"""Facts that cost time or need the log: had only where a rule of the policy asks for them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from tolbooth.judge.library.policy import Policy
from tolbooth.measure.pii.run import scan
from tolbooth.model.errors import MeasureError
from tolbooth.model.instant import instant
from tolbooth.model.observation import Artifact, Gap, Observation
from tolbooth.model.rule import Enforcement
from tolbooth.pipeline.collecting import Collection, Progress, Unit, Work
from tolbooth.pipeline.history import COMMITMENT_KIND, RELEASE_KIND, alias_history, commitments, last_release
from tolbooth.store.embedded import EmbeddedStore

PII_KIND = "pii"
PII_SAMPLE_ROWS = 5_000
PII_BUDGET_SECONDS = 60.0
"""How long the sample of one data set may take in a gate; within it, the same data give the same sample."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Further:
    """What was had besides, and what could not be had."""

    observations: tuple[Observation, ...]
    gaps: tuple[Gap, ...]


def further_facts(
    policy: Policy,
    collection: Collection,
    store: EmbeddedStore | None,
    *,
    gate: str,
    environment: str,
    clock: Callable[[], datetime],
    progress: Progress,
) -> Further:
    """Personal data in the data sets, the last release, and the commitments to bounds, as far as rules need them.

    Where the aliases of a registered model pointed at earlier gates is told without being asked for: no registry
    keeps it.

    ``store`` is the log; None where there is none yet, so that nothing was released and nothing committed before.
    """
    needed = {kind for asked in policy.asked if asked.silent.enforcement is not Enforcement.OFF for kind in asked.kinds}
    now = instant(clock())
    observations: list[Observation] = []
    gaps: list[Gap] = []
    if PII_KIND in needed:
        found = list(_personal_data(collection, clock, progress))
        observations += [each for each in found if isinstance(each, Observation)]
        gaps += [each for each in found if isinstance(each, Gap)]
    if RELEASE_KIND in needed and store is not None:
        name = collection.subject.name
        released, lacking = last_release(store, name, gate=gate, environment=environment, now=now)
        observations += released
        gaps += lacking
    if COMMITMENT_KIND in needed and store is not None:
        about, began = collection.subject.name, collection.run_started_at
        observations += commitments(store, policy, about=about, run_started_at=began, now=now)
    if store is not None:
        for version in (each for each in collection.observations if each.kind == "model-version"):
            pointed, lacking = alias_history(store, version, now=now)
            observations += pointed
            gaps += lacking
    return Further(observations=tuple(observations), gaps=tuple(gaps))


def _personal_data(
    collection: Collection, clock: Callable[[], datetime], progress: Progress
) -> Iterator[Observation | Gap]:
    # NOTE: a key of this run alone: it chooses the masked examples and is never kept.
    key = secrets.token_bytes(32)
    for artifact in collection.artifacts:
        if artifact.name not in collection.data:
            continue
        try:
            scanned = scan(
                collection.paths[artifact.name],
                key=key,
                sample_rows=PII_SAMPLE_ROWS,
                budget_seconds=PII_BUDGET_SECONDS,
                progress=_scanning(artifact, progress),
            )
        except MeasureError as error:
            problem = error.problems[0]
            yield Gap(kind=PII_KIND, about=artifact.name, code=problem.code, message=problem.message)
            continue
        now = instant(clock())
        yield Observation(
            kind=PII_KIND,
            about=artifact.name,
            values=scanned.values,
            dates=replace(artifact.dates, collected=now, received=now),
            origin="measure.pii",
            reads=tuple(artifact.digest.values()),
        )


def _scanning(artifact: Artifact, progress: Progress) -> Callable[[str, int, int | None], None]:
    def tell(what: str, done: int, total: int | None) -> None:
        progress(Work(f"{what} of {artifact.name}", Unit.ROWS), done, total)

    return tell
