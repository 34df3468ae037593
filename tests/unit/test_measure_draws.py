"""Draws as they are specified: bits, binomial numbers, and the bootstrap of a widest gap."""

from __future__ import annotations

import hashlib
from math import comb

import numpy as np
import pytest

from tolbooth.measure.fairness.bootstrap import percentiles, resample, worst_interval
from tolbooth.measure.fairness.counts import FairnessCounts, Key
from tolbooth.measure.fairness.draws import Draws
from tolbooth.measure.fairness.groups import count_groups
from tolbooth.measure.fairness.question import FairnessQuestion, Mode, Parity, Statistic
from tolbooth.measure.fairness.rates import Confusion, Metric

DIGEST = hashlib.sha256(b"a count table").hexdigest()
MASK = (1 << 128) - 1


def specified_bits(digest: str, size: int) -> list[int]:
    """The module's specification, written out: PCG XSL-RR 128/64 from SHA-256 of the label and the digest."""
    seed = hashlib.sha256(b"tolbooth draws 1\n" + digest.encode()).digest()
    state, increment = int.from_bytes(seed[:16], "big"), int.from_bytes(seed[16:], "big") | 1
    numbers = []
    for _ in range(size):
        state = (state * 47026247687942121848144207491837523525 + increment) & MASK
        folded, turn = ((state >> 64) ^ state) & ((1 << 64) - 1), state >> 122
        numbers.append(((folded >> turn) | (folded << (-turn & 63))) & ((1 << 64) - 1))
    return numbers


def specified_binomial(digest: str, trials: int, hits: int, of: int, size: int) -> list[int]:
    """Inversion with exact probabilities, for equal trials."""
    whole = sum(comb(trials, k) * hits**k * (of - hits) ** (trials - k) for k in range(trials + 1))
    sums, total = [], 0
    for k in range(trials + 1):
        total += comb(trials, k) * hits**k * (of - hits) ** (trials - k)
        sums.append(total)
    numbers = [bits >> 11 for bits in specified_bits(digest, size)]
    return [next(k for k, below in enumerate(sums) if number * whole < below * 2**53) for number in numbers]


def test_the_bits_are_those_of_the_specification() -> None:
    assert Draws(DIGEST).raw(1000).tolist() == specified_bits(DIGEST, 1000)
    assert Draws("0" * 64).raw(3).tolist() != Draws(DIGEST).raw(3).tolist()


@pytest.mark.parametrize(("trials", "hits", "of"), [(7, 1, 3), (40, 3, 1000), (60, 999, 1000), (33, 1, 2), (0, 1, 2)])
def test_binomial_numbers_invert_the_exact_distribution(trials: int, hits: int, of: int) -> None:
    found = Draws(DIGEST).binomial(np.full(2000, trials), hits, of)
    assert found.tolist() == specified_binomial(DIGEST, trials, hits, of, 2000)


def test_binomial_numbers_of_unlike_trials_have_the_right_mean_and_variance() -> None:
    trials = np.random.default_rng(5).integers(0, 700, 50_000)
    found = Draws(DIGEST).binomial(trials, 3, 10)
    assert ((found >= 0) & (found <= trials)).all()
    scores = (found - trials * 0.3)[trials > 0] / np.sqrt(trials * 0.21)[trials > 0]
    assert abs(scores.mean()) < 4 / 50_000**0.5
    assert abs(scores.std() - 1) < 0.02


def test_a_chance_of_none_or_all_takes_no_draws() -> None:
    draws = Draws(DIGEST)
    assert draws.binomial(np.array([4, 9]), 0, 5).tolist() == [0, 0]
    assert draws.binomial(np.array([4, 9]), 5, 5).tolist() == [4, 9]
    assert draws.raw(1).tolist() == specified_bits(DIGEST, 1)


def test_a_billion_trials_are_drawn_as_readily_as_ten() -> None:
    found = Draws(DIGEST).binomial(np.full(4000, 10**9), 1, 4)
    assert abs(found.mean() - 2.5e8) < 4 * (10**9 * 3 / 16) ** 0.5 / 4000**0.5
    assert abs(found.std() / (10**9 * 3 / 16) ** 0.5 - 1) < 0.06


CELLS = [Confusion(tn=40, fp=10, fn=20, tp=30), Confusion(tn=15, fp=15, fn=0, tp=30), Confusion(tn=0, fp=0, fn=2, tp=1)]


