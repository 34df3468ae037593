"""Lists and fetches artifacts: on this machine they are read where they are, from elsewhere they are downloaded.

What a place lists and what arrives from it are counted apart, so that a lost file is seen.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from tolbooth.collect.digest import folder_files
from tolbooth.collect.interface import Progress
from tolbooth.collect.mlflow.asking import Waiting, refusal
from tolbooth.collect.mlflow.client import Source
from tolbooth.model.errors import CollectError

_POLL_SECONDS = 0.1
_MOST_FOLDERS = 500
_MOST_FILES = 20_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run or a model keeps its files: a folder of this machine, or a repository of MLflow's."""

    folder: Path | None
    repository: Any
    below: str = ""

    def inside(self, path: str) -> Place:
        """The same place, seen from a folder or a file in it."""
        return replace(self, below="/".join(part for part in (self.below, path) if part))


def place_of(source: Source, uri: str) -> Place:
    """The place that an artifact URI names.

    Raises:
        CollectError: ``collect.mlflow-place`` where a server elsewhere names a folder of this machine;
            SourceError where a library is missing.
    """
    split = urlsplit(uri)
    if split.scheme not in {"", "file"}:
        return Place(None, source.asking.ask("the place of its artifacts", lambda: _repository(source, uri)))
    if not source.trusted_files:
        message = "MLflow's server names a folder of this machine as the place of its artifacts"
        raise CollectError.of("collect.mlflow-place", message, hint="start the server with --serve-artifacts")
    path = unquote(split.path) if split.scheme else uri
    return Place(source.folder / path, None)


def listed(source: Source, place: Place) -> dict[str, int | None]:
    """Every file at the place, at any depth: its path from there and the size in bytes that is stated for it.

    The paths are those of a source: a name may hold anything but a way out of the place.

    Raises:
        CollectError: ``collect.mlflow-missing`` if there is nothing, ``collect.mlflow-name`` for a path that leads out,
            ``collect.mlflow-many-files``, what ``folder_files`` raises, or as ``Asking.ask``.
    """
    if place.folder is not None:
        return {name: path.stat().st_size for name, path in _local(place.folder / place.below).items()}
    found: dict[str, int | None] = {}
    waiting = [place.below]
    asked = 0
    while waiting:
        folder, asked = waiting.pop(), asked + 1
        answer = source.asking.ask("a list of artifacts", lambda folder=folder: _list(place.repository, folder))  # type: ignore[misc]
        for path, is_folder, size in answer:
            if not _leads_inside(path, folder):
                raise CollectError.of(
                    "collect.mlflow-name", "MLflow lists an artifact whose path leads out of its folder"
                )
            if is_folder:
                waiting.append(path)
            else:
                found[PurePosixPath(path).relative_to(place.below or ".").as_posix()] = size
        if asked + len(waiting) > _MOST_FOLDERS or len(found) > _MOST_FILES:
            raise CollectError.of("collect.mlflow-many-files", f"MLflow lists more than {_MOST_FILES} artifacts")
    return dict(sorted(found.items()))


def fetched(
    source: Source, place: Place, files: Mapping[str, int | None], into: Path, progress: Progress | None = None
) -> dict[str, Path]:
    """The files on this machine, by path: where they are, or downloaded into a new folder ``into``.

    Raises:
        CollectError: as ``Asking.ask``; ``collect.mlflow-short`` if a file has another size than was listed.
    """
    if place.folder is not None:
        start = place.folder / place.below
        return {name: start if start.is_file() else start / name for name in files}
    arrived: dict[str, Path] = {}
    into.mkdir(parents=True)
    with tempfile.TemporaryDirectory(dir=into.parent) as parts:
        download = _Download(source, place, Path(parts), sum(size or 0 for size in files.values()), progress)
        for name, size in files.items():
            target = into / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(download.file(name, size), target)
            arrived[name] = target
    return arrived


