"""From a file's text to ``Settings``: every mistake with file, line, column and the nearest right word."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tolbooth.config.mistakes import nearest, problems_of, valid_part
from tolbooth.config.settings import (
    NOT_YET,
    DataSettings,
    DeploymentSettings,
    EnforcementSettings,
    GateSettings,
    Name,
    ParameterValue,
    PolicySettings,
    RelativePath,
    RuleCode,
    Section,
    Settings,
    SubjectSettings,
)
from tolbooth.config.yaml_source import Path as YamlPath
from tolbooth.config.yaml_source import YamlDocument, parse_yaml
from tolbooth.model.errors import ConfigError, Place, Problem

FILE_NAME = "tolbooth.yaml"
_ALIAS = re.compile(r"models:/[^@]+@[^@/]+")
_FURTHEST_UP = 3


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
    document = read_document(path)
    return Project(folder=path.resolve().parent, settings=check(document), document=document)


def read_document(path: Path) -> YamlDocument:
    """Read a file as YAML; what its keys mean is not looked at.

    Raises:
        ConfigError: ``config.unreadable``, ``config.not-utf8``, ``config.empty``, or what ``parse_yaml`` finds.
    """
    shown = _shown(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        message = f"the file can't be read: {error.strerror or error}"
        raise ConfigError.of("config.unreadable", message, place=Place(path=shown)) from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, len(before) - (before.rfind(b"\n") + 1) + 1
        raise ConfigError.of(
            "config.not-utf8",
            f"the byte 0x{content[error.start]:02x} is not UTF-8",
            place=Place(path=shown, line=line, column=column),
            hint="save the file as UTF-8",
        ) from error
    document = parse_yaml(text, shown)
    if document.value == {} and not document.keys:
        raise ConfigError.of(
            "config.empty",
            "the file says nothing",
            place=Place(path=shown, line=1, column=1),
            hint="delete it, then 'tolbooth init' writes one for the files that it finds here",
        )
    return document


def check(document: YamlDocument) -> Settings:
    """Turn a parsed document into settings.

    Raises:
        ConfigError: with every independent mistake, in the order of the file's lines.
    """
    if not isinstance(document.value, dict):
        raise ConfigError.of(
            "config.type",
            "the file should be a mapping of keys",
            place=document.place(()),
            hint="it begins with 'version: 1'",
        )
    early = [_not_yet(document, key) for key in document.value if key in NOT_YET]
    known = {key: value for key, value in document.value.items() if key not in NOT_YET}
    references = _references(document)
    try:
        settings = Settings.model_validate(known)
    except ValidationError as error:
        problems = problems_of(document, error)
        raise ConfigError(in_order([*early, *problems, *references])) from error
    if early or references:
        raise ConfigError(in_order([*early, *references]))
    return settings


def sound_parts(document: YamlDocument) -> Settings:
    """Those parts of a file with mistakes that are right by themselves, to find what is wrong with them besides.

    Not checked as a whole: only subjects, data sets and policy are filled, and nothing may be decided by it.
    """
    policy = _section(document, "policy")
    parameters = {code: each for code, each in _entries(policy, "parameters") if isinstance(each, dict)}
    levels = {code: valid_part(EnforcementSettings, each) for code, each in _entries(policy, "enforcement")}
    return Settings.model_construct(
        subjects=_valid_entries(SubjectSettings, _section(document, "subjects")),
        data=_valid_entries(DataSettings, _section(document, "data")),
        policy=PolicySettings.model_construct(
            sources=valid_part(tuple[RelativePath, ...], policy.get("sources")) or ("built-in",),
            rules=valid_part(tuple[RuleCode, ...], policy.get("rules")),
            collections=valid_part(tuple[Name, ...], policy.get("collections")) or (),
            parameters={code: _valid_entries(ParameterValue, each) for code, each in parameters.items()},
            enforcement={code: level for code, level in levels.items() if level is not None},
        ),
    )


def _entries(section: Mapping[str, Any], name: str) -> list[tuple[str, Any]]:
    """The entries of a mapping whose keys are rule codes, or none."""
    value = section.get(name)
    pairs = value.items() if isinstance(value, dict) else ()
    return [(code, each) for code, each in pairs if valid_part(RuleCode, code) is not None]


def _valid_entries(kind: Any, entries: Mapping[str, Any]) -> dict[str, Any]:
    """The entries that are right, each without the keys that nobody knows."""
    known = kind.model_fields if isinstance(kind, type) and issubclass(kind, Section) else None
    plain = {
        name: {key: value for key, value in each.items() if key in known} if known and isinstance(each, dict) else each
        for name, each in entries.items()
    }
    parsed = {name: valid_part(kind, each) for name, each in plain.items()}
    return {name: each for name, each in parsed.items() if each is not None}


def in_order(problems: Collection[Problem]) -> list[Problem]:
    """By line and column, so that a reader goes through the file once."""
    return sorted(problems, key=lambda p: (p.place.line or 0, p.place.column or 0) if p.place else (0, 0))


def _not_yet(document: YamlDocument, key: str) -> Problem:
    return Problem(
        code="config.not-supported",
        message=f"'{key}' ({NOT_YET[key]}) is not supported yet by this release",
        place=document.place((key,), key=True),
        hint="take the key out",
    )


def _references(document: YamlDocument) -> list[Problem]:
    """Names that must exist elsewhere in the file, and columns that must come together.

    Sections that are wrong by themselves are left out: their mistakes are told anyway.
    """
    subjects, data = _section(document, "subjects"), _section(document, "data")
    problems = []
    for gate, value in _section(document, "gates").items():
        wanted: GateSettings | None = valid_part(GateSettings, value)
        if wanted is not None:
            problems += _unknown(document, ("gates", gate, "subject"), wanted.subject, subjects)
            for position, name in enumerate(wanted.data or ()):
                problems += _unknown(document, ("gates", gate, "data", position), name, data)
    for name in data.keys() & subjects.keys():
        message = f"a subject and a data set are both called '{name}'"
        place = document.place(("data", name), key=True)
        hint = "give the data set another name"
        problems.append(Problem(code="config.same-name", message=message, place=place, hint=hint))
    problems += [problem for name, value in subjects.items() for problem in _mlflow(document, name, value)]
    for name, value in _section(document, "deployments").items():
        deployed: DeploymentSettings | None = valid_part(DeploymentSettings, value)
        if deployed is not None:
            problems += _deployment(document, name, deployed)
    problems += [problem for name, value in subjects.items() for problem in _lineage(document, name, value, data)]
    return [*problems, *(problem for name, value in data.items() for problem in _columns(document, name, value))]


def _mlflow(document: YamlDocument, name: str, value: object) -> list[Problem]:
    """What is wrong with where a subject is kept: a file needs a version, a model in MLflow the store's address."""
    subject: SubjectSettings | None = valid_part(SubjectSettings, value)
    if subject is None:
        return []
    if subject.in_mlflow and subject.tracking is None:
        lack, hint = "tracking", "where MLflow keeps it, such as sqlite:///mlflow.db"
    elif not subject.in_mlflow and subject.version is None:
        lack, hint = "version", None
    else:
        return []
    place = document.place(("subjects", name), key=True)
    message = f"'subjects.{name}.{lack}' is missing"
    return [Problem(code="config.missing-key", message=message, place=place, hint=hint)]