def test_a_resample_keeps_all_rows_and_has_the_means_and_variances_of_a_multinomial() -> None:
    drawn = resample(CELLS, Draws(DIGEST), replicates=20_000)
    rows = sum(cell.rows for cell in CELLS)
    total = sum(group.tn + group.fp + group.fn + group.tp for group in drawn)
    assert (np.asarray(total) == rows).all()
    for cell, group in zip(CELLS, drawn, strict=True):
        for name in ("tn", "fp", "fn", "tp"):
            n, found = getattr(cell, name), getattr(group, name)
            assert abs(found.mean() - n) <= 5 * (n / 20_000) ** 0.5
            assert abs(found.var() - n * (1 - n / rows)) <= 0.1 * n
    covariance = np.cov(drawn[0].tn, drawn[1].tp)[0, 1]
    assert covariance == pytest.approx(-40 * 30 / rows, abs=1.5)


def table(groups: dict[str, Confusion]) -> FairnessCounts:
    counts: dict[Key, int] = {}
    for name, cell in groups.items():
        for (y_true, y_pred), part in zip(((0, 0), (0, 1), (1, 0), (1, 1)), ("tn", "fp", "fn", "tp"), strict=True):
            counts[((name,), y_true, y_pred)] = getattr(cell, part)
    return FairnessCounts.of(features=["group"], label="y", prediction="p", counts=counts)


def ask(statistic: Statistic, **more: object) -> FairnessQuestion:
    settings: dict[str, object] = {"metric": Parity.EQUALIZED_ODDS, "mode": Mode.SIMULTANEOUS, **more}
    return FairnessQuestion(statistic=statistic, by=("group",), bound=100_000, **settings)  # type: ignore[arg-type]


def interval(groups: dict[str, Confusion], question: FairnessQuestion, replicates: int = 4000) -> dict[str, int]:
    counts = table(groups)
    found = worst_interval(counts, count_groups(counts, ["group"]), question, replicates=replicates)
    content: dict[str, int] = found.get("bootstrap", {})
    return content


def test_the_interval_of_equalized_odds_holds_the_gap_and_narrows_with_more_rows() -> None:
    few = {"a": CELLS[0], "b": CELLS[1]}
    many = {name: Confusion(tn=100 * c.tn, fp=100 * c.fp, fn=100 * c.fn, tp=100 * c.tp) for name, c in few.items()}
    wide, narrow = (interval(groups, ask(Statistic.DIFFERENCE)) for groups in (few, many))
    assert wide["low_ppm"] < narrow["low_ppm"] < 400_000 < narrow["high_ppm"] < wide["high_ppm"]
    ratio = interval(many, ask(Statistic.RATIO))
    assert ratio["low_ppm"] < 400_000 < ratio["high_ppm"]
    assert ratio["undefined"] == 0


def test_the_same_counts_give_the_same_interval_and_other_counts_another_stream() -> None:
    groups = {"a": CELLS[0], "b": CELLS[1]}
    assert interval(groups, ask(Statistic.DIFFERENCE)) == interval(
        dict(reversed(groups.items())), ask(Statistic.DIFFERENCE)
    )
    known = interval(groups, ask(Statistic.DIFFERENCE), replicates=1000)
    assert known == {"replicates": 1000, "undefined": 0, "low_ppm": known["low_ppm"], "high_ppm": known["high_ppm"]}


def test_replicates_in_which_a_denominator_is_lost_are_counted() -> None:
    groups = {"a": CELLS[0], "b": Confusion(tn=1, fp=0, fn=5, tp=5)}
    found = interval(groups, ask(Statistic.DIFFERENCE, metric=Metric.FALSE_POSITIVE_RATE, minimum_denominator=1))
    assert 0.3 < found["undefined"] / found["replicates"] < 0.45


def test_one_group_or_a_reference_has_no_widest_gap() -> None:
    assert interval({"a": CELLS[0]}, ask(Statistic.DIFFERENCE)) == {}
    assert interval({"a": CELLS[0], "b": CELLS[1]}, ask(Statistic.DIFFERENCE, reference=("a",))) == {}


def test_percentiles_are_order_statistics_rounded_outwards() -> None:
    values = np.arange(1, 1001) / 3000
    assert percentiles(values, alpha=50_000) == {
        "replicates": 1000,
        "undefined": 0,
        "low_ppm": 8_666,
        "high_ppm": 325_000,
    }
    assert percentiles(np.array([np.nan, np.nan]), alpha=50_000) == {"replicates": 2, "undefined": 2}
