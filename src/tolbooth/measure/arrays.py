"""Between Arrow, NumPy and Python without copying, and without pandas.

pyarrow's own ways (``to_numpy``, ``pa.array``, ``pa.scalar``, and compute functions that are given a number) ask
whether what they are given is of pandas, and import pandas to know, wherever it is installed: a quarter of a second or
more of every command. These go by the layout of Arrow's buffers instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

_NAMES = ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8")
_KINDS: dict[pa.DataType, np.dtype[Any]] = {pa.from_numpy_dtype(np.dtype(name)): np.dtype(name) for name in _NAMES}


def numpy_of(array: pa.Array) -> npt.NDArray[Any]:
    """An array of integers, floats or booleans; of a null, its place holds anything. Numbers can't be written to."""
    size = len(array)
    if types.is_boolean(array.type):
        bits = np.frombuffer(array.buffers()[1] or b"", dtype=np.uint8)
        return np.unpackbits(bits, count=array.offset + size, bitorder="little")[array.offset :].view(np.bool_)
    kind = _KINDS[array.type]
    if not size:
        return np.empty(0, dtype=kind)
    return np.frombuffer(array.buffers()[1], dtype=kind, count=size, offset=array.offset * kind.itemsize)


def valid_of(array: pa.Array) -> npt.NDArray[np.bool_]:
    """Which places of an array hold something."""
    return numpy_of(array.is_valid())


def arrow_of(numbers: npt.NDArray[Any]) -> pa.Array:
    """An array of NumPy's integers or floats, without nulls."""
    plain = np.ascontiguousarray(numbers)
    return pa.Array.from_buffers(pa.from_numpy_dtype(plain.dtype), len(plain), [None, pa.py_buffer(plain)])


def scalar_of(number: float, kind: pa.DataType) -> pa.Scalar:
    """A number as a scalar of a numeric type that can hold it."""
    return arrow_of(np.array([number], dtype=_KINDS[kind]))[0]


def nan_as_null(numbers: pa.Array) -> pa.Array:
    """Floats with NaN as null."""
    return pc.if_else(pc.is_nan(numbers), pa.nulls(len(numbers), numbers.type), numbers)


def text_array(texts: Sequence[str]) -> pa.Array:
    """Texts as an array of strings."""
    encoded = [text.encode() for text in texts]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    return pa.Array.from_buffers(pa.string(), len(texts), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))])


def no_rows(schema: pa.Schema) -> pa.RecordBatch:
    """A batch without rows."""
    return pa.RecordBatch.from_arrays([pa.nulls(0, kind) for kind in schema.types], schema=schema)
