"""Observes the packages that a model ran with, from the files that tools write them down in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from tolbooth import __version__
from tolbooth.collect.interface import Collected
from tolbooth.collect.requirement_lines import (
    INSTALLERS,
    Environment,
    UnreadableEnvironmentError,
    conda,
    python_env,
    requirements,
    uv_lock,
)
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import CollectError
from tolbooth.model.observation import Dates, Gap, Observation

KIND = "environment"

_READERS: Mapping[str, tuple[str, Callable[[str], Environment]]] = {
    "conda.yaml": ("conda", conda),
    "conda.yml": ("conda", conda),
    "environment.yaml": ("conda", conda),
    "environment.yml": ("conda", conda),
    "python_env.yaml": ("python-env", python_env),
    "requirements.txt": ("requirements", requirements),
    "uv.lock": ("uv-lock", uv_lock),
}
_MOST_BYTES = 32 << 20


def collect_environment_lock(paths: Sequence[Path], *, now: datetime, about: str) -> Collected:
    """Observe the environment that the files of known names in some places write down.

    Args:
        paths: folders, in which the known names are looked for (not below), or files. The first file of a kind
            counts: put the model's folder before the project's.
        now: when they are read.
        about: what the observation says it is about.

    Returns:
        One observation of kind ``environment`` with ``files`` (``path``: the file's name, ``sha256``, ``kind``),
        ``packages`` (``name`` and, where it is exact, ``version``; sorted, each once), ``pinned`` and ``unpinned``
        (how many names have an exact version in some file, and how many, with lines that name no package, have
        none), and ``python`` where a file states its exact version. Where no file is found, or one is not of its
        format, a gap: ``collect.no-environment`` or ``collect.environment-unreadable``.

    Raises:
        CollectError: ``collect.unreadable``.
    """
    files: list[dict[str, str]] = []
    read: list[Environment] = []
    for path in _found(paths):
        kind, reader = _READERS[path.name]
        if kind in {each["kind"] for each in files}:
            continue
        content = _content(path)
        try:
            read.append(reader(content.decode("utf-8-sig")))
        except (UnreadableEnvironmentError, UnicodeDecodeError) as error:
            why = str(error) if isinstance(error, UnreadableEnvironmentError) else "it is not UTF-8"
            return _gap(about, "collect.environment-unreadable", f"{path.name} could not be read: {why}")
        files.append({"path": path.name, "sha256": sha256_hex(content), "kind": kind})
    if not files:
        return _gap(about, "collect.no-environment", f"there is no {', '.join(sorted(_READERS))}")
    observation = Observation(
        kind=KIND,
        about=about,
        values=_values(files, read),
        dates=Dates(collected=now, received=now),
        origin=f"collect.environment_lock {__version__}",
        reads=tuple(each["sha256"] for each in files),
    )
    return Collected(observations=(observation,))


def _found(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from (path / name for name in _READERS if (path / name).is_file())
        elif path.is_file() and path.name in _READERS:
            yield path


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise CollectError.of("collect.unreadable", f"{path.name} is larger than any lock file")
        return path.read_bytes()
    except OSError as error:
        raise CollectError.of("collect.unreadable", f"{path.name} could not be read: {error.strerror}") from error


def _values(files: list[dict[str, str]], read: Sequence[Environment]) -> dict[str, Any]:
    found = [package for environment in read for package in environment.packages]
    pinned = {package.name for package in found if package.name and package.version}
    loose = {package.name for package in found if package.name and not package.version} - pinned - INSTALLERS
    nameless = sum(package.name is None for package in found)
    exact = {(package.name, package.version) for package in found if package.name and package.version}
    packages = sorted([*exact, *((name, "") for name in loose)])
    python = next((environment.python for environment in read if environment.python), None)
    return {
        "files": files,
        "packages": [{"name": name, "version": version} if version else {"name": name} for name, version in packages],
        "pinned": len(pinned),
        "unpinned": len(loose) + nameless,
        **({"python": python} if python else {}),
    }


def _gap(about: str, code: str, message: str) -> Collected:
    return Collected(gaps=(Gap(kind=KIND, about=about, code=code, message=message),))
