"""Measured numbers as a report shows them: one rate by group against a bound, read from an observation's values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tolbooth.model.rule import Outcome
from tolbooth.model.wire import JsonObject

MINIMUM = "minimum"
"""The statistic of a performance question: one rate over all rows, at least the bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A count of a count. ``ppm`` is None for 0/0, which is undefined; the interval is in ppm too."""

    numerator: int
    denominator: int
    ppm: int | None = None
    low_ppm: int | None = None
    high_ppm: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One group: its rows, every rate that was counted, and whether the asked rate rests on enough of them.

    ``beyond`` tells that the group stands on the far side of the bound, ``open`` that it may stand there.
    """

    name: str
    rows: int
    rate: Rate
    rates: Mapping[str, Rate]
    sufficient: bool
    beyond: bool
    open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two groups compared: the difference high - low or the ratio low / high, in ppm; None for a ratio of 0/0.

    ``low_ppm`` to ``high_ppm`` is the interval of that number, where it was tested; a ratio's may have no upper end.
    """

    high: str
    low: str
    value: int | None
    outcome: Outcome
    low_ppm: int | None = None
    high_ppm: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortGroup:
    """A group with too small a denominator to be compared.

    ``more_rows`` are about so many more of its rows as would make it large enough, if their shares stay as counted;
    None where there is none in the denominator yet.
    """

    name: str
    denominator: int
    minimum: int
    more_rows: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bootstrap:
    """The percentile interval of the widest gap between groups that all compared rates have enough rows of.

    ``value`` is that gap as counted: the widest difference or the lowest ratio, over ``rates`` rates. ``undefined``
    counts replicates without a gap. All but the counts are in ppm. No verdict rests on it.
    """

    value: int
    low_ppm: int
    high_ppm: int
    replicates: int
    undefined: int
    rates: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One rate of an assessed observation. ``groups`` are sorted by rate, highest first, those with too few rows last.

    ``value`` is the number that was compared with ``bound`` (ppm): the widest difference, the lowest ratio, or the
    rate itself; None where nothing could be compared. ``confidence_ppm`` belongs to the intervals. Rows without label
    or prediction count in ``row_count`` and enter no rate. ``favourable`` is the prediction that selection counts.

    ``part_of`` names the comparison of several rates to which this one belongs. Where groups were tested, ``tested`` is
    True, ``value`` is the number of the pair that the tests are least certain to be within the bound, and ``more_rows``
    how many rows would decide, if that can be told. Of several rates, the one with the widest gap has ``bootstrap``.
    """

    kind: str
    about: str
    statistic: str
    metric: str
    by: tuple[str, ...]
    outcome: Outcome
    bound: int
    minimum: int
    value: int | None
    confidence_ppm: int | None
    row_count: int
    groups: tuple[Group, ...]
    pairs: tuple[Pair, ...]
    insufficient: tuple[ShortGroup, ...]
    overall: Rate | None
    label: str | None
    prediction: str | None
    favourable: int
    rows_without_label: int
    counts_sha256: str | None
    part_of: str | None = None
    tested: bool | None = None
    more_rows: int | None = None
    reference: tuple[str, ...] | None = None
    bootstrap: Bootstrap | None = None

    @property
    def failing_pairs(self) -> tuple[Pair, ...]:
        """The pairs beyond the bound, worst first."""
        return tuple(pair for pair in self.pairs if pair.outcome is Outcome.FAIL)

    @property
    def open_pairs(self) -> tuple[Pair, ...]:
        """The pairs of which the rows can't tell on which side of the bound they are."""
        return tuple(pair for pair in self.pairs if pair.outcome is Outcome.UNDECIDED)

    @property
    def told_pair(self) -> Pair | None:
        """The pair that ``value`` belongs to, where groups were tested or compared with a reference."""
        return self.pairs[0] if (self.tested or self.reference) and self.pairs else None

    @property
    def reference_group(self) -> str | None:
        """The group that the others are compared with, if there is one."""
        names = [group.name for group in self.groups if group.name in (self.reference or ())]
        return names[0] if len(names) == 1 else None


def read_rate(raw: Mapping[str, Any]) -> Rate:
    """Read a rate object; absent numbers stay None."""
    return Rate(
        numerator=raw["numerator"],
        denominator=raw["denominator"],
        ppm=raw.get("ppm"),
        low_ppm=raw.get("low_ppm"),
        high_ppm=raw.get("high_ppm"),
    )


