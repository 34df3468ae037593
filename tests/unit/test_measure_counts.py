"""The count table: what each Arrow type becomes, what is refused, and its bytes."""

from __future__ import annotations

import json
import traceback
from typing import Any

import pyarrow as pa
import pytest

from tolbooth.measure.fairness.counter import FairnessCounter
from tolbooth.measure.fairness.counts import Cell, FairnessCounts
from tolbooth.model.errors import ConfigError, MeasureError

CANARY = "canary-7f3a"


def batch(group: Any, y_true: Any, y_pred: Any) -> pa.RecordBatch:
    arrays = [item if isinstance(item, pa.Array) else pa.array(item) for item in (group, y_true, y_pred)]
    return pa.record_batch(arrays, names=["group", "y", "p"])


def counted(*batches: pa.RecordBatch, **settings: Any) -> FairnessCounts:
    counter = FairnessCounter(features=["group"], label="y", prediction="p", **settings)
    for each in batches:
        counter.update(each)
    return counter.finish()


def groups(column: pa.Array) -> list[str | None]:
    zeros = pa.array([0] * len(column))
    return [cell.values[0] for cell in counted(batch(column, zeros, zeros)).cells]


def label_cells(column: pa.Array) -> list[tuple[int | None, int]]:
    table = counted(batch(pa.array(["a"] * len(column)), column, pa.array([1] * len(column))))
    return [(cell.y_true, cell.n) for cell in table.cells]


def test_each_group_label_and_prediction_has_its_own_cell_sorted_with_missing_first() -> None:
    table = counted(batch(["b", "a", "a", None, "a"], [1, 0, 0, 1, 1], [1, 0, 0, 0, 0]))
    assert table.cells == (
        Cell((None,), 1, 0, 1),
        Cell(("a",), 0, 0, 2),
        Cell(("a",), 1, 0, 1),
        Cell(("b",), 1, 1, 1),
    )
    assert table.row_count == 5


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array(["x", None, ""], pa.string()), [None, "", "x"]),
        (pa.array(["x", "y"], pa.large_string()), ["x", "y"]),
        (pa.array(["x", None], pa.string_view()), [None, "x"]),
        (pa.array(["x", "y", None]).dictionary_encode(), [None, "x", "y"]),
        (pa.DictionaryArray.from_arrays(pa.array([0, 1, 2, None]), pa.array(["x", "x", None])), [None, "x"]),
        (pa.DictionaryArray.from_arrays(pa.array([0], pa.int8()), pa.array(["x", "unused"])), ["x"]),
        (pa.array([-3, 10, None], pa.int8()), [None, "-3", "10"]),
        (pa.array([2**64 - 1], pa.uint64()), ["18446744073709551615"]),
        (pa.array([True, False, None]), [None, "false", "true"]),
        (pa.array([b"x", None, "é".encode()], pa.binary()), [None, "x", "é"]),
        (pa.array([b"x", b"y"], pa.large_binary()).dictionary_encode(), ["x", "y"]),
        (pa.array([3.0, -0.0, float("nan"), None]), [None, "0", "3"]),
        (pa.array([1.0, 2.0], pa.float32()).dictionary_encode(), ["1", "2"]),
        (pa.array([None, None], pa.null()), [None]),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else "",
)
def test_a_feature_of_every_countable_type_becomes_text(column: pa.Array, expected: list[str | None]) -> None:
    assert groups(column) == expected


def test_a_slice_of_a_dictionary_column_counts_only_its_own_rows() -> None:
    column = pa.array(["a", "b", None, "c"]).dictionary_encode().slice(1, 2)
    assert groups(column) == [None, "b"]


@pytest.mark.parametrize(
    "column",
    [pa.array([0.5, 1.0]), pa.array([float("inf")]), pa.array([2.0**60])],
    ids=["fraction", "infinity", "beyond 2^53"],
)
def test_a_float_feature_that_is_no_whole_number_is_refused(column: pa.Array) -> None:
    with pytest.raises(ConfigError) as caught:
        groups(column)
    assert caught.value.code == "measure.column-type"


