"""Logging commands, read as the agent of Azure Pipelines reads them: anywhere in a line."""

from __future__ import annotations

import pytest

from tests import report_scenes as scenes
from tolbooth.report.azuredevops import render_azuredevops


def test_verdict_and_failing_results_are_errors() -> None:
    lines = render_azuredevops(scenes.denied()).splitlines()
    assert lines[1].startswith(
        "##vso[task.logissue type=error;code=gate]tolbooth gate release, ci: May not be released"
    )
    assert any(line.startswith("##vso[task.logissue type=error;code=fairness.difference]") for line in lines[2:])


def test_what_only_warns_is_a_warning_and_what_is_waived_a_plain_line() -> None:
    assert "##vso[task.logissue type=warning;code=a.warned]" in render_azuredevops(scenes.warned())
    waived = render_azuredevops(scenes.waived())
    assert "##vso" not in waived
    assert "- a.rule waived until 2027-01-01 00:00:00Z (W-3), sex: too wide" in waived.splitlines()


@pytest.mark.parametrize("name", scenes.SCENES)
def test_every_fold_is_closed(name: str) -> None:
    lines = render_azuredevops(scenes.SCENES[name]()).splitlines()
    assert sum(line.startswith("##[group]") for line in lines) == lines.count("##[endgroup]") == 1


def test_names_from_data_hold_no_command() -> None:
    text = render_azuredevops(scenes.hostile())
    assert "task.complete" in text
    assert "##vso[task.complete" not in text
    for line in text.splitlines():
        assert line.count("##") == (1 if line.startswith("##") else 0)


def test_percent_is_escaped_so_that_no_escape_can_be_forged() -> None:
    (line,) = [line for line in render_azuredevops(scenes.hostile()).splitlines() if "code=fairness.difference" in line]
    assert "%AZP250A" in line
