"""Which file goes to which place of a project: one CI file and one pre-commit entry, each with its reason."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from tolbooth.collect.git_repository import ignored
from tolbooth.enforce import github, gitlab, jenkins, pre_commit
from tolbooth.enforce.written_file import GateJob, WrittenFile
from tolbooth.onboard.detect import Found
from tolbooth.onboard.places import CiSystem, Places
from tolbooth.onboard.settings_text import GATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A file to be written beside the settings, or why there is none.

    ``path`` is relative to the project's folder. ``after`` is said where the file is there as it should be, ``left``
    where another one of its name is.
    """

    path: str | None
    content: str | None
    why: str
    after: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


def beside(folder: Path, places: Places, found: Found) -> Iterator[Beside]:
    """The files of the CI system that is used here, and the hooks where there is a git repository."""
    job = GateJob(
        gate=GATE,
        folder=places.folder,
        extras=("mlflow",) if found.tracking is not None else (),
        branch=places.branch or "main",
    )
    if places.system is CiSystem.GITHUB:
        yield _beside(folder, places, github.action())
    yield _ci(folder, places, job, _absent(folder, found))
    yield _hook(folder, places, job)


def _ci(folder: Path, places: Places, job: GateJob, absent: tuple[str, ...]) -> Beside:
    match places.system:
        case CiSystem.GITHUB:
            return _beside(folder, places, github.workflow(job, places.why), after=(_KEYS, *absent))
        case CiSystem.GITLAB:
            whole = gitlab.pipeline(job, places.why, beside=False)
            there = places.root / whole.path
            if not there.is_file() or there.read_bytes() == whole.content.encode():
                return _beside(folder, places, whole, after=(_KEYS, *absent))
            add = (f"{gitlab.PATH} is left as it is; add to it:", *(f"  {line}" for line in gitlab.INCLUDE_LINES))
            return _beside(
                folder, places, gitlab.pipeline(job, places.why, beside=True), after=(*add, _KEYS, *absent), left=add
            )
        case CiSystem.JENKINS:
            stage = "\n    ".join([f"{places.why}, which is yours to write; add to it:", *jenkins.lines(job)])
            return Beside(path=None, content=None, why=f"no CI file: {stage}")
        case None:
            why = f"no CI file: {places.why}; in any CI: {job.install} && {' '.join(job.command())}"
            return Beside(path=None, content=None, why=why)
        case _:
            assert_never(places.system)


def _hook(folder: Path, places: Places, job: GateJob) -> Beside:
    if not places.in_git:
        return Beside(path=None, content=None, why="no pre-commit entry: this is no git repository")
    why = "'pre-commit install' makes git run it before each commit"
    left = ("add below its repos:", *pre_commit.lines(job))
    return _beside(folder, places, pre_commit.hooks(job, why), left=left)


_KEYS = "its keys: the secrets TOLBOOTH_KEY and TOLBOOTH_LOG_KEY; without them the runner makes keys of its own"


def _absent(folder: Path, found: Found) -> tuple[str, ...]:
    """What a CI runner would look for in vain: a store on this machine, and files that git ignores."""
    if found.tracking is not None:
        if found.tracking.startswith(("http://", "https://")):
            return ()
        return (f"{found.tracking} is on this machine: let the job fetch it, or name a server as 'tracking'",)
    paths = ignored(folder, [*found.models, *(each.path for each in found.data)])
    return (f"git ignores {', '.join(paths)}: let the job fetch it first",) if paths else ()


def _beside(
    folder: Path, places: Places, file: WrittenFile, *, after: tuple[str, ...] = (), left: tuple[str, ...] = ()
) -> Beside:
    path = Path(os.path.relpath(places.root / file.path, folder.resolve())).as_posix()
    return Beside(path=path, content=file.content, why=file.why, after=after, left=left)
