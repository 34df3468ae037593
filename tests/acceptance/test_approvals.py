"""Approving by commands: who may not, what voids a yes, what is told, and what a pack keeps of it."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from tests.project_sample import FAIR, tolbooth, write_predictions
from tests.review_sample import ROLES, WORKFLOW, Story, make_story, ok
from tolbooth.evidence.people_files import Applied, read_applied, read_people_files

STAGES = """\
version: 1
approvals:
  release:
    all:
      expires: 30
      stages:
        - {name: risk, quorum: [{role: approver, count: 2}], deadline: 7, escalate_to: head}
        - {name: law, quorum: [{role: lawyer, count: 1}]}
"""


@pytest.fixture
def story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Story:
    told = make_story(tmp_path, monkeypatch, FAIR)
    assert tolbooth("gate").code == 4
    return told


def resign(story: Story, old: str, new: str) -> None:
    """Change people.yaml, and have the steward sign it."""
    path = story.folder / "people.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    ok(story.by("dora", "people", "sign"))
    story.commit()


def core_of(pack: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(pack) as archive:
        prefix = "data/core/"
        return {name.removeprefix(prefix): archive.read(name) for name in archive.namelist() if name.startswith(prefix)}


def test_an_outsiders_key_is_refused(story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOLBOOTH_KEYS", str(tmp_path / "keys" / "eve"))
    ok(tolbooth("key", "new", "eve", "--role", "approve"))
    eve = tmp_path / "keys" / "eve" / "eve.approve.key"
    monkeypatch.setenv("TOLBOOTH_KEYS", str(tmp_path / "keys" / "machine"))
    said = tolbooth("approve", "--yes", "--key", str(eve))
    assert said.code == 1
    assert "people.key-unknown" in said.err
    assert "Nothing was recorded" in said.err


def test_a_refusal_names_people_by_their_handles(story: Story) -> None:
    said = story.approve("ana")
    assert "broken by ana" in said.err
    assert "p-" not in said.err


def test_where_nobody_can_be_asked_nothing_is_signed_without_yes(story: Story) -> None:
    said = story.by("ben", "approve")
    assert said.code == 2
    assert "I approve for release" in said.out
    assert "--yes" in said.err
    assert not (story.folder / "governance" / "approvals").exists()


def test_the_key_may_come_from_the_environment(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOLBOOTH_PERSON_KEY", str(story.keys["chen"]))
    assert "you         chen as approver" in ok(tolbooth("approve", "--yes")).out


def test_the_gate_run_again_keeps_the_yes_and_changed_data_void_it(story: Story) -> None:
    ok(story.approve("ben"))
    ok(tolbooth("gate"))
    ok(tolbooth("gate"))
    write_predictions(story.folder / "predictions.parquet", {"a": (80, 20, 30, 70), "b": (82, 18, 28, 72)})
    assert tolbooth("gate").code == 4
    assert story.codes() == ["approval.other-basis"]
    assert any("measured" in change for change in story.queue()["words"][0]["changes"])


def test_a_yes_on_a_decision_that_changed_since_is_refused_and_told_why(story: Story) -> None:
    first = story.queue()["decision_sha256"]
    (story.folder / "model.bin").write_bytes(b"other")
    assert tolbooth("gate").code == 4
    said = story.approve("ben", first[:12])
    assert said.code == 1
    assert "approval.superseded" in said.err
    assert "the subject is credit" in said.err.replace("\n  ", " ")


def test_a_rejection_denies_until_its_author_takes_it_back(story: Story) -> None:
    ok(story.approve("chen"))
    ok(story.by("ben", "reject", "--reason", "risk-too-high", "--yes"))
    denied = tolbooth("gate")
    assert denied.code == 1
    (story.folder / "model.bin").write_bytes(b"other")
    assert tolbooth("gate").code == 1
    no = next(each for each in story.queue()["words"] if each["verb"] == "reject")
    other = story.by("chen", "revoke", no["sha256"][:12], "--reason", "not mine", "--yes")
    assert other.code == 1
    assert "revocation.not-author" in other.err
    ok(story.by("ben", "revoke", no["sha256"][:12], "--reason", "it was checked", "--yes"))
    assert tolbooth("gate").code == 4
    again = story.by("ben", "revoke", no["sha256"][:12], "--reason", "once more", "--yes")
    assert "revocation.already" in again.err


def test_a_request_for_changes_denies_and_an_abstention_does_nothing(story: Story) -> None:
    ok(story.approve("ben", "--abstain"))
    assert tolbooth("gate").code == 4
    ok(story.by("ben", "reject", "--changes", "--reason", "evidence-insufficient", "--yes"))
    assert tolbooth("gate").code == 1


def test_a_condition_is_told_with_owner_and_day(story: Story) -> None:
    said = ok(story.approve("ben", "--condition", "write the card; ana; 2099-12-31"))
    assert "write the card (ana, due 2100-01-01T00:00:00Z)" in said.out
    ok(tolbooth("gate"))
    assert "condition: write the card (ana; open" in tolbooth("approvals").out


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ("card; ana", 2),
        ("card; ana; soon", 2),
        ("card; nobody; 2099-12-31", 1),
        ("card; ana; 2001-01-01", 1),
        ("card; ana; 2099-12-31; no.such", 1),
    ],
)
def test_an_ill_made_condition_is_refused(story: Story, condition: str, code: int) -> None:
    assert story.approve("ben", "--condition", condition).code == code


def test_stages_in_order_with_two_roles_and_the_queue_that_tells_whose_turn_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    roles = {**ROLES, "fay": ("lawyer",)}
    story = make_story(tmp_path, monkeypatch, FAIR, workflow=STAGES, roles=roles)
    assert tolbooth("gate").code == 4
    early = story.approve("fay")
    assert early.code == 1
    assert "approval.too-early" in early.err
    ok(story.approve("ben"))
    assert "stage risk (chen)" in tolbooth("approvals").out
    ok(story.approve("chen", "--role", "approver"))
    assert [(each["role"], each["is_open"]) for each in story.queue()["awaited"]] == [("lawyer", True)]
    assert tolbooth("gate").code == 4
    ok(story.approve("fay"))
    ok(tolbooth("gate"))


def test_a_quorum_that_nobody_can_meet_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_story(tmp_path, monkeypatch, FAIR, workflow=WORKFLOW.replace("count: 1", "count: 3"))
    assert tolbooth("gate").code == 4
    assert "the quorum can't be met" in tolbooth("approvals").out


@pytest.mark.parametrize(
    ("workflow", "code"),
    [
        (WORKFLOW.replace("  release:", "  relase:"), "workflow.unknown-gate"),
        (WORKFLOW.replace("    all:", "    high:"), "workflow.no-tier"),
        (WORKFLOW.replace("count: 1", "count: 0"), "config."),
        (WORKFLOW.replace("deadline: 7", "dedline: 7"), "config.unknown-key"),
    ],
)
def test_a_mistake_of_the_workflow_is_told_before_anything_is_recorded(
    workflow: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = make_story(tmp_path, monkeypatch, FAIR, workflow=workflow)
    before = len(json.loads(tolbooth("log", "--output", "json").out)["entries"])
    said = tolbooth("gate")
    assert said.code == 2
    assert code in said.err
    assert "workflow.yaml:" in said.err
    assert len(json.loads(tolbooth("log", "--output", "json").out)["entries"]) == before
    assert story.folder.exists()


def test_who_approves_does_not_seal(story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ok(story.approve("ben"))
    ok(tolbooth("gate"))
    monkeypatch.setenv("TOLBOOTH_KEY_FILE", str(story.keys["ben"]))
    said = tolbooth("seal", "--to", str(tmp_path / "p.zip"))
    assert said.code == 1
    assert "duties.sealer" in said.err
    assert not (tmp_path / "p.zip").exists()


def test_who_approves_does_not_seal_where_the_workflow_alone_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = WORKFLOW.replace("    all:\n", "    all:\n      duties: [requester, sealer, once]\n")
    story = make_story(tmp_path, monkeypatch, FAIR, workflow=asked)
    resign(story, "people:\n", "duties: [requester, once]\npeople:\n")
    assert tolbooth("gate").code == 4
    ok(story.approve("ben"))
    ok(tolbooth("gate"))
    monkeypatch.setenv("TOLBOOTH_KEY_FILE", str(story.keys["ben"]))
    said = tolbooth("seal", "--to", str(tmp_path / "p.zip"))
    assert said.code == 1
    assert "duties.sealer" in said.err


def test_on_whose_behalf_somebody_approved_does_not_seal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    story = make_story(tmp_path, monkeypatch, FAIR, roles={**ROLES, "finn": ()})
    text = (story.folder / "people.yaml").read_text(encoding="utf-8")
    [template] = {line for line in text.splitlines() if line.lstrip().startswith("# delegates: [{to: HANDLE")}
    before, chens = text.split("chen:", 1)
    lent = (
        template.partition("#")[0] + "delegates: [{to: finn, roles: [approver], from: 2026-11-01, until: 2126-01-01}]"
    )
    (story.folder / "people.yaml").write_text(f"{before}chen:{chens.replace(template, lent, 1)}", encoding="utf-8")
    ok(story.by("dora", "people", "sign"))
    story.commit()
    assert tolbooth("gate").code == 4
    ok(story.approve("finn", "--on-behalf-of", "chen"))
    story.later()
    ok(tolbooth("gate"))
    monkeypatch.setenv("TOLBOOTH_KEY_FILE", str(story.keys["chen"]))
    said = tolbooth("seal", "--to", str(tmp_path / "p.zip"))
    assert said.code == 1
    assert "duties.sealer" in said.err
    assert not (tmp_path / "p.zip").exists()


def test_without_a_workflow_nobody_is_asked_and_a_no_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    story = make_story(tmp_path, monkeypatch, FAIR, workflow=None)
    ok(tolbooth("gate"))
    assert "approval.not-asked" in story.approve("ben").err
    ok(story.by("ben", "reject", "--reason", "risk-too-high", "--yes"))
    assert tolbooth("gate").code == 1


def test_the_pack_keeps_what_was_applied_with_every_record_behind_it(story: Story, tmp_path: Path) -> None:
    ok(story.approve("ben"))
    ok(tolbooth("gate"))
    ok(tolbooth("seal", "--to", str(tmp_path / "p.zip")))
    core = core_of(tmp_path / "p.zip")
    applied = read_applied(core)
    assert [(each.role, each.count) for each in applied.required] == [("approver", 1)]
    assert [each.verb for each in applied.approvals] == ["approve"]
    assert sorted(each.kind for each in read_people_files(core)) == ["approval", "people"]
    assert not any(b"Ben" in content or b"example.org" in content for content in core.values())


def test_a_release_of_a_project_without_people_has_no_people_in_its_pack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = make_story(tmp_path, monkeypatch, FAIR, workflow=None)
    shutil.rmtree(story.folder / "governance")
    shutil.rmtree(story.folder / ".tolbooth")
    (story.folder / "people.yaml").unlink()
    ok(tolbooth("gate"))
    ok(tolbooth("seal", "--to", str(tmp_path / "p.zip")))
    core = core_of(tmp_path / "p.zip")
    assert read_applied(core) == Applied()
    assert not any(path.startswith("people/") for path in core)
