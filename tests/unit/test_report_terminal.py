"""What a terminal shows."""

from __future__ import annotations

import ast
import contextlib
import io
import re
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from tests import report_sample as sample
from tolbooth.model.decision import Verdict
from tolbooth.model.rule import Outcome
from tolbooth.report.comparison import comparisons_of
from tolbooth.report.explain import render_explain
from tolbooth.report.fairness_table import render_fairness_table
from tolbooth.report.reproduction import reproduction
from tolbooth.report.terminal import render_terminal
from tolbooth.report.verification_text import VerificationSummary, VerifiedStep, render_verification

PLAIN = {"width": 80, "color": False, "ascii_only": False}


def _text(*, width: int = 80, color: bool = False, ascii_only: bool = False) -> str:
    return render_terminal(sample.sample_report(), width=width, color=color, ascii_only=ascii_only)


def test_first_two_lines_say_what_about_and_the_verdict() -> None:
    first, second, *_ = _text().splitlines()
    assert first == "compas-risk@7 · gate release · environment ci · as of 2026-11-23 09:14:07Z"
    assert second == "May not be released: 1 rule fails, 1 can't be decided."


def test_failing_groups_show_counts_rate_interval_and_standing() -> None:
    lines = [line.split() for line in _text().splitlines()]
    assert ["African-American", "805/1795", "44.8", "%", "[42.6,", "47.2]", "beyond", "the", "bound"] in lines
    assert ["Caucasian", "349/1488", "23.5", "%", "[21.4,", "25.7]"] in lines


def test_eighty_columns_suffice() -> None:
    assert max(len(line) for line in _text().splitlines()) <= 80


def test_long_group_names_still_fit_eighty_columns() -> None:
    document = sample.input_document()
    counts = sample.RACES | {"African-American & Female 25": (241, 164, 40, 60)}
    document["observations"]["fairness"] = [sample.observation(counts)]
    text = render_terminal(sample.sample_report(document=document), width=80, color=False, ascii_only=False)
    assert re.search(r"African-American & Female 25 +164/405 .* beyond$", text, flags=re.MULTILINE)
    assert max(len(line) for line in text.splitlines()) <= 80


@pytest.mark.parametrize("width", [80, 120])
def test_text_is_the_same_with_and_without_colour(width: int) -> None:
    colored = _text(width=width, color=True)
    assert "\x1b[31m" in colored
    assert re.sub(r"\x1b\[[0-9]*m", "", colored) == _text(width=width)


def test_bars_are_drawn_from_a_hundred_columns_on() -> None:
    assert "●" not in _text(width=99)
    assert re.search(r"├─*●─*┤", _text(width=100))


def test_ascii_terminal_gets_ascii_only() -> None:
    text = _text(width=120, ascii_only=True)
    assert text.isascii()
    assert "x fails  fairness.difference" in text


def test_status_is_a_word_beside_its_symbol() -> None:
    text = _text()
    assert "✗ fails  fairness.difference" in text
    assert "? can't be decided  fairness.difference" in text
    assert "✓ 2 passed   \u2013 1 off   ~ 0 waived" in text


def test_small_groups_are_named_with_their_denominators() -> None:
    assert "Asian (23) and Native American (8): fewer than 30 in the" in _text()


def test_waived_failure_is_shown_with_its_end() -> None:
    failed = sample.result("a.rule", Outcome.FAIL, "too wide", term="sex")
    report = sample.sample_report(
        results=(failed,), verdict=Verdict.ALLOW, reasons=(), waivers=(sample.waiver_of(failed),)
    )
    text = render_terminal(report, width=80, color=False, ascii_only=False)
    assert "~ waived  a.rule" in text
    assert "waived until 2027-01-01 00:00:00Z (W-3); the rule still fails" in text


def test_refusal_ends_with_commands_to_paste_and_the_owner() -> None:
    text = _text()
    assert "understand         tolbooth explain fairness.difference" in text
    assert "tolbooth report 8c1d44e90b7a --format html --to report.html" in text
    assert "tolbooth seal 8c1d44e90b7a" in text
    assert "Ana (declared owner)" in text


def test_hypothetical_decision_says_so() -> None:
    report = sample.sample_report()
    marked = replace(report, head=replace(report.head, hypothetical=True))
    assert "Hypothetical: this decision was not recorded" in render_terminal(marked, **PLAIN)  # type: ignore[arg-type]


def test_group_name_cannot_write_terminal_sequences() -> None:
    document = sample.input_document()
    document["observations"]["fairness"] = [sample.observation(sample.RACES | {"\x1b[2Jgone": (50, 50, 5, 5)})]
    text = render_terminal(sample.sample_report(document=document), width=80, color=False, ascii_only=False)
    assert "\x1b" not in text
    assert "\\x1b[2Jgone" in text


def test_long_table_is_cut_and_says_so() -> None:
    many = {f"group {place:02}": (100 - place, place, 5, 5) for place in range(40)}
    document = sample.input_document()
    document["observations"]["fairness"] = [sample.observation(many)]
    report = sample.sample_report(document=document)
    text = render_terminal(report, width=80, color=False, ascii_only=False)
    assert "and 25 more groups: see the report" in text


def test_explain_shows_asks_why_read_found_bound_and_what_to_do() -> None:
    text = render_explain(sample.sample_report(), "fairness.difference", width=80, color=False, ascii_only=False)
    heads = dict.fromkeys(re.findall(r"^(Asks|Why|Read|Found|Bound|Set|Again|Do) ", text, flags=re.MULTILINE))
    assert list(heads) == ["Asks", "Why", "Read", "Found", "Bound", "Set", "Again", "Do"]
    assert "bound: 0.1 (a higher value lets more pass)" in text
    assert "African-American / Caucasian: 21.4 points" in text


