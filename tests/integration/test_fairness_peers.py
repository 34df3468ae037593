"""The same numbers as Fairlearn and statsmodels give, where both have them; skipped where they are not installed."""

from __future__ import annotations

import random
import warnings
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tolbooth.measure.fairness.counts import FairnessCounts, Key
from tolbooth.measure.fairness.disparity import (
    Aggregate,
    Combined,
    FairnessMetric,
    Method,
    difference,
    fairness_difference,
    fairness_ratio,
    metric_value,
    ratio,
    undefined,
)
from tolbooth.measure.fairness.groups import count_groups
from tolbooth.measure.fairness.intervals import newcombe, wilson
from tolbooth.measure.fairness.koopman import koopman
from tolbooth.measure.fairness.rates import Metric, Rate
from tolbooth.measure.fairness.score import difference_score, ratio_score

TABLES = {
    "compas": ("compas_two_year.parquet", ("race", "sex", "age_cat")),
    "adult": ("adult_rf_binary.parquet", ("race", "sex", "education")),
    "acsincome": ("acsincome_lgbm_predictions.parquet", ("race", "sex", "age")),
}
CASES = [
    pytest.param(name, size, marks=pytest.mark.slow) if name == "acsincome" else (name, size)
    for name in TABLES
    for size in (1, 2, 3)
]


def metrics(module: Any) -> dict[Metric | Combined, Any]:
    from sklearn import metrics as sklearn  # noqa: PLC0415 - only where Fairlearn, which needs it, is installed

    return {
        Metric.SELECTION_RATE: module.selection_rate,
        Metric.TRUE_POSITIVE_RATE: module.true_positive_rate,
        Metric.FALSE_POSITIVE_RATE: module.false_positive_rate,
        Metric.TRUE_NEGATIVE_RATE: module.true_negative_rate,
        Metric.FALSE_NEGATIVE_RATE: module.false_negative_rate,
        Metric.PRECISION: sklearn.precision_score,
        Metric.ACCURACY: sklearn.accuracy_score,
        Combined.BALANCED_ACCURACY: sklearn.balanced_accuracy_score,
        Combined.F1: sklearn.f1_score,
    }


