"""What OpenLineage events leave open about the run that is asked for, each as a gap with its code."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from tolbooth.collect.openlineage_events import Job, RunEvent, Unreadable
from tolbooth.collect.openlineage_facets import FacetReader, SeenDataSet, without_user_info
from tolbooth.model.instant import format_instant
from tolbooth.model.observation import Gap

KIND = "lineage"

_SHOWN_UNREADABLE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedRun:
    """Which run, and what its events call our data.

    ``job`` is None where ``run_id`` alone says which run. ``data`` are the events' namespace and name by our name, of
    data sets and of the subject.
    """

    job: Job | None
    run_id: str | None
    data: Mapping[str, Job]

    def wants(self, event: RunEvent) -> bool:
        """Whether an event is about the run, or about any run of the job."""
        if self.run_id is not None and event.run_id != self.run_id.lower():
            return False
        return self.job is None or same_name(event.job.namespace, event.job.name, self.job)

    def our_name(self, seen: SeenDataSet) -> str | None:
        """What the settings call a data set of the events, if anything."""
        ours = (name for name, theirs in sorted(self.data.items()) if same_name(seen.namespace, seen.name, theirs))
        return next(ours, None)


def same_name(namespace: str, name: str, declared: Job) -> bool:
    """Whether two names mean the same; user info in a namespace is no part of it."""
    return name == declared.name and without_user_info(namespace) == without_user_info(declared.namespace)


def unreadable(found: Sequence[Unreadable], about: str) -> Iterator[Gap]:
    """The first lines that are no event, and how many more there are."""
    for each in found[:_SHOWN_UNREADABLE]:
        yield _gap(about, "unreadable", f"{each.place} is no run event: {each.why}")
    more = len(found) - _SHOWN_UNREADABLE
    if more > 0:
        yield _gap(about, "unreadable", f"{more} more lines are no run events")


def no_run(wanted: WantedRun, jobs: Collection[Job], shown: str, about: str) -> Gap:
    """Nothing in the files is about the run or the job; names a job or a namespace that is near."""
    job = wanted.job
    if job is None:
        return _gap(about, "no-run", f"{shown} holds no event of the run {wanted.run_id}")
    what = f"the job '{job.name}' in '{job.namespace}'"
    what = what if wanted.run_id is None else f"the run {wanted.run_id} of {what}"
    beside = {each.name for each in jobs if same_name(each.namespace, job.name, job)}
    nearest = _nearest(job.name, beside) if beside else _nearest(job.namespace, {each.namespace for each in jobs})
    return _gap(about, "no-run", f"{shown} holds no event of {what}{nearest}")


def not_one_end(events: Sequence[RunEvent], ends: Collection[str], about: str) -> Gap:
    """The run never ended, or ended in several ways."""
    run = events[0].run_id
    if ends:
        message = f"the events contradict each other: the run {run} ended as {' and as '.join(sorted(ends))}"
        return _gap(about, "two-ends", message)
    last = format_instant(events[-1].time)
    return _gap(about, "unfinished", f"the run {run} began and did not end; its last event is of {last}")


def contradictions(seen: Iterable[SeenDataSet], wanted: WantedRun, about: str) -> Iterator[Gap]:
    """Inputs of which several versions are stated; an output's may change while it is written."""
    for each in seen:
        if each.direction == "input" and len(each.versions) > 1:
            message = f"the events state {len(each.versions)} versions of the input '{each.name}'"
            yield _gap(wanted.our_name(each) or about, "versions", message)


def unseen(seen: Iterable[SeenDataSet], wanted: WantedRun, run_id: str) -> Iterator[Gap]:
    """Declared data sets that the run was not seen to touch; names one that is near."""
    touched = [(each.namespace, each.name) for each in seen]
    for ours, theirs in sorted(wanted.data.items()):
        if not any(same_name(namespace, name, theirs) for namespace, name in touched):
            nearest = _nearest(theirs.name, {name for _, name in touched})
            message = f"the run {run_id} was not seen to read or write '{theirs.name}' in '{theirs.namespace}'{nearest}"
            yield _gap(ours, "no-data-set", message)


def _nearest(word: str, names: Iterable[str]) -> str:
    close = get_close_matches(word, sorted(set(names) - {word}), n=1)
    return f"; did you mean '{close[0]}'?" if close else ""


def _gap(about: str, code: str, message: str) -> Gap:
    """A gap whose words hold no secret: names of the events stand in them."""
    return Gap(kind=KIND, about=about, code=f"collect.lineage-{code}", message=FacetReader().shown(message))
