"""By what waivers are judged in a project: its workflow file, its people, its rules, and the decisions at hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from tolbooth.config.approvals_section import QuorumSection
from tolbooth.config.load import Project
from tolbooth.config.waivers_section import WaiversSection
from tolbooth.config.workflow_file import WorkflowFile, read_workflow
from tolbooth.evidence.reading import read
from tolbooth.judge.library.fields import did_you_mean
from tolbooth.judge.library.load import Library
from tolbooth.judge.library.parameters import Direction, Parameter, ParameterType, read_value
from tolbooth.judge.library.ratchet import BOUND
from tolbooth.model.approval import Quorum
from tolbooth.model.decision import Decision
from tolbooth.model.errors import ConfigError, Problem
from tolbooth.model.rule import Loosens, Severity
from tolbooth.model.words import Retirement, WaiverRequest
from tolbooth.pipeline.hearing import Heard
from tolbooth.pipeline.policy import project_library
from tolbooth.review.risk import LevelOfRisk, RiskScale
from tolbooth.review.waiver_policy import RuleTraits, WaiverPolicy
from tolbooth.review.waiver_state import WaiverRules
from tolbooth.store.embedded import EmbeddedStore

_LOOSENS = {Direction.UP: Loosens.UP, Direction.DOWN: Loosens.DOWN}


def waiver_rules(
    project: Project, heard: Heard, store: EmbeddedStore | None, *, decisions: Iterable[str] = ()
) -> WaiverRules:
    """What ``review`` needs to judge the waivers of a project.

    Args:
        project: whose workflow file, rules and subjects count.
        heard: what people said, and who they are.
        store: the log; None where there is none yet.
        decisions: digests of decisions that will be asked about, besides those that statements name.

    Raises:
        ConfigError: for mistakes of the workflow file.
        JudgeError: if a rule can't be loaded.
    """
    library = project_library(project)
    named = {each.said.from_decision for each in heard.of(WaiverRequest)}
    named |= {each.said.decision_sha256 for each in heard.of(Retirement)}
    recorded = store.decisions() if store is not None else ()
    return WaiverRules(
        policy=waiver_policy(read_workflow(project), library),
        chain=heard.chain,
        traits={code: _traits(rule.severity, rule.parameter(BOUND)) for code, rule in library.rules.items()},
        subjects=frozenset({*project.settings.subjects, *(row.subject for row in recorded)}),
        decisions=dict(_decisions(store, {row.decision_sha256 for row in recorded} & {*named, *decisions})),
    )


def waiver_policy(file: WorkflowFile | None, library: Library) -> WaiverPolicy:
    """What the ``waivers:`` section says; the defaults where there is none.

    Raises:
        ConfigError: ``workflow.unknown-rule``, ``workflow.no-bound`` or ``policy.parameter-*`` for a loosest bound.
    """
    section = file.settings.waivers if file is not None else None
    if file is None or section is None:
        return WaiverPolicy()
    policy = WaiverPolicy(
        scale=RiskScale(
            likelihood=section.scale.likelihood,
            impact=section.scale.impact,
            begins={
                LevelOfRisk.MEDIUM: section.scale.medium,
                LevelOfRisk.HIGH: section.scale.high,
                LevelOfRisk.CRITICAL: section.scale.critical,
            },
        ),
        maximum_days={each: getattr(section.maximum_days, each.value) for each in Severity},
        renewals=section.renewals,
        warning_days=section.warning_days,
        loosest=_loosest(file, section, library),
        declared=True,
    )
    if section.reasons is not None:
        policy = replace(policy, reasons=dict(section.reasons))
    if section.approvers is not None:
        approvers = {level: _quorums(getattr(section.approvers, level.value)) for level in LevelOfRisk}
        policy = replace(policy, approvers=approvers)
    return policy


def _quorums(section: Iterable[QuorumSection]) -> tuple[Quorum, ...]:
    return tuple(Quorum(role=each.role, count=each.count) for each in section)


def _traits(severity: Severity, bound: Parameter | None) -> RuleTraits:
    return RuleTraits(severity=severity, loosens=_loosens(bound), unit=bound_unit(bound))


def bound_unit(parameter: Parameter | None) -> str | None:
    """The unit of what a rule measures against its bound: ppm for a rate."""
    if parameter is None:
        return None
    return "ppm" if parameter.type is ParameterType.RATE else parameter.unit


def _loosens(parameter: Parameter | None) -> Loosens | None:
    if parameter is None or parameter.loosens is None:
        return None
    return _LOOSENS.get(parameter.loosens)


def _loosest(file: WorkflowFile, section: WaiversSection, library: Library) -> dict[str, int]:
    found: dict[str, int] = {}
    problems: list[Problem] = []
    for code, written in section.loosest.items():
        value = _bound(library, code, written)
        if isinstance(value, Problem):
            at_key = value.code.startswith("workflow.")
            problems.append(replace(value, place=file.place("waivers", "loosest", code, key=at_key)))
        else:
            found[code] = value
    if problems:
        raise ConfigError(problems)
    return found


def _bound(library: Library, code: str, written: object) -> int | Problem:
    rule = library.rules.get(code)
    if rule is None:
        hint = did_you_mean(code, library.rules)
        return Problem(code="workflow.unknown-rule", message=f"there is no rule '{code}'", hint=hint)
    parameter = rule.parameter(BOUND)
    if parameter is None or _loosens(parameter) is None:
        message = f"{code} has no bound that a waiver could loosen"
        return Problem(code="workflow.no-bound", message=message, hint="take it out")
    value = read_value(parameter, written)
    if isinstance(value, Problem):
        return value
    assert isinstance(value, int)
    return value


def _decisions(store: EmbeddedStore | None, digests: Iterable[str]) -> Iterator[tuple[str, Decision]]:
    for sha256 in digests:
        assert store is not None
        yield sha256, read(Decision, store.blobs.get(sha256), path=f"decision {sha256[:12]}")