def _rates(raw: Mapping[str, Any]) -> dict[str, Rate]:
    return {name: read_rate(rate) for name, rate in sorted(raw.items())}


def comparisons_of(input_document: JsonObject, question: JsonObject | None) -> tuple[Comparison, ...]:
    """The assessed observations of the input whose question carries all of ``question``, by artifact and feature.

    A question that asks for several rates, as equalized odds, gives a comparison for each of them.
    """
    if question is None:
        return ()
    kind = str(question.get("kind", ""))
    observations = input_document.get("observations", {}).get(kind, ())
    asked = [item for item in observations if _asks(item.get("question"), question)]
    found = [_read(kind, item, metric) for item in asked for metric in _metrics(item["question"]["metric"])]
    return tuple(sorted(found, key=lambda item: (item.about, item.by)))


def compared_in(values: JsonObject, question: JsonObject, *, about: str) -> tuple[Comparison, ...]:
    """The comparisons of one answer that stands by itself."""
    observation = {"about": about, "question": question, "values": values}
    return comparisons_of({"observations": {question["kind"]: [observation]}}, question)


_PARTS = {"equalized_odds": ("true_positive_rate", "false_positive_rate")}


def _metrics(metric: str) -> tuple[str, ...]:
    return _PARTS.get(metric, (metric,))


_OPTIONAL = ("reference", "intersections")
"""What a question may carry or not: an answer to a question with it is none to one without."""


def _asks(asked: Mapping[str, Any] | None, question: JsonObject) -> bool:
    if asked is None or any(asked.get(name) != question.get(name) for name in _OPTIONAL):
        return False
    return all(name in asked and asked[name] == value for name, value in question.items())


def _read(kind: str, item: Mapping[str, Any], metric: str) -> Comparison:
    question, values = item["question"], item["values"]
    comparison = _part(values["comparison"], metric)
    pairs = tuple(_pair(pair) for pair in comparison.get("pairs", ()))
    statistic = str(question.get("statistic", MINIMUM))
    alpha, reference = question.get("alpha"), question.get("reference")
    short = tuple(
        ShortGroup(
            name=each["group"],
            denominator=each["denominator"],
            minimum=each["minimum"],
            more_rows=_more_rows(values, each),
        )
        for each in comparison.get("insufficient", ())
    )
    is_part = metric != question["metric"]
    small = frozenset(group.name for group in short) if is_part else None
    return Comparison(
        kind=kind,
        about=item["about"],
        statistic=statistic,
        metric=metric,
        by=tuple(question.get("by", ())),
        outcome=Outcome(comparison["outcome"]),
        bound=question["bound"],
        minimum=question["minimum_denominator"],
        value=comparison.get("worst", comparison).get("value"),
        confidence_ppm=None if alpha is None else 1_000_000 - alpha,
        row_count=values["row_count"],
        groups=_groups(values, metric, pairs, statistic=statistic, small=small, reference=reference or ()),
        pairs=pairs,
        insufficient=short,
        overall=_rates(values.get("overall", values).get("rates", {})).get(metric),
        label=values.get("label"),
        prediction=values.get("prediction"),
        favourable=question.get("favourable", 1),
        rows_without_label=values.get("rows_without_label", 0),
        counts_sha256=values.get("counts_sha256"),
        part_of=question["metric"] if is_part else None,
        tested=True if question.get("mode") == "simultaneous" else None,
        more_rows=comparison.get("settle", {}).get("more_rows"),
        reference=None if reference is None else tuple(reference),
        bootstrap=_bootstrap(values, question, metric),
    )


