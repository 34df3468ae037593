"""From a file's text to ``Settings``: every mistake with file, line, column and the nearest right word."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from tolbooth.config.settings import NOT_YET, Settings
from tolbooth.config.yaml_source import Path as YamlPath
from tolbooth.config.yaml_source import YamlDocument, parse_yaml
from tolbooth.model.errors import ConfigError, Place, Problem

FILE_NAME = "tolbooth.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project: its folder, its settings, and the document that they were read from."""

    folder: Path
    settings: Settings
    document: YamlDocument

    def place(self, *path: str | int, key: bool = False) -> Place:
        """Where something stands in ``tolbooth.yaml``."""
        return self.document.place(path, key=key)


def find_project_file(start: Path) -> Path:
    """The nearest ``tolbooth.yaml``, from ``start`` upwards.

    Raises:
        ConfigError: ``config.not-found``, with how to make one.
    """
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
    raise ConfigError.of(
        "config.not-found",
        f"no {FILE_NAME} in this folder or above it",
        hint="'tolbooth init' writes one for the files that it finds here",
    )


def load_project(path: Path) -> Project:
    """Read and check a ``tolbooth.yaml``.

    Raises:
        ConfigError: with every independent mistake of the file, in the order of its lines.
    """
    shown = _shown(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError.of("config.unreadable", f"{shown}: {_why(error)}", place=Place(path=shown)) from error
    document = parse_yaml(text, shown)
    return Project(folder=path.resolve().parent, settings=check(document), document=document)


def check(document: YamlDocument) -> Settings:
    """Turn a parsed document into settings.

    Raises:
        ConfigError: with every independent mistake, in the order of the file's lines.
    """
    if not isinstance(document.value, dict):
        raise ConfigError.of("config.type", "the file is not a mapping of keys", place=document.place(()))
    early = [_not_yet(document, key) for key in document.value if key in NOT_YET]
    known = {key: value for key, value in document.value.items() if key not in NOT_YET}
    try:
        settings = Settings.model_validate(known)
    except ValidationError as error:
        problems = [*early, *(_problem(document, detail) for detail in error.errors(include_url=False))]
        raise ConfigError(_in_order(problems)) from error
    problems = [*early, *_references(settings, document)]
    if problems:
        raise ConfigError(_in_order(problems))
    return settings


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """A hint that names the candidate nearest to ``word``, if one is near."""
    close = difflib.get_close_matches(word, list(candidates), n=1, cutoff=0.6)
    return f"did you mean '{close[0]}'?" if close else None


def _not_yet(document: YamlDocument, key: str) -> Problem:
    return Problem(
        code="config.not-supported",
        message=f"'{key}' ({NOT_YET[key]}) is not supported yet by this release",
        place=document.place((key,), key=True),
        hint="take the key out",
    )


def _problem(document: YamlDocument, detail: ErrorDetails) -> Problem:
    path = _real_path(document, detail["loc"])
    label = ".".join(str(part) for part in path) or "the file"
    match detail["type"]:
        case "extra_forbidden":
            fields = _fields_at(Settings, path[:-1])
            hint = (
                nearest(str(path[-1]), [*fields, *(NOT_YET if len(path) == 1 else ())])
                or f"one of: {', '.join(fields)}"
            )
            where = f" in '{'.'.join(map(str, path[:-1]))}'" if path[1:] else ""
            return Problem(
                code="config.unknown-key",
                message=f"unknown key '{path[-1]}'{where}",
                place=document.place(path, key=True),
                hint=hint,
            )
        case "missing":
            return Problem(
                code="config.missing-key",
                message=f"'{label}' is missing",
                place=document.place(path[:-1], key=True),
            )
        case "enum" | "literal_error":
            allowed = [word.strip("'") for word in str(detail["ctx"]["expected"]).replace(" or ", ", ").split(", ")]
            return Problem(
                code="config.value",
                message=f"'{label}' can't be '{detail['input']}'",
                place=document.place(path),
                hint=nearest(str(detail["input"]), allowed) or f"one of: {', '.join(allowed)}",
            )
        case _:
            message = detail["msg"].removeprefix("Value error, ")
            return Problem(code="config.type", message=f"'{label}': {message}", place=document.place(path))


def _real_path(document: YamlDocument, loc: tuple[int | str, ...]) -> YamlPath:
    """The part of pydantic's location that names places of the file (it adds words for unions and for keys)."""
    path: YamlPath = ()
    for position, part in enumerate(loc):
        last = position == len(loc) - 1
        if (*path, part) in document.values or (*path, part) in document.keys or (last and part != "[key]"):
            path = (*path, part)
    return path


def _fields_at(model: type[BaseModel], path: YamlPath) -> list[str]:
    """The keys that are known at ``path``."""
    current: Any = model
    for part in path:
        if isinstance(current, type) and issubclass(current, BaseModel):
            current = current.model_fields[str(part)].annotation
        else:
            current = get_args(current)[-1]
        current = _without_none(current)
    if isinstance(current, type) and issubclass(current, BaseModel):
        return [*current.model_fields]
    return []


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) is UnionType:
        return next(arg for arg in get_args(annotation) if arg is not type(None))
    return annotation


def _references(settings: Settings, document: YamlDocument) -> list[Problem]:
    """Names that must exist elsewhere in the file, and columns that must come together."""
    problems = []
    for gate, wanted in settings.gates.items():
        problems += _unknown(document, ("gates", gate, "subject"), wanted.subject, settings.subjects)
        for position, name in enumerate(wanted.data or ()):
            problems += _unknown(document, ("gates", gate, "data", position), name, settings.data)
    for name in settings.data.keys() & settings.subjects.keys():
        message = f"a subject and a data set are both called '{name}'"
        place = document.place(("data", name), key=True)
        hint = "give the data set another name"
        problems.append(Problem(code="config.same-name", message=message, place=place, hint=hint))
    for name, data in settings.data.items():
        if data.groups and (data.label is None or data.prediction is None):
            problems.append(
                Problem(
                    code="config.missing-key",
                    message=f"'data.{name}' names groups, but not both 'label' and 'prediction'",
                    place=document.place(("data", name, "groups"), key=True),
                )
            )
    return problems


def _unknown(document: YamlDocument, path: YamlPath, word: str, known: Mapping[str, object]) -> list[Problem]:
    if word in known:
        return []
    hint = nearest(word, known) or f"declared: {', '.join(known) or 'none'}"
    message = f"'{'.'.join(map(str, path))}' names '{word}', which is not declared"
    return [Problem(code="config.unknown-name", message=message, place=document.place(path), hint=hint)]


def _in_order(problems: list[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda p: (p.place.line or 0, p.place.column or 0) if p.place else (0, 0))


def _shown(path: Path) -> str:
    """Relative to where the user stands, if it lies below."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _why(error: OSError | UnicodeDecodeError) -> str:
    return error.strerror or "unreadable" if isinstance(error, OSError) else "not UTF-8"
