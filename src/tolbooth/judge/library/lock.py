"""``tolbooth.lock``: the digests of the sources that a project agreed to, and what differs from them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tolbooth import __version__
from tolbooth.config.yaml_source import parse_yaml
from tolbooth.judge.library.fields import Fields
from tolbooth.judge.library.load import BUILT_IN, Library
from tolbooth.judge.library.sources import source_sha256
from tolbooth.model.errors import ConfigError, Problem

LOCK_NAME = "tolbooth.lock"
_FIRST_LINE = "# The rules that this project agreed to. 'tolbooth policy lock' writes it; commit it with tolbooth.yaml."


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedSource:
    """One source as it is pinned: its digest, and what explains a difference.

    ``tolbooth`` is the version that ships the built-in source, else None. ``files`` are the digests of a folder's
    files by path in it; the built-in source's are not listed.
    """

    name: str
    sha256: str
    tolbooth: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)


class Change(StrEnum):
    """What became of a source since it was locked."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceChange:
    """A source that is not as it is locked, and which of its files are not; ``detail`` is said of the built-in one."""

    source: str
    change: Change
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    detail: str | None = None


def locked_sources(library: Library) -> tuple[LockedSource, ...]:
    """The sources of a library as a lock pins them, sorted by name."""
    return tuple(
        LockedSource(
            name=name,
            sha256=source_sha256(digests),
            tolbooth=__version__ if name == BUILT_IN else None,
            files={} if name == BUILT_IN else dict(sorted(digests.items())),
        )
        for name, digests in sorted(library.sources.items())
    )


def write_lock(sources: Iterable[LockedSource]) -> bytes:
    """The file's bytes: the same sources give the same bytes."""
    lines = [_FIRST_LINE, "version: 1", "sources:"]
    for source in sources:
        lines.append(f"  - name: {_text(source.name)}")
        lines += [f"    tolbooth: {_text(source.tolbooth)}"] if source.tolbooth is not None else []
        lines.append(f"    sha256: {_text(source.sha256)}")
        lines += ["    files:"] if source.files else []
        lines += [f"      {_text(path)}: {_text(sha256)}" for path, sha256 in source.files.items()]
    return ("\n".join(lines) + "\n").encode()


def read_lock(text: str, path: str) -> tuple[LockedSource, ...]:
    """Read a lock.

    Raises:
        ConfigError: ``lock.*`` or ``config.yaml-*``, with every mistake at its line.
    """
    document = parse_yaml(text, path)
    problems: list[Problem] = []
    top = Fields(document, (), problems, code="lock")
    top.only(["version", "sources"])
    if top.raw("version") != 1:
        top.refuse("version", "this is no lock of version 1", place=top.place("version"))
    sources = tuple(_source(each) for each in top.items("sources"))
    names = [source.name for source in sources]
    if len(set(names)) < len(names):
        top.refuse("duplicate", "a source stands twice", place=top.place("sources"))
    if problems:
        raise ConfigError([_with_hint(each) for each in problems])
    return sources


def changes(locked: Sequence[LockedSource], now: Sequence[LockedSource]) -> tuple[SourceChange, ...]:
    """What differs between a lock and the sources as they are, by name; empty if nothing does."""
    before, after = {each.name: each for each in locked}, {each.name: each for each in now}
    return tuple(
        _change(name, before.get(name), after.get(name))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    )


def _change(name: str, before: LockedSource | None, after: LockedSource | None) -> SourceChange:
    if before is None or after is None:
        return SourceChange(source=name, change=Change.ADDED if before is None else Change.REMOVED)
    shared = before.files.keys() & after.files.keys()
    versions = f"locked with Tolbooth {before.tolbooth}, here is {after.tolbooth}"
    return SourceChange(
        source=name,
        change=Change.CHANGED,
        added=tuple(sorted(after.files.keys() - shared)),
        removed=tuple(sorted(before.files.keys() - shared)),
        changed=tuple(sorted(path for path in shared if before.files[path] != after.files[path])),
        detail=versions if before.tolbooth != after.tolbooth else None,
    )


def change_lines(change: SourceChange) -> Iterator[str]:
    """A change in words: the source, then each file."""
    yield f"{change.source}: {change.change.value}" + (f" ({change.detail})" if change.detail else "")
    for word, paths in (("added", change.added), ("removed", change.removed), ("changed", change.changed)):
        yield from (f"  {path}: {word}" for path in paths)


def _source(entry: Fields) -> LockedSource:
    entry.only(["name", "tolbooth", "sha256", "files"])
    files: Any = entry.raw("files") or {}
    if not isinstance(files, dict) or not all(isinstance(each, str) for each in files.values()):
        entry.wrong("files", "a mapping from path to digest")
        files = {}
    return LockedSource(
        name=entry.text("name") or "",
        sha256=entry.text("sha256") or "",
        tolbooth=entry.text("tolbooth", required=False),
        files=files,
    )


def _with_hint(problem: Problem) -> Problem:
    hint = problem.hint or "'tolbooth policy lock' writes the file anew"
    return Problem(code=problem.code, message=problem.message, place=problem.place, hint=hint)


def _text(text: str) -> str:
    """A JSON string, which YAML is a superset of: digits stay text, whatever they look like."""
    return json.dumps(text, ensure_ascii=False)
