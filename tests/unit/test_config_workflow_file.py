"""The workflow file: where it is found, what it says about waivers, and how its mistakes are shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.project_sample import FAIR, SETTINGS, make_project
from tolbooth.config.load import Project, load_project
from tolbooth.config.workflow_file import json_schema, read_workflow
from tolbooth.judge.library.load import built_in_library
from tolbooth.model.approval import Quorum
from tolbooth.model.errors import ConfigError
from tolbooth.model.rule import Severity
from tolbooth.pipeline.waiver_rules import waiver_policy
from tolbooth.review.risk import LevelOfRisk
from tolbooth.review.waiver_policy import WaiverPolicy

FULL = """\
version: 1
waivers:
  scale: {likelihood: [a, b, c], impact: [x, y, z], medium: 2, high: 4, critical: 9}
  approvers:
    low: [{role: owner}]
    medium: [{role: owner}]
    high: [{role: model-risk, count: 2}]
    critical: [{role: model-risk, count: 2}, {role: board}]
  maximum_days: {high: 45}
  renewals: 1
  warning_days: 7
  reasons: {retraining: the model is being trained again}
  loosest: {fairness.difference: 0.15}
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return load_project(make_project(tmp_path / "credit", FAIR) / "tolbooth.yaml")


def policy(project: Project) -> WaiverPolicy:
    return waiver_policy(read_workflow(project), built_in_library())


def write(project: Project, text: str) -> None:
    (project.folder / "workflow.yaml").write_text(text, encoding="utf-8")


def problems(project: Project) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        policy(project)
    return {f"{each.place.line if each.place else None} {each.code}": each.message for each in caught.value.problems}


def test_without_a_file_two_approvers_are_asked_from_high_upwards(project: Project) -> None:
    found = policy(project)
    assert not found.declared
    assert [found.approvers[level] for level in LevelOfRisk] == [
        (Quorum(role="approver", count=count),) for count in (1, 1, 2, 2)
    ]
    assert (found.renewals, found.warning_days, found.maximum_days[Severity.CRITICAL]) == (2, 14, 30)


def test_every_word_of_the_section_is_taken(project: Project) -> None:
    write(project, FULL)
    found = policy(project)
    assert found.declared
    assert found.scale.likelihood == ("a", "b", "c")
    assert found.scale.begins[LevelOfRisk.HIGH] == 4
    assert found.required([LevelOfRisk.LOW, LevelOfRisk.CRITICAL]) == (
        Quorum(role="board", count=1),
        Quorum(role="model-risk", count=2),
        Quorum(role="owner", count=1),
    )
    assert (found.maximum_days[Severity.HIGH], found.maximum_days[Severity.LOW]) == (45, 180)
    assert (found.renewals, found.warning_days) == (1, 7)
    assert dict(found.reasons) == {"retraining": "the model is being trained again"}
    assert found.loosest == {"fairness.difference": 150_000}


def test_a_file_that_is_named_and_not_there_is_a_mistake_at_its_line(tmp_path: Path) -> None:
    folder = make_project(tmp_path / "credit", FAIR, f"{SETTINGS}workflow: rules/who.yaml\n")
    found = problems(load_project(folder / "tolbooth.yaml"))
    assert [each.split()[1] for each in found] == ["workflow.not-found"]
    (folder / "rules").mkdir()
    (folder / "rules" / "who.yaml").write_text(FULL, encoding="utf-8")
    assert policy(load_project(folder / "tolbooth.yaml")).declared


def test_every_mistake_is_shown_at_its_line(project: Project) -> None:
    write(
        project,
        "version: 1\nwaivers:\n  renewal: 3\n  scale: {medium: 5, high: 4}\n  approvers:\n"
        "    low: [{role: a, cuont: 2}]\n    medium: [{role: a}]\n    high: [{role: a}]\n    critical: []\n"
        "  maximum_days: {high: 0}\n",
    )
    found = problems(project)
    assert list(found) == [
        "3 config.unknown-key",
        "4 config.type",
        "6 config.unknown-key",
        "9 config.type",
        "10 config.type",
    ]
    assert found["10 config.type"] == "'waivers.maximum_days.high' is the number 0, and should be at least 1"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("fairness.diference: 0.1", "workflow.unknown-rule"),
        ("documentation.card: 3", "workflow.no-bound"),
        ("fairness.difference: 15", "policy.parameter-range"),
    ],
)
def test_a_loosest_bound_must_be_one_of_a_rule(project: Project, line: str, code: str) -> None:
    write(project, f"version: 1\nwaivers:\n  loosest:\n    {line}\n")
    assert list(problems(project)) == [f"4 {code}"]


def test_a_file_that_is_no_mapping_is_refused(project: Project) -> None:
    write(project, "- waivers\n")
    assert list(problems(project)) == ["1 config.type"]


def test_every_key_says_what_it_is_for() -> None:
    schema = json_schema()
    for section in [schema, *schema["$defs"].values()]:
        for key, field in section.get("properties", {}).items():
            named = schema["$defs"].get(field.get("$ref", "").removeprefix("#/$defs/"), {})
            assert field.get("description") or named.get("description"), key