def one_or_many(source: Source, place: Place) -> tuple[Place, dict[str, int | None]]:
    """The files below a path and where they start; for a path that is a file, its folder and that file alone.

    Raises:
        CollectError: ``collect.mlflow-missing`` if it is neither, or as ``listed``.
    """
    folder, _, name = place.below.rpartition("/")
    beside = replace(place, below=folder)
    if place.folder is not None:
        is_file = (place.folder / place.below).is_file()
        return (beside if is_file else place), listed(source, place)
    # A repository lists nothing below a file, and nothing below what is not there.
    if found := listed(source, place):
        return place, found
    there = listed(source, beside)
    if name not in there:
        raise refusal("collect.mlflow-missing", "an artifact at the path that was declared", 1)
    return beside, {name: there[name]}


def _local(start: Path) -> dict[str, Path]:
    if start.is_file():
        return {start.name: start}
    if not start.is_dir():
        raise refusal("collect.mlflow-missing", "a folder of artifacts", 1)
    return folder_files(start)


def _repository(source: Source, uri: str) -> Any:
    from mlflow.store.artifact import artifact_repository_registry as registry  # noqa: PLC0415 - see client

    return registry.get_artifact_repository(uri, tracking_uri=source.uri)


def _list(repository: Any, folder: str) -> list[tuple[str, bool, int | None]]:
    return [
        (str(info.path), bool(info.is_dir), None if info.file_size is None else int(info.file_size))
        for info in repository.list_artifacts(folder or None)
    ]


def _leads_inside(path: str, folder: str) -> bool:
    parts = PurePosixPath(path)
    plain = not parts.is_absolute() and ".." not in parts.parts and "\\" not in path and "\0" not in path
    return plain and bool(parts.parts) and path != folder and (not folder or parts.is_relative_to(folder))


class _Download:
    """Downloads one file after another; each may take long, as long as bytes keep coming."""

    def __init__(self, source: Source, place: Place, parts: Path, total: int, progress: Progress | None) -> None:
        self._asking = source.asking
        self._place = place
        self._parts = parts
        self._total = total
        self._progress = progress
        self._done = 0

    def file(self, name: str, size: int | None) -> Path:
        """Download one file into a new part file, again if it fails or is short."""
        remote = self._place.inside(name).below
        self._asking.questions += 1
        attempts, code = self._asking.patience.attempts, ""
        for attempt in range(1, attempts + 1):
            if attempt > 1:
                self._asking.pause(attempt)
            # An attempt that was given up may still be writing to its part file.
            part = self._parts / f"{self._asking.questions}.{attempt}"
            code = self._once(remote, part)
            if not code and (size is None or part.stat().st_size == size):
                self._done += part.stat().st_size
                return part
            if code in {"collect.mlflow-missing", "collect.mlflow-refused"}:
                raise refusal(code, "an artifact", attempt)
        if code:
            raise refusal(code, "an artifact", attempts)
        message = f"an artifact arrived {attempts} times with another size than MLflow lists for it"
        raise CollectError.of("collect.mlflow-short", message)

    def _once(self, remote: str, part: Path) -> str:
        """One attempt: the code of what went wrong, or nothing."""
        # NOTE: the repository's own download_artifacts lists again, and its threads keep a program from ending.
        waiting = Waiting(lambda: self._place.repository._download_file(remote, str(part)))  # noqa: SLF001
        patience_seconds = self._asking.patience.answer_seconds
        size, grown_at = 0, time.monotonic()
        while not waiting.wait(min(_POLL_SECONDS, patience_seconds)):
            now = _size(part)
            if now > size:
                size, grown_at = now, time.monotonic()
            elif time.monotonic() - grown_at > patience_seconds:
                break
            self._tell(size)
        self._tell(_size(part))
        return str(waiting.outcome[1])

    def _tell(self, size: int) -> None:
        if self._progress is not None:
            self._progress(self._done + size, self._total or None)


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0
