"""What the PII reference recognises in a text, what it leaves alone, and that it does so in linear time."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tolbooth.measure.pii import checks
from tolbooth.measure.pii.entities import Evidence
from tolbooth.measure.pii.headers import hints_of
from tolbooth.measure.pii.reference import DETECTOR, scan_text

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
POOLED = frozenset({"CREDIT_CARD", "PHONE_NUMBER", "EMAIL_ADDRESS", "IBAN_CODE", "US_SSN", "IP_ADDRESS"})


def found(text: str, header: str | None = None) -> list[tuple[str, str]]:
    return [(span.entity_type.value, text[span.start : span.end]) for span in scan_text(text, header=header)]


@pytest.mark.parametrize(
    ("text", "entity", "part"),
    [
        ("write to Ana.B-c+d@mail.example.org, please", "EMAIL_ADDRESS", "Ana.B-c+d@mail.example.org"),
        ("see...bob@example.com.", "EMAIL_ADDRESS", "bob@example.com"),
        ("<a href='mailto:bob@example.museum'>", "EMAIL_ADDRESS", "bob@example.museum"),
        ("+41 (0)96 471 07 95", "PHONE_NUMBER", "+41 (0)96 471 07 95"),
        ("+447700677662", "PHONE_NUMBER", "+447700677662"),
        ("001-518-640-0854x22", "PHONE_NUMBER", "001-518-640-0854x22"),
        ("(212) 386-0434 ext. 12", "PHONE_NUMBER", "(212) 386-0434 ext. 12"),
        ("1-800-514-6667", "PHONE_NUMBER", "1-800-514-6667"),
        ("930.267.3943", "PHONE_NUMBER", "930.267.3943"),
        ("Tel.: 0490 75 40 81", "PHONE_NUMBER", "0490 75 40 81"),
        ("Rufnummer (08) 8747 6301", "PHONE_NUMBER", "(08) 8747 6301"),
        ("téléphone 01.84.17.61.18", "PHONE_NUMBER", "01.84.17.61.18"),
        ("Call 467 3395 now", "PHONE_NUMBER", "467 3395"),
        ("416 60 039 office", "PHONE_NUMBER", "416 60 039"),
        ("4111 1111 1111 1111", "CREDIT_CARD", "4111 1111 1111 1111"),
        ("3782-822463-10005", "CREDIT_CARD", "3782-822463-10005"),
        ("tarjeta 4222222222222", "CREDIT_CARD", "4222222222222"),
        ("pay to GB82 WEST 1234 5698 7654 32 this week", "IBAN_CODE", "GB82 WEST 1234 5698 7654 32"),
        ("de89370400440532013000", "IBAN_CODE", "de89370400440532013000"),
        ("219-09-9998", "US_SSN", "219-09-9998"),
        ("SSN 219 09 9998", "US_SSN", "219 09 9998"),
        ("from 192.168.0.1.", "IP_ADDRESS", "192.168.0.1"),
        ("at 2001:db8:0:0:1::5, ok", "IP_ADDRESS", "2001:db8:0:0:1::5"),
        ("host fe80::1", "IP_ADDRESS", "fe80::1"),
        ("https://ana:s3cret@db.example/x", "URL_USERINFO", "ana:s3cret"),
        ("postgresql://u:p@[::1]/d", "URL_USERINFO", "u:p"),
        ("born 1980-02-29", "DATE_OF_BIRTH", "1980-02-29"),
        ("geboren am 3. 12.10.1979", "DATE_OF_BIRTH", "12.10.1979"),
        ("Née le 3/10/1979", "DATE_OF_BIRTH", "3/10/1979"),
        ("DOB: March 3, 1979", "DATE_OF_BIRTH", "March 3, 1979"),
        ("id AKIAIOSFODNN7EXAMPLE", "AWS_ACCESS_KEY", "AKIAIOSFODNN7EXAMPLE"),
        (f"Bearer {JWT}", "JWT", JWT),
    ],
)
def test_a_form_is_recognised_with_its_exact_span(text: str, entity: str, part: str) -> None:
    assert (entity, part) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "icon@2x.png",
        "a.@example.com",
        "*****@gmail.com",
        "ana@example",
        "467 3395",
        "5551234567",
        "order number 5551234567",
        "call order 555123456",
        "2020-01-13 and 1998 2004",
        "3.14159265358979 0.4111111111111111",
        "4111111111111112",
        "1234567890123452",
        "order no 4111111111111111",
        "GB82WEST12345698765433",
        "DE82WEST12345698765432",
        "000-12-3456 666-12-3456 912-12-3456 123-00-4567 123-45-0000",
        "078-05-1120",
        "version 1.2.3.4",
        "1.2.3.4.5",
        "256.1.1.1",
        "01.2.3.4",
        "dead::beef",
        "std::vector",
        "12:30:45",
        "00:1b:44:11:3a:b7",
        "https://example.org/@ana",
        "1980-02-29",
        "born 1979-02-29",
        "born 1779-02-28",
        "eyJhbGci.eyJz.x",
        "AKIAIOSFODNN7EXAMPLE1",
        "٣٤٥-٦٧٨-٩٠١٢ phone",
    ],
)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_a_private_key_is_one_span_to_its_end_and_its_head_alone_where_the_end_is_missing() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----"
    assert found(f"a {key} b") == [("PRIVATE_KEY", key)]
    assert found("-----BEGIN PRIVATE KEY-----\nMIIB") == [("PRIVATE_KEY", "-----BEGIN PRIVATE KEY-----")]
    assert found("-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----") == []


def test_offsets_count_code_points_and_not_bytes_or_utf16_units() -> None:
    (span,) = scan_text("😀é ana@example.org")
    assert (span.start, span.end) == (3, 18)


def test_where_spans_overlap_the_entity_of_higher_priority_stays_alone() -> None:
    assert found("https://bob:pw@example.com/") == [("URL_USERINFO", "bob:pw")]
    assert found("SSN or phone: 219-09-9998") == [("US_SSN", "219-09-9998")]
    assert found("card or phone 4111 1111 1111 1111") == [("CREDIT_CARD", "4111 1111 1111 1111")]


def test_context_reaches_fifty_code_points_and_no_part_of_a_word_counts() -> None:
    number = "467 3395"
    assert found("phone" + " " * 45 + number)
    assert not found("phone" + " " * 46 + number)
    assert not found("xphone " + number)
    assert not found("phonebook " + number)
    assert found(number + " " * 45 + "phone")
    assert not found(number + " " * 46 + "phone")


def test_the_nearest_word_before_decides_and_only_then_the_words_after() -> None:
    assert found("order 12, phone 467 3395")
    assert not found("phone, order 467 3395")
    assert not found("order 467 3395 phone")


def test_evidence_says_what_speaks_for_a_span() -> None:
    (span,) = scan_text("my card: 4111111111111111", header="payment_card")
    assert span.evidence == Evidence.CHECKSUM | Evidence.CONTEXT | Evidence.HEADER
    (span,) = scan_text("order 467 3395", header="phone")
    assert span.evidence == Evidence.HEADER | Evidence.NEGATIVE


@pytest.mark.parametrize(
    ("text", "header", "entity"),
    [
        ("5551234567", "Phone_Number", "PHONE_NUMBER"),
        ("3201511 Ext: 105", "telefono", "PHONE_NUMBER"),
        ("219099998", "SocialSecurity", "US_SSN"),
        ("1979-10-12T00:00:00.000", "fecha_de_nacimiento", "DATE_OF_BIRTH"),
        ("19791012", "Geburtsdatum", "DATE_OF_BIRTH"),
        ("bob", None, None),
        ("5551234567", "case_id", None),
        ("4111111111111111", "order_id", None),
        ("1.2.3.4", "version", None),
    ],
)
def test_a_header_settles_what_the_form_alone_does_not(text: str, header: str | None, entity: str | None) -> None:
    assert found(text, header) == ([] if entity is None else [(entity, text)])


@pytest.mark.parametrize(
    ("header", "entities"),
    [
        ("customerPhone", {"PHONE_NUMBER"}),
        ("E-Mail-Adresse", {"EMAIL_ADDRESS"}),
        ("correo_electr_nico", {"EMAIL_ADDRESS"}),
        ("Téléphone portable", {"PHONE_NUMBER"}),
        ("Telefoonnummer", {"PHONE_NUMBER"}),
        ("numero_telemovel", {"PHONE_NUMBER"}),
        ("cellulare", {"PHONE_NUMBER"}),
        ("Kreditkartennummer", {"CREDIT_CARD"}),
        ("numéro de carte bancaire", {"CREDIT_CARD"}),
        ("data_di_nascita", {"DATE_OF_BIRTH"}),
        ("data de nascimento", {"DATE_OF_BIRTH"}),
        ("date_naissance", {"DATE_OF_BIRTH"}),
        ("geboortedatum", {"DATE_OF_BIRTH"}),
        ("clientIPv4", {"IP_ADDRESS"}),
        ("phone1", {"PHONE_NUMBER"}),
        ("phone_model", set()),
        ("Call-in Access Code", set()),
        ("razon_social", set()),
        ("recipient", set()),
        ("description", set()),
        ("shipping", set()),
        ("discard", set()),
    ],
)
def test_headers_are_read_in_several_languages_and_by_whole_words(header: str, entities: set[str]) -> None:
    assert {entity.value for entity in hints_of(header).entities} == entities


def test_check_digits_are_those_of_the_standards() -> None:
    assert checks.luhn("79927398713")
    assert [checks.luhn(f"7992739871{last}") for last in range(10)].count(True) == 1
    assert checks.mod97("GB82WEST12345698765432")
    assert checks.mod97("SE4550000000058398257466")
    assert not checks.mod97("GB28WEST12345698765432")


def test_the_detector_is_named_by_a_digest() -> None:
    assert len(DETECTOR) == 64


def hostile() -> Iterator[tuple[str, str]]:
    size = 1_000_000
    for name, unit in [
        ("digits", "1"), ("ats", "@"), ("dots", "."), ("colons", ":"), ("hyphens", "-"), ("letters", "a"),
        ("words-and-dots", "a."), ("words-and-ats", "a@"), ("digits-and-hyphens", "1-"), ("hex-and-colons", "1:"),
        ("tokens", "eyJ."), ("keys", "AKIA"), ("key-blocks", "-----BEGIN PRIVATE KEY-----"), ("urls", "a://a:"),
        ("brackets", "(1"), ("plus", "+1"), ("ibans", "GB82"), ("slashes", "1/1/"), ("spaces", " "),
    ]:  # fmt: skip
        yield name, unit * (size // len(unit))
    yield "one-long-domain", "a@" + "b." * (size // 2)


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in hostile()])
def test_a_megabyte_of_hostile_text_takes_linear_time(text: str) -> None:
    started = time.perf_counter()
    scan_text(text)
    seconds = time.perf_counter() - started
    # NOTE: quadratic time would be hours; the margin is for slow machines.
    assert seconds < 20


@pytest.mark.parametrize("name", ["synth_dataset_v2", "generated_large"])
def test_recall_and_precision_over_labelled_sentences_are_at_least_95_percent(shared_data: Path, name: str) -> None:
    sentences = json.loads((shared_data / "pii" / f"{name}.json").read_text(encoding="utf-8"))
    hits = missed = wrong = 0
    for sentence in sentences:
        truth = {
            (span["entity_type"], span["start_position"], span["end_position"])
            for span in sentence["spans"]
            if span["entity_type"] in POOLED
        }
        spans = scan_text(sentence["full_text"])
        answer = {(s.entity_type.value, s.start, s.end) for s in spans if s.entity_type.value in POOLED}
        hits += len(truth & answer)
        missed += len(truth - answer)
        wrong += len(answer - truth)
    assert hits > 300
    assert 100 * hits >= 95 * (hits + missed)
    assert 100 * hits >= 95 * (hits + wrong)
