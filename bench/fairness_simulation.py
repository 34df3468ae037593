"""How often the three-way gate is wrong, by simulation: at the bound, where it is hardest, and where groups are alike.

Run ``python bench/fairness_simulation.py [RUNS]``. A wrong pass is a pass where some pair is at or beyond the bound; a
wrong fail is a fail where none is beyond it. Both should stay at 5 % (5.5 % with the noise of 20,000 runs). The point
gate, which compares the counted number with the bound, stands beside it.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np

from tolbooth.measure.fairness.question import FairnessQuestion, Statistic
from tolbooth.measure.fairness.rates import Metric, Rate
from tolbooth.measure.fairness.simultaneous import score_pair, thresholds

RUNS = 20_000
LIMIT = 0.055
ALPHA = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Groups with their true rates; ``bound`` in ppm; which verdicts would be wrong."""

    name: str
    statistic: Statistic
    bound: int
    sizes: tuple[int, ...]
    rates: tuple[float, ...]
    wrong: tuple[str, ...]


RATIO, DIFFERENCE = Statistic.RATIO, Statistic.DIFFERENCE
EQUAL = (50,) * 7
BOTH = ("pass", "fail")
CASES = (
    Case(name="7 alike, 30 %", statistic=RATIO, bound=800_000, sizes=EQUAL, rates=(0.3,) * 7, wrong=("fail",)),
    Case(name="7 alike, 30 %", statistic=DIFFERENCE, bound=100_000, sizes=EQUAL, rates=(0.3,) * 7, wrong=("fail",)),
    Case(
        name="7, one at the bound",
        statistic=RATIO,
        bound=800_000,
        sizes=EQUAL,
        rates=(0.5,) * 6 + (0.4,),
        wrong=BOTH,
    ),
    Case(
        name="7, all at the bound",
        statistic=RATIO,
        bound=800_000,
        sizes=(300,) * 7,
        rates=(0.8,) * 4 + (0.64,) * 3,
        wrong=BOTH,
    ),
    Case(
        name="7, all at the bound",
        statistic=DIFFERENCE,
        bound=100_000,
        sizes=(300,) * 7,
        rates=(0.4,) * 4 + (0.3,) * 3,
        wrong=BOTH,
    ),
    Case(name="2 at the bound", statistic=RATIO, bound=800_000, sizes=(400, 400), rates=(0.5, 0.4), wrong=BOTH),
    Case(name="2 at the bound", statistic=DIFFERENCE, bound=100_000, sizes=(200, 200), rates=(0.4, 0.3), wrong=BOTH),
    Case(name="2 uneven", statistic=RATIO, bound=800_000, sizes=(2000, 150), rates=(0.5, 0.4), wrong=BOTH),
    Case(name="2 uneven", statistic=DIFFERENCE, bound=100_000, sizes=(2000, 60), rates=(0.2, 0.1), wrong=BOTH),
    Case(name="2 alike", statistic=RATIO, bound=800_000, sizes=(200, 200), rates=(0.3, 0.3), wrong=("fail",)),
)


def simulate(case: Case, runs: int, seed: int = 20261123) -> Counter[str]:
    """Verdicts of so many samples, by the same tests that the gate uses; and how often the point gate fails."""
    question = FairnessQuestion(
        statistic=case.statistic, metric=Metric.SELECTION_RATE, by=("group",), bound=case.bound, alpha=ALPHA
    )
    pairs = list(combinations(range(len(case.sizes)), 2))
    limits = thresholds(ALPHA, len(pairs))

    @lru_cache(maxsize=1 << 20)
    def score(one: tuple[int, int], other: tuple[int, int]) -> int:
        rates = [Rate(numerator=x, denominator=n) for x, n in (one, other)]
        if case.statistic is RATIO and not any(rate.numerator for rate in rates):
            return 0
        return score_pair(rates[0], rates[1], question).score

    verdicts: Counter[str] = Counter()
    sample = np.random.default_rng(seed).binomial(case.sizes, case.rates, size=(runs, len(case.sizes)))
    for row in sample.tolist():
        sides = sorted(zip(row, case.sizes, strict=True))
        scores = [score(sides[i], sides[j]) for i, j in pairs]
        least = min(scores)
        verdict = "pass" if least >= limits.passing else "fail" if least <= -limits.failing else "undecided"
        verdicts[verdict] += 1
        verdicts["point"] += least < 0
    return verdicts


def errors(cases: Sequence[Case], runs: int) -> dict[tuple[str, str, str], float]:
    """The share of wrong verdicts for each case and each verdict that would be wrong, printed as it goes."""
    found = {}
    print(f"{'case':<22}{'statistic':<12}{'pass':>8}{'fail':>8}{'undecided':>11}{'point fails':>13}")
    for case in cases:
        verdicts = simulate(case, runs)
        shares = {name: verdicts[name] / runs for name in ("pass", "fail", "undecided", "point")}
        print(
            f"{case.name:<22}{case.statistic.value:<12}{shares['pass']:>8.2%}{shares['fail']:>8.2%}"
            f"{shares['undecided']:>11.2%}{shares['point']:>13.2%}"
        )
        found |= {(case.name, case.statistic.value, verdict): shares[verdict] for verdict in case.wrong}
    return found


def main() -> int:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    found = errors(CASES, runs)
    worst = max(found, key=lambda key: found[key])
    print(f"worst error {found[worst]:.2%} ({', '.join(worst)}) of {runs:,} runs a case; limit {LIMIT:.1%}")
    return 0 if found[worst] <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
