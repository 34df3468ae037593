"""pre-commit: a hook that checks the settings and the rules before they are committed."""

from __future__ import annotations

import json
import re
import shlex

from tolbooth.enforce.written_file import GateJob, WrittenFile

PATH = ".pre-commit-config.yaml"
_FILES = r"(tolbooth\.yaml|tolbooth\.lock|.*\.rego)$"


def lines(job: GateJob) -> tuple[str, ...]:
    """The entry below ``repos:``; it runs the Tolbooth that is installed here."""
    named = f"--config {shlex.quote(job.below('tolbooth.yaml'))} " if job.folder else ""
    below = re.escape(f"{job.folder}/") if job.folder else ""
    return (
        "  - repo: local",
        "    hooks:",
        "      - id: tolbooth-config",
        "        name: tolbooth config check",
        f"        entry: {json.dumps(f'tolbooth {named}config check')}",
        "        language: system",
        f"        files: {json.dumps(f'^{below}{_FILES}')}",
        "        pass_filenames: false",
    )


def hooks(job: GateJob, why: str) -> WrittenFile:
    """A whole ``.pre-commit-config.yaml`` with that entry alone."""
    return WrittenFile(path=PATH, content="\n".join(["repos:", *lines(job), ""]), why=why)
