"""The difference of two bases, in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.decide_sample import CASE, FAIL, PASS, SUBJECT, WAIVER
from tolbooth.decide.basis_difference import basis_difference
from tolbooth.decide.gate import decide
from tolbooth.model.decision import Case
from tolbooth.model.rule import Loosens, Measured, Outcome, Reason, RuleResult

BEFORE = decide(CASE, [PASS, FAIL])


def told(case: Case = CASE, *results: RuleResult) -> str:
    return "\n".join(basis_difference(BEFORE, decide(case, results or (PASS, FAIL))))


def test_the_same_basis_differs_in_nothing_whenever_it_was_decided() -> None:
    later = replace(CASE, as_of=datetime(2027, 1, 1, tzinfo=UTC))
    assert told(later) == ""
    assert told(replace(CASE, input_sha256="0" * 64)) == ""


def test_a_changed_subject_names_both_digests() -> None:
    text = told(replace(CASE, subject=replace(SUBJECT, digest={"sha256": "f" * 64})))
    assert "f" * 12 in text
    assert "a" * 12 in text


def test_a_changed_version_is_named() -> None:
    assert "the subject's version is '8', and was '7'" in told(replace(CASE, subject=replace(SUBJECT, version="8")))


def test_a_changed_policy_is_named() -> None:
    assert "the policy is " + "0" * 12 in told(replace(CASE, policy_sha256="0" * 64))


def test_a_rule_that_came_or_went_is_named() -> None:
    assert "data.digests is judged now (pass), and was not" in told(
        CASE, PASS, FAIL, replace(PASS, rule="data.digests")
    )
    assert "is not judged any more, and was (fail)" in told(CASE, PASS)


def test_another_outcome_names_rule_term_and_reason() -> None:
    undecided = replace(FAIL, outcome=Outcome.UNDECIDED, reason=Reason.STALE, measured=None)
    text = told(CASE, PASS, undecided)
    assert "fairness.difference on race: a / b: undecided (stale), and was fail" in text


def test_another_number_is_told_with_the_old_one() -> None:
    assert FAIL.measured is not None
    text = told(CASE, PASS, replace(FAIL, measured=replace(FAIL.measured, value=230_000)))
    assert "measured 230000 ppm against 100000, and was 214000 ppm against 100000" in text


def test_other_content_with_the_same_result_is_told() -> None:
    assert "it read other content" in told(CASE, PASS, replace(FAIL, facts=("0" * 64,)))


def test_a_waiver_that_covers_now_or_no_more_is_named() -> None:
    waived = decide(CASE, [PASS, FAIL], waivers=[WAIVER])
    assert basis_difference(BEFORE, waived) == (
        "the waiver W-3 covers fairness.difference on race: a / b now, and did not",
    )
    assert "covers fairness.difference on race: a / b no more" in basis_difference(waived, BEFORE)[0]


results = st.builds(
    lambda outcome, value, facts, term: replace(
        FAIL,
        outcome=outcome,
        term=term,
        facts=facts,
        measured=None if value is None else Measured(value=value, bound=3, unit="ppm", loosens=Loosens.UP),
    ),
    st.sampled_from([Outcome.PASS, Outcome.FAIL, Outcome.ERROR]),
    st.none() | st.integers(0, 3),
    st.sampled_from([(), ("0" * 64,), ("1" * 64,)]),
    st.sampled_from([None, "a", "b"]),
)


@given(st.lists(results, max_size=3), st.lists(results, max_size=3), st.integers(0, 1))
def test_bases_differ_exactly_where_something_is_told(
    before: list[RuleResult], after: list[RuleResult], days: int
) -> None:
    first, second = decide(CASE, before), decide(replace(CASE, as_of=CASE.as_of + timedelta(days=days)), after)
    assert (first.basis == second.basis) is (basis_difference(first, second) == ())