@pytest.mark.parametrize(
    "kind", [pa.date32(), pa.timestamp("s"), pa.list_(pa.int8()), pa.binary(4), pa.decimal128(5, 2)], ids=str
)
def test_a_feature_of_any_other_type_is_refused_even_without_rows(kind: pa.DataType) -> None:
    with pytest.raises(ConfigError) as caught:
        groups(pa.array([], kind))
    assert caught.value.code == "measure.column-type"
    assert "'group'" in str(caught.value)


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array([0, 1, 1, None], pa.int64()), [(None, 1), (0, 1), (1, 2)]),
        (pa.array([0, 1], pa.uint8()), [(0, 1), (1, 1)]),
        (pa.array([True, False, None]), [(None, 1), (0, 1), (1, 1)]),
        (pa.array([0.0, 1.0, -0.0, None, float("nan")]), [(None, 2), (0, 2), (1, 1)]),
        (pa.array(["0", "1", None]), [(None, 1), (0, 1), (1, 1)]),
        (pa.array(["1", "0", "1"], pa.large_string()), [(0, 1), (1, 2)]),
        (pa.array([b"1", b"0", None]), [(None, 1), (0, 1), (1, 1)]),
        (pa.array(["1", "0"], pa.string_view()), [(0, 1), (1, 1)]),
        (pa.array(["1", None, "0"]).dictionary_encode(), [(None, 1), (0, 1), (1, 1)]),
        (pa.array([None], pa.null()), [(None, 1)]),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else "",
)
def test_a_label_of_every_binary_type_is_zero_one_or_missing(
    column: pa.Array, expected: list[tuple[int | None, int]]
) -> None:
    assert label_cells(column) == expected


@pytest.mark.parametrize(
    "column",
    [
        pa.array([0, 2, -1]),
        pa.array([0.0, 0.5, 2.0]),
        pa.array(["0", CANARY, "1.0"]),
        pa.array(["true", "false", None]),
        pa.array([CANARY, "1", " 1"]).dictionary_encode(),
    ],
    ids=lambda column: str(column.type),
)
def test_any_other_label_is_refused_with_its_count_and_column_but_never_its_text(column: pa.Array) -> None:
    with pytest.raises(MeasureError) as caught:
        label_cells(column)
    assert caught.value.code == "measure.label-not-binary"
    assert "'y'" in str(caught.value)
    assert "2 rows" in str(caught.value)
    assert CANARY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("more", [0, 200])
def test_text_that_is_not_utf8_is_refused_without_being_quoted(more: int) -> None:
    values = [b"\xff" + CANARY.encode(), *(str(number).encode() for number in range(more))]
    broken = pa.Array.from_buffers(pa.string(), len(values), pa.array(values).buffers())
    with pytest.raises(MeasureError) as caught:
        groups(broken)
    assert caught.value.code == "measure.not-text"
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_one_category_in_any_encoding_is_one_cell() -> None:
    plain = pa.array(["1", None])
    columns = [
        plain,
        plain.cast(pa.large_string()),
        plain.dictionary_encode(),
        pa.array([1, None]),
        pa.array([1.0, None]),
    ]
    table = counted(*(batch(column, [0, 1], [0, 1]) for column in columns))
    assert table.cells == (Cell((None,), 1, 1, 5), Cell(("1",), 0, 0, 5))


def test_rows_without_label_or_prediction_are_kept_and_reported() -> None:
    table = counted(batch(["a", "a", "a"], [1, None, None], [None, 0, None]))
    assert table.rows_without_label == 3
    assert {(cell.y_true, cell.y_pred) for cell in table.cells} == {(1, None), (None, 0), (None, None)}


def test_no_feature_counts_label_and_prediction_only() -> None:
    counter = FairnessCounter(features=[], label="y", prediction="p")
    counter.update(batch(["a", "b"], [1, 1], [1, 1]))
    assert counter.finish().cells == (Cell((), 1, 1, 2),)


def test_the_label_may_also_be_the_prediction() -> None:
    counter = FairnessCounter(features=["group"], label="p", prediction="p")
    counter.update(batch(["a", "a"], [0, 0], [1, 0]))
    assert counter.finish().cells == (Cell(("a",), 0, 0, 1), Cell(("a",), 1, 1, 1))


def test_many_wide_features_give_the_same_counts_as_counting_by_hand() -> None:
    width, rows = 12, 400
    names = [f"f{index}" for index in range(width)]
    values = [[f"{(row * (index + 3)) % 97 % 50}" for row in range(rows)] for index in range(width)]
    data = pa.record_batch([*map(pa.array, values), pa.array([0, 1] * 200), pa.array([1] * rows)], [*names, "y", "p"])
    by_hand: dict[tuple[Any, ...], int] = {}
    for row in zip(*values, [0, 1] * 200, strict=True):
        by_hand[row] = by_hand.get(row, 0) + 1
    for used in (3, 5, 12):
        counter = FairnessCounter(features=names[:used], label="y", prediction="p")
        counter.update(data)
        wanted: dict[tuple[Any, ...], int] = {}
        for row, n in by_hand.items():
            key = (*row[:used], row[-1])
            wanted[key] = wanted.get(key, 0) + n
        assert {(*cell.values, cell.y_true): cell.n for cell in counter.finish().cells} == wanted


