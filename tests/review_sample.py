"""A project with people: Ana asks and made the model, Ben and Chen speak for risk, Dora is the steward and audits.

Each has a key of their own; the gate signs with a machine's key, which is nobody's. All goes through the command line.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.project_sample import SETTINGS, Confusion, Said, make_project, tolbooth

WORKFLOW = """\
version: 1
approvals:
  release:
    all:
      stages:
        - name: risk
          quorum: [{role: approver, count: 1}]
          deadline: 7
"""
ROLES: Mapping[str, tuple[str, ...]] = {
    "dora": ("steward",),
    "ana": ("requester", "approver"),
    "ben": ("approver",),
    "chen": ("approver", "head"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The project's folder, and each person's key."""

    folder: Path
    keys: Mapping[str, Path]

    def by(self, person: str, *arguments: str) -> Said:
        """Run a command that a person signs."""
        return tolbooth(*arguments, "--key", str(self.keys[person]))

    def approve(self, person: str, *arguments: str) -> Said:
        """Approve the latest decision."""
        return self.by(person, "approve", *arguments, "--yes")

    def commit(self, message: str = "change") -> None:
        """Commit everything, as Ana."""
        git(self.folder, "add", "-A")
        git(self.folder, "commit", "-q", "-m", message)

    def later(self) -> None:
        """Wait for the next second: instants are whole seconds, and what begins in one holds for all of it."""
        began = int(time.time())
        while int(time.time()) == began:
            time.sleep(0.02)

    def queue(self) -> dict[str, Any]:
        """The only decision in the queue."""
        found = json.loads(tolbooth("approvals", "--all", "--output", "json").out)["decisions"]
        assert len(found) == 1
        item: dict[str, Any] = found[0]
        return item

    def codes(self) -> list[str]:
        """Why words do not count, in the order of their digests."""
        return [each["code"] for each in self.queue()["words"] if not each["counts"] and "code" in each]


def git(folder: Path, *arguments: str) -> str:
    """Run git as Ana."""
    who = ["-c", "user.name=Ana", "-c", "user.email=ana@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True, text=True)
    return done.stdout


def make_story(
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    groups: Mapping[str, Confusion],
    *,
    workflow: str | None = WORKFLOW,
    settings: str = SETTINGS,
    roles: Mapping[str, tuple[str, ...]] = ROLES,
) -> Story:
    """Make the project, its repository, the people with their keys, and the first people record."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(root / "gitconfig"))
    (root / "gitconfig").write_text("[user]\n\tname = Ana\n\temail = ana@example.org\n", encoding="utf-8")
    folder = make_project(root / "credit", groups, settings)
    if workflow is not None:
        (folder / "workflow.yaml").write_text(workflow, encoding="utf-8")
    monkeypatch.chdir(folder)
    git(folder, "init", "-q", "-b", "main")
    keys = {}
    for person, held in roles.items():
        monkeypatch.setenv("TOLBOOTH_KEYS", str(root / "keys" / person))
        ok(tolbooth("key", "new", person, "--role", "approve"))
        keys[person] = root / "keys" / person / f"{person}.approve.key"
        given = [part for role in held for part in ("--role", role)]
        aliases = ("--alias", f"git={person}@example.org", "--alias", f"ci={person}")
        ok(
            tolbooth(
                "people",
                "new",
                person,
                "--key",
                str(root / "keys" / person / f"{person}.pub"),
                *aliases,
                *given,
            )
        )
    monkeypatch.setenv("TOLBOOTH_KEYS", str(root / "keys" / "machine"))
    story = Story(folder=folder, keys=keys)
    ok(story.by("dora", "people", "sign"))
    story.commit("people")
    return story


def ok(said: Said) -> Said:
    """A command that must succeed; what it said otherwise."""
    assert said.code == 0, said.out + said.err
    return said
