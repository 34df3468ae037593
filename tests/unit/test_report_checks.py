"""Checks: what every format for programs counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import report_sample as sample
from tests import report_scenes as scenes
from tolbooth.model.decision import Verdict
from tolbooth.model.rule import Outcome
from tolbooth.report.cards import Status
from tolbooth.report.checks import GATE, checks_of
from tolbooth.report.model import Report, build_report


@pytest.mark.parametrize("name", scenes.SCENES)
def test_gates_own_check_passes_exactly_where_the_verdict_is_allow(name: str) -> None:
    report = scenes.SCENES[name]()
    gate = checks_of(report)[0]
    assert gate.rule == GATE
    assert (gate.status is Status.PASSED) == (report.decision.verdict is Verdict.ALLOW) == (not gate.blocks)


@pytest.mark.parametrize("name", scenes.SCENES)
def test_every_result_is_a_check_and_no_fingerprint_is_used_twice(name: str) -> None:
    report = scenes.SCENES[name]()
    checks = checks_of(report)
    assert len(checks) == 1 + len(report.decision.results)
    assert len({check.fingerprint for check in checks}) == len(checks)


def _second_run(report: Report) -> Report:
    """The same gate on a later version, with other numbers."""
    decision = report.decision
    subject = replace(decision.case.subject, version="8", digest={"sha256": "1" * 64})
    results = tuple(replace(result, message="another number") for result in decision.results)
    later = replace(decision, case=replace(decision.case, subject=subject, input_sha256="2" * 64), results=results)
    return build_report(later, sample.input_document(), sample.record(decision_sha256="3" * 64))


def test_fingerprint_is_the_same_in_the_next_run_and_differs_at_another_gate() -> None:
    report = scenes.denied()
    decision = report.decision
    elsewhere = replace(decision, case=replace(decision.case, environment="production"))
    other = build_report(elsewhere, sample.input_document(), sample.record())
    here = {(check.rule, check.term): check.fingerprint for check in checks_of(report)}
    assert here == {(check.rule, check.term): check.fingerprint for check in checks_of(_second_run(report))}
    assert not set(here.values()) & {check.fingerprint for check in checks_of(other)}


def test_two_results_on_the_same_term_are_told_apart() -> None:
    twice = tuple(sample.result("a.rule", Outcome.FAIL, text, term="sex") for text in ("first", "second"))
    checks = checks_of(sample.sample_report(results=twice))[1:]
    assert checks[0].fingerprint != checks[1].fingerprint


def test_file_is_named_only_where_the_result_read_its_bytes() -> None:
    read = sample.result("a.rule", Outcome.FAIL, "x", term="read", facts=("a" * 64,))
    unread = sample.result("a.rule", Outcome.FAIL, "x", term="unread", facts=("b" * 64,))
    files = {check.term: check.files for check in checks_of(sample.sample_report(results=(read, unread)))}
    assert (files["read"], files["unread"]) == (("predictions.parquet",), ())


def test_result_under_a_waiver_does_not_block_and_says_until_when() -> None:
    checks = checks_of(scenes.waived())[1:]
    assert [check.blocks for check in checks] == [False, False]
    assert {check.standing for check in checks} == {"waived until 2027-01-01 00:00:00Z (W-3)"}


def test_what_only_warns_does_not_block_and_still_does_not_pass() -> None:
    for check in checks_of(scenes.warned())[1:]:
        assert check.still_fails
        assert not check.blocks
        assert check.standing.endswith("warns only")
