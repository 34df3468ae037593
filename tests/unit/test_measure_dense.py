"""Rows counted in an array, by the compiled kernel and by NumPy: alike, and nothing that is no code is counted."""

from __future__ import annotations

import math
import pickle
import subprocess
import sys
from collections.abc import Callable
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tolbooth.measure.engines.frames import count_frame
from tolbooth.measure.fairness.columns import CodedColumn
from tolbooth.measure.fairness.count_settings import CountSettings
from tolbooth.measure.fairness.dense import DenseCounts, KernelCounts, NumpyCounts, dense_counts
from tolbooth.measure.fairness.tally import tally
from tolbooth.measure.kernel import library
from tolbooth.measure.kernel.library import Kernel, built_kernel
from tolbooth.model.errors import MeasureError

KINDS = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")
ROWS = st.one_of(st.integers(0, 200), st.sampled_from([1023, 1024, 1025, 4096, 12_345]))


@pytest.fixture(scope="module", params=[pytest.param("kernel", marks=pytest.mark.compiler), "numpy"])
def counts(request: pytest.FixtureRequest) -> Callable[[], DenseCounts]:
    """Either way to count."""
    return NumpyCounts if request.param == "numpy" else lambda: KernelCounts(compiled())


def compiled() -> Kernel:
    found = built_kernel()
    if found is None:
        pytest.skip("no compiled kernel: there was no C compiler when the package was installed")
    return found


def expected(columns: list[CodedColumn]) -> npt.NDArray[np.int64]:
    shape = [column.size for column in columns]
    numbers = np.ravel_multi_index([column.codes.astype(np.int64) for column in columns], shape)
    return np.bincount(numbers, minlength=math.prod(shape))


@st.composite
def batches(draw: st.DrawFn) -> list[list[CodedColumn]]:
    """Batches of one shape, each column with codes of some width, now and then with gaps between them or unaligned."""
    sizes = draw(st.lists(st.sampled_from([1, 2, 3, 7, 10, 100]), min_size=1, max_size=5).filter(_dense))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    return [[_column(draw, random, size, rows) for size in sizes] for rows in draw(st.lists(ROWS, max_size=4))]


def _dense(sizes: list[int]) -> bool:
    return math.prod(sizes) <= 1 << 18


def _column(draw: st.DrawFn, random: np.random.Generator, size: int, rows: int) -> CodedColumn:
    limit = draw(st.sampled_from([size, max(1, size - 1)]))
    codes = random.integers(0, limit, rows).astype(draw(st.sampled_from(KINDS)))
    match draw(st.sampled_from(["plain", "gaps", "unaligned"])):
        case "gaps":
            codes = np.repeat(codes, 3)[::3]
        case "unaligned":
            codes = np.frombuffer(b"\0" + codes.tobytes(), dtype=np.uint8)[1:].view(codes.dtype)
    return CodedColumn(codes, size, limit)


@given(given_batches=batches())
def test_every_row_is_counted_once_at_its_place(
    counts: Callable[[], DenseCounts], given_batches: list[list[CodedColumn]]
) -> None:
    target = counts()
    for columns in given_batches:
        target.add(columns)
    found = target.take()
    wanted = [expected(columns) for columns in given_batches]
    assert target.take() is None
    if found is None:
        assert not any(rows.any() for rows in wanted)
    else:
        assert found.tolist() == np.sum(wanted, axis=0).tolist()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("beside", [2, 10, 300])
def test_a_code_beyond_the_limit_is_refused_whatever_its_width_and_place(
    counts: Callable[[], DenseCounts], kind: str, beside: int
) -> None:
    most = np.iinfo(kind).max
    for wrong in sorted({2, 3, most} | {each for each in (2**8, 2**16, 2**32, 2**32 + 1) if each <= most}):
        for place in (0, 1023, 1024, 4999):
            codes = np.zeros(5000, dtype=kind)
            codes[place] = wrong
            with pytest.raises(MeasureError) as caught:
                counts().add([CodedColumn(np.zeros(5000, dtype=np.int32), beside, beside), CodedColumn(codes, 3, 2)])
            assert caught.value.code == "measure.codes-outside"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.startswith("i")])
