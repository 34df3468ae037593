"""OpenLineage from end to end: a real client, the endpoint on loopback, a crash in its middle, and the gate's rule."""

from __future__ import annotations

import hashlib
import http.client
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.openlineage_schemas import mistakes
from tests.project_sample import FAIR, SETTINGS, make_project, tolbooth
from tolbooth.collect.openlineage_events import RunEvent, read_events
from tolbooth.enforce.openlineage_receiver import MOST_BYTES, Receiver

GOLDEN = Path(__file__).parents[1] / "golden" / "openlineage"
CLIENT = Path(__file__).parents[1] / "openlineage_client_sample.py"
DIGEST = "5f0f2a6a5e0f1cf5c3b1f0d8a6a2a0b4a7c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5"
JSON = {"Content-Type": "application/json"}
LINKS = "commit, tree, environment, job, data, inputs"
LINEAGE = SETTINGS.replace(
    "    owner: credit team\n",
    "    owner: credit team\n"
    "    lineage:\n"
    "      events: events.ndjson\n"
    "      namespace: airflow-prod\n"
    "      job: train_credit.fit\n"
    "      data:\n"
    "        test: {namespace: s3://credit, name: train.parquet}\n",
) + (f"    lineage.complete: {{required: [{LINKS}]}}\n  rules: [lineage.complete]\n")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = make_project(tmp_path / "credit", FAIR, LINEAGE)
    (made / "requirements.txt").write_text("numpy==2.0.0\n", encoding="utf-8")
    (made / ".gitignore").write_text("events.ndjson\ntolbooth.yaml\n", encoding="utf-8")
    who = ("-c", "user.email=ana@example.org", "-c", "user.name=Ana", "-c", "commit.gpgsign=false")
    for command in (("init", "-q"), ("add", "-A"), (*who, "commit", "-q", "-m", "begin")):
        subprocess.run(["git", *command], cwd=made, check=True, capture_output=True)
    monkeypatch.chdir(made)
    return made


def write_events(folder: Path, digest: str | None = None) -> None:
    """Airflow's events, as if the task had stated the digest of the data that are here."""
    here = hashlib.sha256((folder / "predictions.parquet").read_bytes()).hexdigest()
    text = (GOLDEN / "airflow.ndjson").read_text(encoding="utf-8").replace(DIGEST, digest or here)
    (folder / "events.ndjson").write_text(text, encoding="utf-8")


def results() -> dict[str, tuple[str, str]]:
    """Outcome and message of the rule's results on the job, by term."""
    document = json.loads(tolbooth("gate", "--output", "json").out)
    return {
        each.get("term", ""): (each["outcome"], each["message"])
        for rule in document["rules"]
        for each in rule["results"]
        if each.get("term") not in {"commit", "tree", "environment", "project"}
    }


def test_a_job_that_used_the_bytes_of_the_gate_passes(folder: Path) -> None:
    write_events(folder)
    found = results()
    assert {term: outcome for term, (outcome, _) in found.items()} == {
        "job": "pass",
        "data: test": "pass",
        "inputs": "pass",
    }


def test_a_job_that_used_other_bytes_fails_by_the_data_sets_name(folder: Path) -> None:
    write_events(folder, "0" * 64)
    outcome, message = results()["data: test"]
    assert outcome == "fail"
    assert message == "the job used other bytes than the gate was given: sha256 000000000000"


def test_a_job_that_failed_fails(folder: Path) -> None:
    write_events(folder)
    text = LINEAGE.replace("train_credit.fit", "train_credit.broken")
    (folder / "tolbooth.yaml").write_text(text, encoding="utf-8")
    assert results()["job"][0] == "fail"


def test_a_job_whose_end_is_missing_can_not_be_decided(folder: Path) -> None:
    write_events(folder)
    path = folder / "events.ndjson"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(each for each in lines if '"COMPLETE"' not in each), encoding="utf-8")
    outcome, message = results()["credit"]
    assert outcome == "undecided"
    assert "began and did not end" in message


def test_half_a_line_at_the_end_can_not_be_decided(folder: Path) -> None:
    write_events(folder)
    path = folder / "events.ndjson"
    path.write_bytes(path.read_bytes() + b'{"eventType": "FAIL", "eventTi')
    outcome, message = results()["credit"]
    assert outcome == "undecided"
    assert message == "events.ndjson:8 is no run event: it is no JSON"


