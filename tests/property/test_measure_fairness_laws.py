"""The laws of fairness verdicts: what holds for any counts, any bound and any grouping."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.measure.fairness.assess import assess
from tolbooth.measure.fairness.counts import FairnessCounts, Key
from tolbooth.measure.fairness.disparity import Method, difference, ratio
from tolbooth.measure.fairness.four_fifths import four_fifths
from tolbooth.measure.fairness.groups import count_groups
from tolbooth.measure.fairness.impact_ratio import AuditSettings, ShareOf, audit_selected
from tolbooth.measure.fairness.intervals import newcombe
from tolbooth.measure.fairness.koopman import koopman
from tolbooth.measure.fairness.question import FairnessQuestion, Mode, Statistic
from tolbooth.measure.fairness.rates import Metric, Rate
from tolbooth.measure.fairness.regression import RegressionSums
from tolbooth.measure.fairness.score import difference_score, ratio_score
from tolbooth.measure.fairness.slices import worst_slices

ORDER = ["fail", "undecided", "pass"]
NAMES = st.sampled_from(["a", "b", "c", None])
CODES = st.sampled_from([0, 1])
TABLES: st.SearchStrategy[dict[Key, int]] = st.dictionaries(
    st.tuples(st.tuples(NAMES), CODES, CODES), st.integers(1, 4000), min_size=4
)
COUNTS = st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
BOUNDS = st.integers(1, 1_000_000)


def rate(pair: tuple[int, int]) -> Rate:
    return Rate(numerator=pair[0], denominator=pair[1])


def table(counts: dict[Key, int]) -> FairnessCounts:
    return FairnessCounts.of(features=["group"], label="y", prediction="p", counts=counts)


def question(**more: Any) -> FairnessQuestion:
    plain: dict[str, Any] = {
        "statistic": Statistic.DIFFERENCE,
        "metric": Metric.SELECTION_RATE,
        "bound": 100_000,
        "mode": Mode.SIMULTANEOUS,
    }
    return FairnessQuestion(by=("group",), **{**plain, **more})


QUESTIONS = st.builds(
    question,
    statistic=st.sampled_from(Statistic),
    metric=st.sampled_from(Metric),
    bound=BOUNDS,
    alpha=st.integers(1, 400_000),
)


def outcome(counts: dict[Key, int], asked: FairnessQuestion) -> str:
    found: str = assess(table(counts), asked)["comparison"]["outcome"]
    return found


@given(COUNTS, COUNTS, BOUNDS)
def test_the_sign_of_a_score_is_that_of_whole_numbers(one: tuple[int, int], other: tuple[int, int], bound: int) -> None:
    gap = (one[0] * other[1] - other[0] * one[1]) * 1_000_000 + bound * one[1] * other[1]
    found = difference_score(rate(one), rate(other), bound=bound)
    assert (found > 0, found < 0) == ((gap > 0, gap < 0) if bound < 1_000_000 else (True, False))
    share = one[0] * other[1] * 1_000_000 - bound * other[0] * one[1]
    score = ratio_score(rate(one), rate(other), bound=bound)
    if score is None:
        assert one[0] == other[0] == 0
    else:
        assert (score > 0, score < 0) == (share > 0, share < 0)


@given(COUNTS, COUNTS, st.integers(0, 999_998), st.integers(1, 999_999))
def test_a_wider_bound_never_lowers_a_difference_score_and_a_lower_one_never_a_ratio_score(
    one: tuple[int, int], other: tuple[int, int], bound: int, more: int
) -> None:
    wider = min(bound + more, 999_999)
    assert difference_score(rate(one), rate(other), bound=wider) >= difference_score(
        rate(one), rate(other), bound=bound
    ) - Decimal("1e-20")
    lower, higher = (ratio_score(rate(one), rate(other), bound=each) for each in (bound + 1, wider + 1))
    if lower is not None and higher is not None:
        assert lower >= higher - Decimal("1e-20")


@given(COUNTS, COUNTS, st.sampled_from([10_000, 50_000, 200_000]))
def test_an_interval_holds_its_estimate_and_a_smaller_alpha_holds_the_interval(
    one: tuple[int, int], other: tuple[int, int], alpha: int
) -> None:
    estimate = Fraction(*one) - Fraction(*other)
    low, high = newcombe(*one, *other, alpha=alpha)
    assert -1 <= low <= Decimal(estimate.numerator) / estimate.denominator <= high <= 1
    wide_low, wide_high = newcombe(*one, *other, alpha=alpha // 10)
    assert wide_low <= low <= high <= wide_high
    bottom, top = koopman(*one, *other, alpha=alpha)
    wide_bottom, wide_top = koopman(*one, *other, alpha=alpha // 10)
    assert 0 <= wide_bottom <= bottom
    assert (top is None) == (wide_top is None) == (other[0] == 0)
    if top is not None and wide_top is not None:
        share = Fraction(*one) / Fraction(*other)
        tolerance = Decimal("1e-15")
        assert bottom - tolerance <= Decimal(share.numerator) / share.denominator <= top + tolerance
        assert top <= wide_top


@given(TABLES, QUESTIONS)
@settings(max_examples=60)
def test_no_verdict_with_evidence_contradicts_the_number_as_counted(
    counts: dict[Key, int], asked: FairnessQuestion
) -> None:
    point = question(statistic=asked.statistic, metric=asked.metric, bound=asked.bound, mode=Mode.POINT)
    with_evidence, counted = outcome(counts, asked), outcome(counts, point)
    if with_evidence != "undecided" and counted != "undecided":
        assert with_evidence == counted


@given(TABLES, QUESTIONS, st.integers(0, 1_000_000))
@settings(max_examples=60)
def test_a_stricter_bound_never_brings_a_verdict_nearer_to_a_pass(
    counts: dict[Key, int], asked: FairnessQuestion, by: int
) -> None:
    bound = max(asked.bound - by, 0) if asked.statistic is Statistic.DIFFERENCE else min(asked.bound + by, 1_000_000)
    stricter = question(statistic=asked.statistic, metric=asked.metric, bound=bound, alpha=asked.alpha)
    assert ORDER.index(outcome(counts, stricter)) <= ORDER.index(outcome(counts, asked))


@given(TABLES, QUESTIONS)
@settings(max_examples=60)
def test_a_smaller_alpha_only_ever_turns_a_verdict_into_undecided(
    counts: dict[Key, int], asked: FairnessQuestion
) -> None:
    assume(asked.alpha >= 2)
    surer = question(statistic=asked.statistic, metric=asked.metric, bound=asked.bound, alpha=asked.alpha // 2)
    assert outcome(counts, surer) in {"undecided", outcome(counts, asked)}


@given(TABLES, QUESTIONS)
@settings(max_examples=60)
def test_the_outcome_follows_from_the_scores_that_are_shown(counts: dict[Key, int], asked: FairnessQuestion) -> None:
    answer = assess(table(counts), asked)
    comparison = answer["comparison"]
    limits, scores = comparison["thresholds"], [pair["score"] for pair in comparison["pairs"]]
    assert canonical_bytes(answer)
    assert scores == sorted(scores)
    if any(score <= limits["fail_at"] for score in scores):
        assert comparison["outcome"] == "fail"
    elif comparison["insufficient"] or "undefined" in comparison or not scores:
        assert comparison["outcome"] == "undecided"
    else:
        assert comparison["outcome"] == ("pass" if scores[0] >= limits["pass_at"] else "undecided")


SMALL: st.SearchStrategy[dict[Key, int]] = st.fixed_dictionaries(
    {((name,), code, code): st.integers(20, 60) for name in "ab" for code in (0, 1)}
)


def tie(counts: dict[Key, int], asked: FairnessQuestion) -> bool:
    """Whether the two groups' rates lie exactly on the bound."""
    rates = [Fraction(counts[(name,), 1, 1], counts[(name,), 1, 1] + counts[(name,), 0, 0]) for name in "ab"]
    bound = Fraction(asked.bound, 1_000_000)
    return bound == (max(rates) - min(rates) if asked.statistic is Statistic.DIFFERENCE else min(rates) / max(rates))


