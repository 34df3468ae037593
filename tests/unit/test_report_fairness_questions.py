"""Whatever a fairness rule can ask, every form of the report shows its answer."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

import jsonschema_rs
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.report_sample import AS_OF, artifact, decision, record
from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.judge.input_document import input_document
from tolbooth.judge.judge import judge, questions
from tolbooth.judge.library.load import built_in_library
from tolbooth.judge.library.policy import effective_policy
from tolbooth.judge.rego.embedded import EmbeddedEngine
from tolbooth.measure.fairness.assess import assess
from tolbooth.measure.fairness.counts import FairnessCounts, Key
from tolbooth.measure.fairness.question import FairnessQuestion, question_from_parameters
from tolbooth.model.observation import Observation
from tolbooth.model.rule import Outcome
from tolbooth.report.explain import render_explain
from tolbooth.report.fairness_table import render_fairness_table
from tolbooth.report.formats import FORMATS, to_bytes
from tolbooth.report.json_format import output_schema
from tolbooth.report.model import Report, build_report
from tolbooth.report.record import RuleNote
from tolbooth.report.reproduction import reproduction

LIBRARY = built_in_library()
CELLS = ((0, 0), (0, 1), (1, 0), (1, 1))
ALIKE, APART = (900, 100, 100, 900), (100, 900, 500, 500)
TABLES = {
    "pass": {"A": ALIKE, "B": ALIKE},
    "fail": {"A": ALIKE, "B": APART},
    "undecided": {"A": (40, 10, 10, 40), "B": (40, 10, 10, 40), "C": (3, 1, 1, 3)},
}
RULES = ("fairness.difference", "fairness.ratio")
METRICS = tuple(LIBRARY.rules["fairness.difference"].parameters[0].choices)
MODES = ("point", "simultaneous")
CASES = list(product(RULES, METRICS, MODES, TABLES))


def counts_of(groups: dict[str, tuple[int, int, int, int]]) -> FairnessCounts:
    table: dict[Key, int] = {
        ((name,), *cell): n for name, four in groups.items() for cell, n in zip(CELLS, four, strict=True)
    }
    return FairnessCounts.of(features=["group"], label="y_true", prediction="y_pred", counts=table)


def report_on(counts: FairnessCounts, rule: str, **parameters: Any) -> Report:
    """Ask a rule's question of counts, judge the answer as a gate does, and build its report."""
    policy = effective_policy(LIBRARY, rules=[rule], collections=(), parameters={rule: parameters}, enforcement={})
    (asked,) = questions(policy)
    question = question_from_parameters(asked.kind, asked.parameters, by=("group",))
    assert isinstance(question, FairnessQuestion)
    observation = Observation(
        kind="fairness",
        about="predictions",
        values=assess(counts, question),
        dates=artifact().dates,
        origin="measure",
        reads=(counts.sha256, "a" * 64),
        question=question.as_json(),
    )
    document = input_document(
        subject=decision().case.subject,
        gate="release",
        environment="ci",
        as_of=AS_OF,
        artifacts=(artifact(),),
        observations=[observation],
        gaps=(),
        declared={},
    )
    with EmbeddedEngine() as engine:
        judgement = judge(policy, engine, canonical_bytes(document), as_of=AS_OF)
    assert judgement.errors == ()
    asked_of_all = {name: value for name, value in question.as_json().items() if name != "by"}
    note = RuleNote(description=LIBRARY.rules[rule].description, question=asked_of_all)
    return build_report(decision(results=judgement.results), document, record(rules={rule: note}))


def outcomes(report: Report) -> set[Outcome]:
    return {finding.outcome for card in report.cards for finding in card.findings}


def explained(report: Report, rule: str) -> str:
    return " ".join(render_explain(report, rule, width=100, color=False, ascii_only=False).split())


@pytest.mark.parametrize(("rule", "metric", "mode", "outcome"), CASES)
def test_every_form_shows_every_question(rule: str, metric: str, mode: str, outcome: str) -> None:
    report = report_on(counts_of(TABLES[outcome]), rule, metric=metric, mode=mode)
    assert outcomes(report) == {Outcome(outcome)}
    names = [name for name, each in FORMATS.items() if not each.binary]
    assert all(to_bytes(report, name) for name in names)
    jsonschema_rs.validator_for(output_schema()).validate(json.loads(to_bytes(report, "json")))
    assert "predictions" in explained(report, rule)


@pytest.mark.parametrize("outcome", TABLES)
def test_paper_shows_several_rates_at_once(outcome: str) -> None:
    report = report_on(counts_of(TABLES[outcome]), RULES[0], metric="equalized_odds", mode="simultaneous")
    assert to_bytes(report, "pdf").startswith(b"%PDF")


@pytest.mark.parametrize("mode", MODES)
def test_equalized_odds_show_both_rates(mode: str) -> None:
    report = report_on(counts_of(TABLES["fail"]), RULES[0], metric="equalized_odds", mode=mode)
    text = explained(report, RULES[0])
    for name in ("True positive rate", "False positive rate"):
        assert f"{name} (equalized odds) by group in predictions: " in text
    assert "found of actual positives" in text


