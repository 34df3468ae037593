"""GitLab's code quality report: the fields that it demands, and which results become issues."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests import report_scenes as scenes
from tolbooth.report.gitlab import SETTINGS_FILE, render_gitlab
from tolbooth.report.model import Report


def _issues(report: Report) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(render_gitlab(report))
    return found


@pytest.mark.parametrize("name", scenes.SCENES)
def test_every_issue_has_the_fields_that_gitlab_demands(name: str) -> None:
    issues = _issues(scenes.SCENES[name]())
    for issue in issues:
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert issue["location"]["lines"]["begin"] >= 1
        assert not issue["location"]["path"].startswith(("/", "./"))
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)


def test_nothing_is_an_issue_where_everything_passes() -> None:
    assert _issues(scenes.allowed()) == []


@pytest.mark.parametrize(
    ("scene", "name", "severity"),
    [
        (scenes.denied, "gate", "blocker"),
        (scenes.denied, "fairness.difference", "critical"),
        (scenes.warned, "a.warned", "minor"),
        (scenes.waived, "a.rule", "info"),
        (scenes.pending, "gate", "blocker"),
    ],
)
def test_severity_follows_the_rule_where_it_stops_the_release(scene: Any, name: str, severity: str) -> None:
    assert {issue["severity"] for issue in _issues(scene()) if issue["check_name"] == name} == {severity}


def test_issue_stands_on_the_file_that_was_read_else_on_the_settings() -> None:
    gate, read = _issues(scenes.hostile())
    assert gate["location"]["path"] == SETTINGS_FILE
    assert read["location"]["path"].startswith("data/")
