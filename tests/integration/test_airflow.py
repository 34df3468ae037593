from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.airflow_server import REPOSITORY, Airflow, running_airflow
from tests.orchestrator_environments import python_of, verdicts
from tests.project_sample import FAIR, SETTINGS, UNFAIR, make_project
from tests.review_sample import Story, make_story, ok

pytestmark = pytest.mark.airflow

DAGS = REPOSITORY / "tests" / "orchestrators" / "airflow_release.py"
RUNS = {
    "late": "deadline",
    "lost": "interrupted",
    "unfair": "alone",
    "cleared": "alone",
    "nowhere": "alone",
    "mapped": "mapped",
}
TWO_GATES = SETTINGS.replace("  release: ", "  nightly: {subject: credit, environment: night}\n  release: ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An Airflow, a project with people, and the runs that were started when it came up."""

    airflow: Airflow
    root: Path
    story: Story
    runs: dict[str, str]


@pytest.fixture(scope="module")
def module_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    python = python_of("airflow")
    root = tmp_path_factory.mktemp("airflow")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("HOME", str(root))
        story = make_story(root, patched, FAIR)
        shutil.copytree(story.folder, root / "late")
        for name, groups in (("lost", FAIR), ("unfair", UNFAIR), ("cleared", UNFAIR)):
            make_project(root / name, groups)
        make_project(root / "mapped", FAIR, TWO_GATES)
        with running_airflow(python, root, DAGS, {}) as airflow:
            started = {
                "late": "deadline",
                "lost": "interrupted",
                "unfair": "alone",
                "cleared": "alone",
                "mapped": "mapped",
            }
            runs = {name: airflow.start(dag, project=str(root / name)) for name, dag in started.items()}
            runs["nowhere"] = airflow.start("alone", project=str(root / "nowhere"))
            yield Place(airflow=airflow, root=root, story=story, runs=runs)


@pytest.fixture
def place(module_place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("TOLBOOTH_KEYS", str(module_place.root / "keys" / "machine"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(module_place.root / "gitconfig"))
    monkeypatch.chdir(module_place.story.folder)
    return module_place


def test_a_release_is_denied_then_waits_for_a_person_and_is_promoted_when_approved(place: Place) -> None:
    airflow, project = place.airflow, place.story.folder

    refused = airflow.start("release", project=str(project), biased=True)
    assert airflow.ended("release", refused) == "failed"
    tasks = airflow.tasks("release", refused)
    assert {name: task.state for name, task in tasks.items()} == {
        "train": "success",
        "gate": "failed",
        "approvals": "upstream_failed",
        "promote": "upstream_failed",
    }
    assert tasks["gate"].tries == 1
    assert "fairness.difference" in tasks["gate"].decision
    assert airflow.xcom("release", refused, "gate")["verdict"] == "deny"
    log = airflow.log("release", refused, "gate")
    assert "fairness.difference (race: a / b): false positive rate by race" in log
    assert "AirflowFailException: deny: May not be released" in log
    assert verdicts(project) == ["deny"]

    run = airflow.start("release", project=str(project), biased=False)

    def waits() -> str | None:
        return airflow.tasks("release", run)["approvals"].state

    airflow.until(waits, frozenset({"up_for_reschedule"}))
    tasks = airflow.tasks("release", run)
    assert (tasks["gate"].state, tasks["promote"].state) == ("success", None)
    assert "waits for approver (" in tasks["approvals"].decision
    assert verdicts(project) == ["deny", "pending"]
    assert not (project / "production").exists()

    ok(place.story.approve("ben"))
    assert airflow.ended("release", run) == "success"
    assert verdicts(project) == ["deny", "pending", "allow"]
    assert airflow.xcom("release", run, "approvals")["verdict"] == "allow"
    assert "May be released" in airflow.tasks("release", run)["approvals"].decision
    assert (project / "production" / "model.bin").read_bytes() == (project / "model.bin").read_bytes()


def test_a_retry_after_a_lost_worker_gets_the_decision_that_was_recorded(place: Place) -> None:
    run = place.runs["lost"]
    assert place.airflow.ended("interrupted", run) == "success"
    assert place.airflow.tasks("interrupted", run)["gate"].tries == 2
    assert verdicts(place.root / "lost") == ["allow"]
    assert "recorded before under the same key" in place.airflow.log("interrupted", run, "gate", 2)


def test_a_tool_that_broke_is_retried_and_gives_no_verdict(place: Place) -> None:
    broken, denied = place.runs["nowhere"], place.runs["unfair"]
    assert place.airflow.ended("alone", broken) == "failed"
    assert place.airflow.ended("alone", denied) == "failed"
    page = place.airflow.tasks("alone", broken)["gate"]
    assert (page.tries, page.decision) == (2, "")
    assert place.airflow.tasks("alone", denied)["gate"].tries == 1
    log = place.airflow.log("alone", broken, "gate")
    assert "Tolbooth could not answer, which is no verdict. config.unreadable: " in log
    assert "ConfigError" in log
    assert "ConfigError" not in place.airflow.log("alone", denied, "gate")


def test_the_deadline_ends_the_wait_without_a_retry_and_names_who_is_awaited(place: Place) -> None:
    run = place.runs["late"]
    assert place.airflow.ended("deadline", run) == "failed"
    assert place.airflow.tasks("deadline", run)["approvals"].tries == 1
    log = place.airflow.log("deadline", run, "approvals")
    assert "AirflowSensorTimeout: the deadline has passed, and the release still waits for approver (" in log
    assert verdicts(place.root / "late") == ["pending"]


def test_a_task_that_somebody_clears_asks_the_gate_anew(place: Place) -> None:
    run, project = place.runs["cleared"], place.root / "cleared"
    assert place.airflow.ended("alone", run) == "failed"
    make_project(project, FAIR)
    place.airflow.clear("alone", run, "gate")
    assert place.airflow.until(lambda: place.airflow.tasks("alone", run)["gate"].state, frozenset({"success"}))
    assert verdicts(project) == ["deny", "allow"]


def test_each_mapped_task_asks_its_own_gate(place: Place) -> None:
    run = place.runs["mapped"]
    assert place.airflow.ended("mapped", run) == "success"
    assert set(place.airflow.tasks("mapped", run)) == {"gate[0]", "gate[1]"}
    assert verdicts(place.root / "mapped") == ["allow", "allow"]
