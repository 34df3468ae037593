"""Ray, Dask and Spark on this machine, started once for a test file and stopped after it, as a session would have them.

A test file imports ``running`` and takes its warnings: ``pytestmark = QUIET``.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib import import_module

import pytest

from tolbooth.measure.engines.spark import interrupts_as_before

ENGINES = ("duckdb", "ray", "dask", "spark")
MARKED = [pytest.param(name, marks=getattr(pytest.mark, name)) for name in ENGINES]
"""Every engine but the local one, each with the marker that says what it needs."""

# Their own libraries warn of themselves: unclosed sockets at the end, deprecated calls within.
QUIET = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

_MODULES = {"dask": "distributed", "spark": "pyspark"}


class Clusters:
    """What runs so far, and how it is stopped."""

    def __init__(self) -> None:
        self.stops: dict[str, Callable[[], object]] = {}

    def need(self, engine: str) -> None:
        """Skip where the engine is not installed; else start a cluster of this machine once."""
        if engine == "local":
            return
        pytest.importorskip(_MODULES.get(engine, engine))
        if engine in _START and engine not in self.stops:
            self.stops[engine] = _START[engine]()


@pytest.fixture(scope="module")
def running() -> Iterator[Clusters]:
    """Clusters that stay up while this file's tests run."""
    clusters = Clusters()
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYSPARK_PYTHON", sys.executable)
        patched.setenv("RAY_USAGE_STATS_ENABLED", "0")
        # Ray looks for it below HOME, which each test has to itself.
        patched.setenv("RAY_AUTH_TOKEN", "a-token-of-the-tests-alone-0123456789")
        yield clusters
        for stop in clusters.stops.values():
            stop()
    # Sockets that were left open warn now, where it is expected, and not in another test.
    gc.collect()


def _start_ray() -> Callable[[], object]:
    ray = import_module("ray")
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    stop: Callable[[], object] = ray.shutdown
    return stop


def _start_dask() -> Callable[[], object]:
    client = import_module("distributed").Client(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address="127.0.0.1:0",
        worker_dashboard_address="127.0.0.1:0",
    )
    stop: Callable[[], object] = client.close
    return stop


_SPARK = {
    "spark.ui.enabled": "false",
    "spark.log.level": "ERROR",
    "spark.sql.shuffle.partitions": "2",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
}


def _start_spark() -> Callable[[], object]:
    undo = ExitStack()
    undo.enter_context(interrupts_as_before())
    builder = import_module("pyspark.sql").SparkSession.builder.master("local[2]")
    undo.callback(builder.config(map=_SPARK).getOrCreate().stop)
    return undo.close


_START = {"ray": _start_ray, "dask": _start_dask, "spark": _start_spark}
