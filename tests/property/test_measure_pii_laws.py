"""Laws of the PII reference and its summary: spans are sound, merging is exact under any partitioning."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from tolbooth.measure.pii.chance import is_beyond_chance
from tolbooth.measure.pii.entities import Evidence
from tolbooth.measure.pii.reference import scan_text
from tolbooth.measure.pii.scanner import PiiScanner
from tolbooth.measure.pii.summary import PiiSummary

KEY = b"a key of at least sixteen bytes"

VALUES = (
    "ana@example.org",
    "+41 44 668 18 00",
    "212-555-0187",
    "467 3395",
    "4111111111111111",
    "GB82WEST12345698765432",
    "219-09-9998",
    "192.0.2.7",
    "2001:db8:1:2:3:4:5:6",
    "1980-01-02",
    "https://a:b@c.example",
    "AKIAIOSFODNN7EXAMPLE",
)
PIECES = st.sampled_from((*VALUES, "born", "phone", "order", "version", "card", *" \n-.@0é😀()x,"))
TEXTS = st.one_of(st.lists(PIECES, max_size=12).map("".join), st.text(max_size=40))
HEADERS = st.sampled_from((None, "phone", "email", "ssn", "dob", "card", "order_id", "x", "ip"))
ROWS = st.lists(st.one_of(st.none(), TEXTS), max_size=30)


@settings(max_examples=300)
@given(TEXTS, HEADERS)
def test_spans_lie_in_the_text_in_order_without_overlap_and_not_against_the_evidence(
    text: str, header: str | None
) -> None:
    spans = scan_text(text, header=header)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(one.end <= other.start for one, other in pairwise(spans))
    assert all(Evidence.HEADER in span.evidence for span in spans if Evidence.NEGATIVE in span.evidence)
    assert spans == scan_text(text, header=header)


@settings(max_examples=200)
@given(TEXTS)
def test_a_text_far_from_all_words_gives_the_same_spans_wherever_it_stands(text: str) -> None:
    far = " " * 60
    moved = scan_text(far + text + far)
    assert [(span.start - 60, span.end - 60, span.entity_type) for span in moved] == [
        (span.start, span.end, span.entity_type) for span in scan_text(text)
    ]


def batch(rows: list[str | None]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"x": pa.array(rows, pa.string()), "phone": pa.array(rows, pa.string())})


def scanned(rows: list[str | None]) -> PiiScanner:
    made = PiiScanner(key=KEY)
    made.update(batch(rows))
    return made


@settings(max_examples=100)
@given(ROWS, st.randoms(use_true_random=False), st.integers(1, 5))
def test_any_partitioning_in_any_order_gives_the_same_bytes(rows: list[str | None], order: object, parts: int) -> None:
    whole = scanned(rows).finish()
    mixed = list(rows)
    order.shuffle(mixed)  # type: ignore[attr-defined]
    made = PiiScanner(key=KEY)
    made.update(batch([]))
    for start in range(parts):
        made.merge(scanned(mixed[start::parts]))
    assert made.finish().canonical() == whole.canonical()
    assert PiiSummary.from_bytes(whole.canonical()) == whole


@settings(max_examples=30)
@given(st.integers(0, 400), st.integers(0, 400))
def test_sketches_of_more_spans_than_are_kept_merge_exactly(split: int, count: int) -> None:
    rows: list[str | None] = [f"user{number}@example.org" for number in range(count)]
    one, other = scanned(rows[:split]), scanned(rows[split:])
    one.merge(other)
    assert one.finish().columns == scanned(rows).finish().columns


@settings(max_examples=60)
@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=20))
def test_integers_without_a_header_give_what_their_digits_give_as_text(numbers: list[int]) -> None:
    as_numbers, as_text = PiiScanner(key=KEY), PiiScanner(key=KEY)
    as_numbers.update(pa.RecordBatch.from_pydict({"x": pa.array(numbers, pa.int64())}))
    as_text.update(pa.RecordBatch.from_pydict({"x": pa.array([str(number) for number in numbers], pa.string())}))
    assert as_numbers.finish().columns[0].entities == as_text.finish().columns[0].entities


@settings(max_examples=100)
@given(st.integers(1_001, 5_000), st.floats(0, 1))
def test_more_passes_never_look_more_like_chance(trials: int, share: float) -> None:
    passes = int(share * trials)
    tenth = Fraction(1, 10)
    if is_beyond_chance(passes, trials, tenth, alpha_ppm=1_000):
        assert is_beyond_chance(min(trials, passes + 1), trials, tenth, alpha_ppm=1_000)
        assert passes * 10 > trials
