"""Where a project is released from: its git repository and its CI system, told from what lies there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tolbooth.collect.git_repository import Repository, find_repository, ignored
from tolbooth.enforce import github, gitlab, jenkins


class CiSystem(StrEnum):
    """A CI system that we can write or say something for."""

    GITHUB = "GitHub Actions"
    GITLAB = "GitLab CI"
    JENKINS = "Jenkins"


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where a project stands.

    ``root`` is the repository's root, or the project's folder where there is no repository; ``folder`` is the
    project's below it, with forward slashes, empty where they are one. ``system`` is None where nothing names a CI
    system, and ``why`` says what did.
    """

    root: Path
    folder: str
    in_git: bool
    branch: str | None
    system: CiSystem | None
    why: str


def find_places(folder: Path) -> Places:
    """Look at the repository, its remotes' hosts, and the files that CI systems read."""
    repository = find_repository(folder)
    if repository is not None and ignored(folder, [str(folder.resolve())]):
        repository = None  # a repository that ignores the folder is not the project's
    root = repository.root if repository is not None else folder.resolve()
    below = Path(os.path.relpath(folder.resolve(), root.resolve())).as_posix()
    system, why = next(_signs(root, repository), (None, _NOTHING))
    return Places(
        root=root,
        folder="" if below == "." else below,
        in_git=repository is not None,
        branch=repository.branch if repository is not None else None,
        system=system,
        why=why,
    )


_NOTHING = f"no remote on GitHub or GitLab, and neither .github, {gitlab.PATH} nor {jenkins.PATH}"


def _signs(root: Path, repository: Repository | None) -> Iterator[tuple[CiSystem, str]]:
    """What names a CI system, the surest first: where the repository is hosted, then what lies in it."""
    for host in repository.hosts if repository is not None else ():
        if "github" in host:
            yield CiSystem.GITHUB, "the repository's remote is on GitHub"
        elif "gitlab" in host:
            yield CiSystem.GITLAB, "the repository's remote is on GitLab"
    if (root / gitlab.PATH).is_file():
        yield CiSystem.GITLAB, f"there is a {gitlab.PATH}"
    if (root / Path(github.PATH).parts[0]).is_dir():
        yield CiSystem.GITHUB, "there is a folder .github"
    if (root / jenkins.PATH).is_file():
        yield CiSystem.JENKINS, f"there is a {jenkins.PATH}"
