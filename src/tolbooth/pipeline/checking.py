"""Check a project before anything long begins: all mistakes of file, policy, paths and columns, told together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from tolbooth.collect.files import require_there
from tolbooth.config.load import Project, check, in_order, read_document, sound_parts
from tolbooth.config.settings import DataSettings
from tolbooth.measure.engines.local import check_columns
from tolbooth.model.errors import CollectError, ConfigError, JudgeError, Place, Problem
from tolbooth.pipeline.policy import policy_problems
from tolbooth.pipeline.workflows import workflow_problems


def open_project(path: Path) -> Project:
    """Read a ``tolbooth.yaml``; where it has mistakes, all that ``check_project`` would find is told with them.

    Raises:
        ConfigError: with every independent mistake, in the order of the file's lines; then those of the rules.
    """
    document = read_document(path)
    folder = path.resolve().parent
    try:
        settings = check(document)
    except ConfigError as error:
        sound = Project(folder=folder, settings=sound_parts(document), document=document)
        more, broken = _problems(sound, sound.settings.subjects, sound.settings.data)
        raise ConfigError([*in_order([*error.problems, *more]), *broken]) from error
    return Project(folder=folder, settings=settings, document=document)


def check_project(project: Project, gates: Iterable[str]) -> None:
    """Check what some gates rest on: rules and parameters, declared paths, and columns by name and type.

    No file is read further than its header. A file that is there and can't be read is no mistake here: what it
    would have said is a missing fact, and the decision says so.

    Raises:
        ConfigError: with every independent mistake, in the order of the file's lines.
        JudgeError: if the library itself can't be loaded: with its mistakes, and then the file's.
    """
    settings = project.settings
    gates = tuple(gates)
    chosen = [settings.gates[name] for name in gates]
    subjects = dict.fromkeys(gate.subject for gate in chosen)
    data = dict.fromkeys(name for gate in chosen for name in (gate.data if gate.data is not None else settings.data))
    problems, broken = _problems(project, subjects, data)
    if broken:
        raise JudgeError([*broken, *in_order(problems)])
    if problems:
        raise ConfigError(in_order(problems))
    if workflow := workflow_problems(project, gates):
        raise ConfigError(workflow)


def _problems(
    project: Project, subjects: Iterable[str], data: Iterable[str]
) -> tuple[list[Problem], tuple[Problem, ...]]:
    """The mistakes of the file, and those of rules that can't be loaded, which hide what is wrong with parameters."""
    settings = project.settings
    broken: tuple[Problem, ...] = ()
    try:
        problems = policy_problems(project)
    except JudgeError as error:
        problems, broken = [], error.problems
    for name in data:
        problems += _data_problems(project, name, settings.data[name])
    for name in subjects:
        subject = settings.subjects[name]
        if not subject.in_mlflow:
            problems += _path_problems(project, subject.path, ("subjects", name, "path"))
        for key, path in (("model_card", subject.model_card), ("sbom", subject.sbom)):
            if path is not None:
                problems += _path_problems(project, path, ("subjects", name, key))
        if subject.lineage is not None:
            problems += _path_problems(project, subject.lineage.events, ("subjects", name, "lineage", "events"))
    return problems, broken


def at_columns(project: Project, name: str, problems: Iterable[Problem]) -> list[Problem]:
    """Problems about columns of a data set, each at the line of ``tolbooth.yaml`` that names the column."""
    return [replace(problem, place=_column_place(project, name, problem.about)) for problem in problems]


def _data_problems(project: Project, name: str, data: DataSettings) -> Iterator[Problem]:
    if data.run_artifact is not None:
        return
    absent = list(_path_problems(project, data.path, ("data", name, "path")))
    yield from absent
    if absent or data.label is None or data.prediction is None:
        return
    # A column named twice is a mistake that the settings tell by themselves.
    groups = [name for name in dict.fromkeys(data.groups) if name not in {data.label, data.prediction}]
    try:
        check_columns(project.folder / data.path, groups, data.label, data.prediction)
    except ConfigError as error:
        yield from at_columns(project, name, error.problems)


def _path_problems(project: Project, path: str, place: tuple[str, ...]) -> Iterator[Problem]:
    try:
        require_there(project.folder / path, declared=path, project_folder=project.folder)
    except (ConfigError, CollectError) as error:
        yield from (replace(problem, place=project.place(*place)) for problem in error.problems)


def _column_place(project: Project, name: str, column: str | None) -> Place:
    data = project.settings.data[name]
    if column is not None and column == data.label:
        return project.place("data", name, "label")
    if column is not None and column == data.prediction:
        return project.place("data", name, "prediction")
    if column is not None and column in data.groups:
        return project.place("data", name, "groups", data.groups.index(column))
    return project.place("data", name, "path")
