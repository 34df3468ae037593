"""The lock of a project's rules: written, compared, and asked for at every gate of a CI runner."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tolbooth.config.load import Project
from tolbooth.judge.library.load import BUILT_IN, Library
from tolbooth.judge.library.lock import (
    LOCK_NAME,
    LockedSource,
    SourceChange,
    changes,
    locked_sources,
    read_lock,
    write_lock,
)
from tolbooth.model.errors import ConfigError, Place
from tolbooth.model.observation import Gap
from tolbooth.pipeline.policy import project_library
from tolbooth.store.durable import write_whole

_REMEDY = "look at what changed, then 'tolbooth policy lock', and commit tolbooth.lock"
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class LockState:
    """A project's lock against its sources. ``there`` says whether a lock lies beside ``tolbooth.yaml`` at all."""

    path: Path
    there: bool
    sources: tuple[LockedSource, ...]
    changes: tuple[SourceChange, ...]


def compare_lock(project: Project, library: Library | None = None) -> LockState:
    """Compare the lock with the sources as they are; without a lock, each source counts as added.

    Args:
        project: the project.
        library: its rules, where they are at hand.

    Raises:
        ConfigError: ``lock.*`` if the lock can't be read, or what ``project_library`` raises.
        JudgeError: if a rule can't be loaded.
    """
    path = project.folder / LOCK_NAME
    now = locked_sources(library if library is not None else project_library(project))
    text = _read(path)
    locked = () if text is None else read_lock(text, LOCK_NAME)
    return LockState(path=path, there=text is not None, sources=now, changes=changes(locked, now))


def lock_policy(project: Project) -> LockState:
    """Pin the sources as they are; the state tells what that changed. A lock that can't be read is written anew.

    Raises:
        ConfigError: what ``project_library`` raises.
        JudgeError: if a rule can't be loaded.
        StoreError: if the disk refuses; the old lock stays then.
    """
    library = project_library(project)
    try:
        state = compare_lock(project, library)
    except ConfigError:
        now = locked_sources(library)
        state = LockState(path=project.folder / LOCK_NAME, there=False, sources=now, changes=changes((), now))
    if state.changes or not state.there:
        write_whole(state.path, write_lock(state.sources))
    return state


def require_locked(project: Project, library: Library, *, ci: bool) -> tuple[Gap, ...]:
    """Ask for the lock at a gate: a CI runner refuses what is not locked, a desk says it in the report.

    The built-in rules alone need no lock: the installed package pins them.

    Raises:
        ConfigError: ``policy.unlocked`` on a CI runner, with what differs; ``lock.*`` if the lock can't be read.
    """
    state = compare_lock(project, library)
    if not state.changes or (not state.there and set(library.sources) == {BUILT_IN}):
        return ()
    message = _sentence(state)
    if ci:
        raise ConfigError.of("policy.unlocked", message, place=Place(path=LOCK_NAME), hint=_REMEDY)
    return (Gap(kind="policy-lock", about="policy", code="policy.unlocked", message=message),)


def _sentence(state: LockState) -> str:
    if not state.there:
        return f"the rules are not locked: there is no {LOCK_NAME}"
    said = [each for change in state.changes for each in _said(change)]
    more = f" and {len(said) - _MOST_NAMED} more" if len(said) > _MOST_NAMED else ""
    return f"the rules are not the locked ones: {', '.join(said[:_MOST_NAMED])}{more}"


def _said(change: SourceChange) -> list[str]:
    """The files of a source that differ; the source itself where none is known."""
    files = [
        f"{change.source}/{path} {word}"
        for word, paths in (("added", change.added), ("removed", change.removed), ("changed", change.changed))
        for path in paths
    ]
    detail = f" ({change.detail})" if change.detail else ""
    return files or [f"{change.source} {change.change.value}{detail}"]


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError.of("lock.unreadable", f"{LOCK_NAME} can't be read: {why}", hint=_REMEDY) from error
