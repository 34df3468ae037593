"""What the report model says of a decision."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import report_sample as sample
from tolbooth.model.decision import Decision, DecisionReason, Verdict
from tolbooth.model.observation import Dates
from tolbooth.model.rule import Enforcement, Outcome, Reason
from tolbooth.report.cards import Status
from tolbooth.report.comparison import fence
from tolbooth.report.model import Report, build_report
from tolbooth.report.record import RuleProblem
from tolbooth.report.unchecked import UncheckedKind


def _report(decision: Decision) -> Report:
    return build_report(decision, sample.input_document(), sample.record())


def test_denied_report_says_what_fails_and_what_is_undecided() -> None:
    assert sample.sample_report().head.sentence == "May not be released: 1 rule fails, 1 can't be decided."


def test_allowed_report_counts_what_passes_waives_and_warns() -> None:
    failed = sample.result("a.rule", Outcome.FAIL, "too wide", term="sex")
    warned = sample.result("b.rule", Outcome.FAIL, "old", enforcement=Enforcement.WARN)
    passed = sample.result("c.rule", Outcome.PASS, "fine")
    report = sample.sample_report(
        results=(failed, warned, passed), verdict=Verdict.ALLOW, reasons=(), waivers=(sample.waiver_of(failed),)
    )
    assert report.head.sentence == "May be released: 1 rule passes, 1 is waived and 1 warns."
    assert report.counts() == {
        "failed": 0,
        "error": 0,
        "undecided": 0,
        "waived": 1,
        "warned": 1,
        "passed": 1,
        "off": 0,
    }


def test_gate_without_an_evaluated_rule_says_so_and_counts_nothing_as_passed() -> None:
    off = sample.result("a.rule", Outcome.SKIP, "off", reason=Reason.OFF, enforcement=Enforcement.OFF)
    report = sample.sample_report(
        results=(off,), verdict=Verdict.UNDECIDED, reasons=(DecisionReason(code="gate.empty"),)
    )
    assert report.head.empty
    assert report.head.sentence.startswith("May not be released yet: no rule was evaluated")
    assert report.counts()["passed"] == 0


def test_pending_report_names_each_role_once_with_its_places() -> None:
    reasons = tuple(DecisionReason(code="approval.missing", role=role) for role in ("board", "board", "model risk"))
    passed = sample.result("c.rule", Outcome.PASS, "fine")
    report = sample.sample_report(results=(passed,), verdict=Verdict.PENDING, reasons=reasons)
    assert report.head.sentence == "Waits for 3 approvals: board (2 people) and model risk."


def test_rejection_names_the_person() -> None:
    passed = sample.result("c.rule", Outcome.PASS, "fine")
    reasons = (DecisionReason(code="approval.rejected", role="model risk", person="Ben"),)
    report = sample.sample_report(results=(passed,), verdict=Verdict.DENY, reasons=reasons)
    assert report.head.sentence == "May not be released: rejected by Ben."


def test_undecided_rule_that_only_warns_is_not_in_the_sentence() -> None:
    blocking = sample.result("a.rule", Outcome.ERROR, "broke", error_code="judge.crashed")
    warning = sample.result("b.rule", Outcome.UNDECIDED, "no fact", reason=Reason.MISSING, enforcement=Enforcement.WARN)
    report = sample.sample_report(results=(blocking, warning), verdict=Verdict.UNDECIDED)
    assert report.head.sentence == "May not be released yet: 1 rule met an error."


def test_results_of_one_rule_share_a_card_with_the_worst_status() -> None:
    (card,) = sample.sample_report().with_finding(Status.FAILED)
    assert (card.rule, card.status, len(card.findings)) == ("fairness.difference", Status.FAILED, 2)


def test_waiver_covers_only_the_term_that_it_was_applied_to() -> None:
    race, sex = (sample.result("a.rule", Outcome.FAIL, "wide", term=term) for term in ("race", "sex"))
    report = sample.sample_report(results=(race, sex), waivers=(sample.waiver_of(sex),), reasons=())
    assert [finding.status for finding in report.cards[0].findings] == [Status.FAILED, Status.WAIVED]


@pytest.mark.parametrize("reason", [Reason.MISSING, Reason.STALE])
def test_missing_or_stale_fact_is_never_shown_as_waived(reason: Reason) -> None:
    undecided = sample.result("a.rule", Outcome.UNDECIDED, "no fact", reason=reason)
    report = sample.sample_report(results=(undecided,), waivers=(sample.waiver_of(undecided),), reasons=())
    assert report.cards[0].status is Status.UNDECIDED


def test_comparison_carries_the_published_counts() -> None:
    (card,) = sample.sample_report().with_finding(Status.FAILED)
    race = next(item for item in card.comparisons if item.by == ("race",))
    counts = {group.name: (group.rate.numerator, group.rate.denominator) for group in race.groups}
    assert counts["African-American"] == (805, 1795)
    assert counts["Caucasian"] == (349, 1488)
    assert [group.name for group in race.groups if not group.sufficient] == ["Native American", "Asian"]
    assert [group.name for group in race.groups if group.beyond] == ["African-American"]


def test_observation_of_another_bound_is_not_the_rules() -> None:
    document = sample.input_document()
    document["observations"]["fairness"] = [sample.observation(sample.RACES, bound=200_000)]
    report = sample.sample_report(document=document)
    assert report.with_finding(Status.FAILED)[0].comparisons == ()


def test_bound_stands_above_the_lowest_rate_for_a_difference_and_below_the_highest_for_a_ratio() -> None:
    document = sample.input_document()
    (card,) = sample.sample_report(document=document).with_finding(Status.FAILED)
    race = next(item for item in card.comparisons if item.by == ("race",))
    assert fence(race) == 147_541 + 100_000
    ratio = replace(race, statistic="ratio", bound=800_000)
    assert fence(ratio) == 448_468 * 8 // 10


def test_everything_that_was_not_checked_is_listed() -> None:
    kinds = [item.kind for item in sample.sample_report().not_checked]
    assert kinds == [
        UncheckedKind.GAP,
        UncheckedKind.BLIND_SPOT,
        UncheckedKind.INSUFFICIENT,
        UncheckedKind.OFF,
        UncheckedKind.NOT_WITNESSED,
    ]


def test_rows_without_a_label_are_counted_as_not_checked() -> None:
    document = sample.input_document()
    document["observations"]["fairness"][0]["values"]["rows_without_label"] = 12
    texts = [item.text for item in sample.sample_report(document=document).not_checked]
    assert "predictions: 12 of 7,214 rows have no label or no prediction and enter no rate." in texts


def test_stale_input_and_unknown_completeness_are_not_checked() -> None:
    base = sample.artifact()
    stale = replace(
        base,
        dates=Dates(collected=sample.AS_OF, received=sample.AS_OF, valid_until=sample.AS_OF),
        ipe=replace(base.ipe, complete=None, blind_spots=()),
    )
    report = build_report(sample.decision(), sample.input_document(), sample.record(artifacts=(stale,)))
    kinds = {item.kind for item in report.not_checked}
    assert {UncheckedKind.STALE, UncheckedKind.INCOMPLETE} <= kinds


def test_clause_that_no_rule_serves_is_listed_apart() -> None:
    assert [control.id for control in sample.sample_report().untouched] == ["eu-ai-act:12.1"]


def test_error_text_stands_on_its_rules_card_and_the_others_apart() -> None:
    problems = (
        RuleProblem(code="judge.crashed", text="the engine stopped", rule="fairness.difference"),
        RuleProblem(code="judge.slow", text="the deadline passed"),
    )
    report = build_report(sample.decision(), sample.input_document(), sample.record(problems=problems))
    assert report.with_finding(Status.FAILED)[0].error_texts == ("the engine stopped",)
    assert [problem.text for problem in report.problems] == ["the deadline passed"]


def test_hypothetical_decision_is_marked_and_offers_no_seal() -> None:
    decision = sample.decision()
    report = _report(replace(decision, case=replace(decision.case, hypothetical=True)))
    assert report.head.hypothetical
    assert not any("seal" in step.command for step in report.next_steps)
    assert any(step.command == "tolbooth gate release" for step in report.next_steps)
