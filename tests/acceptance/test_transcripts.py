"""A run made by a CI runner, exported there, imported into the log of record, sealed and verified."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.project_sample import FAIR, UNFAIR, make_project, tolbooth
from tolbooth.config.environment import Environment
from tolbooth.config.load import load_project
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.statement import ResourceDescriptor
from tolbooth.pipeline.recording import attest
from tolbooth.pipeline.workspace import open_workspace
from tolbooth.signing.key_files import find_key


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A denied run on a runner with its own keys; gives the folder that holds its transcript and public key."""
    carried = tmp_path / "artefacts"
    carried.mkdir()
    monkeypatch.setenv("TOLBOOTH_KEYS", str(tmp_path / "runner-keys"))
    monkeypatch.chdir(make_project(tmp_path / "runner" / "credit", UNFAIR))
    assert tolbooth("gate").code == 1
    assert tolbooth("log", "export", "--to", str(carried / "transcript.jsonl")).code == 0
    (carried / "ci.pub").write_text(tolbooth("key", "export", "release").out, encoding="utf-8")
    monkeypatch.setenv("TOLBOOTH_KEYS", str(tmp_path / "home-keys"))
    monkeypatch.chdir(make_project(tmp_path / "home" / "credit", UNFAIR))
    return carried


def entries() -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(tolbooth("log", "--output", "json").out)["entries"]
    return found


def imported(carried: Path) -> int:
    return tolbooth("log", "import", str(carried / "transcript.jsonl"), "--key", str(carried / "ci.pub")).code


def test_an_imported_run_stands_in_the_log_as_received(runner: Path) -> None:
    assert imported(runner) == 0
    assert [entry["kind"] for entry in entries()] == [
        *("collection", "measurement", "judgement", "decision"),
        "import",
    ]
    lines = [json.loads(line) for line in (runner / "transcript.jsonl").read_text(encoding="utf-8").splitlines()]
    assert sum("entry" in line for line in lines) == 4


def test_importing_twice_changes_nothing(runner: Path) -> None:
    imported(runner)
    before = entries()
    assert imported(runner) == 0
    assert entries() == before


def test_an_imported_decision_is_reported_sealed_and_verified_by_a_stranger(runner: Path, tmp_path: Path) -> None:
    imported(runner)
    assert json.loads(tolbooth("report", "--format", "json").out)["decision"]["verdict"] == "deny"
    assert tolbooth("seal", "--to", str(tmp_path / "pack.zip")).code == 0
    (tmp_path / "home.pub").write_text(tolbooth("key", "export", "release").out, encoding="utf-8")
    assert tolbooth("verify", str(tmp_path / "pack.zip"), "--key", str(tmp_path / "home.pub")).code == 0


def test_a_transcript_by_an_unknown_key_appends_nothing(runner: Path) -> None:
    said = tolbooth("log", "import", str(runner / "transcript.jsonl"))
    assert said.code == 5
    assert "transcript.signature" in said.err
    assert entries() == []


def test_a_truncated_transcript_appends_nothing(runner: Path) -> None:
    path = runner / "transcript.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    assert imported(runner) == 5
    assert entries() == []


def test_a_key_that_was_vouched_for_vouches_for_nobody_else(
    runner: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Path.cwd()
    monkeypatch.setenv("TOLBOOTH_KEYS", str(tmp_path / "eves-keys"))
    monkeypatch.chdir(make_project(tmp_path / "eve" / "credit", FAIR))
    tolbooth("gate")
    tolbooth("log", "export", "--to", str(tmp_path / "eve.jsonl"))
    eve = find_key(tmp_path / "eves-keys", "release").public_key
    monkeypatch.setenv("TOLBOOTH_KEYS", str(tmp_path / "runner-keys"))
    monkeypatch.chdir(tmp_path / "runner" / "credit")
    workspace = open_workspace(load_project(Path("tolbooth.yaml")), Environment.read(os.environ))
    vouching = {"origin": "x", "checkpoint": "", "entries": 0, "signers": [eve.to_pem()]}
    attest(workspace, Kind.IMPORT, [ResourceDescriptor(name="x", digest={"sha256": "0" * 64})], vouching)
    tolbooth("log", "export", "--to", str(runner / "transcript.jsonl"))
    monkeypatch.setenv("TOLBOOTH_KEYS", str(tmp_path / "home-keys"))
    monkeypatch.chdir(home)
    said = tolbooth("log", "import", str(runner / "transcript.jsonl"), "--key", str(runner / "ci.pub"))
    assert said.code == 0
    assert "left out, since they are that log's alone: import (1)" in said.out
    assert [entry["kind"] for entry in entries()].count("import") == 1
    said = tolbooth("log", "import", str(tmp_path / "eve.jsonl"))
    assert said.code == 5
    assert "transcript.signature" in said.err


@pytest.mark.parametrize("role", ["approve", "log"])
def test_a_key_that_does_not_seal_signs_no_run(runner: Path, tmp_path: Path, role: str) -> None:
    ours = tmp_path / "home-keys"
    ours.mkdir(exist_ok=True)
    shutil.copy(tmp_path / "runner-keys" / "release.seal.key", ours / f"ci.{role}.key")
    said = tolbooth("log", "import", str(runner / "transcript.jsonl"))
    assert said.code == 5
    assert "transcript.signature" in said.err
    (ours / f"ci.{role}.key").rename(ours / "ci.seal.key")
    assert tolbooth("log", "import", str(runner / "transcript.jsonl")).code == 0


def test_a_transcript_is_for_its_owners_eyes(runner: Path) -> None:
    assert (runner / "transcript.jsonl").stat().st_mode & 0o077 == 0


def test_a_ci_runner_writes_its_transcript_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make_project(tmp_path / "ci" / "credit", UNFAIR)
    monkeypatch.chdir(project)
    monkeypatch.setenv("CI", "true")
    transcript = project / ".tolbooth" / "transcript.jsonl"
    assert str(transcript) in tolbooth("gate").err
    after_gate = transcript.read_bytes()
    tolbooth("seal")
    assert len(transcript.read_bytes()) > len(after_gate)
    assert tolbooth("log", "verify", str(transcript)).code == 0


def test_verify_appends_nothing_and_needs_no_project(
    runner: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    said = tolbooth("log", "verify", str(runner / "transcript.jsonl"), "--key", str(runner / "ci.pub"))
    assert said.code == 0
    assert said.out.startswith("Verified: 4 entries of log ")
    assert list(empty.iterdir()) == []