def test_more_cells_than_the_limit_are_refused_and_exactly_the_limit_is_not() -> None:
    ids = [str(number) for number in range(7)]
    assert len(counted(batch(ids, [0] * 7, [0] * 7), cell_limit=7).cells) == 7
    with pytest.raises(MeasureError) as caught:
        counted(batch(ids, [0] * 7, [0] * 7), cell_limit=6)
    assert caught.value.code == "measure.too-many-cells"
    assert caught.value.hint


def test_the_limit_holds_after_merging_too() -> None:
    one = FairnessCounter(features=["group"], label="y", prediction="p", cell_limit=1)
    other = one.empty()
    one.update(batch(["a"], [0], [0]))
    other.update(batch(["b"], [0], [0]))
    with pytest.raises(MeasureError, match="more than 1 cells"):
        one.merge(other)


def test_counters_over_different_columns_do_not_merge() -> None:
    one = FairnessCounter(features=["group"], label="y", prediction="p")
    with pytest.raises(ValueError, match="do not merge"):
        one.merge(FairnessCounter(features=["group"], label="p", prediction="y"))


@pytest.mark.parametrize("features", [["a", "a"], ["y"], ["p"]])
def test_a_feature_named_twice_or_also_as_label_is_refused(features: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        FairnessCounter(features=features, label="y", prediction="p")
    assert caught.value.code == "measure.feature-twice"


def test_a_missing_column_is_answered_with_the_nearest_name_and_all_names() -> None:
    counter = FairnessCounter(features=["Group"], label="y", prediction="p")
    with pytest.raises(ConfigError) as caught:
        counter.update(batch(["a"], [0], [0]))
    assert caught.value.code == "measure.column-missing"
    assert caught.value.hint == "did you mean 'group'?"


def test_the_canonical_bytes_are_pinned() -> None:
    table = counted(batch(["é", None], [1, 0], [None, 1]))
    assert table.canonical().decode() == (
        '{"cells":[[[null],0,1,1],[["é"],1,null,1]],"features":["group"],"kind":"fairness-counts",'
        '"label":"y","positive":1,"prediction":"p","version":1}'
    )
    assert table.sha256 == "6713078c56a6654790f796ec7285463877d75be92dbe188c9890dcc5da8f7088"
    assert FairnessCounts.from_bytes(table.canonical()) == table


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"kind": "counts"},
        {"positive": 0},
        {"extra": 1},
        {"features": [1]},
        {"label": None},
        {"cells": [[["a"], 0, 0, 0]]},
        {"cells": [[["a"], 0, 0, -1]]},
        {"cells": [[["a"], 0, 0, True]]},
        {"cells": [[["a"], True, 0, 1]]},
        {"cells": [[["a"], 2, 0, 1]]},
        {"cells": [[["a", "b"], 0, 0, 1]]},
        {"cells": [[[1], 0, 0, 1]]},
        {"cells": [[["b"], 0, 0, 1], [["a"], 0, 0, 1]]},
        {"cells": [[["a"], 0, 0, 1], [["a"], 0, 0, 1]]},
        {"cells": [[["a"], 0, 0]]},
        {"cells": None},
    ],
    ids=json.dumps,
)
def test_bytes_that_are_not_exactly_a_count_table_are_refused(change: dict[str, Any]) -> None:
    table = {
        "cells": [[["a"], 0, 0, 1]],
        "features": ["group"],
        "kind": "fairness-counts",
        "label": "y",
        "positive": 1,
        "prediction": "p",
        "version": 1,
    }
    written = json.dumps(table, sort_keys=True, separators=(",", ":")).encode()
    assert FairnessCounts.from_bytes(written).row_count == 1
    changed = json.dumps({**table, **change}, sort_keys=True, separators=(",", ":")).encode()
    with pytest.raises(MeasureError) as caught:
        FairnessCounts.from_bytes(changed)
    assert caught.value.code == "measure.counts-malformed"


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"cells":[]} '])
def test_bytes_that_are_no_table_at_all_are_refused(content: bytes) -> None:
    with pytest.raises(MeasureError) as caught:
        FairnessCounts.from_bytes(content)
    assert caught.value.code == "measure.counts-malformed"
