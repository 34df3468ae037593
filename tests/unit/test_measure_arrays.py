"""Between Arrow and NumPy: what pyarrow's own ways give, at any offset."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tolbooth.measure.arrays import arrow_of, nan_as_null, no_rows, numpy_of, scalar_of, text_array, valid_of

NUMBERS = ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"]


@given(st.sampled_from([*NUMBERS, "bool"]), st.integers(0, 70), st.integers(0, 70), st.data())
def test_numbers_come_back_as_they_were(kind: str, rows: int, start: int, data: st.DataObject) -> None:
    given_ = np.random.default_rng(data.draw(st.integers(0, 9))).integers(0, 2 if kind == "bool" else 100, rows)
    array = pa.array(given_.astype(kind)).slice(start, data.draw(st.integers(0, 70)))
    found = numpy_of(array)
    assert found.tolist() == array.to_pylist()
    assert found.dtype == array.to_numpy(zero_copy_only=False).dtype
    if kind != "bool":
        assert arrow_of(found).equals(array)


@given(st.lists(st.one_of(st.none(), st.integers(-5, 5))), st.integers(0, 9))
def test_nulls_are_told_apart(values: list[int | None], start: int) -> None:
    array = pa.array(values, pa.int16()).slice(start)
    assert valid_of(array).tolist() == [value is not None for value in values[start:]]
    kept = numpy_of(array)[valid_of(array)].tolist()
    assert kept == [value for value in values[start:] if value is not None]


def test_what_has_no_order_in_memory_is_made_plain() -> None:
    table = np.arange(12, dtype=np.int32).reshape(3, 4)
    assert arrow_of(table[:, 1]).to_pylist() == [1, 5, 9]


@given(st.lists(st.text()))
def test_texts_come_back(texts: list[str]) -> None:
    encodable = [text.encode("utf-8", "ignore").decode() for text in texts]
    array = text_array(encodable)
    array.validate(full=True)
    assert array.equals(pa.array(encodable, pa.string()))


@pytest.mark.parametrize("kind", [pa.int64(), pa.uint64(), pa.float64(), pa.float32(), pa.int8()])
def test_a_scalar_is_of_the_type_that_is_asked(kind: Any) -> None:
    assert scalar_of(7, kind).equals(pa.scalar(7, kind))


def test_nan_becomes_null_and_null_stays() -> None:
    assert nan_as_null(pa.array([1.0, None, float("nan")])).to_pylist() == [1.0, None, None]


def test_a_batch_without_rows_has_any_schema() -> None:
    kinds = [pa.dictionary(pa.int8(), pa.string()), pa.struct([("a", pa.list_(pa.string_view()))]), pa.uuid()]
    schema = pa.schema([(str(number), kind) for number, kind in enumerate(kinds)])
    assert no_rows(schema).equals(pa.RecordBatch.from_pylist([], schema=schema))
