"""The text of a first ``tolbooth.yaml``: small, commented, and without a bound that anybody would have to tighten."""

from __future__ import annotations

import json

from tolbooth.judge.library.load import built_in_library
from tolbooth.model.observation import ArtifactRole
from tolbooth.onboard.detect import Found, FoundData
from tolbooth.store.embedded import FOLDER_NAME

SCHEMA_FILE = f"{FOLDER_NAME}/tolbooth.schema.json"
GATE = "release"
"""The name of the one gate that is written."""


def settings_text(project: str, found: Found) -> str:
    """The settings of a project for what was found in its folder."""
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
            f"  {GATE}:",
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
    path, kind = governed(found)
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


def governed(found: Found) -> tuple[str, str]:
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


def _quoted(text: str) -> str:
    """Plain where YAML reads it back as it is, else as a JSON string, which YAML is a superset of."""
    plain = text.replace("/", "").replace("_", "").replace(".", "").replace("-", "")
    return text if plain.isalnum() and text[0].isalpha() and text.isascii() else json.dumps(text)
