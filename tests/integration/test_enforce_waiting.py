from __future__ import annotations

from pathlib import Path

import pytest

from tests.orchestrator_environments import verdicts
from tests.project_sample import FAIR, UNFAIR, make_project
from tests.review_sample import Story, make_story, ok
from tolbooth.enforce.waiting import Question, told
from tolbooth.model.errors import ConfigError, Place, Problem


@pytest.fixture
def story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Story:
    return make_story(tmp_path, monkeypatch, FAIR)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TOLBOOTH_KEYS", str(tmp_path / "keys"))
    return make_project(tmp_path / "credit", UNFAIR)


def test_looking_while_people_are_awaited_records_one_decision(story: Story) -> None:
    question = Question(once="run 1", gate="release", project=story.folder)
    first = question.ask()
    assert [question.look().verdict for _ in range(3)] == ["pending"] * 3
    assert question.look().decision == first.decision
    assert verdicts(story.folder) == ["pending"]


def test_a_yes_makes_one_more_decision_however_often_it_is_looked_at(story: Story) -> None:
    question = Question(once="run 1", project=story.folder)
    question.ask()
    ok(story.approve("ben"))
    answers = [question.look() for _ in range(3)]
    assert {each.decision for each in answers} == {answers[0].decision}
    assert answers[0].allowed
    assert [each.repeated for each in answers] == [False, True, True]
    assert question.ask().verdict == "pending"
    assert verdicts(story.folder) == ["pending", "allow"]


def test_a_rejection_ends_the_wait_with_a_recorded_denial(story: Story) -> None:
    question = Question(once="run 1", project=story.folder)
    question.ask()
    ok(story.by("ben", "reject", "--reason", "risk-too-high", "--yes"))
    answer = question.look()
    assert answer.verdict == "deny"
    assert [str(each) for each in answer.reasons] == ["gate (approver): rejected by ben"]
    assert verdicts(story.folder) == ["pending", "deny"]


def test_facts_that_changed_while_people_approved_need_a_new_yes(story: Story) -> None:
    question = Question(once="run 1", project=story.folder)
    question.ask()
    ok(story.approve("ben"))
    (story.folder / "model.bin").write_bytes(b"other weights")
    assert question.look().verdict == "pending"
    assert verdicts(story.folder) == ["pending", "pending"]
    ok(story.approve("ben"))
    assert question.look().allowed
    assert verdicts(story.folder) == ["pending", "pending", "allow"]


def test_a_denial_is_not_asked_again(project: Path) -> None:
    question = Question(once="run 1", project=project)
    assert [question.look().verdict, question.look().verdict] == ["deny", "deny"]
    assert verdicts(project) == ["deny"]


def test_another_key_is_another_question(project: Path) -> None:
    for once in ("run 1", "run 2"):
        Question(once=once, project=project).ask()
    assert verdicts(project) == ["deny", "deny"]


def test_every_obstacle_is_told_with_its_code_what_to_do_and_its_place() -> None:
    first = Problem(code="a.b", message="it is wrong", place=Place(path="x.yaml", line=3), hint="mend it")
    error = ConfigError([first, Problem(code="c.d", message="it is late")])
    assert told(error) == ("a.b: it is wrong (mend it), at x.yaml:3", "c.d: it is late")
