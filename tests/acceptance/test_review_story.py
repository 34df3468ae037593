"""The story of a release that people hold back and let go, by commands alone; and once more over git alone."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.project_sample import FAIR, SETTINGS, Confusion, Said, tolbooth, write_predictions
from tests.review_sample import Story, git, make_story, ok

SLANTED: dict[str, Confusion] = {"a": (50, 50, 5, 95), "b": (85, 15, 10, 90)}
"""Accurate enough, and 35 points between the groups' false positive rates."""

REQUEST = (
    *("waiver", "request", "--pattern", "cred*", "--matches-at-most", "1", "--reason", "remediation"),
    *("--because", "retraining under way", "--harmed", "applicants of group a", "--risk", "3x4"),
    *("--treatment", "mitigate: every denial is reviewed by a person"),
)


@pytest.fixture
def story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Story:
    return make_story(tmp_path, monkeypatch, SLANTED)


def public_key(folder: Path) -> str:
    """The gate's public key, written into a file that a stranger could have."""
    path = folder / "release.pub"
    path.write_text(ok(tolbooth("key", "export", "release")).out, encoding="utf-8")
    return str(path)


def sealed_and_verified(folder: Path) -> Said:
    pack = str(folder / "pack.zip")
    ok(tolbooth("seal", "--to", pack))
    key = public_key(folder)
    assert "Identical" in ok(tolbooth("replay", pack, "--key", key)).out
    return ok(tolbooth("verify", pack, "--key", key))


def test_from_a_denial_through_a_waiver_and_an_approval_to_a_release_and_back(story: Story, tmp_path: Path) -> None:
    assert tolbooth("gate").code == 1
    ok(story.by("ana", *REQUEST))
    own = story.by("ana", "waiver", "approve", "W-1", "--residual", "2x3")
    assert own.code == 1
    assert "duties.requester" in own.err
    ok(story.by("ben", "waiver", "approve", "W-1", "--residual", "2x3"))
    assert tolbooth("gate").code == 1
    ok(story.by("chen", "waiver", "approve", "W-1", "--residual", "2x2"))
    assert tolbooth("gate").code == 4
    own = story.approve("ana")
    assert own.code == 1
    assert "duties.requester" in own.err
    ok(story.approve("ben"))
    allowed = ok(tolbooth("gate"))
    assert "waived until" in allowed.out
    verified = sealed_and_verified(tmp_path)
    assert "approvals 1" in verified.out
    assert "waivers 1" in verified.out
    model = story.folder / "model.bin"
    model.write_bytes(model.read_bytes() + b"!")
    pending = tolbooth("gate")
    assert pending.code == 4
    assert "waived until" in pending.out
    assert story.codes() == ["approval.other-basis"]
    assert "the subject is credit with digest" in tolbooth("approvals").out
    write_predictions(story.folder / "predictions.parquet", FAIR)
    passing = tolbooth("gate")
    assert passing.code == 4
    assert "W-1 retired itself" in passing.err
    write_predictions(story.folder / "predictions.parquet", SLANTED)
    assert tolbooth("gate").code == 1


def test_from_pending_with_a_quorum_of_one_to_a_sealed_release_people_type_three_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    story = make_story(tmp_path, monkeypatch, FAIR)
    assert tolbooth("gate").code == 4
    typed = [
        ("approve", "--yes", "--key", str(story.keys["ben"])),
        ("gate",),
        ("seal", "--to", str(tmp_path / "p.zip")),
    ]
    for command in typed:
        ok(tolbooth(*command))
    with capsys.disabled():
        words = ", ".join(each[0] for each in typed)
        sys.stdout.write(f"\nfrom pending to a sealed release: {len(typed)} commands: {words}\n")
    assert (tmp_path / "p.zip").is_file()
    assert len(typed) <= 3


