"""``tolbooth policy lint``: the rules of a project's own folders, or of any paths, looked at with their tests."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tolbooth.config.load import Project
from tolbooth.judge.library.catalogs import load_catalogs
from tolbooth.judge.library.lint import lint
from tolbooth.judge.library.load import BUILT_IN, Library, built_in_library
from tolbooth.judge.library.profile.finding import Finding, Level
from tolbooth.model.errors import ConfigError

_RULES = ".rego"


@dataclass(frozen=True, slots=True, kw_only=True)
class Linted:
    """What was looked at: how many files, and what was found, by file, line and column."""

    files: int
    findings: tuple[Finding, ...]

    def count(self, level: Level) -> int:
        """How many findings are of a level."""
        return sum(finding.level is level for finding in self.findings)


def lint_project(project: Project) -> Linted:
    """Look at the folders that ``policy.sources`` names; the built-in library was looked at before it was shipped.

    Raises:
        ConfigError: ``policy.lint-nothing`` if the project has no folder of its own, or one is not there.
        JudgeError: ``judge.engine-missing`` where the embedded engine is not installed.
    """
    named = [name for name in project.settings.policy.sources if name != BUILT_IN]
    if not named:
        text = "policy.sources names no folder: there are no rules but the built-in ones, which are in the profile"
        raise ConfigError.of("policy.lint-nothing", text, hint="name a folder or a file: tolbooth policy lint PATH")
    beside = built_in_library() if BUILT_IN in project.settings.policy.sources else None
    return _linted([project.folder / name for name in named], beside)


def lint_paths(paths: Sequence[Path]) -> Linted:
    """Look at files and folders, beside the built-in library.

    Raises:
        ConfigError: ``policy.lint-missing`` for a path that is not there, ``policy.lint-nothing`` for a folder
            without rules, ``policy.lint-unreadable`` for a file that can't be read.
        JudgeError: ``judge.engine-missing`` where the embedded engine is not installed.
    """
    return _linted(paths, built_in_library())


def _linted(paths: Sequence[Path], beside: Library | None) -> Linted:
    contents: dict[str, bytes] = {}
    for path in paths:
        found = dict(_files(path))
        if not found:
            raise ConfigError.of("policy.lint-nothing", f"{_shown(path)} holds no rule: no file ends in '{_RULES}'")
        contents |= found
    findings = lint(contents, beside.catalogs if beside is not None else load_catalogs(), _without(beside, contents))
    return Linted(files=len(contents), findings=findings)


def _without(library: Library | None, contents: Mapping[str, bytes]) -> Library | None:
    """The library beside; not if its own files are looked at, which would then stand there twice."""
    if library is None:
        return None
    own = {module.text.encode() for module in library.modules}
    return None if any(content in own for content in contents.values()) else library


def _files(path: Path) -> Iterator[tuple[str, bytes]]:
    if not path.exists():
        raise ConfigError.of("policy.lint-missing", f"there is no {_shown(path)}")
    chosen = [path] if path.is_file() else sorted(each for each in path.rglob(f"*{_RULES}") if each.is_file())
    for each in chosen:
        try:
            yield _shown(each), each.read_bytes()
        except OSError as error:
            raise ConfigError.of("policy.lint-unreadable", f"{_shown(each)} can't be read: {error.strerror}") from error


def _shown(path: Path) -> str:
    """As a reader would name it from here."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - a link is shown as it is named
    here = Path.cwd()
    return (absolute.relative_to(here) if absolute.is_relative_to(here) else absolute).as_posix()
