"""The state of a git repository; who made a commit is told by id alone."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tolbooth.collect import git
from tolbooth.collect.git import collect_git
from tolbooth.collect.request import collect_request
from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.model.observation import Gap, Observation
from tolbooth.model.people import AliasSystem

NOW = datetime(2026, 11, 23, 9, 14, 7, tzinfo=UTC)
CANARIES = ("Canary Person", "canary@example.org")

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not here")


def run(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, so that no setting of the machine's user plays a part; the search upwards ends here."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ".config"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    name, mail = CANARIES
    (tmp_path / ".gitconfig").write_text(f"[user]\nname = {name}\nemail = {mail}\n[init]\ndefaultBranch = trunk\n")
    return tmp_path


@pytest.fixture
def repository(home: Path) -> Path:
    folder = home / "project"
    folder.mkdir()
    run(folder, "init", "--quiet")
    (folder / "a.txt").write_text("a")
    (folder / ".gitignore").write_text("ignored\n")
    run(folder, "add", ".")
    run(folder, "commit", "--quiet", "--message", f"by {CANARIES[0]}")
    return folder


def observed(folder: Path) -> Observation:
    found = collect_git(folder, now=NOW)
    assert found.gaps == ()
    return found.observations[0]


def gap(folder: Path) -> Gap:
    found = collect_git(folder, now=NOW)
    assert found.observations == ()
    return found.gaps[0]


def test_a_clean_tree_has_its_commit_and_branch(repository: Path) -> None:
    found = observed(repository)
    assert found.values == {
        "system": "git",
        "commit": run(repository, "rev-parse", "HEAD"),
        "tree_clean": True,
        "signature": "none",
        "author": "undeclared",
        "committer": "undeclared",
        "branch": "trunk",
    }
    assert (found.kind, found.dates.collected, found.dates.received) == ("source-control", NOW, NOW)


def test_a_tag_that_names_the_commit_is_told_and_an_older_one_is_not(repository: Path) -> None:
    run(repository, "tag", "v1.2")
    assert observed(repository).values["tag"] == "v1.2"
    run(repository, "commit", "--quiet", "--allow-empty", "--message", "next")
    assert "tag" not in observed(repository).values


ARMOURS = {"SSH SIGNATURE": "ssh", "PGP SIGNATURE": "gpg", "SIGNED MESSAGE": "x509", "ODD THING": "unknown"}


@pytest.mark.parametrize("armour", ARMOURS)
@pytest.mark.parametrize("header", ["gpgsig", "gpgsig-sha256"])
def test_a_commits_signature_is_told_by_its_kind_and_not_checked(repository: Path, armour: str, header: str) -> None:
    unsigned = subprocess.run(
        ["git", "cat-file", "commit", "HEAD"], cwd=repository, capture_output=True, check=True
    ).stdout
    above, _, message = unsigned.partition(b"\n\n")
    seal = f"\n{header} -----BEGIN {armour}-----\n bm90aGluZw==\n -----END {armour}-----\n\n".encode()
    signed = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin"],
        cwd=repository, input=above + seal + message, capture_output=True, check=True,
    ).stdout.decode().strip()  # fmt: skip
    run(repository, "update-ref", "HEAD", signed)
    found = observed(repository).values
    assert (found["commit"], found["signature"]) == (signed, ARMOURS[armour])


def test_words_like_a_signature_in_the_message_are_none(repository: Path) -> None:
    run(repository, "commit", "--quiet", "--allow-empty", "--message", "gpgsig -----BEGIN SSH SIGNATURE-----")
    assert observed(repository).values["signature"] == "none"


def test_a_commit_signed_with_a_real_ssh_key_is_told_so(repository: Path, home: Path) -> None:
    if shutil.which("ssh-keygen") is None:
        pytest.skip("there is no program ssh-keygen on the path")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(home / "key")], check=True)
    settings = ["-c", "gpg.format=ssh", "-c", f"user.signingkey={home / 'key'}"]
    run(repository, *settings, "commit", "--quiet", "--allow-empty", "-S", "--message", "signed")
    assert observed(repository).values["signature"] == "ssh"


def test_a_detached_head_has_no_branch(repository: Path) -> None:
    run(repository, "checkout", "--quiet", "--detach")
    assert "branch" not in observed(repository).values


@pytest.mark.parametrize("change", ["edit", "stage", "delete", "untracked", "odd name", "above"])
def test_any_difference_makes_the_tree_unclean_even_outside_the_projects_folder(repository: Path, change: str) -> None:
    inner = repository / "inner"
    inner.mkdir()
    match change:
        case "edit":
            (repository / "a.txt").write_text("b")
        case "stage":
            (repository / "b.txt").write_text("b")
            run(repository, "add", "b.txt")
        case "delete":
            (repository / "a.txt").unlink()
        case "odd name":
            (inner / "x\n.tolbooth").write_text("")
        case "above":
            (repository / "new").write_text("")
        case _:
            (inner / "new").write_text("")
    assert observed(inner).values["tree_clean"] is False


def test_the_store_and_ignored_files_do_not_make_the_tree_unclean(repository: Path) -> None:
    (repository / ".tolbooth").mkdir()
    (repository / ".tolbooth" / "log.sqlite").write_text("")
    (repository / "ignored").write_text("")
    assert observed(repository).values["tree_clean"] is True


def test_a_store_that_ignores_itself_is_clean_beside_a_new_file_that_is_not(repository: Path) -> None:
    (repository / "sub" / ".tolbooth").mkdir(parents=True)
    (repository / "sub" / ".tolbooth" / ".gitignore").write_text("*\n")
    (repository / "sub" / ".tolbooth" / "x").write_text("")
    assert observed(repository).values["tree_clean"] is True
    (repository / "sub" / "x").write_text("")
    assert observed(repository).values["tree_clean"] is False


def test_nobodys_name_or_address_is_in_an_observation(repository: Path) -> None:
    assert run(repository, "log", "-1", "--format=%an %ae") == " ".join(CANARIES)
    run(repository, "tag", "--annotate", "v1", "--message", CANARIES[0])
    written = canonical_bytes(observed(repository))
    for canary in CANARIES:
        assert canary.encode() not in written


def test_nothing_of_the_repository_runs_or_is_written(repository: Path) -> None:
    monitor = repository / ".git" / "monitor"
    monitor.write_text("#!/bin/sh\ntouch ran\n")
    monitor.chmod(0o755)
    run(repository, "config", "core.fsmonitor", str(monitor))
    for hook in ("post-index-change", "reference-transaction"):
        (repository / ".git" / "hooks").mkdir(exist_ok=True)
        (repository / ".git" / "hooks" / hook).write_text("#!/bin/sh\ntouch ran\n")
        (repository / ".git" / "hooks" / hook).chmod(0o755)
    os.utime(repository / "a.txt", (1, 1))
    index = (repository / ".git" / "index").read_bytes()
    assert observed(repository).values["tree_clean"] is True
    assert (repository / ".git" / "index").read_bytes() == index
    assert not (repository / "ran").exists()


def test_a_hooks_environment_does_not_point_to_another_repository(
    repository: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = run(repository, "rev-parse", "HEAD")
    other = home / "other"
    other.mkdir()
    run(other, "init", "--quiet")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / "index"))
    assert observed(repository).values["commit"] == commit


def test_a_folder_in_no_repository_is_a_gap(home: Path) -> None:
    (home / "plain").mkdir()
    found = gap(home / "plain")
    assert (found.kind, found.about, found.code) == ("source-control", "project", "collect.no-repository")


def test_a_repository_without_a_commit_is_a_gap(home: Path) -> None:
    run(home, "init", "--quiet", "new")
    assert gap(home / "new").code == "collect.no-commit"


def test_a_repository_without_a_work_tree_is_a_gap(home: Path) -> None:
    run(home, "init", "--quiet", "--bare", "bare.git")
    assert gap(home / "bare.git").code == "collect.no-work-tree"


def test_a_folder_that_another_user_owns_is_a_gap_that_says_what_to_do(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    found = gap(repository)
    assert found.code == "collect.git-ownership"
    assert "safe.directory" in found.message
    assert str(repository) not in found.message


def test_a_machine_without_git_is_a_gap(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository))
    assert gap(repository).code == "collect.no-git"


def with_git(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "bin").mkdir()
    program = folder / "bin" / "git"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")


def test_a_git_that_does_not_answer_is_a_gap(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_git(home, "exec sleep 30", monkeypatch)
    monkeypatch.setattr(git, "_TIMEOUT_SECONDS", 0.2)
    assert gap(home).code == "collect.git-timeout"


def test_a_git_that_fails_is_a_gap_without_its_words(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_git(home, "echo canary-words >&2; exit 3", monkeypatch)
    found = gap(home)
    assert found.code == "collect.git-failed"
    assert "canary-words" not in found.message


def test_what_the_observation_is_about_can_be_told(repository: Path) -> None:
    found: Any = collect_git(repository, now=NOW, about="credit-model")
    assert found.observations[0].about == "credit-model"


def test_an_author_and_a_committer_are_told_by_their_ids(repository: Path) -> None:
    """One of them has an alias, the other has not: neither name nor address is kept."""
    run(repository, "commit", "--quiet", "--allow-empty", "--message", "x", "--author", "Ana A <ana@example.org>")

    def who(system: AliasSystem, alias: str | None) -> str:
        return "p-0123456789abcdef" if (system, alias) == (AliasSystem.GIT, "ana@example.org") else "undeclared"

    (found,) = collect_git(repository, now=NOW, who=who).observations
    assert (found.values["author"], found.values["committer"]) == ("p-0123456789abcdef", "undeclared")
    assert "example.org" not in canonical_bytes(found).decode()


def test_who_asks_on_this_machine_is_the_one_whose_address_git_has(repository: Path) -> None:
    asked: list[tuple[AliasSystem, str | None]] = []

    def who(system: AliasSystem, alias: str | None) -> str:
        asked.append((system, alias))
        return "p-0123456789abcdef"

    (local,) = collect_request(repository, {}, now=NOW, who=who).observations
    (runner,) = collect_request(
        repository, {"GITLAB_CI": "true", "GITLAB_USER_LOGIN": "ana"}, now=NOW, who=who
    ).observations
    assert asked == [(AliasSystem.GIT, CANARIES[1]), (AliasSystem.CI, "ana")]
    assert local.values == {"requester": "p-0123456789abcdef", "claimed_by": "git"}
    assert runner.values["claimed_by"] == "ci"


def test_what_is_signed_about_a_release_changes_neither_its_commit_nor_its_tree(repository: Path) -> None:
    project = repository / "models" / "credit"
    project.mkdir(parents=True)
    (project / "tolbooth.yaml").write_text("version: 1\n")
    run(repository, "add", ".")
    run(repository, "commit", "--quiet", "--message", "the project")
    before = collect_git(project, now=NOW, records="governance").observations[0].values
    (project / "governance").mkdir()
    (project / "governance" / "approval.json").write_text("{}")
    (project / "credit-1.evpack.zip").write_text("a pack")
    assert collect_git(project, now=NOW, records="governance").observations[0].values == before
    for number in range(3):
        (project / "governance" / "approval.json").write_text(str(number))
        run(repository, "add", "models/credit/governance")
        run(repository, "-c", "user.email=ben@example.org", "commit", "--quiet", "--message", "ben approves")
    assert collect_git(project, now=NOW, records="governance").observations[0].values == before
    assert collect_git(project, now=NOW).observations[0].values["commit"] == run(repository, "rev-parse", "HEAD")
    (repository / "a.txt").write_text("b")
    run(repository, "commit", "--quiet", "--all", "--message", "something else")
    after = collect_git(project, now=NOW, records="governance").observations[0].values
    assert after["commit"] == run(repository, "rev-parse", "HEAD")


def test_a_change_that_comes_with_records_counts(repository: Path) -> None:
    (repository / "governance").mkdir()
    (repository / "governance" / "approval.json").write_text("{}")
    (repository / "a.txt").write_text("b")
    run(repository, "add", ".")
    run(repository, "commit", "--quiet", "--message", "both")
    found = collect_git(repository, now=NOW, records="governance").observations[0].values
    assert found["commit"] == run(repository, "rev-parse", "HEAD")


def test_a_folder_that_is_called_almost_like_that_of_records_is_none(repository: Path) -> None:
    (repository / "governance-of-models").mkdir()
    (repository / "governance-of-models" / "new.txt").write_text("")
    assert collect_git(repository, now=NOW, records="governance").observations[0].values["tree_clean"] is False


def test_a_pack_that_is_tracked_and_was_altered_makes_the_tree_unclean(repository: Path) -> None:
    (repository / "credit-1.evpack.zip").write_text("a pack")
    run(repository, "add", ".")
    run(repository, "commit", "--quiet", "--message", "a pack")
    (repository / "credit-1.evpack.zip").write_text("another")
    assert observed(repository).values["tree_clean"] is False
