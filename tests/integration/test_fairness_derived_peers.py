"""What Fairlearn derives from metrics, and scikit-learn, SciPy and statsmodels compute beside it: the same numbers."""

from __future__ import annotations

import math
import warnings
from collections import Counter
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tolbooth.measure.engines.local import count_files
from tolbooth.measure.fairness.approximate import brier_score, log_loss
from tolbooth.measure.fairness.count_settings import CountSettings
from tolbooth.measure.fairness.counts import FairnessCounts
from tolbooth.measure.fairness.disparity import Combined, difference, metric_value, ratio, undefined
from tolbooth.measure.fairness.groups import count_groups
from tolbooth.measure.fairness.intervals import newcombe, wilson
from tolbooth.measure.fairness.koopman import koopman
from tolbooth.measure.fairness.ranking import auc_by_group
from tolbooth.measure.fairness.rates import Confusion, Metric, Rate
from tolbooth.measure.fairness.regression import RegressionSums
from tolbooth.measure.fairness.score_bins import ScoreBins
from tolbooth.measure.fairness.significance import fisher_p, z_difference

TABLES = {
    "compas": ("compas_two_year.parquet", "race"),
    "adult": ("adult_rf_binary.parquet", "race"),
    "acsincome": ("acsincome_lgbm_predictions.parquet", "sex"),
}
CASES = [pytest.param(name, marks=pytest.mark.slow) if name == "acsincome" else name for name in TABLES]
DERIVED: dict[str, Metric | Combined] = {
    "accuracy_score": Metric.ACCURACY,
    "zero_one_loss": Metric.ACCURACY,
    "balanced_accuracy_score": Combined.BALANCED_ACCURACY,
    "f1_score": Combined.F1,
    "precision_score": Metric.PRECISION,
    "recall_score": Metric.TRUE_POSITIVE_RATE,
    "selection_rate": Metric.SELECTION_RATE,
    "true_positive_rate": Metric.TRUE_POSITIVE_RATE,
    "true_negative_rate": Metric.TRUE_NEGATIVE_RATE,
    "false_positive_rate": Metric.FALSE_POSITIVE_RATE,
    "false_negative_rate": Metric.FALSE_NEGATIVE_RATE,
}
"""Fairlearn's generated functions by their stem, and our metric; zero_one_loss is 1 less accuracy."""


def table_of(shared_data: Path, name: str) -> tuple[FairnessCounts, Any, str]:
    file, feature = TABLES[name]
    path = shared_data / "fairness" / file
    settings = CountSettings(features=(feature,), label="y_true", prediction="y_pred")
    frame = pq.read_table(path, columns=[feature, "y_true", "y_pred"]).to_pandas()
    return count_files(path, settings), frame.astype({"y_true": int, "y_pred": int}), feature


def groups_of(counts: FairnessCounts, feature: str) -> dict[str, Confusion]:
    return {group.name: group.confusion for group in count_groups(counts, [feature])}


