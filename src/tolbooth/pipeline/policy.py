"""The effective policy of a project: the built-in library, with the project's parameters and enforcement."""

from __future__ import annotations

from tolbooth.config.load import Project
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
    library = built_in_library()
    found = check_parameters(
        library,
        rules=settings.rules,
        collections=settings.collections,
        parameters=settings.parameters,
        enforcement=settings.enforcement,
    )
    if found:
        raise ConfigError(
            [
                Problem(
                    code=each.problem.code,
                    message=each.problem.message,
                    place=project.place("policy", *each.path, key=each.at_key),
                    hint=each.problem.hint,
                )
                for each in found
            ]
        )
    return effective_policy(
        library,
        rules=settings.rules,
        collections=settings.collections,
        parameters=settings.parameters,
        enforcement=settings.enforcement,
    )
