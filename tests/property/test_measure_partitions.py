"""However rows are split, ordered, encoded and counted: the digest and the verdicts are the same."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.count_clusters import MARKED, QUIET, Clusters, running
from tests.count_sample import ANY_SETTINGS, ROWS, Row, drawn_table, verdicts, write_any_parts
from tolbooth.measure.engines import duckdb as duckdb_engine
from tolbooth.measure.engines.choose import Engine, count_on
from tolbooth.measure.engines.frames import count_frame
from tolbooth.measure.engines.local import count_files
from tolbooth.measure.fairness.count_settings import CountSettings
from tolbooth.measure.fairness.counts import FairnessCounts

__all__ = ["running"]
pytestmark = QUIET


def same(found: FairnessCounts, expected: FairnessCounts) -> bool:
    assert found.canonical() == expected.canonical()
    assert found.sha256 == expected.sha256
    return verdicts(found) == verdicts(expected)


@given(st.data(), ROWS, ANY_SETTINGS)
def test_any_partitioning_order_encoding_and_number_of_threads_gives_the_same_digest_and_verdicts(
    data: st.DataObject, rows: list[Row], asked: CountSettings
) -> None:
    expected = count_frame(drawn_table(rows), asked)
    assert expected.row_count == len(rows)
    with tempfile.TemporaryDirectory() as folder:
        write_any_parts(Path(folder), data, rows, multiclass=asked.multiclass)
        assert same(count_files(Path(folder), asked, threads=data.draw(st.integers(1, 4))), expected)


@pytest.mark.duckdb
@given(st.data(), ROWS, ANY_SETTINGS)
@settings(max_examples=40)
def test_duckdb_gives_the_same_digest_and_verdicts_under_any_partitioning(
    data: st.DataObject, rows: list[Row], asked: CountSettings
) -> None:
    pytest.importorskip("duckdb")
    expected = count_frame(drawn_table(rows), asked)
    with tempfile.TemporaryDirectory() as folder:
        write_any_parts(Path(folder), data, rows, multiclass=asked.multiclass)
        assert same(duckdb_engine.count_files(Path(folder), asked, threads=data.draw(st.integers(1, 2))), expected)


@pytest.mark.parametrize("engine", MARKED[1:])
@given(st.data(), ROWS.filter(lambda rows: len(rows) > 10), ANY_SETTINGS)
@settings(max_examples=4, suppress_health_check=[HealthCheck.too_slow])
def test_a_cluster_gives_the_same_digest_and_verdicts_under_any_partitioning(
    running: Clusters, engine: str, data: st.DataObject, rows: list[Row], asked: CountSettings
) -> None:
    running.need(engine)
    expected = count_frame(drawn_table(rows), asked)
    with tempfile.TemporaryDirectory() as folder:
        write_any_parts(Path(folder), data, rows, multiclass=asked.multiclass)
        assert same(count_on(Engine(engine), Path(folder), asked), expected)
