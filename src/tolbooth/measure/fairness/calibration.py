"""Whether scores mean what they say, by group: exact, from the bins and power sums of a count table with a score.

A cell keeps, besides its rows, the sums of s, s², s³ and s⁴ of its scores in units of a declared scale, as integers.
Since cells are split by label, everything here is a fraction of integers that merges exactly. Rows without label or
score are left out and counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Any

from tolbooth.measure.fairness.counts import Cell, FairnessCounts
from tolbooth.measure.fairness.groups import cells_by_group, group_name
from tolbooth.measure.fairness.normal import PRECISE, two_sided_p
from tolbooth.measure.fairness.rates import PPM
from tolbooth.measure.fairness.score_bins import POWERS
from tolbooth.model.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreBin:
    """One bin of scores: its rows, how many are positive, and the sums of their scores in units."""

    place: int
    rows: int
    positives: int
    units: int

    def gap(self, scale: int) -> Fraction:
        """Mean score minus observed rate, in [-1, 1]; 0 is calibrated, above 0 promises too much."""
        return Fraction(self.units, self.rows * scale) - Fraction(self.positives, self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The scores of one group.

    ``bins`` are those that hold rows, lowest first; ``sums`` and ``hit_sums`` are the power sums s … s⁴ over all rows
    and over the positive ones; ``left_out`` rows lack label or score.
    """

    name: str
    scale: int
    bins: tuple[ScoreBin, ...]
    sums: tuple[int, ...]
    hit_sums: tuple[int, ...]
    left_out: int

    @property
    def rows(self) -> int:
        """Rows with label and score."""
        return sum(each.rows for each in self.bins)

    @property
    def positives(self) -> int:
        """Rows whose label is 1."""
        return sum(each.positives for each in self.bins)

    @property
    def in_the_large(self) -> Fraction | None:
        """Mean score minus observed rate, in [-1, 1]: 0 is right on the whole, above 0 promises too much."""
        if not self.rows:
            return None
        return Fraction(self.sums[0], self.rows * self.scale) - Fraction(self.positives, self.rows)

    @property
    def expected_error(self) -> Fraction | None:
        """ECE: the mean over rows of the absolute gap of their bin, in [0, 1]; 0 is calibrated in every bin.

        M. P. Naeini, G. F. Cooper and M. Hauskrecht, AAAI 2015. It depends on the bins.
        """
        if not self.rows:
            return None
        return sum((abs(each.gap(self.scale)) * each.rows for each in self.bins), Fraction(0)) / self.rows

    @property
    def brier(self) -> Fraction | None:
        """The Brier score, the mean of (s - y)², in [0, 1]: 0 is certain and right, 1 certain and wrong.

        Exact for scores in whole units: Σs² - 2Σys + Σy.
        """
        if not self.rows:
            return None
        total = self.sums[1] - 2 * self.scale * self.hit_sums[0] + self.scale**2 * self.positives
        return Fraction(total, self.rows * self.scale**2)

    @property
    def spiegelhalter(self) -> Decimal | None:
        """Spiegelhalter's z: standard normal if scores are calibrated; D. J. Spiegelhalter, Stat. Med. 5:421 (1986).

        Σ(y - s)(1 - 2s) / √Σ(1 - 2s)²s(1 - s), both sums from the power sums. None where the variance is 0, as with
        scores of 0, 1/2 and 1 only, and for no rows.
        """
        u = self.scale
        s1, s2, s3, s4 = self.sums
        above = self.positives * u * u - 2 * u * self.hit_sums[0] - s1 * u + 2 * s2
        variance = s1 * u**3 - 5 * s2 * u * u + 8 * s3 * u - 4 * s4
        if variance <= 0:
            return None
        # Both scales cancel: the numerator is times u², the variance times u⁴.
        return PRECISE.divide(Decimal(above), PRECISE.sqrt(Decimal(variance)))

    def as_json(self) -> dict[str, Any]:
        """Numbers in ppm, rounded half to even; what is undefined is absent. ``p_value`` is approximate."""
        z = self.spiegelhalter
        fractions = {
            "in_the_large_ppm": self.in_the_large,
            "expected_calibration_error_ppm": self.expected_error,
            "brier_ppm": self.brier,
        }
        content: dict[str, Any] = {
            "name": self.name,
            "rows": self.rows,
            "positives": self.positives,
            "left_out": self.left_out,
            "bins": [
                {"bin": each.place, "rows": each.rows, "positives": each.positives, "units": each.units}
                for each in self.bins
            ],
        }
        content |= {name: round(value * PPM) for name, value in fractions.items() if value is not None}
        if z is not None:
            scaled = PRECISE.multiply(z, Decimal(PPM)).to_integral_value(ROUND_HALF_EVEN)
            content |= {"spiegelhalter_millionths": int(scaled), "p_value": {"approximate": two_sided_p(z)}}
        return content


def calibration(counts: FairnessCounts, by: Sequence[str]) -> list[Calibration]:
    """The calibration of each group that the features ``by`` make, sorted by name; of no features, of all rows.

    Raises:
        ConfigError: ``measure.no-probability`` if the table has no score, or one that is no probability;
            ``measure.feature-not-counted``.
    """
    if counts.score is None or not counts.score.probability:
        raise ConfigError.of(
            "measure.no-probability",
            "calibration asks for a score that is a probability, and the count table has none",
            hint="count again with a score column whose values lie from 0 to 1",
        )
    groups = cells_by_group(counts, by)
    found = [_calibration(group_name(group), cells, counts.score.scale) for group, cells in groups.items()]
    return sorted(found, key=lambda each: each.name)


def _calibration(name: str, cells: Iterable[Cell], scale: int) -> Calibration:
    bins: dict[int, tuple[int, int, int]] = {}
    sums, hit_sums = [0] * POWERS, [0] * POWERS
    left_out = 0
    for cell in cells:
        if cell.y_true is None or cell.bin is None:
            left_out += cell.n
            continue
        rows, positives, units = bins.get(cell.bin, (0, 0, 0))
        bins[cell.bin] = (rows + cell.n, positives + cell.n * cell.y_true, units + cell.sums[0])
        sums = [a + b for a, b in zip(sums, cell.sums, strict=True)]
        hit_sums = [a + b * cell.y_true for a, b in zip(hit_sums, cell.sums, strict=True)]
    return Calibration(
        name=name,
        scale=scale,
        bins=tuple(
            ScoreBin(place=place, rows=rows, positives=positives, units=units)
            for place, (rows, positives, units) in sorted(bins.items())
        ),
        sums=tuple(sums),
        hit_sums=tuple(hit_sums),
        left_out=left_out,
    )
