"""``init``: a small, commented ``tolbooth.yaml`` for what is there. Never overwrites; never loosens a bound."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tolbooth.config.load import FILE_NAME
from tolbooth.config.settings import json_schema
from tolbooth.judge.library.load import built_in_library
from tolbooth.model.errors import ConfigError
from tolbooth.model.observation import ArtifactRole
from tolbooth.onboard.detect import Found, FoundData, detect
from tolbooth.store.durable import write_whole
from tolbooth.store.embedded import FOLDER_NAME, GITIGNORE

_LOGGING = (
    '  table = test.assign(y_true=y_test, y_pred=model.predict(X_test))[["sex", "y_true", "y_pred"]]',
    '  table.to_parquet("predictions.parquet")',
    '  mlflow.log_artifact("predictions.parquet")',
)
SCHEMA_FILE = f"{FOLDER_NAME}/tolbooth.schema.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Initialised:
    """What ``init`` wrote, and why it chose what it chose: one sentence for each choice."""

    path: Path
    choices: tuple[str, ...]


def init(folder: Path, *, project: str | None = None, tracking: str | None = None) -> Initialised:
    """Write ``tolbooth.yaml`` into ``folder`` for what is there: a model in MLflow, or files.

    ``tracking`` names an MLflow store elsewhere, such as a server.

    Raises:
        ConfigError: ``init.exists`` if there is one already, ``init.nothing`` if there is nothing to govern.
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
    _write_schema(folder)
    _write_new(path, _settings(name, found))
    return Initialised(path=path, choices=tuple(_choices(found)))


def _settings(project: str, found: Found) -> str:
    return "\n".join(
        [
            f"# yaml-language-server: $schema={SCHEMA_FILE}",
            "# What passes which gate, on which facts, by which rules. Every key: tolbooth config schema",
            "version: 1",
            f"project: {project}",
            "",
            "subjects:",
            *_subject(project, found),
            "",
            *_data(found),
            "gates:",
            "  release:",
            f"    subject: {project}",
            "    environment: local",
            "",
            *_policy(found),
            "  # Some bounds are yours to set, before the run that they judge begins:",
            "  # parameters:",
            "  #   performance.minimum: {metric: accuracy, bound: 0.7}",
            "",
        ]
    )


def _subject(project: str, found: Found) -> list[str]:
    path, kind = _governed(found)
    card = [f"    model_card: {_quoted(found.cards[0])}"] if found.cards else ["    # model_card: MODEL_CARD.md"]
    return [
        f"  {project}:",
        f"    kind: {kind}",
        f"    path: {_quoted(path)}",
        *([f"    tracking: {_quoted(found.tracking)}"] if found.tracking is not None else ['    version: "1"']),
        *card,
        "    # owner: the team that answers for it",
        "    # purpose: what it is for",
    ]


def _governed(found: Found) -> tuple[str, str]:
    """The model, if there is one; else the predictions themselves."""
    if found.models:
        return found.models[0], "model"
    return found.predictions[0].path, "dataset"


def _policy(found: Found) -> list[str]:
    """Deny only on what was found evidence for, warn on the rest."""
    rules = built_in_library().rules
    enforced = {code for code, rule in rules.items() if "minimal" in rule.collections}
    if not found.predictions:
        enforced -= {code for code in enforced if rules[code].question is not None}
    warned = sorted(code for code, rule in rules.items() if "recommended" in rule.collections and code not in enforced)
    return [
        "policy:",
        "  collections: [recommended]",
        "  # These only warn until you have what they ask for; take a line out, and its rule is enforced.",
        "  enforcement:",
        *(f"    {code}: warn" for code in warned),
    ]


def _data(found: Found) -> list[str]:
    lines = ["data:"] if found.data else []
    for each in found.data:
        lines += [f"  {each.name}:", f"    path: {_quoted(each.path)}", f"    role: {each.role.value}"]
        lines += _columns(each)
    return [*lines, ""] if lines else []


def _columns(each: FoundData) -> list[str]:
    if each.role is not ArtifactRole.PREDICTIONS:
        return []
    groups = ", ".join(_quoted(group) for group in each.groups)
    return [
        f"    label: {_quoted(str(each.label))}",
        f"    prediction: {_quoted(str(each.prediction))}",
        f"    groups: [{groups}]" if groups else "    groups: []  # sensitive features, such as sex or race",
    ]


def _choices(found: Found) -> list[str]:
    path, kind = _governed(found)
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


def _quoted(text: str) -> str:
    """Plain where YAML reads it back as it is, else as a JSON string, which YAML is a superset of."""
    plain = text.replace("/", "").replace("_", "").replace(".", "").replace("-", "")
    return text if plain.isalnum() and text[0].isalpha() and text.isascii() else json.dumps(text)


def _write_schema(folder: Path) -> None:
    write_whole(folder / FOLDER_NAME / ".gitignore", GITIGNORE.encode())
    write_whole(folder / SCHEMA_FILE, json.dumps(json_schema(), indent=2).encode())


def _write_new(path: Path, text: str) -> None:
    """Create the file; one that appeared meanwhile is not overwritten."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except OSError as error:
        raise ConfigError.of("init.write", f"{path}: {error.strerror}") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
