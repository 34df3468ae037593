"""The bias audit of New York City's Local Law 144: selection or scoring rates and impact ratios, as its rules define.

6 RCNY § 5-300 and 5-301 (2023): the impact ratio is a category's rate over that of the most selected, or highest
scoring, category; for sex categories, race and ethnicity categories and their intersections, each by itself. For a tool
that scores, the rate is the share of a category above the sample's median score. People of an unknown category are
counted and left out. A category of less than 2 % of the data may be left out of the ratios, its people and its rate
still shown, with a justification. Neither the law nor its rules set an impact ratio that must be reached, and nothing
here judges one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fractions import Fraction
from typing import Any, TypeVar

from tolbooth.measure.fairness.counts import FairnessCounts
from tolbooth.measure.fairness.groups import group_name, require_binary
from tolbooth.measure.fairness.rates import PPM, Rate, ppm
from tolbooth.model.errors import ConfigError, Problem

Person = tuple[str | None, ...]
"""The category of each feature; None is unknown."""

Score = TypeVar("Score", int, Fraction)

TWO_PERCENT = 20_000
"""The share under which a category may be left out, in ppm."""


class ShareOf(StrEnum):
    """What the 2 % are of: the people of a table whose category is ``known``, or ``all`` people of the data."""

    KNOWN = "known"
    ALL = "all"


class Ties(StrEnum):
    """What a score equal to the median counts as: ``below`` (the rules say *above* the median) or ``above`` it."""

    BELOW = "below"
    ABOVE = "above"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSettings:
    """What the rules leave to the auditor; every choice stands in the result.

    ``exclude_under`` in ppm, in [0, 1,000,000): categories of a smaller share get no impact ratio; 0 excludes none.
    ``share_of`` is its denominator; ``exclude_in`` names the tables in which it applies, by their features, None for
    all. ``excluded_may_lead`` tells whether an excluded category may be the one that others are divided by. ``unknown``
    are names that mean an unknown category, besides null. ``ties`` and ``median_of`` are for scores: the sample whose
    median counts is ``all`` people, or those whose categories are all ``known``.

    Raises:
        ConfigError: ``audit.exclude-under``.
    """

    exclude_under: int = TWO_PERCENT
    share_of: ShareOf = ShareOf.KNOWN
    exclude_in: tuple[tuple[str, ...], ...] | None = None
    excluded_may_lead: bool = False
    unknown: frozenset[str] = frozenset()
    ties: Ties = Ties.BELOW
    median_of: ShareOf = ShareOf.ALL

    def __post_init__(self) -> None:
        if not (type(self.exclude_under) is int and 0 <= self.exclude_under < PPM):
            raise ConfigError(
                Problem(
                    code="audit.exclude-under",
                    message=f"a share of {self.exclude_under!r} ppm can't be excluded",
                    hint="the rules allow less than 2 %, which is 20000 ppm; 0 excludes nobody",
                    about="exclude_under",
                )
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """One category: its people, those selected or scoring above the median, and its ratio to the leading category.

    ``impact`` is None where the category is excluded, and where the leading rate is 0 or there is none.
    """

    name: str
    rate: Rate
    impact: Fraction | None
    excluded: bool
    leads: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactTable:
    """The categories of some features, sorted by name. ``unknown`` people lack one of these features."""

    features: tuple[str, ...]
    categories: tuple[Category, ...]
    unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BiasAudit:
    """What the public summary shows. ``median`` is the median of a tool that scores; None where nobody has a score."""

    people: int
    tables: tuple[ImpactTable, ...]
    settings: AuditSettings = field(default_factory=AuditSettings)
    scored: bool = False
    median: Fraction | None = None

    def rows(self) -> list[dict[str, Any]]:
        """The summary as plain values, one row a category: what a page or a spreadsheet is rendered from.

        ``rate_ppm`` and ``impact_ratio_ppm`` are rounded half up and None where undefined or excluded.
        """
        return [
            {
                "table": " & ".join(table.features),
                "category": each.name,
                "people": each.rate.denominator,
                "counted": each.rate.numerator,
                "rate_ppm": ppm(each.rate.numerator, each.rate.denominator) if each.rate.denominator else None,
                "impact_ratio_ppm": None
                if each.impact is None
                else ppm(each.impact.numerator, each.impact.denominator),
                "excluded": each.excluded,
                "leads": each.leads,
            }
            for table in self.tables
            for each in table.categories
        ]

    def as_json(self) -> dict[str, Any]:
        """The whole summary as plain values, with every choice that was made."""
        chosen = self.settings
        content: dict[str, Any] = {
            "kind": "scored" if self.scored else "selected",
            "people": self.people,
            "unknown": {" & ".join(table.features): table.unknown for table in self.tables},
            "rows": self.rows(),
            "settings": {
                "exclude_under_ppm": chosen.exclude_under,
                "share_of": chosen.share_of.value,
                "exclude_in": None if chosen.exclude_in is None else [" & ".join(each) for each in chosen.exclude_in],
                "excluded_may_lead": chosen.excluded_may_lead,
                "unknown": sorted(chosen.unknown),
            },
        }
        if self.scored:
            content["settings"] |= {"ties": chosen.ties.value, "median_of": chosen.median_of.value}
        if self.median is not None:
            content["median"] = {
                "numerator": _wire(self.median.numerator),
                "denominator": _wire(self.median.denominator),
            }
        return content


_LARGEST = 2**53 - 1


def _wire(number: int) -> int | str:
    """An integer as JSON can hold it: beyond 2^53 as text, for the halves of a double may be that large."""
    return number if abs(number) <= _LARGEST else str(number)


def audit_selected(
    counts: FairnessCounts, *, sex: str, race: str, favourable: int = 1, settings: AuditSettings | None = None
) -> BiasAudit:
    """The audit of a tool that selects: from a count table, by its predictions; labels are not needed and not read.

    Args:
        counts: a table with both features; rows without prediction are left out, as the tool did not assess them.
        sex: the feature with the sex categories.
        race: the feature with the race and ethnicity categories.
        favourable: the prediction that selects.
        settings: what the rules leave open.

    Raises:
        ConfigError: ``measure.feature-not-counted`` or ``measure.not-binary``.
    """
    require_binary(counts)
    missing = [name for name in (sex, race) if name not in counts.features]
    if missing:
        raise ConfigError.of(
            "measure.feature-not-counted",
            f"the count table has no feature {', '.join(repr(name) for name in missing)}",
            hint=f"it was counted by: {', '.join(counts.features) or 'nothing'}",
        )
    places = [counts.features.index(name) for name in (sex, race)]
    people: dict[Person, tuple[int, int]] = {}
    for cell in counts.cells:
        if cell.y_pred is not None:
            person = tuple(cell.values[place] for place in places)
            selected, every = people.get(person, (0, 0))
            people[person] = (selected + cell.n * (cell.y_pred == favourable), every + cell.n)
    return _audit(people, (sex, race), settings or AuditSettings())


def audit_scored(
    scores: Mapping[tuple[Person, Score], int], *, sex: str, race: str, settings: AuditSettings | None = None
) -> BiasAudit:
    """The audit of a tool that scores: a category's rate is its share above the sample's median score.

    Args:
        scores: how many people have these categories (sex, race) and exactly this score.
        sex: how the sex feature is called.
        race: how the race and ethnicity feature is called.
        settings: what the rules leave open, the ties among it. With an even number of people the median is the mean
            of the two in the middle.
    """
    chosen = settings or AuditSettings()
    sample: dict[Score, int] = {}
    for (person, score), n in scores.items():
        if chosen.median_of is ShareOf.ALL or None not in _known(person, chosen):
            sample[score] = sample.get(score, 0) + n
    median = _median(sample)
    people: dict[Person, tuple[int, int]] = {}
    for (person, score), n in scores.items():
        counted, every = people.get(person, (0, 0))
        above = median is not None and (score > median or (score == median and chosen.ties is Ties.ABOVE))
        people[person] = (counted + n * above, every + n)
    return replace(_audit(people, (sex, race), chosen), scored=True, median=median)


def _median(sample: Mapping[Score, int]) -> Fraction | None:
    total = sum(sample.values())
    if not total:
        return None
    middle: list[Fraction] = []
    seen = 0
    for score in sorted(sample):
        before, seen = seen, seen + sample[score]
        middle += [Fraction(score) for rank in ((total - 1) // 2, total // 2) if before <= rank < seen]
    return sum(middle, Fraction(0)) / 2


def _audit(
    people: Mapping[Person, tuple[int, int]],
    features: tuple[str, str],
    settings: AuditSettings,
) -> BiasAudit:
    known = [(_known(person, settings), counted, every) for person, (counted, every) in people.items()]
    return BiasAudit(
        people=sum(every for _, _, every in known),
        tables=tuple(_table(known, features, places, settings) for places in ((0,), (1,), (0, 1))),
        settings=settings,
    )


def _known(person: Person, settings: AuditSettings) -> Person:
    return tuple(None if name in settings.unknown else name for name in person)


def _table(
    people: Iterable[tuple[Person, int, int]], features: Sequence[str], places: Sequence[int], settings: AuditSettings
) -> ImpactTable:
    named = tuple(features[place] for place in places)
    sums: dict[Person, tuple[int, int]] = {}
    unknown = 0
    for person, counted, every in people:
        category = tuple(person[place] for place in places)
        if None in category:
            unknown += every
        else:
            before = sums.get(category, (0, 0))
            sums[category] = (before[0] + counted, before[1] + every)
    rates = {
        group_name(category): Rate(numerator=counted, denominator=every)
        for category, (counted, every) in sums.items()
        if every
    }
    whole = sum(rate.denominator for rate in rates.values()) + (unknown if settings.share_of is ShareOf.ALL else 0)
    applies = settings.exclude_in is None or named in settings.exclude_in
    excluded = {
        name for name, rate in rates.items() if applies and rate.denominator * PPM < settings.exclude_under * whole
    }
    may_lead = [name for name in rates if settings.excluded_may_lead or name not in excluded]
    lead = max((rates[name].value or Fraction(0) for name in may_lead), default=Fraction(0))
    return ImpactTable(
        features=named,
        categories=tuple(
            _category(name, rate, lead, excluded=name in excluded, may_lead=name in may_lead)
            for name, rate in sorted(rates.items())
        ),
        unknown=unknown,
    )


def _category(name: str, rate: Rate, lead: Fraction, *, excluded: bool, may_lead: bool) -> Category:
    value = rate.value or Fraction(0)
    return Category(
        name=name,
        rate=rate,
        impact=value / lead if lead and not excluded else None,
        excluded=excluded,
        leads=bool(lead) and may_lead and value == lead,
    )
