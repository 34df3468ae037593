"""Everything that one gate looks at: collected, measured and remembered, at one instant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from tolbooth.config.environment import Environment
from tolbooth.config.load import Project
from tolbooth.judge.library.policy import Policy
from tolbooth.judge.questions import questions
from tolbooth.model.instant import instant
from tolbooth.model.observation import Gap, Observation
from tolbooth.model.wire import JsonObject
from tolbooth.pipeline.checking import check_project
from tolbooth.pipeline.collecting import Collection, Progress, collect
from tolbooth.pipeline.facts import further_facts
from tolbooth.pipeline.governance import governance
from tolbooth.pipeline.locking import require_locked
from tolbooth.pipeline.measuring import Assessed, CountTable, assess_all, measure
from tolbooth.pipeline.people import PeopleInForce, people_in_force
from tolbooth.pipeline.policy import policy_of
from tolbooth.pipeline.references import check_references
from tolbooth.review.waiver_state import WaiverState
from tolbooth.store.embedded import EmbeddedStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What one run collected and measured, the policy, and the instant at which it is judged.

    ``further`` are the observations beside the collected ones and the answers; ``gaps`` those of measuring and of
    ``further``. ``governance`` is what the log knows of the gate itself.
    """

    project: Project
    gate: str
    environment: str
    policy: Policy
    collection: Collection
    tables: tuple[CountTable, ...]
    assessed: tuple[Assessed, ...]
    further: tuple[Observation, ...]
    gaps: tuple[Gap, ...]
    governance: JsonObject
    as_of: datetime


def gather(
    project: Project,
    gate: str,
    *,
    store: EmbeddedStore | None,
    clock: Callable[[], datetime],
    variables: Mapping[str, str],
    progress: Progress,
    gaps: Iterable[Gap] = (),
    people: PeopleInForce | None = None,
    waivers: Sequence[WaiverState] = (),
) -> Situation:
    """Collect, measure and remember; ``as_of`` is fixed when that ends.

    ``people`` are those who count; read now, if left out. ``waivers`` are those known, for what the log tells of them.

    Raises:
        ConfigError: for mistakes in the settings, the policy or the data's columns; on a CI runner also for rules
            that are not the locked ones.
        CollectError: if a source changes while it is read, or can't be read.
    """
    settings = project.settings.gates[gate]
    check_project(project, [gate])
    if people is None:
        people = people_in_force(project, store, as_of=instant(clock()))
    policy = policy_of(project, settings.point)
    unlocked = require_locked(project, policy.library, ci=Environment.read(variables).ci)
    with TemporaryDirectory(prefix="tolbooth-") as downloads:
        collection = collect(
            project,
            settings,
            clock=clock,
            variables=variables,
            downloads=Path(downloads),
            progress=progress,
            who=people.who,
        )
        tables, uncounted = measure(collection, project, progress=progress)
        check_references(project, [table.counts for table in tables], questions(policy))
        further = further_facts(
            policy, collection, store, gate=gate, environment=settings.environment, clock=clock, progress=progress
        )
    as_of = instant(clock())
    return Situation(
        project=project,
        gate=gate,
        environment=settings.environment,
        policy=policy,
        collection=collection,
        tables=tables,
        assessed=assess_all(tables, questions(policy)),
        further=further.observations,
        gaps=(*uncounted, *further.gaps, *unlocked, *people.problems, *gaps),
        governance=governance(store, gate=gate, waivers=waivers, as_of=as_of),
        as_of=as_of,
    )
