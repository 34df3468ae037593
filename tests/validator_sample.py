"""Validators of a project's own, as a team would write them: a Python function, its test, and a program."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.project_sample import SETTINGS
from tolbooth.judge.validators.interface import Limits, Validator

METADATA = """\
# METADATA
# title: The model file is not empty
# description: Asks that every model file holds more bytes than a bound.
# custom:
#   short_name: size
#   severity: medium
#   solution: Export the model again.
#   controls: [eu-ai-act:17.1.m]
#   collections: [house]
#   evidence: [artifact]
#   parameters:
#     - name: bound
#       type: integer
#       description: Bytes that a model file must have.
#       default: 3
#       unit: bytes
#       loosens: down
"""

BODY = """\
def size(input: dict, parameters: dict) -> dict:
    models = [each for each in input["artifacts"] if each["role"] == "model"]
    small = [each for each in models if each["size_bytes"] < parameters["bound"]]
    return {"deny": [{"msg": "too small", "term": each["name"], "measured": each["size_bytes"]} for each in small]}
"""

FUNCTION = METADATA + BODY

TEST = """\
from size import size


def test_small_model_is_refused():
    found = size({"artifacts": [{"name": "m", "role": "model", "size_bytes": 2}]}, {"bound": 3})
    assert [each["term"] for each in found["deny"]] == ["m"]


def test_large_model_passes():
    assert size({"artifacts": [{"name": "m", "role": "model", "size_bytes": 4}]}, {"bound": 3}) == {"deny": []}
"""

DECLARATION = """\
title: The subject has a version
description: Asks that the version is not empty.
program: [./check.sh]
custom:
  short_name: version
  severity: low
  solution: Write it into tolbooth.yaml as subjects.NAME.version.
  controls: [eu-ai-act:17.1.m]
  collections: [house]
  evidence: [declared]
"""

SCRIPT = """\
#!/bin/sh
if grep -q '"version":"7"'; then
    echo '{"passed": [{"msg": "it is version 7", "facts": []}]}'
else
    echo '{"deny": [{"msg": "it is another version", "facts": []}]}'
fi
"""

RULES = "[fairness.difference, performance.minimum, house.size, house.version]"
OWN_SETTINGS = SETTINGS.replace("policy:\n", f"policy:\n  sources: [built-in, rules]\n  rules: {RULES}\n")

FILES = {
    "house/size/size.py": FUNCTION,
    "house/size/size_test.py": TEST,
    "house/version/version.validator.yaml": DECLARATION,
    "house/version/check.sh": SCRIPT,
}

SHORT = Limits(deadline_seconds=20.0, memory_bytes=512 << 20, file_bytes=16 << 20)
HASTY = Limits(deadline_seconds=1.0, memory_bytes=512 << 20, file_bytes=16 << 20)


def write_validators(project: Path, files: Mapping[str, str] = FILES) -> None:
    """Write validators below a project's folder ``rules``."""
    for name, content in files.items():
        path = project / "rules" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


def function(body: str) -> Validator:
    """A Python validator of the rule ``house.hostile`` with this body."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return module(f"def rule(input, parameters):\n{lines}\n")


def module(source: str) -> Validator:
    """A Python validator of the rule ``house.hostile`` whose file is this."""
    path = "rules/house/hostile/hostile.py"
    return Validator(code="house.hostile", path=path, files={path: source.encode()}, function="rule")


def program(script: str, *words: str) -> Validator:
    """A program of the rule ``house.hostile``."""
    folder = "rules/house/hostile"
    files = {f"{folder}/hostile.validator.yaml": b"", f"{folder}/check.sh": script.encode()}
    return Validator(
        code="house.hostile", path=f"{folder}/hostile.validator.yaml", files=files, program=("./check.sh", *words)
    )
