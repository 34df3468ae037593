"""``init``: ``tolbooth.yaml``, its lock, a CI file and a hook for what is there. Never overwrites; loosens no bound."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tolbooth import __version__
from tolbooth.config.load import FILE_NAME
from tolbooth.config.settings import json_schema
from tolbooth.judge.library.load import built_in_library
from tolbooth.judge.library.lock import LOCK_NAME, locked_sources, write_lock
from tolbooth.model.errors import ConfigError
from tolbooth.model.observation import ArtifactRole
from tolbooth.onboard.detect import Found, detect
from tolbooth.onboard.enforcing import Beside, beside
from tolbooth.onboard.places import find_places
from tolbooth.onboard.settings_text import SCHEMA_FILE, governed, settings_text
from tolbooth.store.durable import write_whole
from tolbooth.store.embedded import FOLDER_NAME, GITIGNORE

_LOGGING = (
    '  table = test.assign(y_true=y_test, y_pred=model.predict(X_test))[["sex", "y_true", "y_pred"]]',
    '  table.to_parquet("predictions.parquet")',
    '  mlflow.log_artifact("predictions.parquet")',
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a file beside ``tolbooth.yaml``: its path, if it was to be one, and what is said of it."""

    path: str | None
    written: bool
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Initialised:
    """What ``init`` wrote, and why it chose what it chose: one sentence for each choice, then the other files."""

    path: Path
    choices: tuple[str, ...]
    others: tuple[Outcome, ...]


def init(
    folder: Path, *, project: str | None = None, tracking: str | None = None, enforce: bool = False
) -> Initialised:
    """Write ``tolbooth.yaml`` and ``tolbooth.lock`` into ``folder`` for what is there: a model in MLflow, or files.

    ``tolbooth.yaml`` is written last, so a run that was interrupted is simply done again.

    Args:
        folder: the project's.
        project: its name; default: the folder's.
        tracking: an MLflow store elsewhere, such as a server.
        enforce: also write a CI file and a pre-commit entry, at the root of the repository that holds the folder.

    Raises:
        ConfigError: ``init.exists`` if there is one already, ``init.nothing`` if there is nothing to govern,
            ``init.write`` if the disk refuses.
    """
    path = folder / FILE_NAME
    if path.exists():
        raise ConfigError.of(
            "init.exists", f"{path} is there already, and is not overwritten", hint="'tolbooth config check' checks it"
        )
    with TemporaryDirectory(prefix="tolbooth-") as downloads:
        found = detect(folder, tracking=tracking, downloads=Path(downloads))
    if not found.models and not found.predictions:
        raise ConfigError.of(
            "init.nothing",
            f"there is no model and no file of predictions in {folder}",
            hint="log predictions with columns y_true, y_pred and one for each sensitive feature "
            "(Parquet or CSV), then run this again",
        )
    taken = {each.name for each in found.data}
    name = project if project is not None else _name(folder)
    name = f"{name}-model" if name in taken else name
    text = settings_text(name, found)
    _write_schema(folder)
    others = [_outcome(folder, each) for each in (_lock(), *_enforcing(folder, found, enforce=enforce))]
    _write_new(path, text)
    return Initialised(path=path, choices=tuple(_choices(found)), others=tuple(others))


def _lock() -> Beside:
    content = write_lock(locked_sources(built_in_library())).decode()
    why = f"it pins the built-in rules of Tolbooth {__version__}; a gate in CI refuses others"
    return Beside(path=LOCK_NAME, content=content, why=why, left=("'tolbooth policy lock' compares it",))


def _enforcing(folder: Path, found: Found, *, enforce: bool) -> Iterator[Beside]:
    """The files of the places, with their paths as they lie from the project's folder."""
    if enforce:
        yield from beside(folder, find_places(folder), found)


def _outcome(folder: Path, each: Beside) -> Outcome:
    """Write a file that is not there yet; one that is there stays as it is."""
    if each.path is None or each.content is None:
        return Outcome(path=each.path, written=False, lines=(each.why,))
    path = folder / each.path
    if not path.exists():
        _write_new(path, each.content)
        return Outcome(path=each.path, written=True, lines=(each.why, *each.after))
    if path.is_file() and path.read_bytes() == each.content.encode():
        return Outcome(
            path=each.path, written=False, lines=("it is there already, as it would be written", *each.after)
        )
    return Outcome(path=each.path, written=False, lines=("it is there already, and is left as it is", *each.left))


def _choices(found: Found) -> list[str]:
    path, kind = governed(found)
    why = "it is the model" if kind == "model" else "there is no model file, so the predictions are governed"
    if found.registered is not None:
        why = found.registered.why
    lines = [f"{path}: {why}"]
    lines += [f"{path}: another model, left out" for path in found.models[1:]]
    for each in found.data:
        if each.role is ArtifactRole.PREDICTIONS:
            groups = ", ".join(each.groups) or "no sensitive feature that we know by name"
            lines.append(f"{each.path}: predictions, by {groups}")
        else:
            lines.append(f"{each.path}: {each.role.value} data, by its name")
    lines += [f"{card}: the model card" for card in found.cards[:1]]
    if not any(each.groups for each in found.predictions):
        lines += ["no predictions by group were found; these three lines log them:", *_LOGGING]
    return lines


def _name(folder: Path) -> str:
    name = "".join(c if c.isalnum() or c in "._-" else "-" for c in folder.resolve().name).strip(".-_")
    return name or "project"


def _write_schema(folder: Path) -> None:
    write_whole(folder / FOLDER_NAME / ".gitignore", GITIGNORE.encode())
    write_whole(folder / SCHEMA_FILE, json.dumps(json_schema(), indent=2).encode())


def _write_new(path: Path, text: str) -> None:
    """Create the file; one that appeared meanwhile is not overwritten."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except OSError as error:
        raise ConfigError.of("init.write", f"{path}: {error.strerror}") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
