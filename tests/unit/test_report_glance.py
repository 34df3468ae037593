"""The six answers at the head of a report."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from tests import report_sample as sample
from tests import report_scenes as scenes
from tolbooth.report.glance import glance_of
from tolbooth.report.html import render_html
from tolbooth.report.model import Report, build_report


def _answers(report: Report) -> dict[str, str]:
    return {answer.question: " ".join(answer.sentences) for answer in glance_of(report)}


def test_answers_stand_in_the_order_in_which_a_lawyer_asks() -> None:
    for scene in scenes.SCENES.values():
        assert list(_answers(scene())) == ["Asked", "Decided", "Why", "Not checked", "By whom", "Applies"]
        assert all(_answers(scene()).values())


def test_refusal_says_what_was_asked_why_it_was_refused_and_what_is_missing() -> None:
    told = _answers(scenes.denied())
    assert told["Asked"].startswith("Whether justice/compas-risk@7, a model, may pass the gate release")
    assert told["Decided"] == "The release is refused, on 2026-11-23 09:14:07Z."
    assert "“Error rates are alike between groups” fails: false positive rate by race" in told["Why"]
    assert "model card: card.md does not exist." in told["Not checked"]


def test_waiver_is_told_with_its_end() -> None:
    told = _answers(scenes.waived())
    assert told["Why"] == "Every rule that can stop the release passes, but for 2 waived results."
    assert "The waiver W-3 for a.rule, sex, ends 2027-01-01 00:00:00Z." in told["Applies"]


def test_person_who_said_no_is_named() -> None:
    assert "Ben rejected it." in _answers(scenes.rejected())["Why"]


def test_missing_approval_is_told_under_who() -> None:
    told = _answers(scenes.pending())
    assert told["Decided"].startswith("The release waits for approval")
    assert "Waits for: model risk." in told["By whom"]


def test_first_fact_to_run_out_is_named() -> None:
    made = sample.artifact()
    ending = replace(made, dates=replace(made.dates, valid_until=datetime(2026, 12, 24, tzinfo=UTC)))
    report = build_report(sample.decision(), sample.input_document(), sample.record(artifacts=(ending,)))
    assert "The first fact to run out, predictions, does so 2026-12-24 00:00:00Z." in _answers(report)["Applies"]


def test_page_gives_the_answers_before_any_detail() -> None:
    page = render_html(scenes.denied())
    places = [page.index(f"<dt>{question}</dt>") for question in _answers(scenes.denied())]
    assert places == sorted(places)
    assert places[-1] < page.index('<dl class="record">') < page.index("<h2")
