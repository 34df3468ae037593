"""Counts with Ray tasks: on the cluster that ``RAY_ADDRESS`` or the running session names, else on this machine.

The only module that imports ray (the extra ``ray``). Files must be at the same path for every worker.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tolbooth.measure.engines.extras import imported
from tolbooth.measure.engines.parts import parts, sources
from tolbooth.measure.engines.tasks import TASKS_PER_WORKER, Answer, merged, run
from tolbooth.measure.fairness.count_settings import CountSettings
from tolbooth.measure.fairness.counter import FairnessCounter
from tolbooth.measure.fairness.counts import FairnessCounts
from tolbooth.measure.interface import Progress


def count_files(path: Path, settings: CountSettings, *, progress: Progress | None = None) -> FairnessCounts:
    """Count a data set with Ray: the arguments, the answer and the errors are those of the local engine.

    A Ray that runs in this process is used and left running; else one is started, without dashboard and usage
    reports, and stopped.

    Raises:
        ConfigError: ``measure.engine-missing`` without ray; else as the local engine.
        MeasureError: as the local engine.
    """
    found = sources(path, settings)
    known = [source.rows for source in found if source.rows is not None]
    total = sum(known) if len(known) == len(found) else None
    counter = FairnessCounter.of(settings)
    with _running() as ray:
        workers = max(1, int(ray.cluster_resources().get("CPU", 1)))
        work = parts(found, settings, workers * TASKS_PER_WORKER)
        task, shared = ray.remote(run), ray.put(settings)
        asked = [task.remote(part, shared) for part in work]
        try:
            for done in merged(_answers(ray, asked), counter):
                if progress is not None:
                    progress(done, total)
        finally:
            for each in asked:
                ray.cancel(each)
    return counter.finish()


def _answers(ray: Any, waiting: list[Any]) -> Iterator[Answer]:
    while waiting:
        ready, waiting = ray.wait(waiting)
        yield from ray.get(ready)


@contextmanager
def _running() -> Iterator[Any]:
    # NOTE: Ray reports usage to its makers unless told otherwise before it is imported.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    ray = imported("ray", extra="ray", what="the engine ray")
    if ray.is_initialized():
        yield ray
        return
    ray.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    try:
        yield ray
    finally:
        ray.shutdown()
