"""Which workflow holds at a gate: from the workflow file to what ``review`` takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tolbooth.config.approvals_section import ANY_TIER, TierSection
from tolbooth.config.load import Project
from tolbooth.config.workflow_file import WorkflowFile, read_workflow
from tolbooth.model.approval import Quorum
from tolbooth.model.errors import ConfigError, Problem
from tolbooth.review.workflow import Order, Stage, Workflow


def workflow_problems(project: Project, gates: Iterable[str]) -> list[Problem]:
    """What is wrong with the approvals of some gates: gates that are not there, risk tiers that nothing covers.

    Raises:
        ConfigError: ``workflow.not-found`` or ``config.*`` for mistakes of the file itself.
    """
    file = read_workflow(project)
    if file is None:
        return []
    return [*_unknown_gates(project, file), *(each for gate in gates for each in _uncovered(project, file, gate))]


def gate_workflow(project: Project, gate: str) -> Workflow:
    """What the workflow file asks at a gate, for the risk tier that its subject declares; nobody where it says nothing.

    Raises:
        ConfigError: ``workflow.*`` or ``config.*`` for mistakes of the file, ``workflow.unknown-gate`` for a gate that
            is not there, ``workflow.no-tier`` where the gate is named and the tier is not.
    """
    file = read_workflow(project)
    if file is None:
        return Workflow()
    problems = workflow_problems(project, [gate])
    if problems:
        raise ConfigError(problems)
    section = _section(project, file, gate)
    return Workflow() if section is None else workflow_from(section)


def workflow_from(section: TierSection) -> Workflow:
    """A tier's section as ``review`` takes it."""
    return Workflow(
        stages=tuple(
            Stage(
                name=each.name or f"stage-{number}",
                quorum=tuple(Quorum(role=one.role, count=one.count) for one in each.quorum),
                deadline_days=each.deadline,
                escalate_to=each.escalate_to,
            )
            for number, each in enumerate(section.stages, start=1)
        ),
        order=Order(section.order),
        expires_days=section.expires,
        duties=section.duties,
    )


def _unknown_gates(project: Project, file: WorkflowFile) -> Iterator[Problem]:
    for name in file.settings.approvals:
        if name not in project.settings.gates:
            place = file.place("approvals", name, key=True)
            hint = f"gates are: {', '.join(project.settings.gates)}"
            yield Problem(code="workflow.unknown-gate", message=f"there is no gate '{name}'", place=place, hint=hint)


def _uncovered(project: Project, file: WorkflowFile, gate: str) -> Iterator[Problem]:
    if gate not in file.settings.approvals or _section(project, file, gate) is not None:
        return
    tier = _tier(project, gate)
    shown = f"the risk tier '{tier}'" if tier else "a subject without a risk tier"
    message = f"approvals at the gate '{gate}' don't say who must agree for {shown}"
    hint = f"add it, or '{ANY_TIER}' for every tier that is not named; 'stages: []' asks nobody"
    yield Problem(code="workflow.no-tier", message=message, place=file.place("approvals", gate, key=True), hint=hint)


def _section(project: Project, file: WorkflowFile, gate: str) -> TierSection | None:
    tiers = file.settings.approvals.get(gate, {})
    return tiers.get(_tier(project, gate) or ANY_TIER, tiers.get(ANY_TIER))


def _tier(project: Project, gate: str) -> str | None:
    return project.settings.subjects[project.settings.gates[gate].subject].risk_tier
