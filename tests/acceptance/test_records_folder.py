"""``records:``: signed envelopes that git carries, read at every gate, each verified, each appended once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.project_sample import FAIR, SETTINGS, make_project, tolbooth
from tests.review_sample import Story, git, make_story, ok
from tests.sample_pack import EVE
from tolbooth.config.environment import Environment
from tolbooth.evidence.dsse import sign_envelope
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.signed import read_unverified
from tolbooth.evidence.ssh_envelope import sign_ssh_envelope
from tolbooth.evidence.statement import ResourceDescriptor, statement
from tolbooth.pipeline.workspace import load_keys
from tolbooth.signing.ssh_signer import ssh_signer

ABOUT = [ResourceDescriptor(name="credit/credit@7", digest={"sha256": "a" * 64})]


@pytest.fixture
def story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Story:
    """A decision that Ben approved, with his word in the folder."""
    told = make_story(tmp_path, monkeypatch, FAIR)
    assert tolbooth("gate").code == 4
    ok(told.approve("ben"))
    return told


@pytest.fixture
def clone(story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Story:
    """The same project elsewhere, by git: records and no log."""
    story.commit("approve")
    git(tmp_path, "clone", "-q", str(story.folder), str(tmp_path / "clone"))
    monkeypatch.chdir(tmp_path / "clone")
    monkeypatch.setenv("TOLBOOTH_KEYS", str(tmp_path / "keys" / "clone"))
    return Story(folder=tmp_path / "clone", keys=story.keys)


def kinds() -> list[str]:
    return [entry["kind"] for entry in json.loads(tolbooth("log", "--output", "json").out)["entries"]]


def word_file(story: Story) -> Path:
    return next((story.folder / "governance" / "approvals").glob("*.json"))


def payload_of(path: Path) -> bytes:
    return read_unverified(path.read_bytes(), path=path.name).payload


def refused(story: Story, code: str, *names: str) -> None:
    """The gate stops with that code, names the files, and appends nothing."""
    said = tolbooth("gate")
    assert said.code == 5, said.out + said.err
    assert code in said.err
    for name in names:
        assert name in said.err
    assert not (story.folder / ".tolbooth" / "log.sqlite").exists() or kinds() == []


def test_a_record_is_appended_once_over_many_gates_and_counts_at_each(clone: Story) -> None:
    ok(tolbooth("gate"))
    ok(tolbooth("gate"))
    assert kinds().count("approval") == 1
    assert kinds().count("people") == 1


def test_a_word_by_a_key_that_is_nobodys_stops_the_gate_and_appends_nothing(clone: Story, tmp_path: Path) -> None:
    eve = tmp_path / "keys" / "eve"
    ok(tolbooth("key", "new", "eve", "--role", "approve"))
    signer = ssh_signer(next(tmp_path.rglob("eve.approve.key")))
    forged = sign_ssh_envelope(payload_of(word_file(clone)), signer, namespace=Kind.APPROVAL.ssh_namespace)
    (clone.folder / "governance" / "forged.json").write_bytes(forged)
    refused(clone, "records.signature", "governance/forged.json")
    assert not eve.exists()


def test_a_signature_made_for_another_purpose_stops_the_gate(clone: Story) -> None:
    other = sign_ssh_envelope(payload_of(word_file(clone)), ssh_signer(clone.keys["ben"]), namespace="git")
    word_file(clone).write_bytes(other)
    refused(clone, "sshsig.namespace", "governance/approvals/")


def test_a_word_that_a_machine_signed_stops_the_gate(clone: Story, tmp_path: Path) -> None:
    machine = load_keys(Environment.read({"TOLBOOTH_KEYS": str(tmp_path / "keys" / "clone")})).seal
    word_file(clone).write_bytes(sign_envelope(payload_of(word_file(clone)), machine))
    refused(clone, "records.signature", "governance/approvals/")


def test_an_altered_word_stops_the_gate(clone: Story) -> None:
    path = word_file(clone)
    envelope = json.loads(path.read_bytes())
    middle = len(envelope["payload"]) // 2
    envelope["payload"] = envelope["payload"][:middle] + "AAAA" + envelope["payload"][middle + 4 :]
    path.write_text(json.dumps(envelope), encoding="utf-8")
    said = tolbooth("gate")
    assert said.code == 5
    assert "governance/approvals/" in said.err


def test_every_record_that_does_not_verify_is_named(clone: Story) -> None:
    forged = sign_envelope(statement(Kind.WAIVER.predicate_type, ABOUT, {"id": "W-9"}), EVE)
    (clone.folder / "governance" / "w-1.json").write_bytes(forged)
    (clone.folder / "governance" / "w-2.json").write_bytes(b"{}")
    refused(clone, "records.signature", "governance/w-1.json", "governance/w-2.json")


def test_a_decision_is_no_record(clone: Story) -> None:
    envelope = sign_envelope(statement(Kind.DECISION.predicate_type, ABOUT, {"id": "d"}), EVE)
    (clone.folder / "governance" / "d-1.json").write_bytes(envelope)
    refused(clone, "records.kind", "governance/d-1.json")


def test_other_files_in_the_folder_are_left_alone(clone: Story) -> None:
    (clone.folder / "governance" / "README.md").write_text("# Records", encoding="utf-8")
    ok(tolbooth("gate"))


def test_where_nobody_signed_a_people_record_a_word_stops_the_gate_and_says_so(
    clone: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = make_project(tmp_path / "bare", FAIR)
    (bare / "governance").mkdir()
    shutil.copy(word_file(clone), bare / "governance" / "word.json")
    monkeypatch.chdir(bare)
    said = tolbooth("gate")
    assert said.code == 5
    assert "tolbooth people sign" in said.err.replace("\n  ", " ")


def test_a_declared_folder_that_is_not_there_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(make_project(tmp_path / "credit", FAIR, f"{SETTINGS}records: reviews\n"))
    said = tolbooth("gate")
    assert said.code == 2
    assert "records.not-found" in said.err
