"""The effective policy of a project: the built-in library, with the project's parameters and enforcement."""

from __future__ import annotations

from tolbooth.config.load import Project
from tolbooth.config.settings import PolicySettings
from tolbooth.config.yaml_source import YamlDocument
from tolbooth.judge.library.load import built_in_library
from tolbooth.judge.library.parameter_check import check_parameters
from tolbooth.judge.library.policy import Policy, effective_policy
from tolbooth.model.errors import ConfigError, Problem


def project_policy(project: Project) -> Policy:
    """Load the rules that the project asks for.

    Raises:
        ConfigError: with every mistake in rules, parameters and enforcement, at its line of ``tolbooth.yaml``.
        JudgeError: if the library itself can't be loaded.
    """
    settings = project.settings.policy
    problems = policy_problems(project.document, settings)
    if problems:
        raise ConfigError(problems)
    return policy_of(settings)


def policy_of(settings: PolicySettings) -> Policy:
    """The effective policy of settings in which ``policy_problems`` finds nothing."""
    return effective_policy(
        built_in_library(),
        rules=settings.rules,
        collections=settings.collections,
        parameters=settings.parameters,
        enforcement=settings.enforcement,
    )


def policy_problems(document: YamlDocument, settings: PolicySettings) -> list[Problem]:
    """Every mistake in rules, parameters and enforcement, at its line of the file that they were read from.

    Raises:
        JudgeError: if the library itself can't be loaded.
    """
    found = check_parameters(
        built_in_library(),
        rules=settings.rules,
        collections=settings.collections,
        parameters=settings.parameters,
        enforcement=settings.enforcement,
    )
    return [
        Problem(
            code=each.problem.code,
            message=each.problem.message,
            place=document.place(("policy", *each.path), key=each.at_key),
            hint=each.problem.hint,
        )
        for each in found
    ]
