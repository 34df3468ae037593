"""The gate's errors in simulation: wrong passes and wrong fails stay at five percent."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCH = Path(__file__).parents[2] / "bench" / "fairness_simulation.py"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("fairness_simulation", BENCH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "fairness_simulation", module)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_both_errors_stay_under_five_and_a_half_percent(bench: ModuleType) -> None:
    found = bench.errors(bench.CASES, 8_000)
    # Three standard errors of 8,000 runs beside the five percent.
    assert max(found.values()) <= 0.05 + 3 * (0.05 * 0.95 / 8_000) ** 0.5
    assert {verdict for *_, verdict in found} == {"pass", "fail"}


def test_seven_groups_alike_are_failed_by_the_point_gate_and_not_by_the_three_way_gate(bench: ModuleType) -> None:
    verdicts = bench.simulate(bench.CASES[0], 1_000)
    assert verdicts["point"] > 950
    assert verdicts["fail"] < 15
    assert verdicts["pass"] < 5
