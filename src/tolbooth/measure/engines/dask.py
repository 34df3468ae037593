"""Counts with Dask futures: on the cluster that a client here or ``DASK_SCHEDULER_ADDRESS`` names, else here.

The only module that imports dask (the extra ``dask``). Files must be at the same path for every worker.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tolbooth.measure.engines.extras import imported
from tolbooth.measure.engines.parts import parts, sources
from tolbooth.measure.engines.tasks import TASKS_PER_WORKER, merged, run
from tolbooth.measure.fairness.count_settings import CountSettings
from tolbooth.measure.fairness.counter import FairnessCounter
from tolbooth.measure.fairness.counts import FairnessCounts
from tolbooth.measure.interface import Progress


def count_files(path: Path, settings: CountSettings, *, progress: Progress | None = None) -> FairnessCounts:
    """Count a data set with Dask: the arguments, the answer and the errors are those of the local engine.

    A client that is open in this process is used and left open; else one is opened, to the configured scheduler or to
    threads of this machine, without a dashboard.

    Raises:
        ConfigError: ``measure.engine-missing`` without dask and distributed; else as the local engine.
        MeasureError: as the local engine.
    """
    distributed = imported("distributed", extra="dask", what="the engine dask")
    found = sources(path, settings)
    known = [source.rows for source in found if source.rows is not None]
    total = sum(known) if len(known) == len(found) else None
    counter = FairnessCounter.of(settings)
    with _client(distributed) as client:
        workers = max(1, sum(client.ncores().values()))
        work = parts(found, settings, workers * TASKS_PER_WORKER)
        # NOTE: pure=False, since the same path may hold other rows when it is counted again.
        futures = [client.submit(run, part, settings, pure=False) for part in work]
        try:
            answers = (future.result() for future in distributed.as_completed(futures, loop=client.loop))
            for done in merged(answers, counter):
                if progress is not None:
                    progress(done, total)
        finally:
            client.cancel(futures)
    return counter.finish()


@contextmanager
def _client(distributed: Any) -> Iterator[Any]:
    try:
        client = distributed.get_client()
    except ValueError:
        with distributed.Client(set_as_default=False, **_here()) as opened:
            yield opened
    else:
        yield client


def _here() -> dict[str, Any]:
    """How to start here where no scheduler is configured: threads suffice, since decoding and counting don't block."""
    dask = imported("dask", extra="dask", what="the engine dask")
    if dask.config.get("scheduler-address", None):
        return {}
    return {"processes": False, "dashboard_address": None}
