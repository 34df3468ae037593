"""Counts with Ray tasks: on the cluster that ``RAY_ADDRESS`` or the running session names, else on this machine.

The only module that imports ray (the extra ``ray``). Every worker needs Tolbooth, and the files at the same path.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from tolbooth.measure.engines.extras import imported, refusing
from tolbooth.measure.engines.parts import Part, parts, sources
from tolbooth.measure.engines.tasks import TASKS_PER_WORKER, Answer, merged, run
from tolbooth.measure.fairness.count_settings import CountSettings
from tolbooth.measure.fairness.counter import FairnessCounter
from tolbooth.measure.fairness.counts import FairnessCounts
from tolbooth.measure.interface import Progress


def count_files(path: Path, settings: CountSettings, *, progress: Progress | None = None) -> FairnessCounts:
    """Count a data set with Ray: the arguments, the answer and the errors are those of the local engine.

    A Ray that runs in this process is used and left running; else one is joined or started, without dashboard and
    usage reports, and left or stopped. What Ray starts listens on this machine's network, as it does anywhere; from
    2.60 on, it asks for a token of its own.

    Raises:
        ConfigError: ``measure.engine-missing`` without ray; else as the local engine.
        MeasureError: ``measure.engine-failed`` if Ray can't be reached or loses a task; else as the local engine.
    """
    found = sources(path, settings)
    known = [source.rows for source in found if source.rows is not None]
    total = sum(known) if len(known) == len(found) else None
    counter = FairnessCounter.of(settings)
    with _running() as ray:
        with _asking():
            workers = max(1, int(ray.cluster_resources().get("CPU", 1)))
        work = parts(found, settings, workers * TASKS_PER_WORKER)
        for done in merged(_answers(ray, work, settings, workers), counter):
            if progress is not None:
                progress(done, total)
    return counter.finish()


def _answers(ray: Any, work: Sequence[Part], settings: CountSettings, workers: int) -> Iterator[Answer]:
    """Ask for two parts a worker at once and for the others as answers come, so that little runs on after an error.

    NOTE: nothing is cancelled. Ray aborts the whole process if a task ends just while it is (2.60: "Tried to complete
    task that was not pending").
    """
    with _asking():
        task, shared = ray.remote(run), ray.put(settings)
    left = iter(work)
    waiting: list[Any] = []
    while True:
        with _asking():
            waiting += [task.remote(part, shared) for part in islice(left, 2 * workers - len(waiting))]
            ready, waiting = ray.wait(waiting) if waiting else ([], [])
            answers = ray.get(ready)
        if not ready:
            return
        yield from answers


@contextmanager
def _running() -> Iterator[Any]:
    # NOTE: Ray reports usage to its makers unless told otherwise before it is imported.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if "RAY_ADDRESS" in os.environ:
        # Of its own, it asks an address where nobody answers 20 times, 40 seconds each.
        os.environ.setdefault("RAY_NUM_REDIS_GET_RETRIES", "3")
    ray = imported("ray", extra="ray", what="the engine ray")
    if ray.is_initialized():
        yield ray
        return
    hint = "is the cluster of RAY_ADDRESS up, and of this version of Ray?"
    with refusing("measure.engine-failed", "Ray could not be started or reached", hint=hint):
        ray.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    try:
        yield ray
    finally:
        ray.shutdown()


def _asking() -> Any:
    hint = "every worker needs Tolbooth and the files at the same path; Ray's logs say more"
    return refusing("measure.engine-failed", "Ray could not count these rows", hint=hint)