def test_over_git_alone_with_a_runner_that_has_its_own_key(
    story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, clone, runner = story.folder, tmp_path / "clone", tmp_path / "runner"
    assert tolbooth("gate").code == 1
    ok(story.by("ana", *REQUEST))
    story.commit("ask for a waiver")
    git(tmp_path, "clone", "-q", str(home), str(clone))
    monkeypatch.chdir(clone)
    monkeypatch.setenv("TOLBOOTH_KEYS", str(tmp_path / "keys" / "ben-machine"))
    assert tolbooth("gate").code == 1
    for person in ("ben", "chen"):
        ok(story.by(person, "waiver", "approve", "W-1", "--residual", "2x3"))
    assert tolbooth("gate").code == 4
    ok(story.approve("ben"))
    git(clone, "add", "-A")
    git(clone, "commit", "-q", "-m", "approve")
    git(home, "pull", "-q", "--no-rebase", str(clone), "main")

    git(tmp_path, "clone", "-q", str(home), str(runner))
    monkeypatch.chdir(runner)
    monkeypatch.setenv("TOLBOOTH_KEYS", str(tmp_path / "keys" / "runner"))
    for name, value in (("CI", "true"), ("GITHUB_ACTIONS", "true"), ("GITHUB_ACTOR", "ana")):
        monkeypatch.setenv(name, value)
    released = tolbooth("gate")
    assert released.code == 0, released.out + released.err
    (tmp_path / "ci.pub").write_text(ok(tolbooth("key", "export", "release")).out, encoding="utf-8")
    for name in ("CI", "GITHUB_ACTIONS", "GITHUB_ACTOR"):
        monkeypatch.delenv(name)

    monkeypatch.chdir(home)
    monkeypatch.setenv("TOLBOOTH_KEYS", str(tmp_path / "keys" / "machine"))
    transcript = str(runner / ".tolbooth" / "transcript.jsonl")
    ok(tolbooth("log", "import", transcript, "--key", str(tmp_path / "ci.pub")))
    kinds = [each["kind"] for each in json.loads(ok(tolbooth("log", "--output", "json")).out)["entries"]]
    assert kinds.count("people") == 1
    assert kinds.count("waiver") == 1
    assert kinds.count("approval") == 3
    assert json.loads(ok(tolbooth("report", "--format", "json")).out)["decision"]["verdict"] == "allow"
    sealed_and_verified(tmp_path)


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Story:
    """Chen approved at home and committed; a runner has the clone, and home is where we stand."""
    story = make_story(tmp_path, monkeypatch, FAIR)
    assert tolbooth("gate").code == 4
    ok(story.approve("chen", "--role", "approver"))
    story.commit("approve")
    git(tmp_path, "clone", "-q", str(story.folder), str(tmp_path / "runner"))
    return story


def run_and_import(story: Story, root: Path, monkeypatch: pytest.MonkeyPatch) -> Said:
    """The gate on the runner, and its transcript imported at home."""
    with monkeypatch.context() as there:
        there.chdir(root / "runner")
        there.setenv("TOLBOOTH_KEYS", str(root / "keys" / "runner"))
        for name, value in (("CI", "true"), ("GITHUB_ACTIONS", "true"), ("GITHUB_ACTOR", "ana")):
            there.setenv(name, value)
        ok(tolbooth("gate"))
        (root / "ci.pub").write_text(ok(tolbooth("key", "export", "release")).out, encoding="utf-8")
    transcript = root / "runner" / ".tolbooth" / "transcript.jsonl"
    return ok(tolbooth("log", "import", str(transcript), "--key", str(root / "ci.pub")))


def test_an_imported_release_that_missed_a_rejection_is_kept_and_does_not_count(
    runner: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ok(runner.by("ben", "reject", "--reason", "risk-too-high", "--yes"))
    said = run_and_import(runner, tmp_path, monkeypatch)
    assert "does not count: it missed the rejection of ben" in said.out
    assert json.loads(ok(tolbooth("report", "--format", "json")).out)["decision"]["verdict"] == "allow"


def test_an_imported_release_that_missed_nothing_counts(
    runner: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "does not count" not in run_and_import(runner, tmp_path, monkeypatch).out


def test_a_login_that_no_alias_knows_lets_no_yes_count(
    runner: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path / "runner")
    monkeypatch.setenv("TOLBOOTH_KEYS", str(tmp_path / "keys" / "runner"))
    for name, value in (("CI", "true"), ("GITHUB_ACTIONS", "true"), ("GITHUB_ACTOR", "somebody")):
        monkeypatch.setenv(name, value)
    assert tolbooth("gate").code == 4
    assert runner.codes() == ["duties.unchecked"]


LINEAGE = "policy:\n  rules: [performance.minimum, fairness.difference, lineage.complete]\n"


@pytest.mark.parametrize("commits", [False, True])
def test_an_approval_counts_in_a_repository_before_and_after_its_own_approver_commits_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, commits: bool
) -> None:
    story = make_story(tmp_path, monkeypatch, FAIR, settings=SETTINGS.replace("policy:\n", LINEAGE))
    (story.folder / "requirements.txt").write_text("numpy==2.4.0\n", encoding="utf-8")
    story.commit("everything")
    assert tolbooth("gate").code == 4
    ok(story.approve("ben"))
    if commits:
        git(story.folder, "add", "governance")
        git(story.folder, "-c", "user.email=ben@example.org", "commit", "-q", "-m", "ben approves")
    allowed = ok(tolbooth("gate"))
    assert "May be released" in allowed.out
    ok(tolbooth("seal"))
    assert "May be released" in ok(tolbooth("gate")).out
    (story.folder / "train.py").write_text("changed = True\n", encoding="utf-8")
    story.commit("the code")
    assert tolbooth("gate").code == 4
