"""Which git repository a folder lies in, and where that is hosted: what ``init`` looks at, never recorded.

A remote's address may hold a password, so only its host is kept.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tolbooth.collect.git import run_git
from tolbooth.model.errors import TolboothError

_HOST = re.compile(r"(?:[a-z+]+://)?(?:[^@/]*@)?(?P<host>\[[^\]]+\]|[^:/\s]+)[:/]", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A work tree: its root, the hosts of its remotes (``origin`` first), and the branch, unless HEAD is detached."""

    root: Path
    hosts: tuple[str, ...]
    branch: str | None


def find_repository(folder: Path) -> Repository | None:
    """The repository that holds ``folder``; None if there is none, or git can't say."""
    try:
        status, root = run_git(folder, "rev-parse", "--show-toplevel")
        if status:
            return None
        _, remotes = run_git(folder, "config", "--get-regexp", r"^remote\..*\.url$")
        status, branch = run_git(folder, "symbolic-ref", "--quiet", "--short", "HEAD")
    except TolboothError:
        return None
    lines = sorted(remotes.splitlines(), key=lambda line: not line.startswith("remote.origin."))
    hosts = [host for line in lines if (host := _host(line.partition(" ")[2]))]
    return Repository(
        root=Path(root.rstrip("\n")), hosts=tuple(dict.fromkeys(hosts)), branch=None if status else branch.strip()
    )


def ignored(folder: Path, paths: Sequence[str]) -> tuple[str, ...]:
    """Those of the paths that git ignores, so that no clone has them; none where git can't say."""
    if not paths:
        return ()
    try:
        status, listing = run_git(folder, "-c", "core.quotePath=off", "check-ignore", "--", *paths)
    except TolboothError:
        return ()
    named = listing.splitlines() if not status else []
    return tuple(path for path in paths if path in named)


def _host(url: str) -> str | None:
    found = _HOST.match(url.strip())
    return found["host"].lower() if found else None
