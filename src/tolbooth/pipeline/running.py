"""One run of a gate, from a project to a recorded decision: the same for the command, for Python and for adapters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tolbooth.config.environment import Environment
from tolbooth.config.load import Project
from tolbooth.config.settings import EngineName
from tolbooth.model.errors import ConfigError
from tolbooth.model.rule import Point
from tolbooth.pipeline.case_file import CaseFile
from tolbooth.pipeline.checking import check_project
from tolbooth.pipeline.collecting import Progress
from tolbooth.pipeline.engine import project_engines
from tolbooth.pipeline.gate import choose_gate, gate
from tolbooth.pipeline.once import run_of
from tolbooth.pipeline.transcripts import end_run
from tolbooth.pipeline.workspace import open_workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a run came to, and where a CI runner's transcript lies; None on other machines."""

    case: CaseFile
    transcript: Path | None


def run_gate(
    project: Project,
    name: str | None,
    *,
    variables: Mapping[str, str],
    progress: Progress,
    verify_with: EngineName | None = None,
    once: str | None = None,
) -> Run:
    """Decide for the record; a store is made only where nothing is wrong with the settings.

    The arguments are those of ``gate``.

    Raises:
        TolboothError: as ``gate``, ``check_project`` and ``open_workspace``.
    """
    chosen = choose_gate(project, name)
    environment = Environment.read(variables)
    if once is not None:
        run_of(project, chosen, once)
    check_project(project, [chosen])
    project_engines(project, variables, verify_with)
    workspace = open_workspace(project, environment)
    case = gate(workspace, chosen, variables=variables, progress=progress, verify_with=verify_with, once=once)
    return Run(case=case, transcript=end_run(workspace, environment))


def gate_at(project: Project, name: str | None, point: str | None) -> str:
    """The gate that was named, or the only one that stands at an enforcement point.

    Raises:
        ConfigError: ``gate.unknown`` or ``gate.unnamed``; ``gate.point-unknown`` for a point that there is none of,
            ``gate.other-point`` if no gate stands there, or the one that was named stands elsewhere.
    """
    if point is None:
        return choose_gate(project, name)
    if point not in {each.value for each in Point}:
        points = ", ".join(each.value for each in Point)
        raise ConfigError.of("gate.point-unknown", f"there is no enforcement point '{point}'", hint=f"one of: {points}")
    there = [each for each, settings in project.settings.gates.items() if settings.point == point]
    if name is None and len(there) > 1:
        hint = f"one of: {', '.join(there)}"
        raise ConfigError.of("gate.unnamed", f"several gates stand at {point}; name one", hint=hint)
    if name is None and not there:
        place = project.place("gates", key=True)
        raise ConfigError.of("gate.other-point", f"no gate stands at {point}", place=place, hint=f"point: {point}")
    chosen = choose_gate(project, name if name is not None else there[0])
    if chosen not in there:
        elsewhere = project.settings.gates[chosen].point.value
        place = project.place("gates", chosen, key=True)
        raise ConfigError.of(
            "gate.other-point", f"the gate '{chosen}' stands at {elsewhere}, not at {point}", place=place
        )
    return chosen
