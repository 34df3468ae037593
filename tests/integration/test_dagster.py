from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.orchestrator_environments import REPOSITORY, python_of, verdicts
from tests.project_sample import FAIR, UNFAIR, make_project
from tests.review_sample import Story, make_story, ok

pytestmark = pytest.mark.dagster

PIPELINE = REPOSITORY / "tests" / "orchestrators" / "dagster_release.py"
SECONDS = 180


@pytest.fixture
def python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Dagster's Python; its instance is a folder of this test."""
    found = python_of("dagster")
    home = tmp_path / "dagster"
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    monkeypatch.setenv("PYTHONPATH", f"{REPOSITORY}{os.pathsep}{REPOSITORY / 'src'}")
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(Path(tempfile.gettempdir()) / "tolbooth-tests-bytecode"))
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    return found


@pytest.fixture
def story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Story:
    return make_story(tmp_path, monkeypatch, FAIR)


def start(python: Path, scene: str, project: Path) -> subprocess.Popen[str]:
    command = [str(python), "-W", "ignore", "-m", "tests.orchestrators.dagster_alone", scene, str(project)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def answer(started: subprocess.Popen[str]) -> Any:
    out, log = started.communicate(timeout=SECONDS)
    assert started.returncode == 0, log
    return json.loads(out.splitlines()[-1]) | {"log": log}


def run(python: Path, scene: str, project: Path) -> Any:
    return answer(start(python, scene, project))


def materialise(python: Path, project: Path, *, biased: bool) -> str:
    """Run the whole pipeline by Dagster's command, which must fail, and give its log."""
    command = [str(python.parent / "dagster"), "asset", "materialize", "-f", str(PIPELINE), "--select", "*"]
    given = {**os.environ, "RELEASE_PROJECT": str(project), "RELEASE_BIASED": "yes" if biased else "no"}
    done = subprocess.run(command, env=given, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout + done.stderr


@contextmanager
def daemon(python: Path, project: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Dagster's daemon, which looks at the sensors and launches runs."""
    command = [str(python.parent / "dagster-daemon"), "run", "-f", str(PIPELINE)]
    with log.open("wb") as out:
        given = {**os.environ, "RELEASE_PROJECT": str(project)}
        running = subprocess.Popen(command, env=given, stdout=out, stderr=out, start_new_session=True)
        try:
            yield running
        finally:
            os.killpg(running.pid, signal.SIGKILL)  # its own session: the daemon and its code server
            running.wait()


def wait_for(path: Path, running: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + SECONDS
    while not path.exists():
        assert running.poll() is None, log.read_text(encoding="utf-8")
        assert time.monotonic() < until, log.read_text(encoding="utf-8")
        time.sleep(0.5)


def test_a_release_is_denied_then_waits_for_a_person_and_is_promoted_by_the_sensor_when_approved(
    python: Path, story: Story, tmp_path: Path
) -> None:
    project, said = story.folder, tmp_path / "daemon.log"
    log = materialise(python, project, biased=True)
    assert "fairness.difference (race: a / b): false positive rate by race" in log
    assert "1 blocking asset check failed with ERROR severity" in log
    assert "Dependencies for step production failed: ['model_tolbooth']. Not executing." in log
    assert verdicts(project) == ["deny"]

    log = materialise(python, project, biased=False)
    assert "waits for approver (" in log
    assert verdicts(project) == ["deny", "pending"]
    assert not (project / "production").exists()

    ok(story.approve("ben"))
    with daemon(python, project, said) as running:
        wait_for(project / "production" / "model.bin", running, said)
    assert verdicts(project) == ["deny", "pending", "allow"]
    assert (project / "production" / "model.bin").read_bytes() == (project / "model.bin").read_bytes()


def test_a_step_that_waits_goes_on_when_a_person_approves(python: Path, story: Story) -> None:
    started = start(python, "wait", story.folder)
    until = time.monotonic() + SECONDS
    while verdicts(story.folder) != ["pending"]:
        assert started.poll() is None
        assert time.monotonic() < until
        time.sleep(0.3)
    ok(story.approve("ben"))
    found = answer(started)
    assert found["materialised"] == ["model", "production"]
    assert [(each["verdict"], each["passed"]) for each in found["checks"]] == [("allow", True)]
    assert verdicts(story.folder) == ["pending", "allow"]


def test_a_deadline_ends_the_wait_of_the_step_and_of_the_sensor(python: Path, story: Story) -> None:
    found = run(python, "late", story.folder)
    assert found["materialised"] == ["model"]
    assert found["checks"][0]["verdict"] == "pending"
    assert found["checks"][0]["waits for"].startswith("approver (")
    assert found["sensor"] == f"the deadline has passed; decision {found['checks'][0]['decision']} still waits"
    assert verdicts(story.folder) == ["pending"]


def test_a_denial_stands_in_the_metadata_and_is_not_retried(python: Path, tmp_path: Path) -> None:
    project = make_project(tmp_path / "unfair", UNFAIR)
    found = run(python, "plain", project)
    check = found["checks"][0]
    assert (found["retried"], found["materialised"]) == (0, ["model"])
    assert (check["verdict"], check["passed"], check["severity"]) == ("deny", False, "ERROR")
    assert check["reasons"].startswith("fairness.difference (race: a / b): false positive rate by race")
    assert "`fairness.difference`" in check["report"]
    assert check["release"]["decision"] == check["decision"]
    assert verdicts(project) == ["deny"]


def test_a_tool_that_broke_is_retried_and_gives_no_result(python: Path, tmp_path: Path) -> None:
    found = run(python, "broken", tmp_path / "nowhere")
    assert (found["checks"], found["retried"], found["materialised"]) == ([], 1, ["model"])
    assert "Tolbooth could not answer, which is no verdict.\nconfig.unreadable: " in found["errors"][0]


def test_a_retry_after_a_lost_worker_gets_the_decision_that_was_recorded(python: Path, tmp_path: Path) -> None:
    project = make_project(tmp_path / "lost", FAIR)
    found = run(python, "lost", project)
    assert (found["retried"], found["success"]) == (1, True)
    assert found["checks"][0]["release"]["repeated"] is True
    assert verdicts(project) == ["allow"]


def test_a_severity_that_warns_shows_the_denial_and_holds_nothing_back(python: Path, tmp_path: Path) -> None:
    found = run(python, "warned", make_project(tmp_path / "unfair", UNFAIR))
    assert found["materialised"] == ["model", "production"]
    assert (found["checks"][0]["passed"], found["checks"][0]["severity"]) == (False, "WARN")
