"""Collects files and folders of the project: models, data sets, predictions, the model card.

A file is digested and described, never copied. What it says inside is for others to read.
"""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tolbooth import __version__
from tolbooth.collect.digest import digest_of_digests, file_digests, file_sha256, folder_files
from tolbooth.collect.interface import Collected, Progress
from tolbooth.collect.rows import PARQUET_SUFFIXES, Rows, UnreadableRowsError, read_rows
from tolbooth.model.digest import DigestSet, sha256_hex
from tolbooth.model.errors import CollectError, ConfigError
from tolbooth.model.observation import Artifact, ArtifactRole, CollectionMode, ControlTotals, Dates, Gap, IpeRecord
from tolbooth.model.withholding import Withheld

FOLDER_MEDIA_TYPE = "inode/directory"

# Our own table, since the platform's differs from machine to machine.
_MEDIA_TYPES = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".md": "text/markdown",
    ".onnx": "application/onnx",
    ".zip": "application/zip",
    **dict.fromkeys(PARQUET_SUFFIXES, "application/vnd.apache.parquet"),
}
_UNKNOWN_MEDIA_TYPE = "application/octet-stream"


FileState = dict[str, tuple[int, int, int]]
"""By name below the target: inode, size in bytes and time of change; equal before and after means unchanged."""


@dataclass(frozen=True, slots=True)
class _Content:
    """A file or folder as it was read: digest, size, and the relative names of its files in byte order."""

    digest: DigestSet
    size_bytes: int
    names: tuple[str, ...]


def collect_file(
    name: str,
    role: ArtifactRole,
    path: str | Path,
    *,
    project_folder: Path,
    now: datetime,
    about: datetime | None = None,
    valid_until: datetime | None = None,
    progress: Progress | None = None,
) -> Collected:
    """Collect one declared file or folder as an artifact.

    Args:
        name: what the project calls it.
        role: what it is to the release. For data sets and predictions in Parquet or CSV the rows and columns are
            recorded; where they can't be learned the artifact has none, and a gap of kind ``rows`` says why.
        path: as declared: relative to the project's folder, or absolute.
        project_folder: where relative paths start.
        now: when it is read.
        about: what time the content is about, if declared.
        valid_until: until when the content may be used for a decision, if declared.
        progress: called with bytes read and bytes in all.

    Returns:
        One artifact, with its IPE record, and at most one gap.

    Raises:
        ConfigError: ``collect.file-missing`` with the nearest file that is there, or ``collect.folder-empty``.
        CollectError: ``collect.changed`` if it changes while it is read, or what ``folder_files`` raises.
    """
    target = project_folder / path
    require_there(target, declared=str(path), project_folder=project_folder)
    before = file_state(target)
    content = _read(target, progress)
    rows, gaps = _rows(name, target, before) if role.is_data else (None, ())
    if file_state(target) != before:
        raise CollectError.of(
            "collect.changed", f"{path} changed while it was read", hint="wait until it is written whole, then again"
        )
    artifact = Artifact(
        name=name,
        role=role,
        uri=Path(os.path.relpath(target, project_folder)).as_posix(),
        digest=content.digest,
        size_bytes=content.size_bytes,
        media_type=_media_type(target, role),
        dates=Dates(collected=now, received=now, about=about, valid_until=valid_until),
        ipe=_ipe(target, str(path), project_folder, content, rows),
        row_count=rows.returned if rows else None,
        columns=rows.columns if rows else (),
    )
    return Collected(artifacts=(artifact,), gaps=gaps)


def require_there(target: Path, *, declared: str, project_folder: Path) -> None:
    """Check that a declared file, or a folder with files, is there.

    Raises:
        ConfigError: ``collect.file-missing`` with the nearest file that is there, or ``collect.folder-empty``.
        CollectError: ``collect.special-file``, or what ``folder_files`` raises.
    """
    if target.is_dir():
        if not folder_files(target):
            raise ConfigError.of("collect.folder-empty", f"the folder {declared} holds no files")
        return
    if target.is_file():
        return
    if target.exists():
        raise CollectError.of("collect.special-file", f"{declared} is neither a file nor a folder")
    there = sorted(entry.name for entry in target.parent.iterdir()) if target.parent.is_dir() else []
    nearest = difflib.get_close_matches(target.name, there, n=1)
    hint = None
    if nearest:
        near = Path(os.path.relpath(target.parent / nearest[0], project_folder)).as_posix()
        hint = f"did you mean '{Withheld().text(near)}'?"
    raise ConfigError.of("collect.file-missing", f"there is no file {declared}", hint=hint)


def file_state(target: Path) -> FileState:
    """What would differ if a file was written, added or taken away: number, size and time of change of each."""
    files = folder_files(target) if target.is_dir() else {target.name: target}
    try:
        states = {name: file.stat() for name, file in files.items()}
    except OSError as error:
        raise CollectError.of("collect.unreadable", f"{target.name} could not be read: {error.strerror}") from error
    return {name: (state.st_ino, state.st_size, state.st_mtime_ns) for name, state in states.items()}


def _read(target: Path, progress: Progress | None) -> _Content:
    if not target.is_dir():
        digest = {"sha256": file_sha256(target, progress)}
        return _Content(digest, target.stat().st_size, (target.name,))
    files = folder_files(target)
    size = sum(file.stat().st_size for file in files.values())
    return _Content({"dirHash": digest_of_digests(file_digests(files, progress))}, size, tuple(files))


def _rows(name: str, target: Path, files: FileState) -> tuple[Rows | None, tuple[Gap, ...]]:
    paths = [target / file for file in files] if target.is_dir() else [target]
    try:
        return read_rows(paths), ()
    except UnreadableRowsError as error:
        return None, (Gap(kind="rows", about=name, code="collect.rows-unreadable", message=str(error)),)


def _media_type(target: Path, role: ArtifactRole) -> str:
    if target.is_dir():
        return FOLDER_MEDIA_TYPE
    if role is ArtifactRole.MODEL_CARD:
        return "text/markdown"
    return _MEDIA_TYPES.get(target.suffix.lower(), _UNKNOWN_MEDIA_TYPE)


def _ipe(target: Path, declared: str, project_folder: Path, content: _Content, rows: Rows | None) -> IpeRecord:
    # The names are the source's own; what people declared is told as they wrote it.
    names = [Withheld().text(name) for name in content.names] if target.is_dir() else content.names
    keys = "".join(f"{name}\n" for name in names)
    count = len(names)
    blind_spots = ["What was done to the content before it was collected."]
    if target.is_dir():
        blind_spots.append("Empty folders, times and permissions.")
    if rows is None:
        returned, reported, complete = count, None, None
        check = "A file system states no total to compare with: every file that it listed was read to its end."
    else:
        returned, reported, check = rows.returned, rows.reported_total, rows.check
        complete = None if reported is None else reported == returned
    return IpeRecord(
        system="filesystem",
        instance=Path(os.path.relpath(target, project_folder)).as_posix(),
        query=declared,
        collector="collect.files",
        collector_version=__version__,
        identity=f"uid {os.getuid()}",
        mode=CollectionMode.PULL,
        unit="files" if rows is None else "rows",
        returned=returned,
        reported_total=reported,
        pages=1,
        totals=ControlTotals(count=count, first=names[0], last=names[-1], keys_sha256=sha256_hex(keys.encode())),
        response_sha256=next(iter(content.digest.values())),
        completeness_check=check,
        complete=complete,
        blind_spots=tuple(blind_spots),
    )
