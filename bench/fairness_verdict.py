"""A verdict over 108 intersections from counts alone: simultaneous tests with intervals, and the bootstrap.

Run ``python bench/fairness_verdict.py [ROWS]``. Beside the bootstrap stands NumPy's own multinomial, whose draws may
change with its version: the price of draws that are specified. Processor time, the best of three.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np

from tolbooth.measure.fairness.assess import assess
from tolbooth.measure.fairness.bootstrap import REPLICATES, worst_interval
from tolbooth.measure.fairness.counts import FairnessCounts, Key
from tolbooth.measure.fairness.groups import count_groups
from tolbooth.measure.fairness.question import FairnessQuestion, Mode, Parity, Statistic
from tolbooth.measure.fairness.rates import Metric
from tolbooth.measure.fairness.slices import worst_slices

FEATURES = ("race", "sex", "age")
SIZES = (9, 2, 6)
REPEATS = 3


def table(rows: int) -> FairnessCounts:
    generator = np.random.default_rng(7)
    shares = generator.dirichlet(np.full(108, 3.0))
    counts: dict[Key, int] = {}
    for number, share in enumerate(shares):
        group = tuple(f"{name}-{place}" for name, place in zip(FEATURES, np.unravel_index(number, SIZES), strict=True))
        for cell, n in enumerate(generator.multinomial(int(rows * share) + 60, [0.4, 0.1, 0.2, 0.3])):
            counts[group, cell // 2, cell % 2] = int(n)
    return FairnessCounts.of(features=FEATURES, label="y_true", prediction="y_pred", counts=counts)


def best(action: Callable[[], object]) -> float:
    seconds = []
    for _ in range(REPEATS):
        started = time.process_time()
        action()
        seconds.append(time.process_time() - started)
    return min(seconds)


def ask(statistic: Statistic, metric: Metric | Parity = Metric.SELECTION_RATE) -> FairnessQuestion:
    return FairnessQuestion(statistic=statistic, metric=metric, by=FEATURES, bound=800_000, mode=Mode.SIMULTANEOUS)


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    counts = table(rows)
    groups = count_groups(counts, FEATURES)
    odds = ask(Statistic.DIFFERENCE, Parity.EQUALIZED_ODDS)
    shares = np.array([cell.n for cell in counts.cells]) / counts.row_count
    generator = np.random.default_rng(7)
    for name, action in (
        ("difference, 5,778 pairs", lambda: assess(counts, ask(Statistic.DIFFERENCE))),
        ("ratio, 5,778 pairs", lambda: assess(counts, ask(Statistic.RATIO))),
        ("worst slices", lambda: worst_slices(counts, Metric.FALSE_POSITIVE_RATE)),
        (f"bootstrap, {REPLICATES:,} replicates (wanted: 0.5)", lambda: worst_interval(counts, groups, odds)),
        ("NumPy's multinomial alone", lambda: generator.multinomial(counts.row_count, shares, size=REPLICATES)),
    ):
        print(f"{len(groups)} groups  {counts.row_count:,} rows  {name:<46} {best(action):.3f} s")


if __name__ == "__main__":
    main()
