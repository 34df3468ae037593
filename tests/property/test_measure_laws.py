"""The laws of counting and assessing: merge is exact, order and encoding don't matter, verdicts are monotone."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from tolbooth.measure.fairness.assess import assess, assess_performance
from tolbooth.measure.fairness.counter import FairnessCounter
from tolbooth.measure.fairness.counts import FairnessCounts, Key
from tolbooth.measure.fairness.intervals import wilson_ppm
from tolbooth.measure.fairness.question import FairnessQuestion, PerformanceQuestion, Statistic
from tolbooth.measure.fairness.rates import Metric, ppm

Row = tuple[str | None, int | None, int | None, int | None]

CATEGORIES = st.one_of(st.none(), st.sampled_from(["a", "b", "1", ""]), st.text(max_size=2))
ROWS = st.lists(
    st.tuples(
        CATEGORIES, st.sampled_from([None, 1, 2, -7]), st.sampled_from([0, 1, None]), st.sampled_from([0, 1, None])
    ),
    max_size=40,
)
TABLES = st.dictionaries(
    st.tuples(
        st.tuples(st.sampled_from(["a", "b", "c", None])), st.sampled_from([0, 1, None]), st.sampled_from([0, 1])
    ),
    st.integers(1, 200),
)
NARROW_METRICS = [Metric.ACCURACY, Metric.SELECTION_RATE, Metric.TRUE_POSITIVE_RATE]
ENCODINGS = ("plain", "large", "dictionary", "view")


def encoded(values: list[str | None], encoding: str) -> pa.Array:
    plain = pa.array(values, pa.string())
    match encoding:
        case "large":
            return plain.cast(pa.large_string())
        case "dictionary":
            return plain.dictionary_encode()
        case "view":
            return plain.cast(pa.string_view())
        case _:
            return plain


def batch(rows: list[Row], encoding: str, label_type: pa.DataType) -> pa.RecordBatch:
    text, number, y_true, y_pred = ([row[index] for row in rows] for index in range(4))
    labels = [None if value is None else label_type.to_pandas_dtype()(value) for value in y_true]
    columns = [encoded(text, encoding), pa.array(number, pa.int16()), pa.array(labels, label_type)]  # type: ignore[arg-type]
    return pa.record_batch([*columns, pa.array(y_pred, pa.int8())], names=["text", "number", "y", "p"])


def counter() -> FairnessCounter:
    return FairnessCounter(features=["text", "number"], label="y", prediction="p")


def table(counts: dict[Key, int]) -> FairnessCounts:
    return FairnessCounts.of(features=["group"], label="y", prediction="p", counts=counts)


def questions(minimum: int = 5) -> st.SearchStrategy[FairnessQuestion]:
    return st.builds(
        FairnessQuestion,
        statistic=st.sampled_from(Statistic),
        metric=st.sampled_from(Metric),
        by=st.just(("group",)),
        bound=st.integers(1, 1_000_000),
        minimum_denominator=st.just(minimum),
    )


@given(st.data(), ROWS)
def test_any_order_partition_encoding_and_merge_tree_gives_the_same_bytes(data: st.DataObject, rows: list[Row]) -> None:
    whole = counter()
    whole.update(batch(rows, "plain", pa.int8()))
    left = list(data.draw(st.permutations(rows)))
    parts = [counter()]
    while left:
        size = data.draw(st.integers(1, len(left)))
        part = (data.draw(st.booleans()) and parts[-1]) or counter()
        encoding, label = data.draw(st.sampled_from(ENCODINGS)), data.draw(st.sampled_from([pa.int64(), pa.float32()]))
        part.update(batch(left[:size], encoding, label))
        left = left[size:]
        if part is not parts[-1]:
            parts.append(part)
    while len(parts) > 1:
        one = parts.pop(data.draw(st.integers(0, len(parts) - 1)))
        parts[data.draw(st.integers(0, len(parts) - 1))].merge(one)
    assert parts[0].finish().canonical() == whole.finish().canonical()
    assert whole.finish().row_count == len(rows)


@given(TABLES)
def test_a_count_table_is_read_back_as_it_was(counts: dict[Key, int]) -> None:
    written = table(counts)
    assert FairnessCounts.from_bytes(written.canonical()) == written


@given(TABLES, questions())
def test_the_outcome_follows_from_the_listed_pairs_and_groups(
    counts: dict[Key, int], question: FairnessQuestion
) -> None:
    answer = assess(table(counts), question)
    comparison = answer["comparison"]
    enough = [group for group in answer["groups"] if group["sufficient"]]
    for pair in comparison["pairs"]:
        beyond = (
            pair["value"] > question.bound
            if question.statistic is Statistic.DIFFERENCE
            else pair["value"] < question.bound
        )
        assert (pair["outcome"] == "fail") == beyond
    failing = [pair for pair in comparison["pairs"] if pair["outcome"] == "fail"]
    assert comparison["pairs"][: len(failing)] == failing
    decided = len(enough) >= 2 and not comparison["insufficient"] and comparison["pairs"]
    assert comparison["outcome"] == ("fail" if failing else "pass" if decided else "undecided")
    assert ("reason" in comparison) == (comparison["outcome"] == "undecided")
    assert len(enough) + len(comparison["insufficient"]) == len(answer["groups"])
    assert sum(group["rows"] for group in answer["groups"]) == answer["row_count"]


@given(TABLES, questions(), st.integers(2, 50))
def test_the_same_rows_many_times_give_the_same_rates_and_narrower_intervals(
    counts: dict[Key, int], question: FairnessQuestion, times: int
) -> None:
    one = assess(table(counts), question)["overall"]["rates"]
    many = assess(table({key: n * times for key, n in counts.items()}), question)["overall"]["rates"]
    for metric in one:
        before, after = one[metric], many[metric]
        if before["denominator"]:
            assert after["ppm"] == before["ppm"]
            assert after["high_ppm"] - after["low_ppm"] <= before["high_ppm"] - before["low_ppm"]


@given(TABLES, questions(), st.randoms())
def test_assessing_does_not_depend_on_the_order_of_the_cells(
    counts: dict[Key, int], question: FairnessQuestion, random: Any
) -> None:
    shuffled = list(counts.items())
    random.shuffle(shuffled)
    assert assess(table(dict(shuffled)), question) == assess(table(counts), question)


@given(TABLES, questions(), st.integers(0, 1_000_000))
def test_a_stricter_bound_never_turns_a_failure_into_a_pass(
    counts: dict[Key, int], question: FairnessQuestion, by: int
) -> None:
    if question.statistic is Statistic.DIFFERENCE:
        bound = max(question.bound - by, 0)
    else:
        bound = min(question.bound + by, 1_000_000)
    stricter = FairnessQuestion(
        statistic=question.statistic,
        metric=question.metric,
        by=question.by,
        bound=bound,
        minimum_denominator=question.minimum_denominator,
    )
    before = assess(table(counts), question)["comparison"]["outcome"]
    after = assess(table(counts), stricter)["comparison"]["outcome"]
    order = ["fail", "undecided", "pass"]
    assert order.index(after) <= order.index(before)


@given(TABLES, questions(), st.integers(1, 30))
def test_a_higher_minimum_never_turns_anything_into_a_pass(
    counts: dict[Key, int], question: FairnessQuestion, more: int
) -> None:
    stricter = FairnessQuestion(
        statistic=question.statistic,
        metric=question.metric,
        by=question.by,
        bound=question.bound,
        minimum_denominator=question.minimum_denominator + more,
    )
    if assess(table(counts), question)["comparison"]["outcome"] != "pass":
        assert assess(table(counts), stricter)["comparison"]["outcome"] != "pass"


@given(TABLES, st.sampled_from(NARROW_METRICS), st.integers(1, 1_000_000))
def test_performance_passes_exactly_when_its_value_reaches_the_bound(
    counts: dict[Key, int], metric: Metric, bound: int
) -> None:
    question = PerformanceQuestion(metric=metric, bound=bound, minimum_denominator=1)
    comparison = assess_performance(table(counts), question)["comparison"]
    if comparison["denominator"] == 0:
        assert comparison["outcome"] == "undecided"
    else:
        assert comparison["outcome"] == ("pass" if comparison["value"] >= bound else "fail")


@given(st.integers(1, 10**12), st.data(), st.integers(1, 999_999))
def test_an_interval_holds_its_rate_and_lies_in_zero_to_one(n: int, data: st.DataObject, alpha: int) -> None:
    x = data.draw(st.integers(0, n))
    low, high = wilson_ppm(x, n, alpha=alpha)
    assert 0 <= low <= ppm(x, n) <= high <= 1_000_000
    mirrored = wilson_ppm(n - x, n, alpha=alpha)
    assert (1_000_000 - high, 1_000_000 - low) == mirrored
