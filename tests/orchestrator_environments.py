"""Where an orchestrator is installed, apart from this environment, and how many decisions a project has."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.project_sample import tolbooth

REPOSITORY = Path(__file__).parents[1]


def python_of(name: str) -> Path:
    """The Python of an orchestrator's own environment; skips where it is not there."""
    python = REPOSITORY / ".bootstrap" / name / "bin" / "python"
    if not python.exists():
        pytest.skip(f"no {name} here: scripts/orchestrators {name}")
    return python


def verdicts(project: Path) -> list[str]:
    """The verdicts that a project's log holds, in their order."""
    said = tolbooth("--config", str(project / "tolbooth.yaml"), "log", "--output", "json")
    assert said.code == 0, said.err
    entries = json.loads(said.out)["entries"]
    return [each["summary"].partition(" ")[0] for each in entries if each["kind"] == "decision"]
