"""The bias audit of Local Law 144 as an auditor runs it: the law's own example, a scoring tool, the public summary."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.project_sample import Said, tolbooth

EXAMPLE = {
    "Hispanic": (204, 408),
    "White": (412, 797),
    "Black": (170, 390),
    "NHPI": (52, 119),
    "Asian": (302, 616),
    "Native American": (18, 41),
    "Two or more": (96, 213),
}
"""Selected and applicants by race in the example of 6 RCNY § 5-301; impact ratios .97, 1, .84, .85, .95, .85, .87."""

SUMMARY = (
    *("--tool", "Screener", "--audit-date", "2026-11-01", "--distribution-date", "2025-01-02"),
    *("--data-source", "Historical data of 2025."),
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rows = [
        ("White" if race is None else race, n < hired) for race, (hired, all_) in EXAMPLE.items() for n in range(all_)
    ]
    table = {
        "race": [race for race, _ in rows] + [None, "Unknown"],
        "sex": ["Female", "Male"] * (len(rows) // 2) + ["Male"] * (len(rows) % 2) + ["Male", "Male"],
        "hired": pa.array([int(hired) for _, hired in rows] + [1, None], pa.int8()),
        "score": [float(place % 10) / 10 for place in range(len(rows))] + [0.5, None],
    }
    pq.write_table(pa.table(table), tmp_path / "people.parquet")
    return tmp_path


def audit(*more: str) -> Said:
    return tolbooth("measure", "bias-audit", "people.parquet", "--sex", "sex", "--race", "race", *more)


def by_category(said: Said, table: str) -> dict[str, dict[str, Any]]:
    rows = json.loads(said.out)["audit"]["rows"]
    return {row["category"]: row for row in rows if row["table"] == table}


@pytest.mark.usefixtures("folder")
def test_the_laws_example_has_its_published_ratios() -> None:
    said = audit("--selected", "hired", "--exclude-under", "0", "--output", "json")
    assert said.code == 0, said.err
    found = {name: round(row["impact_ratio_ppm"] / 10_000) for name, row in by_category(said, "race").items()}
    assert found == {
        "Hispanic": 97,
        "White": 100,
        "Black": 84,
        "NHPI": 85,
        "Asian": 95,
        "Native American": 85,
        "Two or more": 87,
    }
    document = json.loads(said.out)
    assert document["schema"] == "tolbooth.bias-audit/v1"
    assert document["audit"]["unknown"] == {"sex": 0, "race": 1, "sex & race": 1}
    assert document["audit"]["people"] == 2585


@pytest.mark.usefixtures("folder")
def test_a_category_under_two_percent_has_no_ratio_and_keeps_its_people() -> None:
    row = by_category(audit("--selected", "hired", "--output", "json"), "race")["Native American"]
    assert (row["people"], row["excluded"], row["impact_ratio_ppm"]) == (41, True, None)
    only_sex = audit("--selected", "hired", "--exclude-in", "sex", "--output", "json")
    assert not by_category(only_sex, "race")["Native American"]["excluded"]


@pytest.mark.usefixtures("folder")
def test_the_screen_fits_80_columns_and_says_that_there_is_no_mark() -> None:
    said = audit("--selected", "hired", "--unknown", "Unknown")
    assert said.code == 0
    assert max(map(len, said.out.splitlines())) <= 80
    text = " ".join(said.out.split())
    assert "bias audit of a tool that selects, 2,585 people" in text
    assert "Neither the law nor its rules set an impact ratio" in text
    assert "Black: 0.84 [0.74, 0.96], not below; significant" in text
    assert not re.search(r"\b(pass|passes|passed|fail|fails|failed|complian\w+)\b", text)


@pytest.mark.usefixtures("folder")
def test_a_scoring_tool_is_held_against_the_samples_median() -> None:
    said = audit("--score", "score", "--unknown", "Unknown", "--output", "json")
    document = json.loads(said.out)
    assert document["audit"]["kind"] == "scored"
    assert document["without_score"] == 1
    median = document["audit"]["median"]
    assert int(median["numerator"]) / int(median["denominator"]) == 0.4
    rows = by_category(said, "sex").values()
    assert sum(row["counted"] for row in rows) == 2584 // 10 * 5 + 1
    above = json.loads(audit("--score", "score", "--ties", "above", "--output", "json").out)["audit"]["rows"]
    assert sum(row["counted"] for row in above if row["table"] == "sex") > sum(row["counted"] for row in rows)
    assert "Median score of the sample: 0.4" in audit("--score", "score").out


def test_a_scoring_tool_without_people_is_still_one_that_scores(folder: Path) -> None:
    (folder / "nobody.csv").write_text("sex,race,score\n", encoding="utf-8")
    said = tolbooth("measure", "bias-audit", "nobody.csv", "--sex", "sex", "--race", "race", "--score", "score")
    assert said.code == 0, said.err
    assert "bias audit of a tool that scores, 0 people" in said.out
    assert "no people of a known category" in said.out


def test_the_public_summary_is_a_page_and_a_table(folder: Path) -> None:
    said = audit("--selected", "hired", "--html", "audit.html", "--csv", "audit.csv", *SUMMARY)
    assert said.code == 0, said.err
    page = (folder / "audit.html").read_text(encoding="utf-8")
    assert "Historical data of 2025." in page
    assert "Justification: none is given." in page
    rows = list(csv.DictReader(io.StringIO((folder / "audit.csv").read_text(encoding="utf-8"))))
    black = next(row for row in rows if row["category"] == "Black")
    assert (black["people"], black["selected"], black["impact_ratio"]) == ("390", "170", "0.843229")
    assert "Summary: audit.html" in said.err
    assert "Summary" not in said.out


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ((), "--selected"),
        (("--selected", "hired", "--score", "score"), "--score"),
        (("--selected", "hired", "--html", "a.html", "--tool", "Screener"), "--audit-date, --data-source"),
        (("--selected", "hired", "--exclude-under", "2"), "0.02"),
        (("--selected", "hird"), "did you mean 'hired'?"),
        (("--score", "scor"), "did you mean 'score'?"),
        (("--score", "race"), "three different columns"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_written(folder: Path, more: tuple[str, ...], told: str) -> None:
    said = audit(*more)
    assert said.code == 2
    assert told in " ".join(said.err.split())
    assert [path.name for path in folder.iterdir()] == ["people.parquet"]
