"""Exact scores by category: every number is itself, whatever its type, and any split of the rows gives the same."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tolbooth.measure.bias_audit.exact_scores import ExactScores, ScoredPeople
from tolbooth.measure.bias_audit.run import count_scores
from tolbooth.measure.fairness.impact_ratio import audit_scored
from tolbooth.model.errors import ConfigError, MeasureError

Row = tuple[str | None, str | None, Any]


def batch(rows: list[Row], kind: pa.DataType | None = None) -> pa.RecordBatch:
    columns = [pa.array([row[0] for row in rows], pa.string()), pa.array([row[1] for row in rows], pa.string())]
    return pa.record_batch([*columns, pa.array([row[2] for row in rows], kind)], names=["sex", "race", "score"])


def counter(*batches: pa.RecordBatch, most: int = 100) -> ExactScores:
    found = ExactScores(features=("sex", "race"), score="score", most=most)
    for each in batches:
        found.update(each)
    return found


def test_people_are_counted_by_category_and_exact_score() -> None:
    rows: list[Row] = [("F", "W", 0.1), ("F", "W", 0.1), ("M", None, 0.1), ("F", "W", 0.30000000000000004)]
    found = counter(batch(rows)).finish()
    assert found.people == {
        (("F", "W"), Fraction(0.1)): 2,
        (("M", None), Fraction(0.1)): 1,
        (("F", "W"), Fraction(0.30000000000000004)): 1,
    }
    assert Fraction(0.1) != Fraction(1, 10)


def test_null_and_nan_are_people_without_score() -> None:
    found = counter(batch([("F", "W", None), ("F", "W", math.nan), ("F", "W", 1.0)])).finish()
    assert found.without_score == 2
    assert sum(found.people.values()) == 1


@pytest.mark.parametrize("kind", [pa.int8(), pa.int64(), pa.float32(), pa.float64(), pa.decimal128(5, 1)])
def test_the_same_numbers_of_any_type_are_the_same_scores(kind: pa.DataType) -> None:
    values = [Decimal(7), Decimal(7), Decimal(9)] if pa.types.is_decimal(kind) else [7, 7, 9]
    found = counter(batch([("F", "W", value) for value in values], kind)).finish()
    assert found.people == {(("F", "W"), Fraction(7)): 2, (("F", "W"), Fraction(9)): 1}


def test_integers_beyond_what_a_double_tells_apart_stay_apart() -> None:
    found = counter(batch([("F", "W", 2**53), ("F", "W", 2**53 + 1)], pa.int64())).finish()
    assert len(found.people) == 2
    median = audit_scored(found.people, sex="sex", race="race").as_json()["median"]
    assert median == {"numerator": str(2**54 + 1), "denominator": 2}


def test_zero_has_one_sign() -> None:
    assert len(counter(batch([("F", "W", 0.0), ("F", "W", -0.0)])).finish().people) == 1


@given(
    st.lists(
        st.tuples(st.sampled_from(["F", "M", None]), st.sampled_from(["W", "B"]), st.floats(width=32)), max_size=30
    )
)
def test_any_split_and_order_gives_the_same_digest(rows: list[Row]) -> None:
    rows = [row for row in rows if not math.isinf(row[2])]
    whole = counter(batch(rows, pa.float64()), most=1000).finish()
    parts = [counter(batch(rows[place::3], pa.float64()), most=1000) for place in (2, 0, 1)]
    for each in parts[1:]:
        parts[0].merge(each)
    assert parts[0].finish().sha256 == whole.sha256
    assert parts[0].finish() == whole


def test_counters_of_other_columns_do_not_merge() -> None:
    with pytest.raises(ValueError, match="different columns"):
        counter().merge(ExactScores(features=("sex",), score="score"))


@pytest.mark.parametrize(
    ("rows", "kind", "code"),
    [
        ([("F", "W", math.inf)], None, "measure.score-outside"),
        ([("F", "W", "a")], None, "measure.column-type"),
        ([("F", "W", 1.0), ("F", "W", 2.0), ("F", "W", 3.0)], None, "measure.too-many-scores"),
    ],
)
def test_what_can_not_be_a_score_is_refused(rows: list[Row], kind: pa.DataType | None, code: str) -> None:
    with pytest.raises((ConfigError, MeasureError)) as caught:
        counter(batch(rows, kind), most=2)
    assert caught.value.code == code


def write(path: Path, rows: list[Row]) -> Path:
    table = pa.Table.from_batches([batch(rows, pa.float64())])
    match path.suffix:
        case ".csv":
            pyarrow.csv.write_csv(table, path)
        case ".arrow":
            pyarrow.feather.write_feather(table, str(path), compression="uncompressed")
        case _:
            pq.write_table(table, path, row_group_size=2)
    return path


ROWS: list[Row] = [("F", "W", 0.1), ("M", "B", 0.2), ("M", "W", 0.7), ("F", None, None)]


@pytest.mark.parametrize("name", ["people.parquet", "people.csv", "people.arrow"])
def test_every_format_gives_the_same_people(name: str, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    found = count_scores(
        write(tmp_path / name, ROWS), ("sex", "race"), "score", progress=lambda *each: told.append(each)
    )
    assert found == counter(batch(ROWS, pa.float64())).finish()
    assert told[-1] == (4, 4 if name == "people.parquet" else None)


def test_a_folder_is_all_its_files(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", ROWS[:2])
    write(tmp_path / "b.parquet", ROWS[2:])
    found: ScoredPeople = count_scores(tmp_path, ("sex", "race"), "score")
    assert found == counter(batch(ROWS, pa.float64())).finish()


def test_a_column_that_is_not_there_or_named_twice_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "people.parquet", ROWS)
    for columns, code in ((("sex", "rase"), "measure.column-missing"), (("sex", "sex"), "audit.columns")):
        with pytest.raises(ConfigError) as caught:
            count_scores(path, columns, "score")
        assert caught.value.code == code
