"""Workflow commands, read as the runner of GitHub Actions reads them."""

from __future__ import annotations

import re

import pytest

from tests import report_scenes as scenes
from tolbooth.report.github import render_github
from tolbooth.report.model import Report

_COMMAND = re.compile(r"::(\w+)(?: ([^:]*))?::(.*)")


def _back(text: str) -> str:
    for escape, char in (("%2C", ","), ("%3A", ":"), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        text = text.replace(escape, char)
    return text


def _commands(report: Report) -> list[tuple[str, dict[str, str], str]]:
    found = []
    for line in render_github(report).splitlines():
        command = _COMMAND.fullmatch(line)
        if command:
            pairs = (pair.split("=", 1) for pair in (command[2] or "").split(",") if pair)
            found.append((command[1], {name: _back(value) for name, value in pairs}, _back(command[3])))
    return found


def _titled(report: Report) -> dict[str, tuple[str, str]]:
    return {named["title"]: (kind, message) for kind, named, message in _commands(report) if "title" in named}


@pytest.mark.parametrize(
    ("name", "kind"),
    [("denied", "error"), ("pending", "error"), ("empty", "error"), ("rejected", "error"), ("allowed", "notice")],
)
def test_verdict_is_the_first_annotation(name: str, kind: str) -> None:
    report = scenes.SCENES[name]()
    assert _commands(report)[0] == (kind, {"title": "tolbooth gate release, ci"}, report.head.sentence)


def test_failing_and_undecided_results_are_errors_that_say_what_to_do_once() -> None:
    told = _titled(scenes.denied())
    kind, message = told["fairness.difference fails, race: African-American / Other"]
    assert kind == "error"
    assert message.startswith("30.1 points apart. To do: Look at the rows")
    assert told["fairness.difference can't be decided, race: Asian"] == (
        "error",
        "fewer than 30 in the denominator (too little to tell)",
    )


def test_what_only_warns_is_a_warning_and_what_is_waived_a_notice() -> None:
    assert _titled(scenes.warned())["a.warned fails, warns only"][0] == "warning"
    assert _titled(scenes.waived())["a.rule waived until 2027-01-01 00:00:00Z (W-3), sex"][0] == "notice"


def test_annotation_names_the_file_only_where_it_was_read() -> None:
    files = [named.get("file") for _, named, _ in _commands(scenes.denied())]
    assert set(files) == {None}
    assert any((named.get("file") or "").startswith("data/") for _, named, _ in _commands(scenes.hostile()))


def test_passing_results_stand_in_a_fold() -> None:
    lines = render_github(scenes.denied()).splitlines()
    fold = lines[next(i for i, line in enumerate(lines) if line.startswith("::group::")) : lines.index("::endgroup::")]
    assert "- data.digests passes: every data set has a digest" in fold
    assert "- fairness.ratio off: off (switched off at this gate)" in fold


def test_names_from_data_begin_no_command() -> None:
    report = scenes.hostile()
    kinds = [kind for kind, _, _ in _commands(report)]
    assert kinds == ["error", "error", "group", "endgroup"]
    assert sum(line.startswith("::") for line in render_github(report).splitlines()) == 4
    assert "::error::%250A" in render_github(report)
