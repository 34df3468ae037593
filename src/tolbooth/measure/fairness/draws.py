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

_DIGIT_BITS = 3
_LOW_DIGIT = (1 << _DIGIT_BITS) - 1
_BITS = 53
_WHOLE = 1 << _BITS
_UNUSED_BITS = 64 - _BITS
_GUIDE_BITS = 12
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
        found = self._invert([least], None, len(trials), hits, of)
        size = 1
        while left.any():
            digits = left & _LOW_DIGIT
            found += self._invert(
                [digit * size for digit in range(int(digits.max()) + 1)], digits, len(trials), hits, of
            )
            left >>= _DIGIT_BITS
            size <<= _DIGIT_BITS
        return found

    def _invert(self, trials: list[int], which: IntArray | None, size: int, hits: int, of: int) -> IntArray:
        """Draw ``size`` numbers, each from the table of ``trials[which]``; of the only one, if ``which`` is None."""
        thresholds, lows = _tables(trials, hits, of)
        found = _places(thresholds, which, self.raw(size))
        if which is None:
            found += lows[0]
        else:
            found += (lows - np.arange(len(trials)) * thresholds.shape[1]).take(which)
        return found


def _places(thresholds: IntArray, which: IntArray | None, raw: npt.NDArray[np.uint64]) -> IntArray:
    """How many thresholds, counted from the first table's first on, come before the one that each draw is below.

    An even guide gives the place for the start of a draw's bucket; few draws have a threshold of their bucket before
    them, and step on. Draws are compared with all of their bits, since the unused ones change nothing.
    """
    tables = len(thresholds)
    bits = _GUIDE_BITS - (tables - 1).bit_length()
    firsts = np.arange(tables)[:, None]
    buckets = (thresholds + ((1 << (_BITS - bits)) - 1) >> (_BITS - bits)) + (firsts << bits)
    guide = np.bincount(buckets.ravel(), minlength=tables << bits).cumsum()
    bucket = (raw >> np.uint64(64 - bits)).view(np.int64)
    if which is not None:
        bucket += which << bits
    places: IntArray = guide.take(bucket)
    # NOTE: less one, since 2^64 is no 64-bit number; a threshold of 0 wraps, but the guide is always beyond it.
    lasts = ((thresholds.ravel() << _UNUSED_BITS) - 1).view(np.uint64)
    beyond = np.flatnonzero(lasts.take(places) < raw)
    for _ in range(_GUIDED_STEPS):
        places[beyond] += 1
        beyond = beyond[lasts.take(places.take(beyond)) < raw.take(beyond)]
    if len(beyond):
        sought = (raw[beyond] >> np.uint64(_UNUSED_BITS)).view(np.int64) + (
            0 if which is None else which[beyond] << _BITS
        )
        places[beyond] = np.searchsorted((thresholds + (firsts << _BITS)).ravel(), sought, side="right")
    return places


def _tables(trials: list[int], hits: int, of: int) -> tuple[IntArray, IntArray]:
    """For each number of trials a row of thresholds, one for each number from the row's lowest on.

    The first threshold above u gives the number. Numbers that can't be drawn have no room between their thresholds.
    """
    modes = [min((n + 1) * hits // of, n) for n in trials]
    spread = hits * (of - hits)
    reaches = [math.isqrt(n * spread // (of * of)) * _REACH + _SPARE for n in trials]
    width = min(max(reaches), max(trials))
    odds = hits / (of - hits)
    n, mode = np.array([trials, modes], dtype=np.float64)[:, :, None]
    steps = np.arange(width, dtype=np.float64)
    # Beyond n and below 0 no factor needs to be set to 0: the one at the end is, and each weight is a product.
    up, down = mode + steps, mode - steps
    above = (n - up) / (up + 1) * odds
    below = down / (n - down + 1) / odds
    if min(reaches) < width:
        reached = steps < np.array(reaches)[:, None]
        above *= reached
        below *= reached
    sums = np.ones((len(trials), 2 * width + 1))
    np.cumprod(above, axis=1, out=sums[:, width + 1 :])
    np.cumprod(below, axis=1, out=sums[:, :width][:, ::-1])
    sums.cumsum(axis=1, out=sums)
    thresholds = (sums / sums[:, -1:] * _WHOLE).astype(np.int64)
    thresholds[:, -1] = _WHOLE
    return thresholds, np.array(modes, dtype=np.int64) - width