def _lineage(document: YamlDocument, name: str, value: object, data: Mapping[str, object]) -> list[Problem]:
    """Names of ours that the events' names are given for, and that must be a data set or the subject itself."""
    subject: SubjectSettings | None = valid_part(SubjectSettings, value)
    if subject is None or subject.lineage is None:
        return []
    known = {**data, name: subject}
    path = ("subjects", name, "lineage", "data")
    return [
        replace(problem, place=document.place((*path, ours), key=True))
        for ours in subject.lineage.data
        for problem in _unknown(document, path, ours, known)
    ]


def _deployment(document: YamlDocument, name: str, deployed: DeploymentSettings) -> list[Problem]:
    """What is wrong with a deployment: an unknown gate, no source or several, an alias that is none or is nowhere."""
    gates = _section(document, "gates")
    problems = _unknown(document, ("deployments", name, "gate"), deployed.gate, gates)
    place = document.place(("deployments", name), key=True)
    sources = [key for key in ("alias", "inventory", "manifests") if getattr(deployed, key)]
    if len(sources) != 1:
        told = f"names {' and '.join(sources)}" if sources else "names nothing to look at"
        hint = "one of: alias, inventory, manifests; a second source is a deployment of its own"
        message = f"'deployments.{name}' {told}"
        problems.append(Problem(code="config.one-source", message=message, place=place, hint=hint))
    if deployed.alias is None:
        return problems
    if _ALIAS.fullmatch(deployed.alias) is None:
        message = f"'deployments.{name}.alias' is no alias: '{deployed.alias}'"
        at = document.place(("deployments", name, "alias"))
        problems.append(Problem(code="config.value", message=message, place=at, hint="such as models:/credit@champion"))
    gate: GateSettings | None = valid_part(GateSettings, gates.get(deployed.gate))
    subject = _section(document, "subjects").get(gate.subject) if gate is not None else None
    kept = subject.get("tracking") if isinstance(subject, dict) else None
    if deployed.tracking is None and kept is None:
        message, hint = (
            f"'deployments.{name}.tracking' is missing",
            "where MLflow keeps it, such as sqlite:///mlflow.db",
        )
        problems.append(Problem(code="config.missing-key", message=message, place=place, hint=hint))
    return problems


