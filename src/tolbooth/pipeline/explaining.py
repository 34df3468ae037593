"""What a rule asks, before or without any decision: from its METADATA, with the parameters in force here."""

from __future__ import annotations

from datetime import datetime

from tolbooth.config.load import Project
from tolbooth.config.mistakes import nearest
from tolbooth.judge.library.load import built_in_library
from tolbooth.judge.library.policy import Policy, effective_policy
from tolbooth.model.errors import ConfigError
from tolbooth.pipeline.policy import declared_enforcement, project_library, project_policy
from tolbooth.pipeline.reporting import clauses_of, parameters_of
from tolbooth.report.cards import controls_of
from tolbooth.report.explain import AskedRule


def asked_rule(code: str, project: Project | None, *, as_of: datetime) -> AskedRule:
    """A rule of the project's sources, or of the built-in library, as it would be asked here.

    Args:
        code: the rule's code.
        project: gives parameters and enforcement; None for those that the rule itself declares.
        as_of: the instant for which the clauses' dates are told.

    Raises:
        ConfigError: ``explain.unknown-rule`` with the nearest rule, or the mistakes of the project's policy.
    """
    library = project_library(project) if project is not None else built_in_library()
    rule = library.rules.get(code)
    if rule is None:
        own = project is not None and bool(library.own)
        raise unknown_rule(code, list(library.rules), "the policy" if own else "the built-in library")
    chosen = project_policy(project) if project is not None else None
    asked = chosen is not None and code in {each.code for each in chosen.rules}
    policy = chosen if chosen is not None and asked else _alone(code, project)
    return AskedRule(
        code=code,
        title=rule.title,
        description=rule.description,
        severity=rule.severity,
        enforcement=policy.enforcement_of(rule),
        controls=controls_of(rule.controls, clauses_of(policy, [rule], as_of)),
        evidence=rule.evidence,
        parameters=parameters_of(rule, policy),
        undeclared=policy.undeclared(rule),
        solution=rule.solution,
        asked_here=None if project is None else asked,
    )


def unknown_rule(code: str, known: list[str], where: str) -> ConfigError:
    """The error for a code that nobody knows, with the nearest one."""
    hint = nearest(code, known) or f"one of: {', '.join(sorted(known)) or 'none'}"
    error = ConfigError.of("explain.unknown-rule", f"{where} has no rule '{code}'", hint=hint)
    assert isinstance(error, ConfigError)
    return error


def _alone(code: str, project: Project | None) -> Policy:
    """The policy of this rule only, where the project does not ask it or there is none."""
    parameters = project.settings.policy.parameters if project is not None else {}
    return effective_policy(
        project_library(project) if project is not None else built_in_library(),
        rules=[code],
        collections=(),
        parameters=parameters,
        enforcement=declared_enforcement(project) if project is not None else {},
    )
