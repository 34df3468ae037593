"""The files of the ``records:`` folder: signed envelopes as ``*.json``, and documents of names beside them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tolbooth.config.load import Project
from tolbooth.model.errors import ConfigError, Place

DEFAULT_FOLDER = "governance"
SUFFIX = ".json"
NAMES_SUFFIX = ".names.json"


def records_folder(project: Project) -> Path | None:
    """The folder, or None where none is declared and the default is not there.

    Raises:
        ConfigError: ``records.not-found`` if the folder is declared and not there.
    """
    declared = project.settings.records
    folder = project.folder / (declared or DEFAULT_FOLDER)
    if folder.is_dir():
        return folder
    if declared is None:
        return None
    place = project.place("records")
    raise ConfigError.of(
        "records.not-found", f"there is no folder {declared}", place=place, hint="make it, or take the key out"
    )


def new_records_folder(project: Project) -> Path:
    """The folder, made now if it is not there."""
    folder = project.folder / (project.settings.records or DEFAULT_FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def envelope_files(project: Project) -> Iterator[tuple[str, bytes]]:
    """Every envelope of the folder: its path, relative to the project's folder, and its bytes; in the order of names.

    Raises:
        ConfigError: ``records.not-found`` or ``records.unreadable``.
    """
    folder = records_folder(project)
    for path in sorted(folder.rglob(f"*{SUFFIX}")) if folder is not None else ():
        if not path.name.endswith(NAMES_SUFFIX):
            yield path.relative_to(project.folder).as_posix(), read_file(path, project)


def names_files(project: Project) -> tuple[Path, ...]:
    """Every document of names in the folder."""
    folder = records_folder(project)
    return tuple(sorted(folder.rglob(f"*{NAMES_SUFFIX}"))) if folder is not None else ()


def read_file(path: Path, project: Project) -> bytes:
    """A file's bytes.

    Raises:
        ConfigError: ``records.unreadable``.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        shown = path.relative_to(project.folder).as_posix()
        raise ConfigError.of("records.unreadable", f"{shown}: {error.strerror}", place=Place(path=shown)) from error