def _more_rows(values: Mapping[str, Any], short: Mapping[str, Any]) -> int | None:
    rows = next((group["rows"] for group in values.get("groups", ()) if group["name"] == short["group"]), 0)
    lacking = (short["minimum"] - short["denominator"]) * rows
    return -(-lacking // short["denominator"]) if short["denominator"] else None


def _bootstrap(values: Mapping[str, Any], question: Mapping[str, Any], metric: str) -> Bootstrap | None:
    """The interval of the widest gap, where it was asked for and this rate's gap is the widest."""
    comparison = values["comparison"]
    raw = comparison.get("bootstrap", {})
    enough = {group["name"] for group in values.get("groups", ()) if group["sufficient"]}
    pairs = [pair for pair in comparison.get("pairs", ()) if enough.issuperset((pair["high"], pair["low"]))]
    if "low_ppm" not in raw or not pairs:
        return None
    widest = (min if question.get("statistic") == "ratio" else max)(pairs, key=lambda pair: int(pair["value"]))
    if widest.get("metric", metric) != metric:
        return None
    return Bootstrap(
        value=widest["value"],
        low_ppm=raw["low_ppm"],
        high_ppm=raw["high_ppm"],
        replicates=raw["replicates"],
        undefined=raw["undefined"],
        rates=len(_metrics(question["metric"])),
    )


def _pair(raw: Mapping[str, Any]) -> Pair:
    return Pair(
        high=raw["high"],
        low=raw["low"],
        value=raw.get("value"),
        outcome=Outcome(raw["outcome"]),
        low_ppm=raw.get("low_ppm"),
        high_ppm=raw.get("high_ppm"),
    )


def _part(comparison: Mapping[str, Any], metric: str) -> Mapping[str, Any]:
    """What concerns one rate; all of it, where no pair and no group names its own."""
    named = [*comparison.get("pairs", ()), *comparison.get("insufficient", ())]
    if not any("metric" in each for each in named):
        return comparison
    pairs = [pair for pair in comparison["pairs"] if pair["metric"] == metric]
    short = [each for each in comparison["insufficient"] if each["metric"] == metric]
    found = {**comparison, "pairs": pairs, "insufficient": short, "outcome": _outcome(comparison, pairs, short)}
    found.pop("worst", None)
    return {**found, "worst": pairs[0]} if pairs else found


def _outcome(comparison: Mapping[str, Any], pairs: list[Any], short: list[Any]) -> str:
    outcomes = {pair["outcome"] for pair in pairs}
    if "fail" in outcomes:
        return "fail"
    is_open = short or not pairs or "undecided" in outcomes or "undefined" in comparison
    return "undecided" if is_open else "pass"


def _groups(
    values: Mapping[str, Any],
    metric: str,
    pairs: tuple[Pair, ...],
    *,
    statistic: str,
    small: frozenset[str] | None,
    reference: Sequence[str],
) -> tuple[Group, ...]:
    sides = [(_blamed(pair, statistic, reference), pair.outcome) for pair in pairs]
    beyond = {name for name, outcome in sides if outcome is Outcome.FAIL}
    may_be = {name for name, outcome in sides if outcome is Outcome.UNDECIDED}
    groups = [
        Group(
            name=raw["name"],
            rows=raw["rows"],
            rate=read_rate(raw["rates"][metric]),
            rates=_rates(raw["rates"]),
            # A group may have enough rows for one rate and too few for another that is asked for beside it.
            sufficient=raw["sufficient"] if small is None else raw["name"] not in small,
            beyond=raw["name"] in beyond,
            open=raw["name"] in may_be - beyond,
        )
        for raw in values.get("groups", ())
    ] or _whole(values, metric)
    return tuple(sorted(groups, key=lambda group: (not group.sufficient, -(group.rate.ppm or 0), group.name)))


def _blamed(pair: Pair, statistic: str, reference: Sequence[str]) -> str:
    """The side of a failing pair that is marked: never the reference, which the other is held against."""
    first, second = (pair.low, pair.high) if statistic == "ratio" else (pair.high, pair.low)
    return second if first in reference else first


def _whole(values: Mapping[str, Any], metric: str) -> list[Group]:
    """A rate over all rows is shown as the only row of its table."""
    if metric not in values.get("rates", {}):
        return []
    outcome = values["comparison"]["outcome"]
    rates = _rates(values["rates"])
    return [
        Group(
            name="all rows",
            rows=values["row_count"],
            rate=rates[metric],
            rates=rates,
            sufficient=outcome != Outcome.UNDECIDED,
            beyond=outcome == Outcome.FAIL,
        )
    ]


def fence(comparison: Comparison) -> int | None:
    """Where the bound lies on the scale of the rate, in ppm; None where nothing could be compared.

    For a difference: the lowest group's rate plus the bound; for a ratio: the bound times the highest group's rate.
    Around a reference there would be two, so there is none.
    """
    if comparison.statistic == MINIMUM:
        return comparison.bound
    if comparison.reference is not None:
        return None
    rates = [group.rate.ppm for group in comparison.groups if group.sufficient and group.rate.ppm is not None]
    if not rates:
        return None
    if comparison.statistic == "ratio":
        return max(rates) * comparison.bound // 1_000_000
    return min(rates) + comparison.bound