METRICS = ["selection_rate", "true_positive_rate", "false_positive_rate", "false_negative_rate", "accuracy"]


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("kind", ["int64", "bool", "string"])
@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_reproduction_lines_give_the_counts_that_were_reported(
    metric: str, kind: str, suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = {"A": (7, 3, 4, 6), "B": (5, 1, 2, 9)}
    cells: list[tuple[str, int | None, int | None]] = [("A", None, 1), ("B", 1, None), ("B", 0, None)]
    cells += [(name, *cell) for name, table in counts.items() for cell in _rows(table)]
    names, labels, predictions = zip(*cells, strict=True)
    rows = pa.table({"race": names, "y_true": pa.array(labels).cast(kind), "y_pred": pa.array(predictions).cast(kind)})
    monkeypatch.chdir(tmp_path)
    if suffix == "csv":
        csv.write_csv(rows, "rows.csv", csv.WriteOptions(quoting_style="none"))
    else:
        parquet.write_table(rows, "rows.parquet")
    item = sample.observation(counts, metric=metric, minimum_denominator=1)
    (comparison,) = comparisons_of({"observations": {"fairness": [item]}}, item["question"])
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec("\n".join(reproduction([comparison], f"rows.{suffix}")), {})
    found = {row["race"]: (row["counted_sum"], row["counted_count"]) for row in ast.literal_eval(printed.getvalue())}
    expected = {group.name: (group.rate.numerator, group.rate.denominator) for group in comparison.groups}
    if metric == "selection_rate":
        # The row without a label, which the counts above don't hold, was selected all the same.
        expected["A"] = (expected["A"][0] + 1, expected["A"][1] + 1)
    assert found == expected


def test_reproduction_of_a_rate_over_all_rows_needs_no_feature(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    parquet.write_table(pa.table({"y_true": [0, 1, 1], "y_pred": [0, 1, 0]}), "rows.parquet")
    (race,) = comparisons_of({"observations": {"fairness": [sample.observation(sample.RACES)]}}, sample.question())
    exec("\n".join(reproduction([replace(race, metric="accuracy", by=())], "rows.parquet")), {})
    assert ast.literal_eval(capsys.readouterr().out) == [{"counted_sum": 2, "counted_count": 3}]


def test_reproduction_selects_by_the_favourable_prediction_and_keeps_one_as_the_positive_class() -> None:
    def lines(metric: str) -> str:
        item = sample.observation(sample.RACES, metric=metric, favourable=0)
        (comparison,) = comparisons_of({"observations": {"fairness": [item]}}, item["question"])
        return "\n".join(reproduction([comparison], "rows.parquet"))

    assert "equal(rows['y_pred'].cast('int8'), 0)" in lines("selection_rate")
    assert "compute.field('y_true').cast('int8') != 1" in lines("false_positive_rate")
    assert "equal(rows['y_pred'].cast('int8'), 1)" in lines("false_positive_rate")


def test_ratio_of_nothing_to_nothing_is_told_as_undefined() -> None:
    item = sample.observation({"A": (50, 0, 5, 5), "B": (50, 0, 5, 5)}, bound=800_000)
    item["question"]["statistic"] = "ratio"
    item["values"]["comparison"] = {
        "outcome": "undecided",
        "pairs": [{"high": "A", "low": "B", "outcome": "undecided"}],
        "insufficient": [],
    }
    text = render_fairness_table(
        item["values"], item["question"], about="predictions", width=80, color=False, ascii_only=False
    )
    assert "no ratio is defined, since every compared rate is 0" in " ".join(text.split())


def _rows(table: tuple[int, int, int, int]) -> list[tuple[int, int]]:
    cells = ((0, 0), (0, 1), (1, 0), (1, 1))
    return [cell for cell, count in zip(cells, table, strict=True) for _ in range(count)]


def test_fairness_table_shows_every_rate_of_every_group() -> None:
    item = sample.observation(sample.RACES)
    text = render_fairness_table(
        item["values"], item["question"], about="predictions", width=80, color=False, ascii_only=False
    )
    assert re.search(r"African-American +805/1795 +44\.8 %", text)
    assert re.search(r"African-American +532/1901 +28\.0 %", text)
    assert re.search(r"Caucasian +461/966 +47\.7 %", text)
    assert re.search(r"all +4716/7214 +65\.4 %", text)
    assert max(len(line) for line in text.splitlines()) <= 80


def test_verification_that_holds_names_sealer_decision_and_steps() -> None:
    summary = VerificationSummary(
        pack="compas-risk-7.evpack.zip",
        verified=True,
        sealed_on="2026-12-02",
        key="release 9f3c",
        verdict="deny",
        subject="compas-risk@7",
        subject_digest="77ab" * 16,
        steps=(
            VerifiedStep(name="container", detail="", held=True),
            VerifiedStep(name="files", detail="41", held=True),
        ),
        unvouched=("not witnessed",),
    )
    text = render_verification(summary, width=80, color=False, ascii_only=True)
    assert text.splitlines()[0].startswith("Verified: sealed 2026-12-02 by key release 9f3c, decision deny about")
    assert "container +  files 41 +" in text
    assert "tolbooth replay compas-risk-7.evpack.zip" in text


def test_verification_that_breaks_names_code_and_path_and_offers_no_replay() -> None:
    step = VerifiedStep(name="tree", detail="", held=False)
    summary = VerificationSummary(
        pack="p.zip",
        verified=False,
        steps=(step,),
        code="tree.digest",
        path="data/core/decision.json",
        message="altered",
    )
    text = render_verification(summary, width=80, color=False, ascii_only=False)
    assert text.startswith("Not verified: tree.digest at data/core/decision.json: altered")
    assert "replay" not in text
