"""A decision as OpenLineage events: valid against the specification's schemas, and told without changing anything."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import jsonschema_rs
import pytest

from tests.openlineage_schemas import VENDOR, facets_of, mistakes
from tests.project_sample import FAIR, SETTINGS, UNFAIR, Said, make_project, tolbooth
from tolbooth.config.load import Project, load_project
from tolbooth.enforce.calling import gate
from tolbooth.enforce.event_file import append_events
from tolbooth.enforce.openlineage import tell_decision
from tolbooth.enforce.openlineage_event import FACET, Surroundings, decision_events, facet_schema_bytes, run_id_of
from tolbooth.model.decision import AppliedWaiver
from tolbooth.model.rule import Enforcement, Outcome
from tolbooth.pipeline.case_file import CaseFile
from tolbooth.pipeline.records import recorded_case
from tolbooth.pipeline.workspace import open_records

TOLD = SETTINGS + "output:\n  openlineage: told.ndjson\n"
TO_SERVER = SETTINGS + "output:\n  openlineage: environment\n"


def project(folder: Path, settings: str = TOLD, groups: Any = FAIR) -> Project:
    return load_project(make_project(folder, groups, settings) / "tolbooth.yaml")


def decided(folder: Path, monkeypatch: pytest.MonkeyPatch, settings: str = TOLD, groups: Any = FAIR) -> Said:
    make_project(folder, groups, settings)
    monkeypatch.chdir(folder)
    return tolbooth("gate")


def told(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "told.ndjson").read_text(encoding="utf-8").splitlines()]


def recorded(folder: Path) -> CaseFile:
    opened = load_project(folder / "tolbooth.yaml")
    return recorded_case(open_records(opened), None)


class Decided(NamedTuple):
    """A project with the case that it recorded."""

    project: Project
    case: CaseFile


def _decided(factory: pytest.TempPathFactory, settings: str, groups: Any) -> Decided:
    folder = make_project(factory.mktemp("credit"), groups, settings)
    gate(project=folder, variables={"HOME": str(factory.mktemp("home")), "OPENLINEAGE_DISABLED": "1"})
    return Decided(project=load_project(folder / "tolbooth.yaml"), case=recorded(folder))


@pytest.fixture(scope="module")
def allowed(tmp_path_factory: pytest.TempPathFactory) -> Decided:
    return _decided(tmp_path_factory, TO_SERVER, FAIR)


@pytest.fixture(scope="module")
def denied(tmp_path_factory: pytest.TempPathFactory) -> Decided:
    return _decided(tmp_path_factory, TOLD, UNFAIR)


@pytest.mark.parametrize(("groups", "code", "verdict"), [(FAIR, 0, "allow"), (UNFAIR, 1, "deny")])
def test_a_recorded_decision_is_told_as_two_events_that_fit_the_specification(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, groups: Any, code: int, verdict: str
) -> None:
    assert decided(tmp_path, monkeypatch, groups=groups).code == code
    start, complete = told(tmp_path)
    assert (start["eventType"], complete["eventType"]) == ("START", "COMPLETE")
    assert mistakes(start) == mistakes(complete) == []
    facet = complete["run"]["facets"][FACET]
    case = recorded(tmp_path)
    assert facet["verdict"] == verdict
    assert (facet["decision"], facet["basis"]) == (case.decision_sha256, case.decision.basis)
    assert facet["position"] == case.position
    assert facet["results"]["pass"] == sum(each.outcome is Outcome.PASS for each in case.decision.results)
    assert len(complete["run"]["facets"]["test"]["tests"]) == len(case.decision.results)
    assert FACET not in start["run"]["facets"]


def test_every_facet_that_is_sent_has_a_schema_here_that_can_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENLINEAGE_PARENT_ID", "airflow-prod/credit.release/0190a1b2-0000-7000-8000-000000000001")
    decided(tmp_path, monkeypatch)
    complete = told(tmp_path)[1]
    assert {name for name, _ in facets_of(complete)} == {FACET, "test", "processing_engine", "parent", "version"}
    for name, required in {
        FACET: "basis", "test": "tests", "processing_engine": "version", "parent": "job", "version": "datasetVersion",
    }.items():  # fmt: skip
        broken = json.loads(json.dumps(complete))
        dict(facets_of(broken))[name].pop(required)
        assert [each for each in mistakes(broken) if required in each] != []
    assert mistakes({**complete, "eventTime": "yesterday"}) != []


def test_our_facets_schema_is_one_and_is_printed() -> None:
    assert jsonschema_rs.meta.is_valid(json.loads(facet_schema_bytes()))
    said = tolbooth("lineage", "schema")
    assert said.out.encode() == facet_schema_bytes()


def test_the_copies_of_the_specification_are_those_that_their_page_names() -> None:
    page = (VENDOR / "SOURCE.md").read_text(encoding="utf-8")
    files = [path for path in VENDOR.rglob("*") if path.is_file() and path.name != "SOURCE.md"]
    assert len(files) == 6
    for path in files:
        assert hashlib.sha256(path.read_bytes()).hexdigest() in page, path.name


def test_the_same_decision_gives_the_same_events_and_the_same_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided(tmp_path, monkeypatch)
    first = told(tmp_path)
    assert tolbooth("lineage", "tell").code == 0
    assert told(tmp_path) == [*first, *first]
    run_id = UUID(first[0]["run"]["runId"])
    assert run_id == run_id_of(recorded(tmp_path).decision_sha256)
    assert (run_id.version, run_id.variant) == (8, "specified in RFC 4122")


def test_data_are_called_what_the_events_of_the_job_call_them(allowed: Decided, tmp_path: Path) -> None:
    lineage = (
        "    lineage:\n      events: e.ndjson\n      run: x\n      data:\n"
        "        test: {namespace: s3://credit, name: test.parquet}\n"
    )
    named = project(tmp_path, TOLD.replace("    owner:", f"{lineage}    owner:"))
    plain, mapped = (
        {(data["namespace"], data["name"]) for data in decision_events(allowed.case, each, Surroundings())[1]["inputs"]}
        for each in (allowed.project.settings, named.settings)
    )
    assert plain == {("credit", "test"), ("credit", "credit")}
    assert mapped == {("s3://credit", "test.parquet"), ("credit", "credit")}


@pytest.mark.parametrize(
    ("outcome", "enforcement", "status", "severity"),
    [
        (Outcome.PASS, Enforcement.DENY, "pass", "error"),
        (Outcome.FAIL, Enforcement.DENY, "fail", "error"),
        (Outcome.FAIL, Enforcement.WARN, "fail", "warn"),
        (Outcome.UNDECIDED, Enforcement.DENY, "fail", "error"),
        (Outcome.ERROR, Enforcement.OBSERVE, "fail", "warn"),
        (Outcome.SKIP, Enforcement.OFF, "skip", "warn"),
    ],
)
def test_what_is_undecided_is_told_as_no_success(
    allowed: Decided, outcome: Outcome, enforcement: Enforcement, status: str, severity: str
) -> None:
    opened, case = allowed
    result = replace(case.decision.results[0], outcome=outcome, enforcement=enforcement)
    changed = replace(case, decision=replace(case.decision, results=(result,)))
    event = decision_events(changed, opened.settings, Surroundings())[1]
    (test,) = event["run"]["facets"]["test"]["tests"]
    assert (test["status"], test["severity"], test["params"]["outcome"]) == (status, severity, outcome.value)
    assert mistakes(event) == []


def test_a_waived_failure_stays_a_failure_that_blocks_nothing(denied: Decided) -> None:
    opened, case = denied
    failed = next(each for each in case.decision.results if each.outcome is Outcome.FAIL)
    end = datetime(2026, 12, 1, tzinfo=UTC)
    waiver = AppliedWaiver(
        waiver_sha256="a" * 64, waiver_id="w-1", rule=failed.rule, term=failed.term, effective_until=end
    )
    changed = replace(case, decision=replace(case.decision, results=(failed,), waivers=(waiver,)))
    event = decision_events(changed, opened.settings, Surroundings())[1]
    (test,) = event["run"]["facets"]["test"]["tests"]
    assert (test["status"], test["severity"], test["params"]["waiver"]) == ("fail", "warn", "w-1")
    assert event["run"]["facets"][FACET]["waivers"] == [
        {"id": "w-1", "rule": failed.rule, "effectiveUntil": "2026-12-01T00:00:00Z"}
    ]
    assert mistakes(event) == []


@pytest.mark.parametrize(
    ("named", "parent"),
    [
        ("ns/job/0190a1b2-0000-7000-8000-000000000001", ("ns", "job")),
        ("ns/group/job/0190a1b2-0000-7000-8000-000000000001", ("ns", "group/job")),
        ("ns/job/seven", None),
        ("/job/0190a1b2-0000-7000-8000-000000000001", None),
        ("0190a1b2-0000-7000-8000-000000000001", None),
        ("", None),
    ],
)
def test_the_run_that_started_the_gate_is_its_parent(
    allowed: Decided, named: str, parent: tuple[str, str] | None
) -> None:
    around = Surroundings.read({"OPENLINEAGE_PARENT_ID": named, "OPENLINEAGE_NAMESPACE": "airflow-prod"})
    event = decision_events(allowed.case, allowed.project.settings, around)[1]
    found = event["run"]["facets"].get("parent", {}).get("job")
    assert found == (None if parent is None else {"namespace": parent[0], "name": parent[1]})
    assert event["job"] == {"namespace": "airflow-prod", "name": "tolbooth.gate.release", "facets": {}}


def test_nothing_is_told_that_nobody_asked_for_or_that_was_not_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENLINEAGE_URL", "http://127.0.0.1:9")
    said = decided(tmp_path, monkeypatch, SETTINGS)
    assert (said.code, "OpenLineage" in said.err) == (0, False)
    (tmp_path / "tolbooth.yaml").write_text(TOLD, encoding="utf-8")
    assert tolbooth("gate", "--as-of", "2030-01-01T00:00:00Z").code == 0
    assert not (tmp_path / "told.ndjson").exists()
    monkeypatch.setenv("OPENLINEAGE_DISABLED", "true")
    assert tolbooth("gate").code == 0
    assert not (tmp_path / "told.ndjson").exists()


def test_a_decision_that_an_earlier_call_recorded_is_not_told_again(tmp_path: Path) -> None:
    make_project(tmp_path, FAIR, TOLD)
    for _ in range(2):
        gate(project=tmp_path, once="run-7")
    assert len(told(tmp_path)) == 2


@pytest.mark.parametrize("groups", [FAIR, UNFAIR])
def test_a_failure_to_tell_is_a_warning_and_changes_neither_decision_nor_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, groups: Any
) -> None:
    silent = decided(tmp_path / "silent", monkeypatch, SETTINGS, groups)
    monkeypatch.setenv("OPENLINEAGE_URL", "http://127.0.0.1:9")
    warned = decided(tmp_path / "warned", monkeypatch, TO_SERVER, groups)
    assert warned.code == silent.code
    assert warned.out.splitlines()[1:3] == silent.out.splitlines()[1:3]
    assert "Warning: OpenLineage was not told of the decision" in warned.err
    assert recorded(tmp_path / "warned").decision_sha256[:12] in warned.err
    again = tolbooth("lineage", "tell")
    assert again.code == 6
    assert "http://127.0.0.1:9 can't be reached" in again.err


def test_a_file_that_can_not_be_written_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "told.ndjson").mkdir()
    said = decided(tmp_path, monkeypatch)
    assert said.code == 0
    assert "told.ndjson can't be written: Is a directory" in said.err


def test_python_logs_what_the_command_prints(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    make_project(tmp_path, FAIR, TO_SERVER)
    assert gate(project=tmp_path).allowed
    (logged,) = [each for each in caplog.records if each.message == "OpenLineage was not told"]
    assert "OPENLINEAGE_URL is not set" in logged.__dict__["why"]


@pytest.mark.parametrize(
    ("variables", "why"),
    [
        ({}, "OPENLINEAGE_URL is not set"),
        ({"OPENLINEAGE_URL": "ftp://example.org"}, "its URL has no http or https"),
        ({"OPENLINEAGE_URL": "http://["}, "its URL can't be read"),
        ({"OPENLINEAGE_URL": "http://ana:hunter2@example.org"}, "its URL holds a user"),
        ({"OPENLINEAGE_URL": "http://lineage.example.org", "OPENLINEAGE_API_KEY": "k"}, "would travel unencrypted"),
        ({"OPENLINEAGE_URL": "http://127.0.0.1:9", "OPENLINEAGE_API_KEY": "k\n"}, "a character that no header can"),
    ],
)
def test_a_wrong_address_is_told_without_its_password(allowed: Decided, variables: Mapping[str, str], why: str) -> None:
    warning = tell_decision(allowed.project, allowed.case, variables)
    assert warning is not None
    assert why in warning
    assert "hunter2" not in warning


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("enviroment", "did you mean 'environment'?"),
        ("told.txt", "a file that ends in .ndjson"),
        ("ftp://example.org", "a file that ends in .ndjson"),
        ("http://ana:hunter2@example.org", "take the user out"),
    ],
)
def test_a_wrong_destination_is_a_mistake_at_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, words: str
) -> None:
    said = decided(tmp_path, monkeypatch, TOLD.replace("told.ndjson", written))
    assert said.code == 2
    assert f"tolbooth.yaml:{len(TOLD.splitlines())}:16: 'output.openlineage' is no place" in said.err
    assert words in said.err
    assert "hunter2" not in said.err


@contextmanager
def server(status: int, **headers: str) -> Iterator[tuple[str, list[tuple[str, Mapping[str, str], bytes]]]]:
    """A server that answers every request alike, and what it was asked."""
    asked: list[tuple[str, Mapping[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append((self.path, dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.server_address[1]}", asked
        finally:
            listening.shutdown()
            thread.join()


def test_events_are_posted_in_their_order_with_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with server(201) as (url, asked):
        monkeypatch.setenv("OPENLINEAGE_URL", f"{url}/")
        monkeypatch.setenv("OPENLINEAGE_API_KEY", "k-123")
        said = decided(tmp_path, monkeypatch, TO_SERVER)
    assert (said.code, said.err) == (0, "")
    assert [json.loads(body)["eventType"] for _, _, body in asked] == ["START", "COMPLETE"]
    assert {path for path, _, _ in asked} == {"/api/v1/lineage"}
    assert {headers["Authorization"] for _, headers, _ in asked} == {"Bearer k-123"}
    assert all(mistakes(json.loads(body)) == [] for _, _, body in asked)


@pytest.mark.parametrize(
    ("status", "headers"), [(401, {}), (500, {}), (302, {"Location": "http://127.0.0.1:9/elsewhere"})]
)
def test_a_refusal_is_told_and_a_redirect_is_one(allowed: Decided, status: int, headers: Mapping[str, str]) -> None:
    opened, case = allowed
    with server(status, **headers) as (url, asked):
        warning = tell_decision(opened, case, {"OPENLINEAGE_URL": url})
    assert warning is not None
    assert warning.endswith(f"{url} answered {status}.")
    assert len(asked) == 1


def test_a_server_that_drips_is_left_after_the_time_is_up(allowed: Decided) -> None:
    opened, case = allowed
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        warning = tell_decision(opened, case, {"OPENLINEAGE_URL": url}, seconds=0.2)
    assert warning is not None
    assert "0.2 seconds" in warning or "timed out" in warning


def test_what_a_crash_left_of_a_line_is_no_part_of_the_next_event(tmp_path: Path) -> None:
    path = tmp_path / "told.ndjson"
    path.write_bytes(b'{"eventType": "COMP')
    append_events(path, [{"a": 1}, {"b": 2}])
    assert path.read_bytes() == b'{"eventType": "COMP\n{"a":1}\n{"b":2}\n'