def close(ours: Fraction | None, theirs: float) -> bool:
    return ours is not None and float(ours) == pytest.approx(theirs, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("name", CASES)
def test_what_is_counted_differs_by_nothing_from_fairlearn(shared_data: Path, name: str) -> None:
    peer = pytest.importorskip("fairlearn.metrics", reason="Fairlearn is not installed")
    counts, frame, feature = table_of(shared_data, name)

    def flagged(y_true: Any, y_pred: Any) -> int:
        del y_true
        return int(y_pred.sum())

    asked = {"count": peer.count, "flagged": flagged, "mean": peer.mean_prediction}
    given = {"y_true": frame.y_true, "y_pred": frame.y_pred, "sensitive_features": frame[feature]}
    theirs = peer.MetricFrame(metrics=asked, **given)
    for group, confusion in groups_of(counts, feature).items():
        selected = confusion.rate(Metric.SELECTION_RATE)
        assert selected.denominator == theirs.by_group["count"][group]
        assert selected.numerator == theirs.by_group["flagged"][group]
        assert close(selected.value, theirs.by_group["mean"][group])
    assert counts.row_count == theirs.overall["count"]


@pytest.mark.parametrize("name", CASES)
def test_every_function_that_fairlearn_generates_gives_the_same(shared_data: Path, name: str) -> None:
    peer = pytest.importorskip("fairlearn.metrics", reason="Fairlearn is not installed")
    counts, frame, feature = table_of(shared_data, name)
    groups = groups_of(counts, feature)
    given = {"y_true": frame.y_true, "y_pred": frame.y_pred, "sensitive_features": frame[feature]}
    compared = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for stem, metric in DERIVED.items():
            assert not undefined(groups, metric)
            values = [metric_value(group, metric) or Fraction(0) for group in groups.values()]
            losing = stem == "zero_one_loss"
            mine = {
                "difference": difference(groups, metric),
                "ratio": None if losing else ratio(groups, metric),
                "group_min": min(values),
                "group_max": 1 - min(values) if losing else max(values),
            }
            for transform, value in mine.items():
                function = getattr(peer, f"{stem}_{transform}", None)
                if function is not None and not (losing and transform == "ratio"):
                    assert close(value, function(**given)), (stem, transform)
                    compared += 1
    assert compared == 19


def test_areas_and_losses_of_scores_are_those_of_scikit_learn(shared_data: Path) -> None:
    peer = pytest.importorskip("fairlearn.metrics", reason="Fairlearn is not installed")
    from sklearn import metrics as sklearn  # noqa: PLC0415 - only where Fairlearn, which needs it, is installed

    path = shared_data / "fairness" / "compas_two_year.parquet"
    deciles = ScoreBins(column="score", edges=tuple(range(2, 11)), scale=1, probability=False)
    settings = CountSettings(features=("sex",), label="y_true", prediction="y_pred", score=deciles)
    areas = auc_by_group(count_files(path, settings), ["sex"])
    frame = pq.read_table(path, columns=["sex", "y_true", "score"]).to_pandas()
    frame["chance"] = frame["score"] / 11
    given = {"y_true": frame.y_true.astype(int), "y_pred": frame.chance, "sensitive_features": frame.sex}
    asked = {
        "auc": sklearn.roc_auc_score,
        "log_loss": sklearn.log_loss,
        "brier": sklearn.brier_score_loss,
        "mae": sklearn.mean_absolute_error,
        "mse": sklearn.mean_squared_error,
    }
    theirs = peer.MetricFrame(metrics=asked, **given).by_group
    for group, rows in frame.groupby("sex"):
        pairs = list(zip(rows.y_true.astype(int), rows.chance, strict=True))
        found = theirs.loc[group]
        assert close(areas[group].value, found["auc"])
        assert log_loss(pairs).value == pytest.approx(found["log_loss"], rel=1e-12)
        assert brier_score(pairs).value == pytest.approx(found["brier"], rel=1e-12)
        sums = RegressionSums(scale=11)
        for (target, score), n in Counter(zip(rows.y_true.astype(int), rows.score.astype(int), strict=True)).items():
            for _ in range(n):
                sums = sums.with_row(11 * target, score)
        assert close(sums.mean_absolute_error, found["mae"])
        assert close(sums.mean_squared_error, found["mse"])


@pytest.mark.parametrize("name", TABLES)
def test_intervals_of_real_groups_are_those_of_statsmodels(shared_data: Path, name: str) -> None:
    peer = pytest.importorskip("statsmodels.stats.proportion", reason="statsmodels is not installed")
    counts, _, feature = table_of(shared_data, name)
    for metric in Metric:
        rates = [group.rate(metric) for group in groups_of(counts, feature).values()]
        for one in rates:
            theirs = peer.proportion_confint(one.numerator, one.denominator, alpha=0.05, method="wilson")
            assert [float(end) for end in wilson(one.numerator, one.denominator, alpha=50_000)] == pytest.approx(
                theirs, abs=1e-9
            )
        for one, other in pairwise(rates):
            four = (one.numerator, one.denominator, other.numerator, other.denominator)
            theirs = peer.confint_proportions_2indep(*four, method="newcomb", compare="diff")
            assert [float(end) for end in newcombe(*four, alpha=50_000)] == pytest.approx(theirs, abs=1e-9)
            low, high = koopman(*four, alpha=50_000)
            assert high is not None
            for end in (low, high):
                found = peer.score_test_proportions_2indep(*four, value=float(end), compare="ratio", correction=False)
                assert abs(found.statistic) == pytest.approx(1.959963984540054, abs=1e-9)


@pytest.mark.parametrize("name", TABLES)
def test_significance_of_real_groups_is_that_of_scipy_and_statsmodels(shared_data: Path, name: str) -> None:
    scipy = pytest.importorskip("scipy.stats", reason="SciPy is not installed")
    peer = pytest.importorskip("statsmodels.stats.proportion", reason="statsmodels is not installed")
    counts, _, feature = table_of(shared_data, name)
    rates = [group.rate(Metric.SELECTION_RATE) for group in groups_of(counts, feature).values()]
    for one, other in pairwise(rates):
        table = [[each.numerator, each.denominator - each.numerator] for each in (one, other)]
        assert float(fisher_p(one, other)) == pytest.approx(scipy.fisher_exact(table).pvalue, rel=1e-9, abs=1e-30)
        sizes = [one.denominator, other.denominator]
        theirs, _ = peer.proportions_ztest([one.numerator, other.numerator], sizes)
        assert float(z_difference(one, other) or 0) == pytest.approx(theirs, rel=1e-9)


def test_a_rate_that_no_row_enters_is_undefined_here_where_fairlearn_gives_zero() -> None:
    peer = pytest.importorskip("fairlearn.metrics", reason="Fairlearn is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = peer.true_positive_rate([0, 0], [1, 0])
    assert theirs == 0
    assert not math.isnan(theirs)
    assert Rate(numerator=0, denominator=0).value is None
    assert Confusion(tn=1, fp=1, fn=0, tp=0).rate(Metric.TRUE_POSITIVE_RATE).value is None
