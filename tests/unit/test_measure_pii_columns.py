"""Columns: which cells are scanned, what is counted of them, what is concluded, and that no value leaves."""

from __future__ import annotations

import datetime as dt
import logging
import pickle
import random
import traceback
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pytest

from tolbooth.measure.pii import reference, scanner
from tolbooth.measure.pii.assess import assess
from tolbooth.measure.pii.chance import is_beyond_chance, missed_bound_ppm
from tolbooth.measure.pii.checks import luhn
from tolbooth.measure.pii.entities import Entity
from tolbooth.measure.pii.masks import mask
from tolbooth.measure.pii.scanner import PiiScanner
from tolbooth.measure.pii.summary import ColumnCounts, PiiSummary
from tolbooth.model.errors import MeasureError

KEY = b"a key of at least sixteen bytes"


def scanned(**columns: Any) -> PiiSummary:
    made = PiiScanner(key=KEY)
    made.update(pa.RecordBatch.from_pydict({name: pa.array(values) for name, values in columns.items()}))
    return made.finish()


def column(**columns: Any) -> ColumnCounts:
    (counts,) = scanned(**columns).columns
    return counts


def judged(**columns: Any) -> dict[str, Any]:
    summary = scanned(**columns)
    (answer,) = assess(summary, rows=summary.rows)["columns"]
    assert isinstance(answer, dict)
    return answer


def test_rows_values_spans_and_whole_values_are_counted_apart() -> None:
    values = ["ana@example.org", " ben@example.org ", "ana@example.org, ben@example.org", "x", "", "  ", None]
    counts = column(x=values)
    assert (counts.rows, counts.nulls, counts.blanks, counts.unscanned, counts.filled) == (7, 1, 2, 0, 4)
    (entity,) = counts.entities
    assert (entity.values, entity.spans, entity.whole, entity.strong, entity.header) == (3, 4, 2, 4, 0)
    assert entity.distinct == 2
    assert sorted(entity.examples) == ["a…@e….org", "b…@e….org"]


def test_examples_are_the_five_smallest_keyed_hashes_and_depend_on_the_key() -> None:
    values = [f"+4420789460{number:02}" for number in range(60)]
    (entity,) = column(x=values).entities
    assert len(entity.examples) == 5
    assert len(entity.hashes) == 60
    assert list(entity.hashes) == sorted(entity.hashes)
    other = PiiScanner(key=b"another key of sixteen bytes")
    other.update(pa.RecordBatch.from_pydict({"x": values}))
    assert other.finish().columns[0].entities[0].hashes != entity.hashes


def test_distinct_spans_are_estimated_beyond_256() -> None:
    (entity,) = column(x=[f"user{number}@example.org" for number in range(5000)] * 2).entities
    assert len(entity.hashes) == 256
    assert 4000 < entity.distinct < 6000


WRITTEN: list[tuple[str, pa.Array, str | None]] = [
    ("phone", pa.array([5551234567]), "PHONE_NUMBER"),
    ("phone", pa.array([5551234567.0, float("nan"), None]), "PHONE_NUMBER"),
    ("phone", pa.array([Decimal("5551234567.00")]), "PHONE_NUMBER"),
    ("phone", pa.array([5551234567]).dictionary_encode(), "PHONE_NUMBER"),
    ("phone", pa.array([5551234567.5]), None),
    ("n", pa.array([5551234567]), None),
    ("n", pa.array([4111111111111111], pa.uint64()), "CREDIT_CARD"),
    ("n", pa.array([-4111111111111112, -(2**63)]), None),
    ("ssn", pa.array([23010866]), "US_SSN"),
    ("birth_date", pa.array([dt.date(1980, 1, 2)]), "DATE_OF_BIRTH"),
    ("dob", pa.array([dt.datetime(1980, 1, 2, 3, 4, tzinfo=dt.UTC)]), "DATE_OF_BIRTH"),
    ("created", pa.array([dt.date(1980, 1, 2)]), None),
    ("x", pa.array(["ana@example.org"], pa.large_string()), "EMAIL_ADDRESS"),
    ("x", pa.array(["ana@example.org"]).cast(pa.string_view()), "EMAIL_ADDRESS"),
    ("x", pa.array(["ana@example.org"]).dictionary_encode(), "EMAIL_ADDRESS"),
    ("x", pa.RunEndEncodedArray.from_arrays([2], ["ana@example.org"]), "EMAIL_ADDRESS"),
    ("phone", pa.array([True, False]), None),
    ("phone", pa.nulls(2), None),
    ("phone", pa.array([1.5], pa.float32()), None),
]


@pytest.mark.parametrize(("name", "array", "entity"), WRITTEN)
def test_numbers_dates_and_every_layout_of_text_are_scanned(name: str, array: pa.Array, entity: str | None) -> None:
    made = PiiScanner(key=KEY)
    made.update(pa.RecordBatch.from_arrays([array], names=[name]))
    (counts,) = made.finish().columns
    assert [found.entity_type.value for found in counts.entities] == ([] if entity is None else [entity])
    assert counts.unscanned == 0