@given(SMALL, st.sampled_from(Statistic), st.integers(50_000, 900_000))
def test_as_many_times_the_rows_as_it_takes_settle_it(counts: dict[Key, int], statistic: Statistic, bound: int) -> None:
    asked = question(statistic=statistic, bound=bound)
    comparison = assess(table(counts), asked)["comparison"]
    assert ("settle" in comparison) == (comparison["outcome"] == "undecided" and not tie(counts, asked))
    if "settle" in comparison:
        settle, rows = comparison["settle"], sum(counts.values())
        times = -(-settle["rows"] // rows)
        assert outcome({key: n * times for key, n in counts.items()}, asked) == settle["outcome"]
        assert outcome({key: n * (times - 1) for key, n in counts.items() if times > 1}, asked) == "undecided"


@given(TABLES, st.sampled_from(Metric))
def test_the_gap_between_groups_is_at_least_that_to_all(counts: dict[Key, int], metric: Metric) -> None:
    groups = {group.name: group.confusion for group in count_groups(table(counts), ["group"])}
    between, overall = difference(groups, metric), difference(groups, metric, method=Method.TO_OVERALL)
    if between is not None and overall is not None:
        assert 0 <= overall <= between <= 1
        assert between <= 2 * overall or between == 0
    low, high = ratio(groups, metric), ratio(groups, metric, method=Method.TO_OVERALL)
    if low is not None and high is not None:
        assert 0 <= low <= high <= 1


@given(st.dictionaries(st.sampled_from("abcd"), COUNTS, min_size=2), BOUNDS)
@settings(max_examples=50)
def test_a_group_is_below_exactly_when_its_ratio_is(groups: dict[str, tuple[int, int]], bound: int) -> None:
    for each in four_fifths({name: rate(pair) for name, pair in groups.items()}, bound=bound):
        assert each.below == (each.ratio is not None and each.ratio < Fraction(bound, 1_000_000))
        assert 0 < each.fisher <= 1


PEOPLE = st.dictionaries(
    st.tuples(
        st.tuples(st.sampled_from(["f", "m", None]), st.sampled_from(["x", "y", "z", None])), st.none() | CODES, CODES
    ),
    st.integers(1, 500),
)


@given(PEOPLE, st.integers(0, 100_000), st.sampled_from(ShareOf), st.booleans())
def test_every_person_of_an_audit_is_in_a_category_or_unknown(
    counts: dict[Key, int], under: int, share_of: ShareOf, lead: bool
) -> None:
    counted = FairnessCounts.of(features=["sex", "race"], label="y", prediction="p", counts=counts)
    chosen = AuditSettings(exclude_under=under, share_of=share_of, excluded_may_lead=lead)
    found = audit_selected(counted, sex="sex", race="race", settings=chosen)
    for each in found.tables:
        assert sum(category.rate.denominator for category in each.categories) + each.unknown == found.people
        shown = [category.impact for category in each.categories if category.impact is not None]
        assert all(impact >= 0 for impact in shown)
        if shown and not lead:
            assert max(shown) == 1
        assert all(category.impact is None for category in each.categories if category.excluded)


ROWS = st.lists(st.tuples(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6)), max_size=20)


