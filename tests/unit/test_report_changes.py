"""What changed between two decisions, the comment that tells it, and the variables for jobs that come after."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import replace
from typing import Any

import pytest
from markdown_it import MarkdownIt

from tests import report_scenes as scenes
from tolbooth.model.errors import ConfigError
from tolbooth.report.changes import Way, changes_between
from tolbooth.report.comment import mark_of, render_comment
from tolbooth.report.dotenv import render_dotenv
from tolbooth.report.json_format import json_document, output_schema, render_json
from tolbooth.report.model import Report
from tolbooth.report.output_reading import read_output
from tolbooth.report.unchecked import UncheckedKind


def since(before: Report, after: Report) -> Report:
    return replace(after, changes=changes_between(json_document(before), json_document(after)))


def document(report: Report) -> dict[str, Any]:
    return copy.deepcopy(json_document(report))


def test_the_same_decision_has_no_changes() -> None:
    found = changes_between(document(scenes.denied()), document(scenes.denied()))
    assert (found.rows, found.subject, found.policy, found.basis) == ((), False, False, False)
    comment = render_comment(since(scenes.denied(), scenes.denied()))
    assert "No finding is new, and none is gone. Approvals of the base hold." in comment


def test_what_passed_and_fails_is_worse_and_the_other_way_round_better() -> None:
    failing, mended = document(scenes.denied()), document(scenes.denied())
    for rule in mended["rules"]:
        for result in rule["results"]:
            result |= {"status": "passed"}
    worse, better = changes_between(mended, failing).rows, changes_between(failing, mended).rows
    assert {row.way for row in worse} == {Way.WORSE}
    assert {row.way for row in better} == {Way.BETTER}
    assert {(row.rule, row.term, row.after) for row in worse} == {(row.rule, row.term, row.before) for row in better}
    assert ("fairness.difference", "race: Asian") in {(row.rule, row.term) for row in worse}


def test_a_new_rule_that_fails_is_told_term_by_term() -> None:
    before, after = document(scenes.denied()), document(scenes.denied())
    before["rules"] = [rule for rule in before["rules"] if rule["rule"] != "fairness.difference"]
    rows = changes_between(before, after).rows
    assert {(row.way, row.before) for row in rows} == {(Way.WORSE, "not asked")}
    assert len(rows) > 1


@pytest.mark.parametrize(
    ("loosens", "grown", "shrunk"), [("up", Way.WORSE, Way.BETTER), ("down", Way.BETTER, Way.WORSE)]
)
def test_a_number_that_moved_is_judged_by_the_side_of_its_bound(loosens: str, grown: Way, shrunk: Way) -> None:
    before, after = document(scenes.denied()), document(scenes.denied())
    for output, value in ((before, 200_000), (after, 300_000)):
        failing = next(rule for rule in output["rules"] if rule["status"] == "failed")
        failing["results"][0] |= {
            "measured": {"value": value, "bound": 100_000, "unit": "ppm", "loosens": loosens},
            "message": f"{value}",
        }
    assert [row.way for row in changes_between(before, after).rows] == [grown]
    assert [row.way for row in changes_between(after, before).rows] == [shrunk]


def test_a_rule_that_is_not_asked_any_more_is_worse_and_a_new_calm_one_is_not() -> None:
    whole, less = document(scenes.allowed()), document(scenes.allowed())
    gone = less["rules"].pop()
    assert [(row.way, row.rule, row.after) for row in changes_between(whole, less).rows] == [
        (Way.WORSE, gone["rule"], "not asked any more")
    ]
    assert [(row.way, row.rule) for row in changes_between(less, whole).rows] == [(Way.OTHER, gone["rule"])]


def test_a_rule_that_only_warns_now_is_told() -> None:
    before, after = document(scenes.allowed()), document(scenes.allowed())
    after["rules"][0]["enforcement"] = "warn"
    rows = changes_between(before, after).rows
    assert [(row.before, row.after) for row in rows] == [(f"{before['rules'][0]['enforcement']}s", "warns")]


def test_subject_policy_and_basis_are_told_apart() -> None:
    before, after = document(scenes.allowed()), document(scenes.allowed())
    after["decision"]["subject"]["digest"] = {"sha256": "e" * 64}
    after["decision"]["basis"] = "f" * 64
    found = changes_between(before, after)
    assert (found.subject, found.policy, found.basis) == (True, False, True)
    comment = render_comment(replace(scenes.allowed(), changes=found))
    assert "The subject is another and approvals of the base say nothing about this one." in comment


def test_a_decision_about_something_else_is_not_compared() -> None:
    other = document(scenes.denied())
    other["decision"]["gate"] = "elsewhere"
    found = changes_between(other, document(scenes.denied()))
    assert found.rows == ()
    comment = render_comment(replace(scenes.denied(), changes=found))
    assert "so there is nothing to compare" in comment
    assert "elsewhere" in comment


@pytest.mark.parametrize("scene", scenes.SCENES)
def test_every_output_is_read_back_and_every_comment_rendered(scene: str) -> None:
    report = scenes.SCENES[scene]()
    output = read_output(render_json(report).encode(), path="base.json")
    comment = render_comment(replace(report, changes=changes_between(output, document(scenes.denied()))))
    assert comment.startswith(f"<!-- tolbooth {mark_of(report)} -->\n")
    assert comment.count("<!--") == comment.count("-->") == 1


def test_a_comment_shows_text_from_data_as_it_is() -> None:
    comment = render_comment(since(scenes.denied(), scenes.hostile()))
    tokens = MarkdownIt("commonmark").enable("table").parse(comment)
    inline = [child for token in tokens for child in token.children or ()]
    assert {each.type for each in inline} & {"link_open", "image"} == set()
    assert {each.content for each in inline if each.type == "html_inline"} == {"<sub>", "</sub>"}


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"version": 2}', b"\xff", b"[" * 100_000, b'{"version": 1, "rules": []}']
)
def test_a_file_that_is_no_output_is_refused(content: bytes) -> None:
    with pytest.raises(ConfigError) as refused:
        read_output(content, path="base.json")
    assert refused.value.code == "since.not-output"


def test_the_outputs_schema_knows_every_kind_of_what_was_not_checked() -> None:
    kinds = re.findall(r'"enum": (\["gap".*?\])', json.dumps(output_schema()))
    assert [set(json.loads(each)) for each in kinds] == [{kind.value for kind in UncheckedKind}]


@pytest.mark.parametrize("scene", scenes.SCENES)
def test_every_variable_is_one_line_that_no_shell_and_no_runner_takes_for_more(scene: str) -> None:
    lines = render_dotenv(scenes.SCENES[scene]()).splitlines()
    assert [line.split("=")[0] for line in lines] == [
        *("TOLBOOTH_VERDICT", "TOLBOOTH_DECISION", "TOLBOOTH_BASIS", "TOLBOOTH_SUBJECT", "TOLBOOTH_SUBJECT_DIGEST"),
        *("TOLBOOTH_GATE", "TOLBOOTH_ENVIRONMENT", "TOLBOOTH_AS_OF"),
    ]
    assert all(re.fullmatch(r"[A-Z_]+=[A-Za-z0-9._:@+/-]+", line) for line in lines)