@pytest.mark.parametrize(
    "values",
    [[["ana@example.org"]], [{"mail": "ana@example.org", "n": 1}], [b"ana@example.org"], [[{"a": ["x"]}]], [[2**40]]],
)
def test_nested_text_and_bytes_are_counted_as_not_scanned_and_never_as_clean(values: list[Any]) -> None:
    answer = judged(x=[*values, None])
    assert answer["unscanned"] == 1
    assert answer["verdict"] == "possible"


def test_vectors_of_floats_hold_nothing_to_scan() -> None:
    assert judged(x=[[0.5, 0.25], [1.0]])["verdict"] == "none"


def card(number: random.Random) -> str:
    start = "4" + "".join(number.choices("0123456789", k=14))
    return next(start + last for last in "0123456789" if luhn(start + last))


def test_a_column_of_cards_is_personal_and_one_of_long_ids_is_not() -> None:
    number = random.Random(5)
    assert judged(x=[card(number) for _ in range(200)])["verdict"] == "personal"
    answer = judged(x=[str(number.randrange(4 * 10**15, 5 * 10**15)) for _ in range(2000)])
    assert answer["verdict"] == "none"
    assert answer["by_chance"] == ["CREDIT_CARD"]
    assert answer["entities"] == []


def test_a_few_wrong_check_digits_among_right_ones_do_not_hide_a_card() -> None:
    assert judged(x=["4111111111111111", "5500005555555559", "4111111111111112"])["verdict"] == "personal"
    assert judged(x=["4111111111111111", "4111111111111113", "4111111111111112"])["verdict"] == "none"


@pytest.mark.parametrize(
    ("name", "values", "verdict"),
    [
        ("x", ["ana@example.org"] * 5 + ["-"] * 5, "personal"),
        ("x", ["mail ana@example.org"] + ["-"] * 9, "personal"),
        ("x", ["mail ana@example.org"] + ["-"] * 10, "possible"),
        ("email", ["ana@example.org"] + ["-"] * 9, "personal"),
        ("email", ["ana@example.org"] + ["-"] * 10, "possible"),
        ("phone", ["call 467 3395"] * 5 + ["-"] * 5, "personal"),
        ("notes", ["call 467 3395"] * 9 + ["-"], "possible"),
        ("email", [None, ""], "possible"),
        ("x", ["AKIAIOSFODNN7EXAMPLE"] + ["-"] * 999, "personal"),
        ("x", ["nothing"], "none"),
        ("x", [1, 2], "none"),
    ],
)
def test_verdicts_follow_from_shares_and_headers_at_their_exact_bounds(
    name: str, values: list[Any], verdict: str
) -> None:
    assert judged(**{name: values})["verdict"] == verdict


def test_values_of_an_observation_say_how_much_was_looked_at() -> None:
    summary = scanned(x=["ana@example.org", None])
    values = assess(summary, rows=100)
    assert values["mode"] == "sample"
    assert (values["rows"], values["scanned_rows"], values["bound_ppm"]) == (100, 2, 776394)
    assert values["columns"] == [
        {
            "name": "x",
            "verdict": "personal",
            "filled": 1,
            "entities": [
                {
                    "entity_type": "EMAIL_ADDRESS",
                    "values": 1,
                    "whole": 1,
                    "rows_ppm": 500000,
                    "distinct": 1,
                    "evidence": ["strong-format"],
                    "examples": ["a…@e….org"],
                }
            ],
        }
    ]
    assert assess(summary, rows=2)["mode"] == "full"
    assert assess(summary, rows=2)["bound_ppm"] == 0


@pytest.mark.parametrize(
    ("scanned_rows", "rows", "bound"),
    [(59, 10**6, 49508), (299, 10**6, 9970), (1, 2, 950000), (0, 5, 1000000), (0, 0, 0), (2, 2, 0)],
)
def test_nothing_found_in_n_rows_bounds_the_share_by_one_minus_the_nth_root_of_a_twentieth(
    scanned_rows: int, rows: int, bound: int
) -> None:
    assert missed_bound_ppm(scanned_rows, rows) == bound


def test_the_binomial_test_is_exact_at_its_threshold() -> None:
    tenth = Fraction(1, 10)
    assert is_beyond_chance(3, 3, tenth, alpha_ppm=1_000)
    assert not is_beyond_chance(3, 3, tenth, alpha_ppm=999)
    # P(X >= 2 of 3) = 3 · 0.01 · 0.9 + 0.001 = 0.028
    assert is_beyond_chance(2, 3, tenth, alpha_ppm=28_000)
    assert not is_beyond_chance(2, 3, tenth, alpha_ppm=27_999)
    assert not is_beyond_chance(0, 0, tenth, alpha_ppm=999_999)
    assert not is_beyond_chance(10_000, 100_000, tenth, alpha_ppm=999_999)
    assert is_beyond_chance(11_000, 100_000, tenth, alpha_ppm=1_000)
    assert is_beyond_chance(2_000, 2_000, tenth, alpha_ppm=1)


