"""The effective policy of a project: the rules of its sources, with the project's parameters and enforcement."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from tolbooth.config.load import Project
from tolbooth.judge.interface import PolicyBundle
from tolbooth.judge.library.enforcement import EnforcementMap, Level
from tolbooth.judge.library.lint import refuse_unportable
from tolbooth.judge.library.load import BUILT_IN, Library
from tolbooth.judge.library.parameter_check import check_parameters, check_ratchet
from tolbooth.judge.library.policy import Policy, effective_policy
from tolbooth.judge.library.sources import FolderSource, join, read_folder
from tolbooth.judge.rego.embedded import EmbeddedEngine
from tolbooth.model.errors import ConfigError, Problem
from tolbooth.model.instant import beginning
from tolbooth.model.rule import Point


def project_policy(project: Project) -> Policy:
    """Load the rules that the project asks for.

    Raises:
        ConfigError: with every mistake in sources, rules, parameters and enforcement, at its line of
            ``tolbooth.yaml``.
        JudgeError: if a rule can't be loaded, at its line.
    """
    problems = policy_problems(project)
    if problems:
        raise ConfigError(problems)
    return policy_of(project)


def project_library(project: Project) -> Library:
    """The rules of the project's sources, joined; those of its own folders compile.

    Raises:
        ConfigError: ``policy.source-*``, every folder that can't be read, at its line of ``tolbooth.yaml``.
        JudgeError: every mistake of the folders' files, at its line.
    """
    named = project.settings.policy.sources
    folders: dict[str, FolderSource] = {}
    problems: list[Problem] = []
    for position, name in enumerate(named):
        place = project.place("policy", "sources", position)
        try:
            folder = read_folder(project.folder, name) if name != BUILT_IN else None
        except ConfigError as error:
            problems += [replace(each, place=place) for each in error.problems]
            continue
        if name in named[:position] or (folder is not None and folder.name in folders):
            problems.append(Problem(code="policy.source-twice", message=f"'{name}' is named twice", place=place))
        elif folder is not None:
            folders[folder.name] = folder
    if problems:
        raise ConfigError(problems)
    library = join(tuple(folders.values()), built_in=BUILT_IN in named)
    _compile(tuple(folders.values()), built_in=BUILT_IN in named)
    return library


@lru_cache(maxsize=4)
def _compile(folders: tuple[FolderSource, ...], *, built_in: bool) -> None:
    """Compile and lint what the project wrote itself before anything is recorded; the built-in rules have been."""
    if folders:
        refuse_unportable(join(folders, built_in=built_in))
        with EmbeddedEngine() as engine:
            engine.load(PolicyBundle(modules=join(folders, built_in=built_in).modules, data={}, packages=()))


def _collections(project: Project) -> tuple[str, ...]:
    """The collections that are asked; the default ones are those of the built-in library."""
    settings = project.settings.policy
    written = "collections" in settings.model_fields_set
    return settings.collections if written or BUILT_IN in settings.sources else ()


def policy_of(project: Project, point: Point = Point.CI) -> Policy:
    """The effective policy of a project in which ``policy_problems`` finds nothing, at one enforcement point."""
    settings = project.settings.policy
    return effective_policy(
        project_library(project),
        rules=settings.rules,
        collections=_collections(project),
        parameters=settings.parameters,
        enforcement=declared_enforcement(project),
        point=point,
    )


def declared_enforcement(project: Project) -> EnforcementMap:
    """What the project declares that failing rules do; its days are instants of its time zone."""
    zone = project.settings.timezone
    return {
        code: {
            point: Level(level=each.level, effective_on=beginning(each.effective_on, zone))
            for point, each in points.items()
        }
        for code, points in project.settings.policy.enforcement.items()
    }


def policy_problems(project: Project) -> list[Problem]:
    """Every mistake in sources, rules, parameters and enforcement, at its line of the file that they were read from.

    Raises:
        JudgeError: if a rule can't be loaded, at its line.
    """
    settings = project.settings.policy
    try:
        library = project_library(project)
    except ConfigError as error:
        return list(error.problems)
    found = check_parameters(
        library,
        rules=settings.rules,
        collections=_collections(project),
        parameters=settings.parameters,
        enforcement=settings.enforcement,
    )
    found += check_ratchet(library, settings.parameters)
    return [
        Problem(
            code=each.problem.code,
            message=each.problem.message,
            place=project.place("policy", *each.path, key=each.at_key),
            hint=each.problem.hint,
        )
        for each in found
    ]
