"""Enforcement by point and date: what a project declares, and what a failing rule does by it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.project_sample import FAIR, make_project, tolbooth
from tolbooth.config.load import FILE_NAME, load_project
from tolbooth.judge.library.enforcement import Level, level_at, read_enforcement, stored_enforcement
from tolbooth.model.errors import ConfigError
from tolbooth.model.rule import Enforcement, Point
from tolbooth.pipeline.policy import declared_enforcement, policy_of

BERLIN_NEW_YEAR = datetime(2026, 12, 31, 23, tzinfo=UTC)


def project(tmp_path: Path, enforcement: str, zone: str = "Europe/Berlin") -> Path:
    folder = make_project(tmp_path / "project", FAIR)
    path = folder / FILE_NAME
    text = path.read_text(encoding="utf-8")
    assert "policy:\n" in text
    indented = "".join(f"    {line}\n" for line in enforcement.splitlines())
    text = text.replace("policy:\n", f"policy:\n  enforcement:\n{indented}", 1)
    path.write_text(f"{text}\ntimezone: {zone}\n", encoding="utf-8")
    return folder


def declared(tmp_path: Path, enforcement: str) -> Any:
    return declared_enforcement(load_project(project(tmp_path, enforcement) / FILE_NAME))


def test_level_alone_holds_at_every_point(tmp_path: Path) -> None:
    found = declared(tmp_path, "data.digests: warn")
    assert {level_at(found, "data.digests", point) for point in Point} == {Level(level=Enforcement.WARN)}


def test_point_named_by_itself_comes_before_all(tmp_path: Path) -> None:
    found = declared(tmp_path, "data.digests: {all: deny, pre-commit: off}")
    assert level_at(found, "data.digests", Point.PRE_COMMIT) == Level(level=Enforcement.OFF)
    assert level_at(found, "data.digests", Point.SERVE) == Level(level=Enforcement.DENY)


def test_point_that_is_not_named_keeps_the_rules_own_level(tmp_path: Path) -> None:
    found = declared(tmp_path, "data.digests: {promote: warn}")
    assert level_at(found, "data.digests", Point.CI) is None


def test_day_begins_in_the_projects_time_zone(tmp_path: Path) -> None:
    found = declared(tmp_path, "data.digests: {promote: {level: deny, from: 2027-01-01}}")
    assert level_at(found, "data.digests", Point.PROMOTE) == Level(level=Enforcement.DENY, effective_on=BERLIN_NEW_YEAR)


def test_policy_document_gives_back_what_was_declared(tmp_path: Path) -> None:
    found = declared(tmp_path, "data.digests: {all: warn, promote: {level: deny, from: 2027-01-01}}")
    assert read_enforcement(json.loads(json.dumps(stored_enforcement(found)))) == found


@pytest.mark.parametrize(
    ("written", "message", "hint"),
    [
        ("data.digests: denny", "can't be 'denny'", "did you mean 'deny'?"),
        ("data.digests: {promot: deny}", "can't be 'promot'", "did you mean 'promote'?"),
        ("data.digests: {level: deny, form: 2027-01-01}", "unknown key 'form'", "did you mean 'from'?"),
        ("data.digests: {promote: {level: deni}}", "can't be 'deni'", "did you mean 'deny'?"),
    ],
)
def test_mistake_names_its_line_and_the_nearest_word(tmp_path: Path, written: str, message: str, hint: str) -> None:
    folder = project(tmp_path, written)
    with pytest.raises(ConfigError) as raised:
        load_project(folder / FILE_NAME)
    (problem,) = raised.value.problems
    lines = (folder / FILE_NAME).read_text(encoding="utf-8").splitlines()
    assert message in problem.message
    assert problem.hint == hint
    assert problem.place is not None
    assert problem.place.line is not None
    assert "data.digests" in lines[problem.place.line - 1]


def test_policy_digest_is_the_same_at_every_point(tmp_path: Path) -> None:
    loaded = load_project(project(tmp_path, "data.digests: {promote: warn}") / FILE_NAME)
    assert len({policy_of(loaded, point).sha256 for point in Point}) == 1


@pytest.mark.parametrize(("point", "code"), [("ci", 1), ("pre-commit", 0)])
def test_same_failure_denies_at_one_point_and_warns_at_another(tmp_path: Path, point: str, code: int) -> None:
    folder = project(tmp_path, "performance.minimum: {pre-commit: warn}\ndata.digests: warn", zone="UTC")
    path = folder / FILE_NAME
    text = path.read_text(encoding="utf-8").replace("environment: ci", f"environment: ci, point: {point}", 1)
    text = text.replace("policy:\n", "policy:\n  rules: [performance.minimum]\n", 1)
    text = text.replace("bound: 0.7", "bound: 1.0")
    path.write_text(text, encoding="utf-8")
    said = tolbooth("--config", str(path), "gate", "--output", "json")
    assert said.code == code, said.out + said.err
