"""Published figures on real public data, reproduced from counts alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tolbooth.measure.fairness.assess import assess
from tolbooth.measure.fairness.counts import FairnessCounts, Key
from tolbooth.measure.fairness.disparity import FairnessMetric, fairness_difference
from tolbooth.measure.fairness.four_fifths import four_fifths
from tolbooth.measure.fairness.groups import count_groups
from tolbooth.measure.fairness.question import FairnessQuestion, Mode, Parity, Statistic
from tolbooth.measure.fairness.ranking import auc
from tolbooth.measure.fairness.rates import Confusion, Metric
from tolbooth.measure.fairness.slices import worst_slices

Row = dict[str, Any]


def counted(rows: Iterable[Row], features: tuple[str, ...], predict: Callable[[Row], int]) -> FairnessCounts:
    counts: Counter[Key] = Counter()
    for row in rows:
        counts[tuple(row[name] for name in features), row.get("y_true"), predict(row)] += 1
    return FairnessCounts.of(features=features, label="y_true", prediction="y_pred", counts=counts)


def rows_of(path: Path, *columns: str) -> list[Row]:
    rows: list[Row] = pq.read_table(path, columns=list(columns)).to_pylist()
    return rows


@pytest.fixture
def compas(shared_data: Path) -> list[Row]:
    return rows_of(
        shared_data / "fairness" / "compas_two_year.parquet", "race", "sex", "age_cat", "y_true", "y_pred", "score"
    )


def by_race(rows: list[Row], predict: Callable[[Row], int]) -> dict[str, Confusion]:
    return {group.name: group.confusion for group in count_groups(counted(rows, ("race",), predict), ["race"])}


def percent(confusion: Confusion, metric: Metric) -> float:
    rate = confusion.rate(metric).value
    assert rate is not None
    return round(float(100 * rate), 2)


def test_propublicas_error_rates_of_all_black_and_white_defendants(compas: list[Row]) -> None:
    """ProPublica, How We Analyzed the COMPAS Recidivism Algorithm (2016): medium or high against low."""
    groups = by_race(compas, lambda row: row["y_pred"])
    everybody = sum(groups.values(), start=Confusion())
    assert everybody == Confusion(tn=2681, fp=1282, fn=1216, tp=2035)
    assert groups["African-American"] == Confusion(tn=990, fp=805, fn=532, tp=1369)
    assert groups["Caucasian"] == Confusion(tn=1139, fp=349, fn=461, tp=505)
    published = {"all": (32.35, 37.40), "African-American": (44.85, 27.99), "Caucasian": (23.45, 47.72)}
    for name, rates in published.items():
        confusion = groups.get(name, everybody)
        found = tuple(percent(confusion, each) for each in (Metric.FALSE_POSITIVE_RATE, Metric.FALSE_NEGATIVE_RATE))
        assert found == rates


def test_propublicas_error_rates_of_high_scores_only(compas: list[Row]) -> None:
    groups = by_race(compas, lambda row: int(row["score"] >= 8))
    for name, rates in {"African-American": (15.82, 61.02), "Caucasian": (5.44, 79.81)}.items():
        found = tuple(percent(groups[name], each) for each in (Metric.FALSE_POSITIVE_RATE, Metric.FALSE_NEGATIVE_RATE))
        assert found == rates


def test_compas_fails_on_false_positives_with_evidence_and_its_interval(compas: list[Row]) -> None:
    question = FairnessQuestion(
        statistic=Statistic.DIFFERENCE,
        metric=Metric.FALSE_POSITIVE_RATE,
        by=("race",),
        bound=100_000,
        mode=Mode.SIMULTANEOUS,
        reference=("Caucasian",),
    )
    found = assess(counted(compas, ("race",), lambda row: row["y_pred"]), question)["comparison"]
    assert found["outcome"] == "fail"
    worst = next(pair for pair in found["pairs"] if pair["high"] == "African-American")
    assert (worst["value"], worst["low_ppm"], worst["high_ppm"]) == (213_925, 182_053, 245_024)
    assert {each["group"] for each in found["insufficient"]} == {"Asian", "Native American"}


def test_compas_fails_equalized_odds_and_its_worst_slice_is_found(compas: list[Row]) -> None:
    counts = counted(compas, ("race", "sex", "age_cat"), lambda row: row["y_pred"])
    question = FairnessQuestion(
        statistic=Statistic.DIFFERENCE,
        metric=Parity.EQUALIZED_ODDS,
        by=("race",),
        bound=100_000,
        mode=Mode.SIMULTANEOUS,
    )
    assert assess(counts, question)["comparison"]["outcome"] == "fail"
    worst = worst_slices(counts, Metric.FALSE_POSITIVE_RATE).slices[0]
    assert worst.bound_ppm > 200_000
    assert "Less than 25" in worst.name


def test_the_area_of_compas_deciles_is_the_published_seventy_percent(compas: list[Row]) -> None:
    """0.70 for two years of any offence: J. Dressel and H. Farid, Sci. Adv. 4:eaao5580 (2018), table 2."""
    bins = [[0, 0] for _ in range(11)]
    for row in compas:
        bins[row["score"]][row["y_true"]] += 1
    found = auc((negatives, positives) for negatives, positives in bins)
    assert found.value is not None
    assert found.low is not None
    assert round(float(found.value), 2) == 0.70
    assert found.low < found.value


def test_riccis_pass_rates_are_those_of_the_opinion(shared_data: Path) -> None:
    """Ricci v. DeStefano, 557 U.S. 557 (2009): Captain 64, 37.5, 37.5 percent; Lieutenant 58.1, 31.6, 20 percent."""
    rows = rows_of(shared_data / "fairness" / "ricci.parquet", "Position", "race", "y_pred")
    groups = count_groups(
        counted([{**row, "y_true": row["y_pred"]} for row in rows], ("Position", "race"), lambda row: row["y_pred"]),
        ["Position", "race"],
    )
    rates = {group.name: group.confusion.rate(Metric.SELECTION_RATE) for group in groups}
    published = {
        "Captain & W": (16, 25),
        "Captain & B": (3, 8),
        "Captain & H": (3, 8),
        "Lieutenant & W": (25, 43),
        "Lieutenant & B": (6, 19),
        "Lieutenant & H": (3, 15),
    }
    assert {name: (rate.numerator, rate.denominator) for name, rate in rates.items()} == published
    for position in ("Captain", "Lieutenant"):
        for each in four_fifths({name: rate for name, rate in rates.items() if name.startswith(position)}):
            assert each.below
            assert each.reference == f"{position} & W"
    captain = four_fifths({name: rate for name, rate in rates.items() if name.startswith("Captain")})
    assert not any(each.fisher_significant for each in captain)


def test_bertrand_and_mullainathans_callbacks_differ_with_significance(shared_data: Path) -> None:
    """Am. Econ. Rev. 94:991 (2004), table 1: 9.65 and 6.45 percent of 2,435 each, p < .0001 (.00007)."""
    rows = rows_of(shared_data / "fairness" / "resume_callbacks.parquet", "ethnicity", "y_pred")
    counts = counted([{**row, "y_true": 1} for row in rows], ("ethnicity",), lambda row: row["y_pred"])
    rates = {g.name: g.confusion.rate(Metric.SELECTION_RATE) for g in count_groups(counts, ["ethnicity"])}
    assert {name: (rate.numerator, rate.denominator) for name, rate in rates.items()} == {
        "cauc": (235, 2435),
        "afam": (157, 2435),
    }
    (found,) = four_fifths(rates)
    assert found.below
    assert found.fisher_significant
    assert float(found.fisher) < 0.0001
    assert found.ratio == Fraction(157, 235)


def test_hmdas_denials_and_approvals_are_two_different_ratios(shared_data: Path) -> None:
    """Stock and Watson, HMDA Boston: 28.3 and 9.3 percent denied; the favourable outcome decides what the ratio is."""
    rows = rows_of(shared_data / "fairness" / "hmda_boston.parquet", "afam", "y_pred")
    counts = counted([{**row, "y_true": 1} for row in rows], ("afam",), lambda row: row["y_pred"])
    groups = {group.name: group.confusion for group in count_groups(counts, ["afam"])}
    denied = {name: confusion.rate(Metric.SELECTION_RATE, favourable=0) for name, confusion in groups.items()}
    assert {name: (rate.numerator, rate.denominator) for name, rate in denied.items()} == {
        "yes": (96, 339),
        "no": (189, 2041),
    }
    for favourable, expected in ((1, 0.79), (0, 0.33)):
        rates = {name: group.rate(Metric.SELECTION_RATE, favourable=favourable) for name, group in groups.items()}
        (found,) = four_fifths(rates)
        assert found.ratio is not None
        assert round(float(found.ratio), 2) == expected


def test_acsincomes_gap_by_sex_and_race_is_decided_by_its_many_rows(shared_data: Path) -> None:
    table = pq.read_table(shared_data / "fairness" / "acsincome_lgbm_predictions.parquet")
    grouped = table.group_by(["sex", "race", "y_true", "y_pred"]).aggregate([([], "count_all")]).to_pylist()
    counts: dict[Key, int] = {
        ((row["sex"], row["race"]), row["y_true"], row["y_pred"]): row["count_all"] for row in grouped
    }
    acs = FairnessCounts.of(features=["sex", "race"], label="y_true", prediction="y_pred", counts=counts)
    assert acs.row_count == 332_900
    groups = {group.name: group.confusion for group in count_groups(acs, ["sex"])}
    gap = fairness_difference(groups, FairnessMetric.DEMOGRAPHIC_PARITY)
    assert gap is not None
    asked = {"metric": Metric.SELECTION_RATE, "by": ("sex",), "mode": Mode.SIMULTANEOUS}
    for off, outcome in ((-10_000, "fail"), (10_000, "pass"), (0, "undecided")):
        bound = round(gap * 1_000_000) + off
        question = FairnessQuestion(statistic=Statistic.DIFFERENCE, bound=bound, **asked)  # type: ignore[arg-type]
        assert assess(acs, question)["comparison"]["outcome"] == outcome
