"""Finds the compiled kernel and calls it: the only place that hands addresses to C.

It is built with the package where there is a compiler (``pyproject.toml``); where there is none, or it is of another
version, or ``TOLBOOTH_KERNEL=off`` is set, whoever asks for it does the same work with NumPy. Both give equal counts.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tolbooth.model.errors import MeasureError, Problem

VERSION = 1
"""Of the functions and their arguments; ``count_rows.c`` says the same."""

VARIABLE = "TOLBOOTH_KERNEL"
_FOLDER = Path(__file__).parent
_MOST_PLACES = 2**32 - 1


class _Column(ctypes.Structure):
    """``struct column`` of ``count_rows.c``."""

    _fields_ = (
        ("codes", ctypes.c_void_p),
        ("width", ctypes.c_uint32),
        ("size", ctypes.c_uint32),
        ("limit", ctypes.c_uint32),
    )


class Kernel:
    """The library's functions, each with what it asks of its arguments checked before the call."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._count_rows = library.tolbooth_count_rows
        self._count_rows.restype = ctypes.c_int64
        self._count_rows.argtypes = (ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p)

    def count_rows(self, columns: Sequence[tuple[npt.NDArray[Any], int, int]], cells: npt.NDArray[np.int64]) -> None:
        """Add 1 to the cell of each row: that with the number of its combination of codes, in C order.

        Args:
            columns: each row's codes, integers of any width; how many different ones there can be; and a limit, no
                more than that, which each must be below.
            cells: as many as the product of those numbers.

        Raises:
            MeasureError: ``measure.codes-outside`` if a code is negative or not below its column's limit; rows before
                it may have been counted.
            ValueError: if the columns are of different lengths or limits too large, or the cells are not as many.
        """
        rows = len(columns[0][0])
        given = (_Column * len(columns))()
        places = 1
        whole = []  # keeps what is made here until the call is over
        for place, (codes, size, limit) in enumerate(columns):
            if codes.shape != (rows,) or codes.dtype.kind not in "iu" or not 0 <= limit <= size:
                raise ValueError("the columns are no integers of one length, or a limit is beyond its size")
            plain = np.ascontiguousarray(codes)
            whole.append(plain)
            given[place] = _Column(_address(plain), plain.itemsize, size, limit)
            places *= size
        if cells.shape != (places,) or cells.dtype != np.int64 or not cells.flags.c_contiguous or places > _MOST_PLACES:
            raise ValueError("there is not one cell for each combination")
        if self._count_rows(given, len(given), rows, _address(cells)) != rows:
            raise codes_outside()


def _address(array: npt.NDArray[Any]) -> int:
    address: int = array.__array_interface__["data"][0]
    return address


def codes_outside() -> MeasureError:
    """The error for a dictionary column whose codes stand for none of its values."""
    message = "a dictionary column has codes that stand for none of its values"
    return MeasureError(Problem(code="measure.codes-outside", message=message, hint="the data are damaged"))


@cache
def built_kernel() -> Kernel | None:
    """The kernel that was built with the package; None where none was, or it is of another version."""
    found = next((file for suffix in EXTENSION_SUFFIXES if (file := _FOLDER / f"_kernel{suffix}").is_file()), None)
    if found is None:
        return None
    try:
        library = ctypes.CDLL(str(found))
        if library.tolbooth_kernel_version() != VERSION:
            return None
        return Kernel(library)
    except (OSError, AttributeError):  # built for another machine, or half built
        return None


def kernel() -> Kernel | None:
    """The kernel to use; None where there is none, or it is switched off."""
    return None if os.environ.get(VARIABLE) == "off" else built_kernel()
