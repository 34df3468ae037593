"""``records:``: signed envelopes that git carries, read at every gate, each verified, each appended once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.project_sample import FAIR, SETTINGS, make_project, tolbooth
from tests.sample_pack import EVE
from tolbooth.config.environment import Environment
from tolbooth.evidence.dsse import sign_envelope
from tolbooth.evidence.interface import Signer
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.statement import ResourceDescriptor, statement
from tolbooth.pipeline.workspace import load_keys

ABOUT = [ResourceDescriptor(name="credit/credit@7", digest={"sha256": "a" * 64})]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = make_project(tmp_path / "credit", FAIR)
    (folder / "governance").mkdir()
    monkeypatch.setenv("TOLBOOTH_KEYS", str(tmp_path / "keys"))
    monkeypatch.chdir(folder)
    return folder


def own_signer(project: Path) -> Signer:
    return load_keys(Environment.read({"TOLBOOTH_KEYS": str(project.parent / "keys")})).seal


def write(project: Path, name: str, signer: Signer, kind: Kind = Kind.WAIVER) -> None:
    envelope = sign_envelope(statement(kind.predicate_type, ABOUT, {"id": name}), signer)
    (project / "governance" / f"{name}.dsse.json").write_bytes(envelope)


def kinds() -> list[str]:
    return [entry["kind"] for entry in json.loads(tolbooth("log", "--output", "json").out)["entries"]]


def test_a_record_is_appended_once_over_many_gates(project: Path) -> None:
    write(project, "w-1", own_signer(project))
    assert tolbooth("gate").code == 0
    assert tolbooth("gate").code == 0
    assert kinds().count("waiver") == 1


def test_what_is_kept_but_not_applied_is_said(project: Path) -> None:
    write(project, "w-1", own_signer(project))
    write(project, "a-1", own_signer(project), Kind.APPROVAL)
    document = json.loads(tolbooth("gate", "--output", "json").out)
    assert any("not applied by this release" in each["text"] for each in document["not_checked"])


def test_a_record_by_an_unknown_key_stops_the_gate_and_appends_nothing(project: Path) -> None:
    write(project, "w-1", own_signer(project))
    write(project, "w-2", EVE)
    said = tolbooth("gate")
    assert said.code == 5
    assert "governance/w-2.dsse.json" in said.err
    assert "records.signature" in said.err
    assert kinds() == []


def test_every_record_that_does_not_verify_is_named(project: Path) -> None:
    write(project, "w-1", EVE)
    (project / "governance" / "w-2.dsse.json").write_bytes(b"{}")
    said = tolbooth("gate")
    assert "w-1.dsse.json" in said.err
    assert "w-2.dsse.json" in said.err


def test_a_decision_is_no_record(project: Path) -> None:
    write(project, "d-1", own_signer(project), Kind.DECISION)
    said = tolbooth("gate")
    assert said.code == 5
    assert "records.kind" in said.err


def test_other_files_in_the_folder_are_left_alone(project: Path) -> None:
    (project / "governance" / "README.md").write_text("# Records", encoding="utf-8")
    assert tolbooth("gate").code == 0


def test_a_declared_folder_that_is_not_there_is_an_error(project: Path) -> None:
    (project / "tolbooth.yaml").write_text(f"{SETTINGS}records: reviews\n", encoding="utf-8")
    said = tolbooth("gate")
    assert said.code == 2
    assert "records.not-found" in said.err