@given(ROWS, st.data())
def test_regression_sums_are_the_same_in_any_order_and_partition(rows: list[tuple[int, int]], data: Any) -> None:
    def summed(part: list[tuple[int, int]]) -> RegressionSums:
        total = RegressionSums(scale=1000)
        for target, prediction in part:
            total = total.with_row(target, prediction)
        return total

    shuffled = data.draw(st.permutations(rows))
    cut = data.draw(st.integers(0, len(rows)))
    assert summed(shuffled[:cut]).merged(summed(shuffled[cut:])) == summed(rows)


@given(
    st.dictionaries(
        st.tuples(st.tuples(st.sampled_from("ab"), st.sampled_from(["x", "y", None])), CODES, CODES),
        st.integers(1, 900),
    ),
    st.sampled_from(Metric),
    st.integers(1, 12),
)
@settings(max_examples=50)
def test_no_slice_is_lost_in_silence(counts: dict[Key, int], metric: Metric, most: int) -> None:
    counted = FairnessCounts.of(features=["g", "h"], label="y", prediction="p", counts=counts)
    found = worst_slices(counted, metric, most_slices=most, shown=100)
    subsets = [("g",), ("h",), ("g", "h")]
    sizes = {subset: len(count_groups(counted, subset)) for subset in subsets}
    assert found.compared + found.insufficient + sum(sizes[each] for each in found.cut) == sum(sizes.values())
    assert found.compared + found.insufficient <= most
    bounds = [each.bound_ppm for each in found.slices]
    assert bounds == sorted(bounds, reverse=True)
    assert all(each.bound_ppm <= each.gap * 1_000_000 for each in found.slices)
