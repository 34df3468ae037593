"""Prefect, for real: a server on loopback, and flows in processes of their own, from training to promotion."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from tests.project_sample import FAIR, tolbooth
from tests.review_sample import Story, make_story, ok

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".bootstrap" / "prefect" / "bin" / "python"
PATIENCE_SECONDS = 90
pytestmark = pytest.mark.prefect


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A Prefect server, asked over HTTP as its page does."""

    api: str
    home: Path
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def ask(self, path: str, body: object = None) -> Any:
        """Post to its interface, again while its database is locked, as Prefect's own client does.

        The server takes a locked SQLite back whole and says 503: another process was writing in that moment.
        """
        content = json.dumps(body or {}).encode()
        asked = urllib.request.Request(f"{self.api}{path}", content, {"Content-Type": "application/json"})
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                with urllib.request.urlopen(asked, timeout=PATIENCE_SECONDS) as answer:
                    return json.loads(answer.read() or b"null")
            except urllib.error.HTTPError as error:
                if error.code != HTTPStatus.SERVICE_UNAVAILABLE or time.monotonic() > end:
                    raise
            time.sleep(0.2)

    def run(self) -> dict[str, Any]:
        """The newest flow run."""
        found: list[dict[str, Any]] = self.ask("/flow_runs/filter", {"sort": "EXPECTED_START_TIME_DESC", "limit": 1})
        return found[0] if found else {"state": {"name": None, "type": None}, "id": None}

    def gates(self, run: dict[str, Any]) -> list[dict[str, Any]]:
        """A flow run's task runs of the gate, oldest first, once the server has heard how each ended."""
        query = {"task_runs": {"flow_run_id": {"any_": [run["id"]]}}, "sort": "EXPECTED_START_TIME_ASC"}
        until(lambda: all(each["end_time"] for each in self.ask("/task_runs/filter", query)))
        return [each for each in self.ask("/task_runs/filter", query) if each["name"].startswith("tolbooth_gate")]

    def artifacts(self, run: dict[str, Any]) -> list[str]:
        """The Markdown on a flow run's page."""
        query = {"artifacts": {"flow_run_id": {"any_": [run["id"]]}, "type": {"any_": ["markdown"]}}}
        return [each["data"] for each in self.ask("/artifacts/filter", query)]

    def start(self, what: str, story: Story) -> subprocess.Popen[str]:
        """Start a flow, or what ``prefect_release`` calls so."""
        process = subprocess.Popen(
            [str(PYTHON), "-m", "tests.orchestrators.prefect_release", what, str(story.folder)],
            env={**os.environ, **settings(self.home), "PREFECT_API_URL": self.api, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(process)
        return process

    def finish(self, what: str, story: Story) -> tuple[dict[str, Any], str]:
        """Run a flow to its end: the flow run, and its log."""
        log, _ = self.start(what, story).communicate(timeout=PATIENCE_SECONDS)
        return self.run(), log


def settings(home: Path) -> dict[str, str]:
    """What every process of Prefect is told here: to keep to its folder, and to tell nobody."""
    return {
        "PREFECT_HOME": str(home),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_RUNNER_POLL_FREQUENCY": "1",
        "DO_NOT_TRACK": "1",
    }


def until(fact: Callable[[], object]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not fact():
        assert time.monotonic() < end, "it never became so"
        time.sleep(0.2)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if not PYTHON.is_file():
        pytest.skip("Prefect is not here: run scripts/orchestrators prefect")
    home = tmp_path_factory.mktemp("prefect")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found = Server(api=f"http://127.0.0.1:{port}/api", home=home)
    words = ["-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port), "--no-ui"]
    with (home / "server.log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [str(PYTHON), *words], env={**os.environ, **settings(home)}, stdout=log, stderr=subprocess.STDOUT
        )

    def answers() -> bool:
        assert process.poll() is None, (home / "server.log").read_text(encoding="utf-8")
        try:
            return bool(found.ask("/flow_runs/count") is not None)
        except (urllib.error.URLError, ConnectionError):
            return False

    try:
        until(answers)
        yield found
    finally:
        for flow in found.started:
            if flow.poll() is None:
                flow.kill()
            flow.communicate()
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture
def story(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Story:
    return make_story(tmp_path, monkeypatch, FAIR)


def decisions() -> int:
    """How many decisions the log holds."""
    entries = json.loads(ok(tolbooth("log", "--output", "json")).out)["entries"]
    return sum(each["kind"] == "decision" for each in entries)


def promoted(story: Story) -> bool:
    return (story.folder / "production" / "model.bin").is_file()


def test_a_biased_model_is_denied_without_a_retry_and_the_page_says_why(server: Server, story: Story) -> None:
    run, log = server.finish("denied", story)
    assert run["state"]["type"] == "FAILED", log
    reason = "- fairness.difference (race: a / b): false positive rate"
    assert reason in run["state"]["message"]
    [gate] = server.gates(run)
    assert (gate["state"]["type"], gate["state"]["name"], gate["run_count"]) == ("FAILED", "Denied", 1)
    assert reason in gate["state"]["message"]
    assert reason in log
    assert any("`fairness.difference`" in each for each in server.artifacts(run))
    assert not promoted(story)
    assert decisions() == 1


def test_a_flow_pauses_until_a_person_signs_and_resume_is_no_approval(server: Server, story: Story) -> None:
    process = server.start("release", story)
    until(lambda: server.run()["state"]["name"] == "Awaiting approval")
    run = server.run()
    assert run["state"]["type"] == "PAUSED"
    assert "- waits for approver (" in run["state"]["message"]
    server.ask(f"/flow_runs/{run['id']}/resume")
    until(lambda: server.run()["state"]["name"] == "Awaiting approval" and server.run()["state"] != run["state"])
    assert not promoted(story)
    assert decisions() == 1
    ok(story.approve("ben"))
    log, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert server.run()["id"] == run["id"]
    assert server.run()["state"]["type"] == "COMPLETED", log
    assert [each["state"]["name"] for each in server.gates(run)] == ["Awaiting approval", "Allowed"]
    assert promoted(story)
    assert decisions() == 2
    assert json.loads(ok(tolbooth("report", "--format", "json")).out)["decision"]["verdict"] == "allow"


@pytest.mark.slow
def test_a_rejection_ends_the_pause_with_a_denial(server: Server, story: Story) -> None:
    process = server.start("release", story)
    until(lambda: server.run()["state"]["name"] == "Awaiting approval")
    ok(story.by("ben", "reject", "--reason", "risk-too-high", "--yes"))
    log, _ = process.communicate(timeout=PATIENCE_SECONDS)
    run = server.run()
    assert run["state"]["type"] == "FAILED", log
    assert "rejected by ben" in run["state"]["message"]
    assert not promoted(story)


def test_a_suspended_flow_runs_again_once_people_have_approved(server: Server, story: Story) -> None:
    serving = server.start("serve", story)
    try:
        until(lambda: server.ask("/deployments/count"))
        [deployment] = server.ask("/deployments/filter")
        server.ask(f"/deployments/{deployment['id']}/create_flow_run")
        until(lambda: server.run()["state"]["name"] == "Suspended")
        run = server.run()
        asked, _ = server.start("resume", story).communicate(timeout=PATIENCE_SECONDS)
        assert run["id"] not in asked
        assert server.run()["state"]["name"] == "Suspended"
        ok(story.approve("ben"))
        asked, _ = server.start("resume", story).communicate(timeout=PATIENCE_SECONDS)
        assert run["id"] in asked
        until(lambda: server.run()["state"]["type"] in {"COMPLETED", "FAILED", "CRASHED"})
        assert server.run()["id"] == run["id"]
        assert server.run()["state"]["type"] == "COMPLETED"
    finally:
        serving.send_signal(signal.SIGINT)
        serving.communicate(timeout=PATIENCE_SECONDS)
    assert promoted(story)
    assert decisions() == 2


@pytest.mark.slow
def test_people_who_do_not_answer_in_time_fail_the_flow(server: Server, story: Story) -> None:
    run, log = server.finish("overdue", story)
    assert run["state"]["type"] == "FAILED", log
    assert "The deadline has passed." in run["state"]["message"]
    assert decisions() == 1


def test_a_gate_that_could_not_answer_is_retried_and_then_crashed(server: Server, story: Story) -> None:
    run, log = server.finish("broken", story)
    [gate] = server.gates(run)
    assert (gate["state"]["type"], gate["run_count"]) == ("CRASHED", 2), log
    assert "which is no verdict" in gate["state"]["message"]
    assert "gate.unknown: " in gate["state"]["message"]
    assert "there is no gate 'no-such-gate'" in gate["state"]["message"]


def test_a_retry_after_the_decision_was_recorded_records_no_second_one(server: Server, story: Story) -> None:
    run, log = server.finish("interrupted", story)
    [gate] = server.gates(run)
    assert (gate["state"]["name"], gate["run_count"]) == ("Awaiting approval", 2), log
    assert "recorded before under the same key" in gate["state"]["message"]
    assert decisions() == 1
