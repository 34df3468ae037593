"""Counts with Dask futures: on the cluster that a client here or ``DASK_SCHEDULER_ADDRESS`` names, else here.

The only module that imports dask (the extra ``dask``). Every worker needs Tolbooth, and the files at the same path.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tolbooth.measure.engines.extras import imported, refusing
from tolbooth.measure.engines.parts import parts, sources
from tolbooth.measure.engines.tasks import TASKS_PER_WORKER, Answer, merged, run
from tolbooth.measure.fairness.count_settings import CountSettings
from tolbooth.measure.fairness.counter import FairnessCounter
from tolbooth.measure.fairness.counts import FairnessCounts
from tolbooth.measure.interface import Progress

_HERE = "127.0.0.1:0"


def count_files(path: Path, settings: CountSettings, *, progress: Progress | None = None) -> FairnessCounts:
    """Count a data set with Dask: the arguments, the answer and the errors are those of the local engine.

    A client that is open in this process is used and left open; else one is opened, to the configured scheduler or to
    threads of this machine that nobody else can reach, and closed.

    Raises:
        ConfigError: ``measure.engine-missing`` without dask and distributed; else as the local engine.
        MeasureError: ``measure.engine-failed`` if the scheduler can't be reached or a task is lost; else as the local
            engine.
    """
    distributed = imported("distributed", extra="dask", what="the engine dask")
    found = sources(path, settings)
    known = [source.rows for source in found if source.rows is not None]
    total = sum(known) if len(known) == len(found) else None
    counter = FairnessCounter.of(settings)
    with _client(distributed) as client:
        with _asking():
            workers = max(1, sum(client.ncores().values()))
            work = parts(found, settings, workers * TASKS_PER_WORKER)
            # NOTE: pure=False, since the same path may hold other rows when it is counted again.
            futures = [client.submit(run, part, settings, pure=False) for part in work]
        try:
            for done in merged(_answers(distributed, client, futures), counter):
                if progress is not None:
                    progress(done, total)
        finally:
            # What a lost cluster did can't be cancelled.
            with suppress(Exception):
                client.cancel(futures)
    return counter.finish()


def _answers(distributed: Any, client: Any, futures: list[Any]) -> Iterator[Answer]:
    done = iter(distributed.as_completed(futures, loop=client.loop))
    while True:
        with _asking():
            future = next(done, None)
            answer = None if future is None else future.result()
        if answer is None:
            return
        yield answer


@contextmanager
def _client(distributed: Any) -> Iterator[Any]:
    try:
        client = distributed.get_client()
    except ValueError:
        with _opened(distributed) as opened:
            yield opened
    else:
        yield client


def _opened(distributed: Any) -> Any:
    dask = imported("dask", extra="dask", what="the engine dask")
    # Threads suffice here, since decoding and counting don't block one another.
    # NOTE: an address of None would open HTTP servers to the whole network.
    here = {"processes": False, "dashboard_address": _HERE, "worker_dashboard_address": _HERE}
    settings = {} if dask.config.get("scheduler-address", None) else here
    hint = "is the scheduler of DASK_SCHEDULER_ADDRESS up, and of this version of Dask?"
    with refusing("measure.engine-failed", "Dask could not be started or reached", hint=hint):
        return distributed.Client(set_as_default=False, **settings)


def _asking() -> Any:
    hint = "every worker needs Tolbooth and the files at the same path; the workers' logs say more"
    return refusing("measure.engine-failed", "Dask could not count these rows", hint=hint)