@pytest.mark.parametrize(
    ("entity", "text", "masked"),
    [
        (Entity.EMAIL_ADDRESS, "ana@example.org", "a…@e….org"),
        (Entity.EMAIL_ADDRESS, "al@mail.example.technology", "…@m….…"),
        (Entity.CREDIT_CARD, "4111 1111 1111 1134", "…34"),
        (Entity.PHONE_NUMBER, "+41 (0)96 471 07 95", "…95"),
        (Entity.US_SSN, "219-09-9998", "…98"),
        (Entity.IBAN_CODE, "gb82 west 1234 5698 7654 32", "GB…32"),
        (Entity.IP_ADDRESS, "192.168.0.1", "192…"),
        (Entity.IP_ADDRESS, "2001:db8::5:6", "2001…"),
        (Entity.DATE_OF_BIRTH, "1980-01-02", "••••-••-••"),
        (Entity.AWS_ACCESS_KEY, "AKIAIOSFODNN7EXAMPLE", "AKIA…"),
        (Entity.JWT, "eyJhbGciOi.eyJz.x", "eyJ…"),
        (Entity.PRIVATE_KEY, "-----BEGIN RSA PRIVATE KEY-----\nMIIB", "-----BEGIN …"),
        (Entity.URL_USERINFO, "ana:s3cret", "…:…"),
        (Entity.URL_USERINFO, "ana", "…"),
    ],
)
def test_a_mask_keeps_the_kind_and_not_the_value(entity: Entity, text: str, masked: str) -> None:
    assert mask(entity, text) == masked


CANARIES = (
    "canary7f3a@canarydomain.org",
    "4929907012345674",
    "+447911123456",
    "GB82WEST12345698765432",
    "219-09-9998",
    "https://canaryuser:canarypass@db.example/",
    "AKIACANARYCANARY2345",
    "203.0.113.77",
)


def test_no_value_leaves_in_a_summary_a_pickle_a_text_or_a_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        made = PiiScanner(key=KEY)
        made.update(pa.RecordBatch.from_pydict({"x": list(CANARIES), "email": list(CANARIES)}))
        summary = made.finish()
    values = assess(summary, rows=summary.rows)
    left = [
        summary.canonical().decode(),
        repr(summary),
        repr(made),
        repr(values),
        pickle.dumps(summary).decode("latin-1"),
        caplog.text,
    ]
    parts = ["canary", "CANARY", "4929907", "447911", "WEST1234", "219-09", "203.0.113", KEY.decode()]
    assert [part for part in parts if any(part in text for text in left)] == []
    assert len(summary.columns[0].entities) == 7


@pytest.mark.parametrize("array", [pa.array([b"canary\xff"]), pa.array([b"canary\xff"]).dictionary_encode()])
def test_text_that_is_not_utf8_is_refused_without_quoting_it(array: pa.Array) -> None:
    if isinstance(array, pa.DictionaryArray):
        text = pa.DictionaryArray.from_arrays(array.indices, array.dictionary.view(pa.string()))
    else:
        text = array.view(pa.string())
    with pytest.raises(MeasureError) as caught:
        PiiScanner(key=KEY).update(pa.RecordBatch.from_arrays([text], names=["x"]))
    assert caught.value.code == "measure.not-text"
    assert "canary" not in "".join(traceback.format_exception(caught.value))


def test_a_csv_without_a_header_does_not_give_its_first_row_away_as_names() -> None:
    summary = scanned(**{"canary7f3a@canarydomain.org": ["ana@example.org"], "tel +447911123456": ["x"]})
    assert [counts.name for counts in summary.columns] == ["c…@c….org", "tel …56"]


def test_a_scanner_is_not_pickled_because_it_holds_the_key() -> None:
    with pytest.raises(TypeError, match="holds a key"):
        pickle.dumps(PiiScanner(key=KEY))


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        PiiScanner(key=b"short")


def test_summaries_of_another_key_or_detector_do_not_merge(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = PiiScanner(key=KEY)
    with pytest.raises(ValueError, match="different keys"):
        mine.merge(PiiScanner(key=KEY + b"."))
    monkeypatch.setattr(scanner, "DETECTOR", "0" * 64)
    other = PiiScanner(key=KEY)
    with pytest.raises(ValueError, match="different detectors"):
        mine.merge(other)
    assert other.finish().detector != reference.DETECTOR


@pytest.mark.parametrize(
    "change",
    [lambda text: text[:-1], lambda text: text + " ", lambda text: text.replace('"spans":2', '"spans":"2"')],
)
def test_a_summary_is_read_back_only_from_its_exact_bytes(change: Callable[[str], str]) -> None:
    summary = scanned(x=["ana@example.org"] * 2, y=[[1]] * 2)
    assert PiiSummary.from_bytes(summary.canonical()) == summary
    changed = change(summary.canonical().decode()).encode()
    assert changed != summary.canonical()
    with pytest.raises(MeasureError) as caught:
        PiiSummary.from_bytes(changed)
    assert caught.value.code == "measure.summary-malformed"


def test_no_rows_give_a_summary_without_columns() -> None:
    assert PiiScanner(key=KEY).finish().columns == ()
    assert assess(PiiScanner(key=KEY).finish(), rows=0)["columns"] == []