def test_a_file_that_is_not_there_is_a_mistake_at_its_line(folder: Path) -> None:
    said = tolbooth("gate")
    assert said.code == 2
    assert "tolbooth.yaml:9:15: there is no file events.ndjson" in said.err
    (folder / "event.ndjson").touch()
    assert "did you mean 'event.ndjson'?" in tolbooth("config", "check").err


def test_a_name_that_is_not_declared_is_a_mistake_with_the_nearest(folder: Path) -> None:
    (folder / "tolbooth.yaml").write_text(LINEAGE.replace("        test: {", "        tset: {"), encoding="utf-8")
    said = tolbooth("config", "check")
    assert said.code == 2
    assert "tolbooth.yaml:13:9: 'subjects.credit.lineage.data' names 'tset'" in said.err
    assert "did you mean 'test'?" in said.err


@pytest.mark.parametrize("missing", ["      namespace: airflow-prod\n", "      job: train_credit.fit\n"])
def test_half_the_name_of_a_job_is_a_mistake(folder: Path, missing: str) -> None:
    (folder / "tolbooth.yaml").write_text(LINEAGE.replace(missing, ""), encoding="utf-8")
    said = tolbooth("gate")
    assert said.code == 2
    assert "'subjects.credit.lineage' names no run" in said.err
    assert "give 'namespace' and 'job', or 'run'" in said.err


@contextmanager
def receiving(path: Path) -> Iterator[Receiver]:
    with Receiver(path, port=0) as receiver:
        thread = threading.Thread(target=receiver.serve_forever)
        thread.start()
        try:
            yield receiver
        finally:
            receiver.shutdown()
            thread.join()


def post(
    receiver: Receiver, body: bytes, headers: dict[str, str] = JSON, *, path: str = "/api/v1/lineage"
) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", receiver.server_address[1], timeout=10)
    try:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())["message"]
    finally:
        connection.close()


