"""Observes in which formats a model's files are, and whether loading them can run code: from bytes, never by loading.

How a format is told is ``file_format``'s; which formats run code, and who says so, ``format_signs``'s.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from tolbooth import __version__
from tolbooth.collect.digest import folder_files
from tolbooth.collect.file_format import executes, format_of
from tolbooth.collect.interface import Collected
from tolbooth.model.errors import CollectError
from tolbooth.model.observation import Artifact, Dates, Gap, Observation
from tolbooth.model.withholding import Withheld

KIND = "model-format"

_MOST_FILES = 2_000


def collect_model_format(path: Path, artifact: Artifact, *, now: datetime) -> Collected:
    """Observe the formats of a model's file, or of all files of its folder.

    Args:
        path: the file or folder.
        artifact: the same model as it was collected; the observation is about it and is valid as long.
        now: when it is read.

    Returns:
        One observation of kind ``model-format`` with ``files``, sorted by path: ``path`` (relative, or the file's own
        name; where parts of it are withheld, with the file's number behind it), ``format`` and ``executes`` (absent
        where the format is ``unknown``); and ``unsafe``, the paths of those that can run code. A folder of more than
        2,000 files gives a gap ``collect.too-many-files`` instead.

    Raises:
        CollectError: as ``folder_files``, or ``collect.unreadable``.
    """
    found = folder_files(path) if path.is_dir() else {path.name: path}
    if len(found) > _MOST_FILES:
        message = f"the folder holds more than {_MOST_FILES} files"
        return Collected(gaps=(Gap(kind=KIND, about=artifact.name, code="collect.too-many-files", message=message),))
    files = [
        {"path": _shown(name, position), **_told(file, name)}
        for position, (name, file) in enumerate(found.items(), start=1)
    ]
    observation = Observation(
        kind=KIND,
        about=artifact.name,
        values={
            "files": sorted(files, key=lambda each: str(each["path"])),
            "unsafe": sorted(each["path"] for each in files if each.get("executes")),
        },
        dates=Dates(collected=now, received=now, about=artifact.dates.about, valid_until=artifact.dates.valid_until),
        origin=f"collect.model_format {__version__}",
        reads=tuple(artifact.digest.values()),
    )
    return Collected(observations=(observation,))


def _shown(name: str, position: int) -> str:
    """A file's name for the record; numbered where something is withheld, so that each file keeps one of its own."""
    kept = Withheld().text(name)
    return name if kept == name else f"{kept} (file {position})"


def _told(file: Path, name: str) -> dict[str, Any]:
    try:
        with file.open("rb") as opened:
            told = format_of(opened, file.stat().st_size, name.lower())
            runs = executes(opened, told)
    except OSError as error:
        raise CollectError.of(
            "collect.unreadable", f"{Withheld().text(file.name)} could not be read: {error.strerror}"
        ) from error
    return {"format": told} if runs is None else {"format": told, "executes": runs}
