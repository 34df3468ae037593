"""Canonical bytes, strict parsing, and reading back what was written."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tolbooth.evidence.canonical import CanonicalError, canonical_bytes, canonical_sha256
from tolbooth.evidence.reading import read
from tolbooth.evidence.strict_json import parse, parse_lines
from tolbooth.model.approval import Approval, Assurance, Condition, Duties, Verb
from tolbooth.model.decision import AppliedWaiver, Case, Decision, DecisionReason, Verdict
from tolbooth.model.errors import VerificationError
from tolbooth.model.observation import (
    Artifact,
    ArtifactRole,
    CollectionMode,
    Column,
    ControlTotals,
    Dates,
    IpeRecord,
    Observation,
)
from tolbooth.model.rule import Enforcement, Loosens, Measured, Outcome, Reason, RuleResult, Severity
from tolbooth.model.subject import Subject, SubjectKind
from tolbooth.model.waiver import RiskAssessment, RiskLevel, SubjectScope, Treatment, Waiver, WaiverApproval

AT = datetime(2026, 11, 23, 9, 14, 7, tzinfo=UTC)


def test_members_are_sorted_by_utf16_and_numbers_written_as_ecmascript_does() -> None:
    # RFC 8785 §3.2.3 sorts by UTF-16 code units, where U+1F600 comes before U+FB33.
    value = {"\ufb33": 1, "\U0001f600": 2, "a": 1e21, "b": 0.1, "c": -0.0, "d": [True, None]}
    wanted = '{"a":1e+21,"b":0.1,"c":0,"d":[true,null],"\U0001f600":2,"\ufb33":1}'
    assert canonical_bytes(value) == wanted.encode()


def test_none_fields_of_dataclasses_are_left_out_and_instants_end_in_z() -> None:
    assert canonical_bytes(Dates(collected=AT, received=AT)) == (
        b'{"collected":"2026-11-23T09:14:07Z","received":"2026-11-23T09:14:07Z"}'
    )


def test_the_digest_is_of_the_canonical_bytes() -> None:
    assert canonical_sha256({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (float("nan"), "canonical.not-finite"),
        ({"a": [float("-inf")]}, "canonical.not-finite"),
        (2**53, "canonical.integer-range"),
        (-(2**53), "canonical.integer-range"),
        ("\ud800", "canonical.value"),
        ({"\ud800": 1}, "canonical.value"),
        ({1, 2}, "canonical.value"),
        (b"bytes", "canonical.value"),
    ],
)
def test_values_without_canonical_form_are_refused(value: Any, code: str) -> None:
    with pytest.raises(CanonicalError) as caught:
        canonical_bytes(value)
    assert caught.value.code == code
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("value", [2**53 - 1, -(2**53) + 1])
def test_the_largest_integers_are_written(value: int) -> None:
    assert parse(canonical_bytes(value), path="x") == value


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b'{"a":1,"a":2}', "json.duplicate-key"),
        (b'{"x":{"a":1,"\\u0061":2}}', "json.duplicate-key"),
        (b'{"a":NaN}', "json.not-finite"),
        (b"-Infinity", "json.not-finite"),
        (b"1e999", "json.not-finite"),
        (b"9007199254740992", "json.number"),
        (b"-9007199254740992", "json.number"),
        (b"1" * 5000, "json.number"),
        (b"{} x", "json.syntax"),
        (b"{}{}", "json.syntax"),
        (b"", "json.syntax"),
        (b"{'a':1}", "json.syntax"),
        (b'"a\nb"', "json.syntax"),
        (b"{}\x00", "json.syntax"),
        (b"\xef\xbb\xbf{}", "json.encoding"),
        (b'"\xff"', "json.encoding"),
        (b'"\xed\xa0\x80"', "json.encoding"),
        (b'["\\ud800"]', "json.encoding"),
        (b'{"\\udc00":1}', "json.encoding"),
        (b"[" * 65 + b"]" * 65, "json.depth"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "json.depth"),
        (b"[" * 200_000 + b"]" * 200_000, "json.depth"),
    ],
)
def test_what_two_readers_could_read_differently_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(VerificationError) as caught:
        parse(content, path="data/x.json")
    assert caught.value.code == code
    place = caught.value.problems[0].place
    assert place is not None
    assert place.path == "data/x.json"


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert parse(b'"\\ud83d\\ude00"', path="x") == "\U0001f600"


def test_nesting_of_sixty_four_is_read() -> None:
    assert parse(b"[" * 64 + b"]" * 64, path="x")


def test_a_syntax_error_names_line_and_column() -> None:
    with pytest.raises(VerificationError) as caught:
        parse(b'{"a": 1,\n "b" 2}', path="x")
    assert str(caught.value.problems[0].place) == "x:2:6"


def test_lines_are_parsed_one_by_one_and_the_bad_one_is_named() -> None:
    assert list(parse_lines(b"1\n2\n", path="x")) == [(b"1", 1), (b"2", 2)]
    assert list(parse_lines(b"", path="x")) == []
    with pytest.raises(VerificationError) as caught:
        list(parse_lines(b"1\n\n2\n", path="x"))
    assert caught.value.problems[0].place is not None
    assert caught.value.problems[0].place.line == 2
    with pytest.raises(VerificationError):
        list(parse_lines(b"1\n2", path="x"))


SUBJECT = Subject(project="p", name="credit", version="3", kind=SubjectKind.MODEL, digest={"dirHash": "h1:abc="})
RESULT = RuleResult(
    rule="fairness.difference",
    title="Difference",
    outcome=Outcome.UNDECIDED,
    enforcement=Enforcement.DENY,
    severity=Severity.HIGH,
    message="too few",
    reason=Reason.INSUFFICIENT,
    term="race: Asian",
    values={"list": [1, None, {"x": "y"}], "double": 0.25},
    moving_values=("double",),
    measured=Measured(value=1, bound=2, unit="ppm", loosens=Loosens.DOWN),
    facts=("f",),
    effective_on=AT,
)
IPE = IpeRecord(
    system="files",
    instance="here",
    query="*",
    collector="files",
    collector_version="0.1.0",
    identity="ana",
    mode=CollectionMode.PULL,
    unit="rows",
    returned=3,
    reported_total=None,
    pages=1,
    totals=ControlTotals(count=3, first="a"),
    response_sha256="00",
    completeness_check="none",
    complete=None,
    parameters={"a": 1},
)
VALUES = [
    RESULT,
    Decision(
        version=1,
        case=Case(subject=SUBJECT, gate="g", environment="ci", as_of=AT, policy_sha256="aa", input_sha256="bb"),
        verdict=Verdict.UNDECIDED,
        reasons=(DecisionReason(code="gate.empty"), DecisionReason(code="c", role="owner")),
        results=(RESULT,),
        waivers=(AppliedWaiver(waiver_sha256="cc", waiver_id="W-1", rule="r", term=None, effective_until=AT),),
        approvals=("dd",),
        basis="ee",
    ),
    Artifact(
        name="predictions",
        role=ArtifactRole.PREDICTIONS,
        uri="p.parquet",
        digest={"sha256": "ff"},
        size_bytes=12,
        media_type="application/vnd.apache.parquet",
        dates=Dates(collected=AT, received=AT, valid_until=AT),
        ipe=IPE,
        row_count=7214,
        columns=(Column(name="race", type="string"),),
    ),
    Observation(
        kind="fairness",
        about="predictions",
        values={"groups": [{"group": {"race": None}, "rows": 3}]},
        dates=Dates(collected=AT, received=AT),
        origin="measure",
        reads=("aa",),
        question={"by": ["race"], "bound": 100_000},
    ),
    Waiver(
        sha256="aa",
        id="W-1",
        rule="fairness.difference",
        term=None,
        scope=SubjectScope(pattern="credit*", matches_at_most=3),
        gate="release",
        environment="ci",
        requested_by="ana",
        reason="because",
        risk=RiskAssessment(
            harmed="applicants",
            inherent=RiskLevel(likelihood=3, impact=4),
            treatment=Treatment.MITIGATE,
            treatment_text="manual review",
        ),
        effective_on=AT,
        effective_until=AT,
        approvals=(WaiverApproval(statement_sha256="aa", person="ben", role="owner", signed_at=AT),),
        limit=250_000,
    ),
    Approval(
        sha256="aa",
        basis="bb",
        subject="credit",
        gate="release",
        environment="ci",
        person="ben",
        role="owner",
        verb=Verb.APPROVE_WITH_CONDITIONS,
        meaning="reviewed",
        reason="fine",
        assurance=Assurance.PERSONAL_KEY,
        duties=Duties.KEPT,
        signed_at=AT,
        conditions=(Condition(text="watch", owner="ana", due=AT),),
    ),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_what_was_written_is_read_back_equal_and_written_again_to_the_same_bytes(value: object) -> None:
    content = canonical_bytes(value)
    again = read(type(value), content, path="x")
    assert again == value
    assert canonical_bytes(again) == content


def test_a_document_of_an_older_version_may_lack_fields_that_have_defaults() -> None:
    content = canonical_bytes(
        {"code": "gate.empty"},
    )
    assert read(DecisionReason, content, path="x") == DecisionReason(code="gate.empty")


@pytest.mark.parametrize(
    "content",
    [
        b'{"code":"a","colour":"red"}',
        b'{"rule":"r"}',
        b'{"code":1}',
        b'{"code":null}',
        b'{"code":"a","rule":null}',
        b'["code"]',
        b'"code"',
    ],
)
def test_a_value_of_another_shape_is_refused(content: bytes) -> None:
    with pytest.raises(VerificationError) as caught:
        read(DecisionReason, content, path="data/x.json")
    assert caught.value.code == "json.shape"
    assert str(caught.value.problems[0].place) == "data/x.json"


@pytest.mark.parametrize(
    "due",
    [
        "2026-11-23T09:14:07",
        "2026-11-23T09:14:07.5Z",
        "2026-11-23T10:14:07+01:00",
        "1795425247",
        "2026-11-23",
        "0001-01-01T00:00:00+23:00",
        1795425247,
    ],
)
def test_an_instant_in_another_form_than_ours_is_refused(due: object) -> None:
    content = canonical_bytes({"text": "watch", "owner": "ana", "due": due})
    with pytest.raises(VerificationError) as caught:
        read(Condition, content, path="x")
    assert caught.value.code == "json.shape"


def test_a_scope_that_its_own_type_refuses_is_a_shape_error() -> None:
    with pytest.raises(VerificationError) as caught:
        read(SubjectScope, b'{"digest":"a","pattern":"b","matches_at_most":1}', path="x")
    assert caught.value.code == "json.shape"
    assert "not both" in str(caught.value)
