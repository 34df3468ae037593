"""Calibration and AUC from bins and power sums, against the same numbers from the rows themselves."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from fractions import Fraction

import pytest

from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.measure.fairness.approximate import brier_score
from tolbooth.measure.fairness.calibration import Calibration, calibration
from tolbooth.measure.fairness.counts import FairnessCounts, PowerSums, ScoredKey
from tolbooth.measure.fairness.ranking import auc, auc_by_group
from tolbooth.measure.fairness.score_bins import ScoreBins
from tolbooth.model.errors import ConfigError

SCALE = 1000
Row = tuple[str | None, int | None, int | None]
"""Group, label, score in units."""


def scored(rows: Sequence[Row], bins: ScoreBins) -> FairnessCounts:
    counts: dict[ScoredKey, int] = {}
    sums: dict[ScoredKey, PowerSums] = {}
    for group, label, score in rows:
        place = None if score is None else sum(score >= edge for edge in bins.edges)
        key = ((group,), label, None if score is None else int(score >= SCALE // 2), place)
        counts[key] = counts.get(key, 0) + 1
        if score is not None and bins.probability:
            before = sums.get(key, (0, 0, 0, 0))
            sums[key] = tuple(total + score ** (power + 1) for power, total in enumerate(before))
    return FairnessCounts.scored(features=["group"], label="y", prediction="p", score=bins, counts=counts, sums=sums)


def sample(size: int = 400) -> list[Row]:
    chance = random.Random(11)
    rows: list[Row] = []
    for _ in range(size):
        score = chance.randrange(0, SCALE + 1)
        rows.append((chance.choice("ab"), int(chance.random() * SCALE < score * 0.9), score))
    return rows


TENTHS = ScoreBins.equal("score", 10, scale=SCALE)


def of_all(rows: Sequence[Row]) -> Calibration:
    (found,) = calibration(scored(rows, TENTHS), [])
    return found


def test_every_number_is_that_of_the_rows() -> None:
    rows = [(label, score / SCALE) for _, label, score in sample() if label is not None and score is not None]
    found = of_all(sample())
    assert found.rows == len(rows) == 400
    assert float(found.brier or 0) == pytest.approx(brier_score(rows).value, rel=1e-12)
    mean = math.fsum(score - label for label, score in rows) / len(rows)
    assert float(found.in_the_large or 0) == pytest.approx(mean, rel=1e-9)
    error = 0.0
    for place in range(10):
        inside = [(label, score) for label, score in rows if min(int(score * 10 + 1e-9), 9) == place]
        error += abs(math.fsum(score - label for label, score in inside)) / len(rows)
    assert float(found.expected_error or 0) == pytest.approx(error, rel=1e-9)
    top = math.fsum((label - score) * (1 - 2 * score) for label, score in rows)
    bottom = math.fsum((1 - 2 * score) ** 2 * score * (1 - score) for _, score in rows)
    assert float(found.spiegelhalter or 0) == pytest.approx(top / math.sqrt(bottom), rel=1e-9)


def test_scores_that_come_true_as_often_as_they_say_are_calibrated() -> None:
    rows: Sequence[Row] = [("a", 1, 250)] * 25 + [("a", 0, 250)] * 75 + [("a", 1, 800)] * 80 + [("a", 0, 800)] * 20
    found = of_all(rows)
    assert found.expected_error == found.in_the_large == found.spiegelhalter == 0


def test_scores_that_promise_too_much_are_above_zero_in_the_large() -> None:
    rows: Sequence[Row] = [("a", 1, 900)] * 50 + [("a", 0, 900)] * 50
    found = of_all(rows)
    assert found.in_the_large == Fraction(2, 5) == found.expected_error
    assert found.spiegelhalter is not None
    assert found.spiegelhalter > 5


def test_groups_are_calibrated_each_by_itself_and_together_they_are_the_whole() -> None:
    rows = [*sample(), (None, 1, 500)]
    groups = calibration(scored(rows, TENTHS), ["group"])
    assert [each.name for each in groups] == ["(missing)", "a", "b"]
    whole = of_all(rows)
    assert tuple(map(sum, zip(*(each.sums for each in groups), strict=True))) == whole.sums
    assert sum(each.rows for each in groups) == whole.rows


def test_rows_without_label_or_score_are_left_out_and_counted() -> None:
    found = of_all([("a", None, 500), ("a", 1, None), ("a", 1, 700), ("a", 0, 100)])
    assert (found.rows, found.left_out, found.positives) == (2, 2, 1)


def test_no_rows_and_certain_scores_have_what_they_have_and_no_more() -> None:
    assert calibration(scored([], TENTHS), []) == []
    certain = of_all([("a", 1, SCALE), ("a", 0, 0)])
    assert certain.brier == 0
    assert certain.spiegelhalter is None
    unknown = of_all([("a", None, 500)])
    assert unknown.brier is unknown.expected_error is unknown.in_the_large is None
    assert set(unknown.as_json()) == {"name", "rows", "positives", "left_out", "bins"}


def test_the_plain_form_is_integers_but_for_the_marked_p_value() -> None:
    content = of_all(sample()).as_json()
    assert set(content.pop("p_value")) == {"approximate"}
    assert canonical_bytes(content)
    assert content["brier_ppm"] == round((of_all(sample()).brier or 0) * 1_000_000)


def test_a_table_without_probabilities_has_no_calibration_and_one_without_scores_no_auc() -> None:
    plain = FairnessCounts.of(features=["group"], label="y", prediction="p", counts={(("a",), 1, 1): 3})
    ranks = scored(sample(), ScoreBins(column="decile", edges=(500,), scale=1, probability=False))
    for table in (plain, ranks):
        with pytest.raises(ConfigError) as caught:
            calibration(table, [])
        assert caught.value.code == "measure.no-probability"
    with pytest.raises(ConfigError) as caught:
        auc_by_group(plain, [])
    assert caught.value.code == "measure.no-score"


def test_the_area_counts_pairs_and_bounds_what_ties_hide() -> None:
    found = auc([(8, 2), (5, 5), (1, 9)])
    wins = 5 * 8 + 9 * 13
    ties = 8 * 2 + 5 * 5 + 1 * 9
    assert found.value == (wins + Fraction(ties, 2)) / (14 * 16)
    assert (found.low, found.high) == (Fraction(wins, 224), Fraction(wins + ties, 224))


def test_a_perfect_a_reversed_and_a_blind_ranking_are_one_nothing_and_a_half() -> None:
    assert auc([(3, 0), (0, 4)]).value == 1
    assert auc([(0, 4), (3, 0)]).value == 0
    assert auc([(3, 4)]).value == Fraction(1, 2)


def test_the_area_without_one_of_the_classes_is_undefined() -> None:
    for bins in ([], [(3, 0)], [(0, 3), (0, 1)]):
        found = auc(bins)
        assert found.value is found.low is found.high is None


def test_the_area_by_group_is_that_of_its_rows() -> None:
    rows = [*sample(), ("a", None, 100), ("b", 1, None)]
    groups = auc_by_group(scored(rows, TENTHS), ["group"])
    for name in "ab":
        scores = [
            (label, min(score * 10 // SCALE, 9))
            for group, label, score in rows
            if group == name and label is not None and score is not None
        ]
        above = sum((one > other) + Fraction(one == other, 2) for y, one in scores if y for z, other in scores if not z)
        positives = sum(label for label, _ in scores)
        assert groups[name].value == above / (positives * (len(scores) - positives))