def test_a_negative_code_is_refused(counts: Callable[[], DenseCounts], kind: str) -> None:
    for wrong in (-1, np.iinfo(kind).min):
        with pytest.raises(MeasureError) as caught:
            counts().add([CodedColumn(np.array([0, wrong], dtype=kind), 3, 3)])
        assert caught.value.code == "measure.codes-outside"


@pytest.mark.parametrize("size", [1, 256, 257, 65_536, 65_537])
def test_a_column_of_one_code_beside_one_of_as_many_as_a_byte_or_two_hold(size: int) -> None:
    columns = [CodedColumn(np.zeros(size, dtype=np.int32), 1, 1), CodedColumn(np.arange(size), size, size)]
    for given_columns in (columns, columns[::-1]):
        counted = tally(given_columns, with_slots=True)
        assert counted.rows.tolist() == [1] * size
        assert counted.slots is not None
        assert counted.slots.tolist() == list(range(size))
        target = NumpyCounts()
        target.add(given_columns)
        found = target.take()
        assert found is not None
        assert found.tolist() == [1] * size


@pytest.mark.compiler
@pytest.mark.parametrize(
    ("columns", "cells"),
    [
        ([(np.zeros(3, np.int32), 2, 2), (np.zeros(4, np.int32), 2, 2)], 4),
        ([(np.zeros(3, np.float64), 2, 2)], 2),
        ([(np.zeros((3, 1), np.int32), 2, 2)], 2),
        ([(np.zeros(3, np.int32), 2, 3)], 2),
        ([(np.zeros(3, np.int32), 2, 2)], 3),
    ],
)
def test_arguments_that_do_not_fit_never_reach_the_kernel(columns: Any, cells: int) -> None:
    with pytest.raises(ValueError, match=r"columns|cell"):
        compiled().count_rows(columns, np.zeros(cells, dtype=np.int64))


@pytest.mark.compiler
def test_the_kernel_is_used_where_it_was_built_and_not_where_it_is_switched_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled()
    assert isinstance(dense_counts(), KernelCounts)
    monkeypatch.setenv("TOLBOOTH_KERNEL", "off")
    assert isinstance(dense_counts(), NumpyCounts)


@pytest.mark.compiler
def test_a_kernel_of_another_version_is_not_used() -> None:
    compiled()
    text = (
        "from tolbooth.measure.kernel import library\n"
        "library.VERSION = library.VERSION + 1\n"
        "print(library.built_kernel())"
    )
    done = subprocess.run([sys.executable, "-c", text], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "None"


def test_what_is_no_library_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(library, "_FOLDER", tmp_path)
    assert built_kernel.__wrapped__() is None
    for suffix in EXTENSION_SUFFIXES:
        (tmp_path / f"_kernel{suffix}").write_bytes(b"half built")
    assert built_kernel.__wrapped__() is None


def test_counts_are_pickled_as_whatever_counts_there(counts: Callable[[], DenseCounts]) -> None:
    target = counts()
    target.add([CodedColumn(np.array([0, 1, 1]), 2, 2)])
    target.take()
    again: DenseCounts = pickle.loads(pickle.dumps(target))
    again.add([CodedColumn(np.array([0, 1, 1]), 2, 2)])
    found = again.take()
    assert found is not None
    assert found.tolist() == [1, 2]


@pytest.mark.parametrize("way", ["on", "off"])
def test_a_frame_whose_codes_point_beyond_their_dictionary_is_refused(
    monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setenv("TOLBOOTH_KERNEL", way)
    damaged = pa.DictionaryArray.from_arrays(pa.array([0, 1, 7], pa.int32()), pa.array(["a", "b"]), safe=False)
    zeros = pa.array([0, 1, 0], pa.int8())
    batch = pa.record_batch({"group": damaged, "y": zeros, "p": zeros})
    with pytest.raises(MeasureError) as caught:
        count_frame(pa.Table.from_batches([batch]), CountSettings(features=("group",), label="y", prediction="p"))
    assert caught.value.code == "measure.codes-outside"
