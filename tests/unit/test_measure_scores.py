"""Count tables with bins of a score and of several classes: what is cut where, exact sums, bytes, and refusals."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tolbooth.measure.fairness.counter import FairnessCounter
from tolbooth.measure.fairness.counts import Cell, FairnessCounts
from tolbooth.measure.fairness.score_bins import ScoreBins
from tolbooth.model.errors import ConfigError, MeasureError

NAN = float("nan")


def batch(scores: Any, *, labels: list[int | None] | None = None) -> pa.RecordBatch:
    column = scores if isinstance(scores, pa.Array) else pa.array(scores)
    zeros = [0] * len(column)
    names = ["group", "y", "p", "s"]
    return pa.record_batch([pa.array(["a"] * len(column)), pa.array(labels or zeros), pa.array(zeros), column], names)


def counter(score: ScoreBins) -> FairnessCounter:
    return FairnessCounter(features=["group"], label="y", prediction="p", score=score)


def counted(scores: Any, score: ScoreBins) -> FairnessCounts:
    one = counter(score)
    one.update(batch(scores))
    return one.finish()


def bins(scores: Any, score: ScoreBins) -> dict[int | None, int]:
    return {cell.bin: cell.n for cell in counted(scores, score).cells}


def test_an_edge_begins_a_bin_and_the_ends_belong_to_the_outer_bins() -> None:
    halves = ScoreBins(column="s", edges=(500_000,))
    assert bins([0.0, 0.4999994, 0.4999995, 0.5, 1.0], halves) == {0: 2, 1: 3}


def test_a_null_and_a_nan_score_are_missing_and_have_no_sums() -> None:
    table = counted([None, NAN, 0.25], ScoreBins.equal("s", 2))
    assert table.cells == (
        Cell(("a",), 0, 0, 2, None, ()),
        Cell(("a",), 0, 0, 1, 0, (250_000, 250_000**2, 250_000**3, 250_000**4)),
    )
    assert (table.row_count, table.rows_without_score) == (3, 2)


@pytest.mark.parametrize("kind", [pa.float32(), pa.float64(), pa.int8()], ids=str)
def test_every_type_of_number_is_a_score(kind: pa.DataType) -> None:
    assert bins(pa.array([0, 1, None]).cast(kind), ScoreBins.equal("s", 4)) == {0: 1, 3: 1, None: 1}


@pytest.mark.parametrize("score", [-0.001, 1.0000001, float("inf"), -float("inf")])
def test_a_score_that_is_no_probability_is_refused_with_its_count_and_never_its_value(score: float) -> None:
    with pytest.raises(MeasureError) as caught:
        counted([0.5, score], ScoreBins.equal("s", 2))
    assert caught.value.code == "measure.score-outside"
    assert "'s'" in str(caught.value)
    assert "1 rows" in str(caught.value)
    assert "1.0000001" not in str(caught.value)


def test_a_score_of_any_range_has_no_sums_and_only_infinity_is_refused() -> None:
    deciles = ScoreBins(column="s", edges=(-5, 1, 5), scale=1, probability=False)
    table = counted([-7.0, -5.0, 0.4, 0.5, 4.4, 1e6], deciles)
    assert [(cell.bin, cell.n, cell.sums) for cell in table.cells] == [(0, 1, ()), (1, 2, ()), (2, 2, ()), (3, 1, ())]
    for far in (float("inf"), 1e17):
        with pytest.raises(MeasureError, match="is not finite"):
            counted([far], deciles)


@pytest.mark.parametrize(
    "column", [pa.array(["0.5"]), pa.array([True]), pa.array([b"1"])], ids=lambda each: str(each.type)
)
def test_a_score_that_is_no_number_is_refused_by_its_type(column: pa.Array) -> None:
    with pytest.raises(ConfigError) as caught:
        counted(column, ScoreBins.equal("s", 2))
    assert caught.value.code == "measure.column-type"


@pytest.mark.parametrize(
    "settings",
    [
        {"edges": ()},
        {"edges": (2, 1)},
        {"edges": (1, 1)},
        {"edges": (0,)},
        {"edges": (1_000_000,)},
        {"edges": (0.5,)},
        {"edges": (1,), "scale": 0},
        {"edges": (1,), "scale": 2**21},
        {"edges": tuple(range(1, 1002))},
    ],
    ids=lambda each: str(each)[:40],
)
def test_bins_that_cut_nothing_sound_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        ScoreBins(column="s", **settings)
    assert caught.value.code == "measure.score-edges"


def test_power_sums_are_exact_beyond_64_bits_and_over_more_rows_than_are_added_at_once() -> None:
    generator = np.random.default_rng(5)
    scores = np.concatenate([np.full(1 << 20, 1.0), generator.random(5_000)])
    table = counted(scores, ScoreBins.equal("s", 3))
    units = [int(unit) for unit in np.floor(scores * 1e6 + 0.5)]
    for power in (1, 2, 3, 4):
        assert sum(cell.sums[power - 1] for cell in table.cells) == sum(unit**power for unit in units)


def test_a_table_with_scores_is_read_back_as_it_was_and_its_bytes_are_pinned() -> None:
    table = counted([None, 0.25, 1.0], ScoreBins.equal("s", 2))
    assert FairnessCounts.from_bytes(table.canonical()) == table
    assert table.canonical().decode() == (
        '{"cells":[[["a"],0,0,null,1,[]],'
        '[["a"],0,0,0,1,["250000","62500000000","15625000000000000","3906250000000000000000"]],'
        '[["a"],0,0,1,1,["1000000","1000000000000","1000000000000000000","1000000000000000000000000"]]],'
        '"features":["group"],"kind":"fairness-counts","label":"y","positive":1,"prediction":"p",'
        '"score":{"column":"s","edges":[500000],"probability":true,"scale":1000000},"version":2}'
    )


@pytest.mark.parametrize(
    "cell",
    [
        [["a"], 0, 0, 2, 1, ["0", "0", "0", "0"]],
        [["a"], 0, 0, True, 1, ["0", "0", "0", "0"]],
        [["a"], 0, 0, 0, 1, ["0", "0", "0"]],
        [["a"], 0, 0, 0, 1, []],
        [["a"], 0, 0, None, 1, ["0", "0", "0", "0"]],
        [["a"], 0, 0, 0, 1, ["1", "5000000", "0", "0"]],
        [["a"], 0, 0, 0, 1, ["-1", "0", "0", "0"]],
        [["a"], 0, 0, 0, 1, ["01", "0", "0", "0"]],
        [["a"], 0, 0, 1],
    ],
    ids=json.dumps,
)
def test_a_cell_whose_bin_or_sums_can_not_be_is_refused(cell: list[Any]) -> None:
    table = json.loads(counted([0.0], ScoreBins.equal("s", 2)).canonical())
    assert table["cells"] == [[["a"], 0, 0, 0, 1, ["0", "0", "0", "0"]]]
    content = json.dumps({**table, "cells": [cell]}, sort_keys=True, separators=(",", ":")).encode()
    with pytest.raises(MeasureError) as caught:
        FairnessCounts.from_bytes(content)
    assert caught.value.code == "measure.counts-malformed"


def test_counters_that_cut_elsewhere_do_not_merge() -> None:
    with pytest.raises(ValueError, match="do not merge"):
        counter(ScoreBins.equal("s", 2)).merge(counter(ScoreBins.equal("s", 3)))


def classes(y_true: Any, y_pred: Any) -> FairnessCounts:
    one = FairnessCounter(features=["group"], label="y", prediction="p", multiclass=True)
    columns = [each if isinstance(each, pa.Array) else pa.array(each) for each in (y_true, y_pred)]
    one.update(pa.record_batch([pa.array(["a"] * len(columns[0])), *columns], ["group", "y", "p"]))
    return one.finish()


def test_classes_are_those_that_occur_sorted_and_each_has_a_binary_table() -> None:
    table = classes(["cat", "dog", None, "cat"], ["dog", "dog", "ape", "cat"])
    assert table.classes == ("ape", "cat", "dog")
    assert table.cells == (
        Cell(("a",), None, 0, 1),
        Cell(("a",), 1, 1, 1),
        Cell(("a",), 1, 2, 1),
        Cell(("a",), 2, 2, 1),
    )
    assert table.one_against_rest("dog").cells == (
        Cell(("a",), None, 0, 1),
        Cell(("a",), 0, 0, 1),
        Cell(("a",), 0, 1, 1),
        Cell(("a",), 1, 1, 1),
    )
    assert FairnessCounts.from_bytes(table.canonical()) == table
    assert json.loads(table.canonical())["version"] == 2


def test_classes_meet_as_text_whatever_their_encoding() -> None:
    plain = classes(["0", "1", "2"], ["0", "1", "1"])
    assert classes([0, 1, 2], pa.array(["0", "1", "1"]).dictionary_encode()) == plain
    assert classes([0.0, 1.0, 2.0], [b"0", b"1", b"1"]) == plain


def test_a_class_that_no_row_has_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        classes(["x"], ["x"]).one_against_rest("y")
    assert caught.value.code == "measure.class-not-counted"


def test_a_class_table_that_names_an_unused_class_or_two_orders_is_refused() -> None:
    table = json.loads(classes(["x", "y"], ["x", "y"]).canonical())
    for wrong in (["x", "y", "z"], ["y", "x"], ["x"], ["x", "x"]):
        content = json.dumps({**table, "classes": wrong}, sort_keys=True, separators=(",", ":")).encode()
        with pytest.raises(MeasureError):
            FairnessCounts.from_bytes(content)


def test_a_score_beside_several_classes_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        FairnessCounter(features=[], label="y", prediction="p", score=ScoreBins.equal("s", 2), multiclass=True)
    assert caught.value.code == "measure.score-of-classes"
