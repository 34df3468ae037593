"""pre-commit: hooks that check the settings, the rules and their tests before they are committed.

``.pre-commit-hooks.yaml``, at the root of Tolbooth's repository, offers the same to who names that repository.
"""

from __future__ import annotations

import json
import re
import shlex

from tolbooth.enforce.written_file import GateJob, WrittenFile

PATH = ".pre-commit-config.yaml"
_SETTINGS = r"(tolbooth\.yaml|tolbooth\.lock|people\.yaml|workflow\.yaml|.*\.rego)$"
_RULES = r".*\.rego$"

_HOOKS = {
    "tolbooth-config": "config check",
    "tolbooth-policy-lint": "policy lint",
    "tolbooth-policy-test": "policy test --no-mutation",
}
"""Each hook's id, and the command that it runs; changed rules are tried in CI, where there is time."""


def lines(job: GateJob) -> tuple[str, ...]:
    """The entry below ``repos:``; it runs the Tolbooth that is installed here."""
    named = f"--config {shlex.quote(job.below('tolbooth.yaml'))} " if job.folder else ""
    below = re.escape(f"{job.folder}/") if job.folder else ""
    found = ["  - repo: local", "    hooks:"]
    for hook, command in _HOOKS.items():
        files = _SETTINGS if hook == "tolbooth-config" else _RULES
        found += [
            f"      - id: {hook}",
            f"        name: tolbooth {command}",
            f"        entry: {json.dumps(f'tolbooth {named}{command}')}",
            "        language: system",
            f"        files: {json.dumps(f'^{below}{files}')}",
            "        pass_filenames: false",
        ]
    return tuple(found)


def hooks(job: GateJob, why: str) -> WrittenFile:
    """A whole ``.pre-commit-config.yaml`` with that entry alone."""
    return WrittenFile(path=PATH, content="\n".join(["repos:", *lines(job), ""]), why=why)
