"""The table of text: one row a result, within the width."""

from __future__ import annotations

import pytest

from tests import report_scenes as scenes
from tolbooth.report.table import render_table


@pytest.mark.parametrize("width", [40, 60, 80, 140])
@pytest.mark.parametrize("name", [name for name in scenes.SCENES if name != "hostile"])
def test_table_keeps_within_the_width(name: str, width: int) -> None:
    text = render_table(scenes.SCENES[name](), width=width, color=False, ascii_only=False)
    assert max(len(line) for line in text.splitlines()) <= width


def test_wide_table_has_a_row_a_result() -> None:
    text = render_table(scenes.denied(), width=200, color=False, ascii_only=False)
    rows = [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in text.splitlines()]
    assert ["Status", "Rule", "About", "Found"] in rows
    assert ["✗ fails", "fairness.difference", "race: African-American / Other", "30.1 points apart"] in rows
    assert ["✓ passes", "data.digests", "all of the rule", "every data set has a digest"] in rows


def test_ascii_table_is_ascii_and_colour_changes_no_word() -> None:
    plain = render_table(scenes.denied(), width=80, color=False, ascii_only=True)
    assert plain.isascii()
    styled = render_table(scenes.denied(), width=80, color=True, ascii_only=True)
    assert styled != plain
    assert (
        styled.replace("\x1b[0m", "")
        .replace("\x1b[31m", "")
        .replace("\x1b[33m", "")
        .replace("\x1b[1m", "")
        .replace("\x1b[2m", "")
        == plain
    )


def test_controls_in_names_are_shown_as_escapes() -> None:
    text = render_table(scenes.hostile(), width=300, color=False, ascii_only=False)
    assert "\x1b" not in text
    assert "\\x1b[31m" in text
