"""The public summary of a bias audit: what the rules ask to publish, safe to open, and without a pass mark."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

from tolbooth.report.bias_audit import NO_MARK, AuditAbout, render_bias_audit_csv, render_bias_audit_html

ABOUT = AuditAbout(
    tool="Screener <b>",
    audit_date="1 November 2026",
    data_source="Historical data of 2025.",
    distribution_date="2 January 2025",
    justification="Five people give no rate.",
)


def row(table: str, category: str, people: int, counted: int, **more: Any) -> dict[str, Any]:
    rate = counted * 1_000_000 // people
    plain = {"impact_ratio_ppm": 1_000_000, "excluded": False, "leads": False}
    return {
        "table": table,
        "category": category,
        "people": people,
        "counted": counted,
        "rate_ppm": rate,
        **plain,
        **more,
    }


def audit(**more: Any) -> dict[str, Any]:
    return {
        "kind": "selected",
        "people": 2579,
        "unknown": {"sex": 8, "race": 1},
        "rows": [
            row("sex", "Female", 1181, 555, impact_ratio_ppm=979_336),
            row("sex", "Male", 1390, 667),
            row("race", "=HYPERLINK(1)", 2500, 1000),
            row("race", "Tiny", 5, 3, impact_ratio_ppm=None, excluded=True),
            row("race", "Unsure", 50, 0, impact_ratio_ppm=None),
        ],
        "settings": {
            "exclude_under_ppm": 20_000,
            "share_of": "known",
            "exclude_in": None,
            "excluded_may_lead": False,
            "unknown": [],
        },
        **more,
    }


def test_the_page_has_all_that_is_to_be_published() -> None:
    page = render_bias_audit_html(audit(), ABOUT)
    for text in ("1 November 2026", "2 January 2025", "Historical data of 2025.", "2,579", "Five people give no rate."):
        assert text in page
    assert "8 people of an unknown category of sex are left out." in page
    assert "1 person of an unknown category of race is left out." in page
    assert "0.979" in page
    assert re.search(r"Tiny</th>.*60.0 %.*excluded", page)
    assert re.search(r"Unsure</th>.*undefined", page)


def test_the_page_says_that_there_is_no_pass_mark_and_judges_nothing() -> None:
    page = render_bias_audit_html(audit(), ABOUT)
    assert NO_MARK in page
    body = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL).replace(NO_MARK, "").lower()
    assert not re.search(r"\b(pass|passes|passed|fail|fails|failed|compliant|0\.8|four.fifths)\b", body)


def test_the_page_runs_nothing_and_asks_for_nothing() -> None:
    page = render_bias_audit_html(audit(), ABOUT)
    assert "Screener &lt;b&gt;" in page
    assert "<script" not in page
    assert not re.search(r"(src|href)=", page)
    assert "default-src 'none'" in page


def test_a_scoring_tool_names_its_median_and_how_ties_count() -> None:
    settings = {**audit()["settings"], "ties": "below", "median_of": "all"}
    page = render_bias_audit_html(
        audit(kind="scored", median={"numerator": 41, "denominator": 2}, settings=settings), ABOUT
    )
    assert "Scoring rate" in page
    assert "20.5" in page
    assert "The median is that of all people; a score equal to it counts as below it." in page


def test_without_exclusions_no_justification_is_asked_for() -> None:
    rows = [each for each in audit()["rows"] if not each["excluded"]]
    assert "Justification" not in render_bias_audit_html(audit(rows=rows), ABOUT)


def test_the_csv_has_a_row_for_each_category_and_for_the_unknown() -> None:
    rows = list(csv.DictReader(io.StringIO(render_bias_audit_csv(audit()))))
    assert [(each["table"], each["category"]) for each in rows] == [
        ("sex", "Female"),
        ("sex", "Male"),
        ("sex", "(unknown, left out)"),
        ("race", "'=HYPERLINK(1)"),
        ("race", "Tiny"),
        ("race", "Unsure"),
        ("race", "(unknown, left out)"),
    ]
    assert rows[0]["impact_ratio"] == "0.979336"
    assert rows[0]["selection_rate"] == "0.469940"
    assert (rows[4]["impact_ratio"], rows[4]["excluded"], rows[2]["people"]) == ("", "yes", "8")
