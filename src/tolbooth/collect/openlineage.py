"""Observes the run that made a subject, as OpenLineage run events tell it: what it read, what it wrote, how it ended.

The events are claims of whoever sent them. Their order in the file says nothing: ``eventTime`` does. An event that
stands twice counts once, and several producers may tell of one run. What they don't settle is a gap, never a guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tolbooth import __version__
from tolbooth.collect.interface import Collected
from tolbooth.collect.openlineage_events import Job, RunEvent, Unreadable, read_events
from tolbooth.collect.openlineage_facets import FacetReader, SeenDataSet, data_sets, merged_facets
from tolbooth.collect.openlineage_gaps import (
    KIND,
    WantedRun,
    contradictions,
    no_run,
    not_one_end,
    unreadable,
    unseen,
)
from tolbooth.model.digest import sha256_hex
from tolbooth.model.instant import format_instant, instant
from tolbooth.model.observation import CollectionMode, ControlTotals, Dates, IpeRecord, Observation

_MOST_JOBS = 1_000
"""How many names of jobs are remembered, to find the one that was meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What stands in the files about the wanted run or job: each run's events by time, each event once."""

    runs: Mapping[str, Sequence[RunEvent]]
    duplicates: Mapping[str, int]
    jobs: Sequence[Job]
    unreadable: Sequence[Unreadable]


def collect_openlineage(path: Path, wanted: WantedRun, *, shown: str, now: datetime, about: str) -> Collected:
    """Observe the wanted run, or the last one to begin of the wanted job.

    Args:
        path: a file of events, or a folder of such files.
        wanted: which run.
        shown: the path as the settings name it.
        now: when it is read.
        about: the subject's name.

    Returns:
        One observation of kind ``lineage`` (its values stand in ``docs/openlineage.md``) and gaps of that kind:
        ``collect.lineage-unreadable`` for lines that are no event, ``collect.lineage-no-run``,
        ``collect.lineage-unfinished`` for a run that began and never ended, ``collect.lineage-two-ends``,
        ``collect.lineage-no-data-set`` for a declared data set that the run was not seen to read or write, and
        ``collect.lineage-versions`` for an input of which two versions are stated. Without a run that ended in one way
        there is no observation.

    Raises:
        ConfigError: ``collect.missing`` if there are no such files.
        CollectError: if they can't be read, or are too large.
    """
    read = _read(read_events(path, shown=shown), wanted)
    gaps = list(unreadable(read.unreadable, about))
    chosen = max(read.runs.values(), key=lambda events: (events[0].time, events[0].run_id), default=None)
    if chosen is None:
        return Collected(gaps=(*gaps, no_run(wanted, read.jobs, shown, about)))
    ends = {event.type for event in chosen if event.ends}
    if len(ends) != 1:
        return Collected(gaps=(*gaps, not_one_end(chosen, [str(end) for end in ends], about)))
    seen = data_sets(chosen)
    gaps += contradictions(seen, wanted, about)
    gaps += unseen(seen, wanted, chosen[0].run_id)
    observation = Observation(
        kind=KIND,
        about=about,
        values=_values(read, chosen, seen, wanted),
        dates=Dates(collected=now, received=now, about=instant(_end(chosen).time)),
        origin=f"collect.openlineage {__version__}",
        reads=(_digest(chosen),),
        ipe=_ipe(chosen, wanted, shown),
    )
    return Collected(observations=(observation,), gaps=tuple(gaps))


def _read(found: Iterable[RunEvent | Unreadable], wanted: WantedRun) -> _Read:
    runs: dict[str, dict[str, RunEvent]] = {}
    duplicates: dict[str, int] = {}
    jobs: dict[Job, None] = {}
    strange = []
    for each in found:
        if isinstance(each, Unreadable):
            strange.append(each)
            continue
        if len(jobs) < _MOST_JOBS:
            jobs[each.job] = None
        if wanted.wants(each):
            kept = runs.setdefault(each.run_id, {})
            duplicates[each.run_id] = duplicates.get(each.run_id, 0) + (each.sha256 in kept)
            kept[each.sha256] = each
    ordered = {run: sorted(kept.values(), key=lambda event: (event.time, event.sha256)) for run, kept in runs.items()}
    return _Read(runs=ordered, duplicates=duplicates, jobs=tuple(jobs), unreadable=strange)


def _end(events: Sequence[RunEvent]) -> RunEvent:
    return next(event for event in reversed(events) if event.ends)


def _values(read: _Read, events: Sequence[RunEvent], seen: Sequence[SeenDataSet], wanted: WantedRun) -> dict[str, Any]:
    reader = FacetReader()
    first, end = events[0], _end(events)
    started = next((event.time for event in events if event.type == "START"), None)
    stated = reader.run(
        merged_facets(event.run_facets for event in events), merged_facets(event.job_facets for event in events)
    )
    return {
        "system": "openlineage",
        "job": {"namespace": reader.text(first.job.namespace), "name": reader.text(first.job.name)},
        "run_id": first.run_id,
        "status": str(end.type).lower(),
        **({} if started is None else {"started_at": format_instant(started)}),
        "ended_at": format_instant(end.time),
        **stated,
        "producers": sorted({reader.text(event.producer) for event in events}),
        "events": len(events),
        "duplicates": read.duplicates[first.run_id],
        "runs": len(read.runs),
        "unfinished": sum(not any(event.ends for event in each) for each in read.runs.values()),
        "datasets": [_data_set(each, reader, wanted) for each in seen],
        "facets_left_out": reader.left_out,
        "withheld": reader.withheld.count,
    }


def _data_set(seen: SeenDataSet, reader: FacetReader, wanted: WantedRun) -> dict[str, Any]:
    ours = wanted.our_name(seen)
    return {**reader.data_set(seen), **({} if ours is None else {"declared": ours})}


def _digest(events: Iterable[RunEvent]) -> str:
    """SHA-256 over the digests of the run's events, one a line, in their order."""
    return sha256_hex("".join(f"{event.sha256}\n" for event in events).encode())


def _ipe(events: Sequence[RunEvent], wanted: WantedRun, shown: str) -> IpeRecord:
    keys = sorted(event.sha256 for event in events)
    job = events[0].job
    how = "the run" if wanted.run_id is not None else "the last run to begin of the job"
    return IpeRecord(
        system="openlineage",
        instance=FacetReader().shown(shown),
        query=FacetReader().shown(f"{how} '{job.name}' in '{job.namespace}'"),
        collector="collect.openlineage",
        collector_version=__version__,
        identity="whoever may write the file",
        mode=CollectionMode.PUSH,
        unit="events",
        returned=len(events),
        reported_total=None,
        pages=1,
        totals=ControlTotals(
            count=len(keys),
            first=keys[0],
            last=keys[-1],
            keys_sha256=sha256_hex("".join(f"{key}\n" for key in keys).encode()),
        ),
        response_sha256=_digest(events),
        completeness_check="The run has one kind of end; no producer says how many events it sent.",
        complete=None,
        transformations=("Facets off the allow-list were left out, secrets and personal data withheld.",),
        blind_spots=("Events that their producer did not send, or that were taken out of the file.",),
    )