def _columns(document: YamlDocument, name: str, value: object) -> list[Problem]:
    """What is wrong with the columns that a data set declares, taken together."""
    data: DataSettings | None = valid_part(DataSettings, value)
    if data is None:
        return []
    problems = []
    absent = [key for key, column in (("label", data.label), ("prediction", data.prediction)) if column is None]
    if data.groups and absent:
        message = f"'data.{name}' names groups, but no {' and no '.join(absent)}"
        place = document.place(("data", name, "groups"), key=True)
        hint = f"add {' and '.join(f'{key}: COLUMN' for key in absent)}"
        problems.append(Problem(code="config.missing-key", message=message, place=place, hint=hint))
    for position, group in enumerate(data.groups):
        named = {"label": data.label, "prediction": data.prediction}
        other = next((f"the {what}" for what, column in named.items() if column == group), "a group already")
        if group in data.groups[:position] or group in named.values():
            place = document.place(("data", name, "groups", position))
            message, hint = f"'{group}' is {other}", "take it out: a column has one part"
            problems.append(Problem(code="config.column-twice", message=message, place=place, hint=hint))
    return problems


def _section(document: YamlDocument, name: str) -> Mapping[str, Any]:
    value = document.value.get(name) if isinstance(document.value, dict) else None
    return value if isinstance(value, dict) else {}


def _unknown(document: YamlDocument, path: YamlPath, word: str, known: Mapping[str, object]) -> list[Problem]:
    if word in known:
        return []
    hint = nearest(word, known) or f"declared: {', '.join(known) or 'none'}"
    message = f"'{'.'.join(map(str, path))}' names '{word}', which is not declared"
    return [Problem(code="config.unknown-name", message=message, place=document.place(path), hint=hint)]


def _shown(path: Path) -> str:
    """Relative to where the user stands, unless that is far away."""
    relative = os.path.relpath(path.resolve(), Path.cwd())
    return str(path) if relative.count(os.pardir) > _FURTHEST_UP else relative
