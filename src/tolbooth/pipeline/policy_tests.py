"""The tests of rules, run and held against mutants: a project's own, those of given paths, or the shipped ones.

Rules are read as they lie, without their METADATA: a rule can be tested before it is finished. What a rule imports is
found among all the project's sources.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files as shipped_files
from pathlib import Path

from tolbooth.config.load import Project
from tolbooth.judge.interface import Module
from tolbooth.judge.library.load import BUILT_IN, built_in_library
from tolbooth.judge.library.sources import read_folder
from tolbooth.judge.proving.equivalents import Declared, read_equivalents
from tolbooth.judge.proving.interface import MutationRun, Progress, Proof, SuiteRun
from tolbooth.judge.proving.mutation import mutate
from tolbooth.judge.proving.running import run_suite
from tolbooth.judge.proving.session import ProvingSession
from tolbooth.judge.proving.suites import TEST_SUFFIX, Suite, package_of, suites_of
from tolbooth.judge.validators.proof import run_validator_tests
from tolbooth.model.errors import ConfigError, JudgeError, Place

_RULES = ".rego"
_SUFFIXES = (_RULES, ".py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Rules and tests that are to be proved, and the file of each, by the path that is shown.

    ``python`` holds the validators and their tests.
    """

    modules: Mapping[str, Module]
    files: Mapping[str, Path]
    python: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutating:
    """How mutants are tried: on how many workers, and for how many seconds (None: until all are tried)."""

    jobs: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))
    max_seconds: float | None = None


def prove(
    project: Project | None,
    *,
    paths: Sequence[Path] = (),
    built_in: bool = False,
    mutating: Mutating | None,
    progress: Progress,
) -> Proof:
    """Run the tests, and try the mutants of every suite whose tests pass.

    Args:
        project: gives the folders that are tested where no path is named, and what rules may import.
        paths: folders, searched to the bottom, or single files, which stand for their folder.
        built_in: test the shipped library instead.
        mutating: None for tests alone.
        progress: told how far it is.

    Raises:
        ConfigError: ``policy.no-tests`` and ``policy.no-rules`` if there is nothing to run, ``policy.path-missing``.
        JudgeError: ``policy.compile``, ``policy.test-place`` or ``policy.equivalents.*`` at its line.
    """
    chosen = _chosen(project, paths, built_in=built_in)
    suites, untested = suites_of(chosen.modules.values(), _pool(project, chosen, built_in=built_in))
    validators = run_validator_tests(chosen.python)
    if not (suites or validators):
        hint = "tests are rules named test_… in a file that ends in _test.rego; 'tolbooth policy new' writes some"
        raise ConfigError.of("policy.no-tests", "there are no tests here", hint=hint)
    declared = {suite.name: read_equivalents(suite.tests) for suite in suites}
    runs = []
    with ProvingSession() as session:
        for number, suite in enumerate(suites):
            progress("suites", number, len(suites))
            runs.append(run_suite(suite, session))
    if not any(run.tests for run in (*runs, *validators)):
        raise ConfigError.of("policy.no-tests", "there are files of tests, but no rule in them is named test_…")
    mutations = _mutations(suites, runs, declared, mutating, progress) if mutating is not None else {}
    mutated = [replace(run, mutation=mutations.get(run.name)) for run in runs]
    return Proof(suites=(*mutated, *validators), untested=untested, mutated=mutating is not None)


def _mutations(
    suites: Sequence[Suite],
    runs: Iterable[SuiteRun],
    declared: Mapping[str, Sequence[Declared]],
    mutating: Mutating,
    progress: Progress,
) -> dict[str, MutationRun]:
    """By suite; one in which a test fails has none, for its mutants would all count as killed."""
    sound = {run.name for run in runs if run.sound}
    return mutate(
        [suite for suite in suites if suite.name in sound],
        declared,
        jobs=mutating.jobs,
        max_seconds=mutating.max_seconds,
        progress=progress,
    )


def _chosen(project: Project | None, paths: Sequence[Path], *, built_in: bool) -> Chosen:
    if built_in:
        return _shipped()
    if paths:
        return _read(dict(file for path in paths for file in _below(path)))
    if project is None:
        hint = "name a PATH, or say --built-in for the rules that are shipped"
        raise ConfigError.of("policy.no-rules", "there is no project here", hint=hint)
    own = _own_files(project)
    if not own:
        unnamed = next((file for file in sorted(project.folder.glob(f"*/**/*{TEST_SUFFIX}"))), None)
        hint = "'tolbooth policy new' writes a rule; --built-in tests those that are shipped"
        if unnamed is not None:
            folder = unnamed.relative_to(project.folder).parts[0]
            hint = f"'{folder}' holds tests: name it under policy.sources in tolbooth.yaml, or as a PATH"
        raise ConfigError.of("policy.no-rules", "this project has no rules of its own", hint=hint)
    return _read(own)


def _shipped() -> Chosen:
    library = built_in_library()
    modules = {module.path: module for module in (*library.modules, *library.tests)}
    root = Path(str(shipped_files("tolbooth.policies")))
    return Chosen(modules=modules, files={path: root / path for path in modules})


def _own_files(project: Project) -> dict[str, Path]:
    """The files of the project's folders, by their path below the project."""
    read = [read_folder(project.folder, name) for name in project.settings.policy.sources if name != BUILT_IN]
    paths = [f"{folder.name}/{path}" for folder in read for path, _ in folder.files]
    return {path: project.folder / path for path in paths if path.endswith(_SUFFIXES)}


def _below(path: Path) -> Iterator[tuple[str, Path]]:
    """The files of a folder and those below it; a file stands for the folder in which it lies, and no deeper."""
    if not path.exists():
        raise ConfigError.of("policy.path-missing", f"there is no file or folder '{path}'")
    found = path.rglob("*") if path.is_dir() else path.parent.glob("*")
    for file in sorted(found):
        if file.name.endswith(_SUFFIXES):
            yield file.as_posix(), file


def _read(found: Mapping[str, Path]) -> Chosen:
    modules, python = {}, {}
    for path, file in found.items():
        try:
            content = file.read_bytes()
            if path.endswith(_RULES):
                modules[path] = Module(path=path, text=content.decode())
            else:
                python[path] = content
        except UnicodeDecodeError as error:
            raise JudgeError.of("policy.encoding", "this is not UTF-8", place=Place(path=path)) from error
        except OSError as error:
            raise ConfigError.of("policy.path-missing", f"{path} can't be read: {error.strerror}") from error
    return Chosen(modules=modules, files=dict(found), python=python)


def _pool(project: Project | None, chosen: Chosen, *, built_in: bool) -> tuple[Module, ...]:
    """What may be loaded: the chosen ones, then the project's own, then the shipped ones of packages not yet taken."""
    pool = list(chosen.modules.values())
    if built_in:
        return tuple(pool)
    known = {file.resolve() for file in chosen.files.values()}
    others = _own_files(project) if project is not None else {}
    pool += _read({path: file for path, file in others.items() if file.resolve() not in known}).modules.values()
    taken = {package_of(module) for module in pool}
    pool += [module for module in built_in_library().modules if package_of(module) not in taken]
    return tuple(pool)