def test_an_event_is_kept_as_one_line_before_it_is_answered(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    event = (GOLDEN / "airflow.ndjson").read_text(encoding="utf-8").splitlines()[0]
    with receiving(path) as receiver:
        assert post(receiver, json.dumps(json.loads(event), indent=2).encode()) == (201, "kept")
        (line,) = path.read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == json.loads(event)


@pytest.mark.parametrize(
    ("body", "headers", "status", "words"),
    [
        (b"{", JSON, 400, "it is no JSON"),
        (b'{"a": NaN}', JSON, 400, "it is no JSON"),
        (b"{}", JSON, 400, "no OpenLineage event: it has no run"),
        (b"{}", {"Content-Type": "text/plain"}, 415, "send application/json"),
        (b"{}", {**JSON, "Content-Encoding": "gzip"}, 415, "uncompressed"),
        (b"{}", {**JSON, "Host": "evil.example.org"}, 421, "loopback"),
        (b"{}", {**JSON, "Content-Length": str(MOST_BYTES + 1)}, 413, "at most"),
    ],
)
def test_what_is_no_event_is_refused_and_not_kept(
    tmp_path: Path, body: bytes, headers: dict[str, str], status: int, words: str
) -> None:
    file = tmp_path / "events.ndjson"
    with receiving(file) as receiver:
        code, message = post(receiver, body, headers)
        assert post(receiver, body, path="/elsewhere")[0] == 404
    assert code == status
    assert words in message
    assert not file.exists()


def test_many_clients_at_once_lose_no_event_and_mix_none(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    event = json.loads((GOLDEN / "airflow.ndjson").read_text(encoding="utf-8").splitlines()[0])
    with receiving(path) as receiver:

        def send(client: int) -> None:
            for number in range(10):
                told = {**event, "job": {"namespace": f"client-{client}", "name": str(number)}}
                assert post(receiver, json.dumps(told).encode())[0] == 201

        threads = [threading.Thread(target=send, args=(client,)) for client in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    found = [each for each in read_events(path, shown="e") if isinstance(each, RunEvent)]
    jobs = {(each.job.namespace, each.job.name) for each in found}
    assert (len(found), len(jobs)) == (40, 40)


class Program:
    """``tolbooth lineage receive`` in a process of its own."""

    def __init__(self, path: Path) -> None:
        command = [sys.executable, "-m", "tolbooth", "lineage", "receive", str(path), "--port", "0"]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        self.said = []
        for line in self.process.stderr:
            self.said.append(line.strip())
            if "OPENLINEAGE_URL=" in line:
                break
        self.url = self.said[-1].rpartition("OPENLINEAGE_URL=")[2]

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        code = self.process.wait(timeout=20)
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code


def test_a_receiver_that_is_killed_keeps_every_event_that_it_answered(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    body = (GOLDEN / "airflow.ndjson").read_bytes().splitlines()[0]
    program = Program(path)
    port = int(program.url.rpartition(":")[2])
    answered = 0
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    for _ in range(5):
        connection.request("POST", "/api/v1/lineage", body, JSON)
        answered += connection.getresponse().status == 201
        connection.close()
    assert program.end(signal.SIGKILL) == -signal.SIGKILL
    assert answered == 5
    assert path.read_bytes().count(b"\n") == 5

    path.write_bytes(path.read_bytes() + body[:100])
    again = Program(path)
    assert again.said[0].startswith("Took away 100 bytes of a last line that was never finished")
    assert again.end(signal.SIGINT) == 130
    assert path.read_bytes().count(b"\n") == 5
    assert all(isinstance(each, RunEvent) for each in read_events(path, shown="e"))


def test_a_port_that_is_taken_and_a_file_that_can_not_be_written_are_told(tmp_path: Path) -> None:
    with receiving(tmp_path / "e.ndjson") as receiver:
        taken = tolbooth("lineage", "receive", str(tmp_path / "f.ndjson"), "--port", str(receiver.server_address[1]))
    assert taken.code == 6
    assert "can't be had: Address already in use" in taken.err
    nowhere = tolbooth("lineage", "receive", str(tmp_path / "no" / "f.ndjson"), "--port", "0")
    assert nowhere.code == 6
    assert "f.ndjson can't be written: No such file or directory" in nowhere.err


def test_the_gates_own_events_are_taken_and_fit_the_specification(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "events.ndjson"
    make_project(tmp_path / "credit", FAIR, SETTINGS + "output:\n  openlineage: environment\n")
    monkeypatch.chdir(tmp_path / "credit")
    with receiving(path) as receiver:
        monkeypatch.setenv("OPENLINEAGE_URL", receiver.url)
        said = tolbooth("gate")
        assert (said.code, said.err) == (0, "")
        assert tolbooth("lineage", "tell").out == f"Told {receiver.url}.\n"
    events = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [each["eventType"] for each in events] == ["START", "COMPLETE"] * 2
    assert [mistakes(each) for each in events] == [[]] * 4


def send_by_client(*arguments: str, **variables: str) -> None:
    subprocess.run([sys.executable, CLIENT, *arguments], check=True, timeout=60, env=variables, capture_output=True)


@pytest.fixture
def client() -> dict[str, str]:
    """The environment of a user's script, if the client is there."""
    if find_spec("openlineage") is None:
        pytest.skip("openlineage-python is not installed")
    return {"PYTHONPATH": ":".join(sys.path)}


def by_run(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    found: dict[str, list[tuple[Any, ...]]] = {}
    for each in read_events(path, shown="e"):
        assert isinstance(each, RunEvent)
        names = sorted(data["name"] for data in (*each.inputs, *each.outputs))
        found.setdefault(each.run_id, []).append((each.type, each.time, each.job, names))
    return found


@pytest.mark.openlineage
def test_the_client_that_is_installed_writes_what_the_golden_file_holds(tmp_path: Path, client: dict[str, str]) -> None:
    send_by_client(str(tmp_path / "events.ndjson"), **client)
    assert by_run(tmp_path / "events.ndjson") == by_run(GOLDEN / "openlineage-python.ndjson")


@pytest.mark.openlineage
def test_the_client_that_is_installed_sends_to_the_endpoint(tmp_path: Path, client: dict[str, str]) -> None:
    path = tmp_path / "events.ndjson"
    with receiving(path) as receiver:
        send_by_client(OPENLINEAGE_URL=receiver.url, **client)
    assert by_run(path) == by_run(GOLDEN / "openlineage-python.ndjson")
    assert path.read_bytes().count(b"\n") == 7
