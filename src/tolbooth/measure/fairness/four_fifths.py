"""The four-fifths rule of the Uniform Guidelines, with its practical and its statistical side.

29 CFR 1607.4 D (1978): a selection rate under four fifths of the highest group's is generally regarded as evidence of
adverse impact; smaller differences may be adverse where they are significant in both statistical and practical terms,
and greater ones may not be where they rest on small numbers. It is a rule of thumb, not a test of discrimination.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tolbooth.measure.fairness.koopman import koopman_ppm
from tolbooth.measure.fairness.normal import two_sided_p, upper_quantile
from tolbooth.measure.fairness.rates import PPM, Rate
from tolbooth.measure.fairness.significance import fisher_p, z_difference, z_ratio

FOUR_FIFTHS = 800_000
"""Four fifths, in ppm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdverseImpact:
    """One group beside the one with the highest selection rate.

    ``ratio`` is its rate over the highest, in [0, 1]; None where the highest is 0. ``below`` tells that it is under
    the bound, decided in integers: exactly four fifths is not below. ``low_ppm`` to ``high_ppm`` is Koopman's interval
    of the ratio. ``fisher`` is a two-sided p-value, ``z_difference`` and ``z_ratio`` are standard normal where nothing
    differs, None where undefined; each ``…_significant`` compares with alpha, two-sided.
    """

    group: str
    rate: Rate
    reference: str
    ratio: Fraction | None
    below: bool
    low_ppm: int | None
    high_ppm: int | None
    fisher: Decimal
    fisher_significant: bool
    z_difference: Decimal | None
    z_difference_significant: bool
    z_ratio: Decimal | None
    z_ratio_significant: bool

    def as_json(self) -> dict[str, Any]:
        """Integers in ppm or millionths; p-values are approximate."""
        content: dict[str, Any] = {
            "group": self.group,
            "reference": self.reference,
            "numerator": self.rate.numerator,
            "denominator": self.rate.denominator,
            "below": self.below,
            "fisher_p": {"approximate": float(self.fisher)},
            "fisher_significant": self.fisher_significant,
        }
        if self.ratio is not None:
            content["ratio_ppm"] = self.ratio.numerator * PPM // self.ratio.denominator
        bounds = {"low_ppm": self.low_ppm, "high_ppm": self.high_ppm}
        content |= {name: bound for name, bound in bounds.items() if bound is not None}
        tests = {
            "z_difference": (self.z_difference, self.z_difference_significant),
            "z_ratio": (self.z_ratio, self.z_ratio_significant),
        }
        for name, (z, significant) in tests.items():
            if z is not None:
                content[name] = {"millionths": int(z * PPM), "p_value": {"approximate": two_sided_p(z)}}
                content[f"{name}_significant"] = significant
        return content


def four_fifths(
    groups: Mapping[str, Rate], *, bound: int = FOUR_FIFTHS, alpha: int = 50_000
) -> tuple[AdverseImpact, ...]:
    """Compare every group with the one that is selected most, lowest ratio first.

    Args:
        groups: selection rates by name; groups of nobody are left out. The first by name leads among equals.
        bound: in ppm, four fifths unless another is asked for.
        alpha: the two-sided level of the tests and 1 minus the confidence of the intervals, in ppm.

    Returns:
        One entry for each group but the leading one; nothing for fewer than two groups.
    """
    known = {name: rate for name, rate in sorted(groups.items()) if rate.denominator}
    if not known:
        return ()
    lead = max(known, key=lambda name: known[name].value or Fraction(0))
    found = [
        _impact((name, rate), (lead, known[lead]), bound=bound, alpha=alpha)
        for name, rate in known.items()
        if name != lead
    ]
    return tuple(sorted(found, key=lambda each: (each.ratio is None, each.ratio, each.group)))


def _impact(group: tuple[str, Rate], leading: tuple[str, Rate], *, bound: int, alpha: int) -> AdverseImpact:
    (name, rate), (lead, highest) = group, leading
    a, b, c, d = rate.numerator, rate.denominator, highest.numerator, highest.denominator
    low, high = koopman_ppm(a, b, c, d, alpha=alpha) if c else (None, None)
    threshold = upper_quantile(alpha, 2)
    fisher, difference, ratio = fisher_p(rate, highest), z_difference(rate, highest), z_ratio(rate, highest)
    return AdverseImpact(
        group=name,
        rate=rate,
        reference=lead,
        ratio=Fraction(a * d, b * c) if c else None,
        below=a * d * PPM < bound * b * c,
        low_ppm=low,
        high_ppm=high,
        fisher=fisher,
        fisher_significant=fisher * PPM <= alpha,
        z_difference=difference,
        z_difference_significant=difference is not None and abs(difference) >= threshold,
        z_ratio=ratio,
        z_ratio_significant=ratio is not None and abs(ratio) >= threshold,
    )
