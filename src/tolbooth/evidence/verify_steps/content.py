"""The core of a pack, read: what ``links``, ``people`` and a replay work on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tolbooth.evidence.container import CORE
from tolbooth.evidence.pack import DECISION_PATH, INPUT_PATH, POLICY_PATH
from tolbooth.evidence.policy_document import PolicyDocument
from tolbooth.evidence.reading import read
from tolbooth.evidence.strict_json import parse
from tolbooth.evidence.verify_steps.refusal import refuse
from tolbooth.model.decision import Decision
from tolbooth.model.wire import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class PackContent:
    """The decision, its input document and its policy; ``core`` holds every file by path below ``data/core``."""

    decision: Decision
    input: JsonObject
    policy: PolicyDocument
    core: Mapping[str, bytes]


def read_content(files: Mapping[str, bytes]) -> PackContent:
    """Read the core.

    Raises:
        VerificationError: ``links.file-missing``, or ``json.shape``.
    """
    core = {path.removeprefix(CORE): content for path, content in files.items() if path.startswith(CORE)}
    for path in (DECISION_PATH, INPUT_PATH, POLICY_PATH):
        if path not in core:
            refuse("links.file-missing", "no decision is complete without it", CORE + path)
    document = parse(core[INPUT_PATH], path=CORE + INPUT_PATH)
    if not isinstance(document, dict):
        refuse("json.shape", "the input document is an object", CORE + INPUT_PATH)
    return PackContent(
        decision=read(Decision, core[DECISION_PATH], path=CORE + DECISION_PATH),
        input=document,
        policy=read(PolicyDocument, core[POLICY_PATH], path=CORE + POLICY_PATH),
        core=core,
    )