@pytest.mark.parametrize(("name", "size"), CASES)
def test_every_metric_that_fairlearn_has_is_the_same(shared_data: Path, name: str, size: int) -> None:
    peer = pytest.importorskip("fairlearn.metrics", reason="Fairlearn is not installed")
    file, features = TABLES[name][0], TABLES[name][1][:size]
    columns = [*features, "y_true", "y_pred"]
    table = pq.read_table(shared_data / "fairness" / file, columns=columns)
    frame = table.to_pandas()
    frame = frame.astype(dict.fromkeys(features, str)) if "age" in features else frame
    counts: Counter[Key] = Counter()
    for *group, y_true, y_pred in frame[columns].itertuples(index=False):
        counts[tuple(group), int(y_true), int(y_pred)] += 1
    ours = FairnessCounts.of(features=features, label="y_true", prediction="y_pred", counts=counts)
    groups = {group.name: group.confusion for group in count_groups(ours, features)}
    truth, predicted, sensitive = frame["y_true"].astype(int), frame["y_pred"].astype(int), frame[list(features)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = peer.MetricFrame(metrics=metrics(peer), y_true=truth, y_pred=predicted, sensitive_features=sensitive)
        by_group = {" & ".join(key if size > 1 else (key,)): row for key, row in theirs.by_group.iterrows()}
        for metric in metrics(peer):
            for group, confusion in groups.items():
                value = metric_value(confusion, metric)
                # Fairlearn and scikit-learn give 0 or 1 where nothing is defined.
                assert value is None or close(value, by_group[group][metric])
            if not undefined(groups, metric):
                for method in Method:
                    assert close(difference(groups, metric, method=method), theirs.difference(method=method)[metric])
                    assert close(ratio(groups, metric, method=method), theirs.ratio(method=method)[metric])
        if not undefined(groups, Metric.TRUE_POSITIVE_RATE) and not undefined(groups, Metric.FALSE_POSITIVE_RATE):
            given = {"y_true": truth, "y_pred": predicted, "sensitive_features": sensitive}
            same_notions(peer, groups, given)


def same_notions(peer: Any, groups: Any, given: dict[str, Any]) -> None:
    for method in Method:
        for notion in ("demographic_parity", "equal_opportunity", "equalized_odds"):
            ours = FairnessMetric(notion)
            by_difference = getattr(peer, f"{notion}_difference")(**given, method=method.value)
            assert close(fairness_difference(groups, ours, method=method), by_difference)
            assert close(
                fairness_ratio(groups, ours, method=method),
                getattr(peer, f"{notion}_ratio")(**given, method=method.value),
            )
        mean = peer.equalized_odds_difference(**given, method=method.value, agg="mean")
        odds = FairnessMetric.EQUALIZED_ODDS
        assert close(fairness_difference(groups, odds, method=method, aggregate=Aggregate.MEAN), mean)


def close(ours: Fraction | None, theirs: float) -> bool:
    return ours is not None and float(ours) == pytest.approx(theirs, rel=1e-12, abs=1e-15)


def tables(size: int) -> list[tuple[int, int, int, int]]:
    chance = random.Random(8)
    found = []
    for _ in range(size):
        n1, n2 = chance.choice((5, 30, 400, 10_000)), chance.choice((5, 30, 400, 10_000))
        found.append((chance.randint(1, n1 - 1), n1, chance.randint(1, n2 - 1), n2))
    return found


@pytest.mark.parametrize("alpha", [50_000, 10_000])
def test_wilsons_and_newcombes_intervals_are_those_of_statsmodels(alpha: int) -> None:
    peer = pytest.importorskip("statsmodels.stats.proportion", reason="statsmodels is not installed")
    for x1, n1, x2, n2 in [*tables(60), (0, 20, 3, 9), (20, 20, 0, 9)]:
        theirs = peer.proportion_confint(x1, n1, alpha=alpha / 1e6, method="wilson")
        assert [float(bound) for bound in wilson(x1, n1, alpha=alpha)] == pytest.approx(theirs, abs=1e-9)
        theirs = peer.confint_proportions_2indep(x1, n1, x2, n2, method="newcomb", compare="diff", alpha=alpha / 1e6)
        assert [float(bound) for bound in newcombe(x1, n1, x2, n2, alpha=alpha)] == pytest.approx(theirs, abs=1e-9)


def test_koopmans_interval_is_the_score_interval_of_statsmodels() -> None:
    peer = pytest.importorskip("statsmodels.stats.proportion", reason="statsmodels is not installed")
    for x1, n1, x2, n2 in [(36, 40, 16, 80), (12, 40, 48, 80), *tables(12)]:
        theirs = peer.confint_proportions_2indep(x1, n1, x2, n2, method="score", compare="ratio", correction=False)
        low, high = koopman(x1, n1, x2, n2, alpha=50_000)
        assert high is not None
        for ours, bound in zip((float(low), float(high)), theirs, strict=True):
            off, their_off = (
                abs(statistic(peer, (x1, n1, x2, n2), value)) - 1.959963984540054 for value in (ours, bound)
            )
            assert abs(off) < 1e-11
            # Where their root finder stops early, as the statistic at their own bound tells, ours is the nearer one.
            assert ours == pytest.approx(bound, abs=1e-9) or abs(their_off) > 1e-10


def statistic(peer: Any, table: tuple[int, int, int, int], ratio: float) -> float:
    found: float = peer.score_test_proportions_2indep(*table, value=ratio, compare="ratio", correction=False).statistic
    return found


@pytest.mark.parametrize("bound", [800_000, 950_000, 1_000_000])
def test_score_statistics_of_a_ratio_are_those_of_statsmodels(bound: int) -> None:
    peer = pytest.importorskip("statsmodels.stats.proportion", reason="statsmodels is not installed")
    for x1, n1, x2, n2 in tables(60):
        ours = ratio_score(Rate(numerator=x1, denominator=n1), Rate(numerator=x2, denominator=n2), bound=bound)
        theirs, _ = peer.score_test_proportions_2indep(
            x1, n1, x2, n2, value=bound / 1e6, compare="ratio", correction=False, return_results=False
        )
        assert ours is not None
        assert float(ours) == pytest.approx(theirs, rel=1e-9, abs=1e-9)


def test_the_score_statistic_of_no_difference_is_that_of_statsmodels() -> None:
    """Other differences are not compared: its cubic has x0 where Miettinen and Nurminen have n0 (0.15.0).

    Its rates under the hypothesis are therefore not the most likely ones, and some are negative;
    ``test_measure_score`` puts ours to the likelihood itself.
    """
    peer = pytest.importorskip("statsmodels.stats.proportion", reason="statsmodels is not installed")
    for x1, n1, x2, n2 in tables(60):
        ours = difference_score(Rate(numerator=x1, denominator=n1), Rate(numerator=x2, denominator=n2), bound=0)
        theirs, _ = peer.score_test_proportions_2indep(
            x1, n1, x2, n2, value=0, compare="diff", correction=False, return_results=False
        )
        assert float(ours) == pytest.approx(theirs, rel=1e-9, abs=1e-9)