def test_one_rate_of_equalized_odds_may_pass_where_the_other_fails() -> None:
    counts = counts_of({"A": ALIKE, "B": (500, 500, 100, 900)})
    report = report_on(counts, RULES[0], metric="equalized_odds")
    found = {item.metric: item.outcome for card in report.cards for item in card.comparisons}
    assert found == {"true_positive_rate": Outcome.PASS, "false_positive_rate": Outcome.FAIL}


def test_a_group_may_be_too_small_for_one_of_the_rates_alone() -> None:
    counts = counts_of({"A": ALIKE, "B": (900, 100, 2, 18)})
    report = report_on(counts, RULES[0], metric="equalized_odds", mode="simultaneous")
    found = {item.metric: item for card in report.cards for item in card.comparisons}
    assert [group.sufficient for group in found["false_positive_rate"].groups] == [True, True]
    assert [group.name for group in found["true_positive_rate"].insufficient] == ["B"]


def test_failing_by_evidence_is_said_with_the_nearest_end_of_the_interval() -> None:
    text = explained(report_on(counts_of(TABLES["fail"]), RULES[0], mode="simultaneous"), RULES[0])
    assert "False positive rate by group in predictions: B and A 80.0 points apart [77.2, 82.4], at most 10." in text
    assert "Not by chance: B and A are at least 77.2 points apart with 95 % confidence (alpha 0.05)." in text


def test_what_may_be_chance_is_said_with_the_rows_that_would_settle_it() -> None:
    counts = counts_of({"A": (40, 10, 10, 40), "B": (34, 16, 10, 40)})
    report = report_on(counts, RULES[0], mode="simultaneous")
    text = to_bytes(report, "text").decode()
    rows = report.cards[0].comparisons[0].more_rows
    assert rows is not None
    assert f"about {rows} more rows would" in " ".join(text.split())
    assert "Could be chance: 1 of 1 pair can't be told from the bound (alpha 0.05)." in explained(report, RULES[0])


def test_pairs_that_may_be_chance_are_shown_beside_small_groups() -> None:
    text = to_bytes(report_on(counts_of(TABLES["undecided"]), RULES[0], mode="simultaneous"), "text").decode()
    assert "C (4): fewer than 30 in the denominator." in text
    assert "Group: A 10/50, B 10/50" in text or "by group: A 10/50, B 10/50" in text


def test_point_mode_says_nothing_of_chance() -> None:
    text = explained(report_on(counts_of(TABLES["fail"]), RULES[0]), RULES[0])
    assert "chance" not in text
    assert "settle" not in text


def test_reference_that_is_no_group_is_told() -> None:
    report = report_on(counts_of(TABLES["pass"]), RULES[0], reference=["White"])
    assert outcomes(report) == {Outcome.UNDECIDED}
    text = to_bytes(report, "text").decode()
    assert "the reference White is no one group of the data" in " ".join(text.split())
    assert "no pair with the reference White" in explained(report, RULES[0])


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("mode", MODES)
def test_measured_table_shows_every_question(metric: str, mode: str) -> None:
    asked = {"statistic": "difference", "metric": metric, "bound": 100_000, "mode": mode}
    question = question_from_parameters("fairness", asked, by=("group",))
    assert isinstance(question, FairnessQuestion)
    values = assess(counts_of(TABLES["fail"]), question)
    text = render_fairness_table(values, question.as_json(), about="p.parquet", width=80, color=False, ascii_only=False)
    assert ("Not by chance" in " ".join(text.split())) is (mode == "simultaneous")


@pytest.mark.parametrize("metric", [name for name in METRICS if name != "equalized_odds"])
def test_three_lines_of_python_give_the_same_counts(metric: str, tmp_path: Path) -> None:
    groups = {"A": (7, 3, 2, 11), "B": (5, 6, 4, 13)}
    rows: list[tuple[str, int | None, int | None]] = [
        (name, *cell) for name, four in groups.items() for cell, n in zip(CELLS, four, strict=True) for _ in range(n)
    ]
    rows += [("A", None, 1), ("B", 1, None)]
    columns = {name: pa.array([row[place] for row in rows]) for place, name in enumerate(("group", "y_true", "y_pred"))}
    pq.write_table(pa.table(columns), tmp_path / "p.parquet")
    comparison = report_on(counts_of(groups), RULES[0], metric=metric, minimum_denominator=1).cards[0].comparisons[0]
    program = "\n".join(reproduction([comparison], "p.parquet"))
    printed = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    found = {
        item["group"]: (item["counted_sum"], item["counted_count"])
        for item in json.loads(printed.stdout.replace("'", '"'))
    }
    expected = {group.name: (group.rate.numerator, group.rate.denominator) for group in comparison.groups}
    if metric == "selection_rate":
        # The row without a label, which the counts above don't hold, was selected all the same.
        expected["A"] = (expected["A"][0] + 1, expected["A"][1] + 1)
    assert found == expected
