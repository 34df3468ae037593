"""Random draws that we specify to the bit: the same on any machine and under any version of any library.

*Bits.* PCG64, that is PCG XSL-RR 128/64 (M. E. O'Neill, HMC-CS-2014-0905, 2014): a state of 128 bits, stepped to
state·47026247687942121848144207491837523525 + increment, then folded to 64 bits. SHA-256 of ``tolbooth draws 1``, a
line feed and the counts' digest in hexadecimal gives the first state (its first 16 bytes, big-endian) and the increment
(the other 16, with the lowest bit set). Each number uses the upper 53 of a draw's 64 bits, u in [0, 2^53).

*Binomial numbers* come from u by inversion. For R repetitions with n_1 … n_R trials each and the chance a/b: the least
n_i is drawn for all of them, from R draws; what is left of each, in digits to the base 8, lowest first, is drawn digit
by digit, from R draws a digit, and added (a sum of binomial numbers of the same chance is binomial). A chance of 0 or 1
takes no draws. A table of thresholds has the probabilities as weights relative to the mode's, by the ratio
(n - k)/(k + 1)·a/(b - a) and its inverse, out to 12 standard deviations and 40, added up from the lowest k, divided by
the sum, times 2^53, rounded down: IEEE 754 arithmetic in a fixed order, without any function that platforms differ in.
"""

from __future__ import annotations

import hashlib
import math

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]

_DIGITS = 8
_BITS = 53
_WHOLE = 1 << _BITS
_GUIDE_BITS = 11
_GUIDED_STEPS = 2
_REACH = 12
_SPARE = 40


class Draws:
    """A stream of draws that the digest of a count table determines."""

    def __init__(self, counts_sha256: str) -> None:
        seed = hashlib.sha256(b"tolbooth draws 1\n" + counts_sha256.encode("ascii")).digest()
        self._bits = np.random.PCG64(0)
        self._bits.state = {
            "bit_generator": "PCG64",
            "state": {"state": int.from_bytes(seed[:16], "big"), "inc": int.from_bytes(seed[16:], "big") | 1},
            "has_uint32": 0,
            "uinteger": 0,
        }

    def raw(self, size: int) -> npt.NDArray[np.uint64]:
        """The next ``size`` numbers of 64 bits."""
        return self._bits.random_raw(size)

    def binomial(self, trials: IntArray, hits: int, of: int) -> IntArray:
        """One binomial number for each entry of ``trials``, with the chance hits/of.

        Args:
            trials: whole numbers from 0, one for each repetition; at least one.
            hits: from 0 to ``of``.
            of: at least 1, except where ``trials`` are all 0.

        Returns:
            Whole numbers from 0 to the trials.
        """
        if hits == 0:
            return np.zeros_like(trials)
        if hits == of:
            return trials.copy()
        least = int(trials.min())
        left = trials - least
        found = self._invert([least], np.zeros_like(trials), hits, of)
        size = 1
        while left.any():
            digits = left % _DIGITS
            found += self._invert([digit * size for digit in range(int(digits.max()) + 1)], digits, hits, of)
            left //= _DIGITS
            size *= _DIGITS
        return found

    def _invert(self, trials: list[int], which: IntArray, hits: int, of: int) -> IntArray:
        """Draw from the table of ``trials[which]``: all tables stand in one sorted row, shifted by their number."""
        rows, lows = _tables(np.array(trials, dtype=np.int64), hits, of)
        size = rows.shape[1]
        row = (rows + np.arange(len(trials), dtype=np.int64)[:, None] * _WHOLE).ravel()
        u = (self.raw(len(which)) >> np.uint64(64 - _BITS)).astype(np.int64)
        found: IntArray = _places(row, u + which * _WHOLE, len(trials)) + (lows - np.arange(len(trials)) * size)[which]
        return found


def _places(row: IntArray, sought: IntArray, tables: int) -> IntArray:
    """``np.searchsorted(row, sought, side="right")``, faster: an even guide to near the place, then steps to it."""
    shift = _BITS - max(_GUIDE_BITS - tables.bit_length(), 1)
    edges = np.arange((tables << _BITS) >> shift, dtype=np.int64) << shift
    places: IntArray = np.searchsorted(row, edges, side="right")[sought >> shift]
    for _ in range(_GUIDED_STEPS):
        places += row[places] <= sought
    beyond = np.flatnonzero(row[places] <= sought)
    places[beyond] = np.searchsorted(row, sought[beyond], side="right")
    return places


def _tables(trials: IntArray, hits: int, of: int) -> tuple[IntArray, IntArray]:
    """For each number of trials a row of thresholds, one for each number from the row's lowest on.

    The first threshold above u gives the number. Numbers that can't be drawn have no room between their thresholds.
    """
    modes = np.array([min((n + 1) * hits // of, n) for n in trials.tolist()], dtype=np.int64)[:, None]
    spread = hits * (of - hits)
    reaches = [math.isqrt(n * spread // (of * of)) * _REACH + _SPARE for n in trials.tolist()]
    reach = np.array(reaches, dtype=np.int64)[:, None]
    odds = hits / (of - hits)
    n = trials[:, None]
    steps = np.arange(int(min(reach.max(), trials.max())), dtype=np.int64)
    up, down = modes + steps, modes - steps
    above = np.where((steps < reach) & (up < n), (n - up) / (up + 1) * odds, 0.0).cumprod(axis=1)
    below = np.where((steps < reach) & (down > 0), np.maximum(down, 0) / (n - down + 1) / odds, 0.0).cumprod(axis=1)
    sums = np.concatenate([below[:, ::-1], np.ones((len(trials), 1)), above], axis=1).cumsum(axis=1)
    thresholds = np.floor(sums / sums[:, -1:] * _WHOLE).astype(np.int64)
    thresholds[:, -1] = _WHOLE
    return thresholds, modes[:, 0] - len(steps)
