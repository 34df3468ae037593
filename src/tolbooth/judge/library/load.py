"""From a folder of Rego files to a library: modules, tests, and the METADATA of every rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from tolbooth.judge.interface import Module
from tolbooth.judge.library.banned import banned_uses
from tolbooth.judge.library.catalogs import Catalogs, load_catalogs
from tolbooth.judge.library.metadata import read_metadata
from tolbooth.judge.library.rule_metadata import PackageMetadata, RuleMetadata
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import JudgeError, Place, Problem

_TEST_SUFFIX = "_test.rego"


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """Rules that can be judged by. ``modules`` and ``tests`` are sorted by path; ``rules`` are by code.

    ``digests`` are the SHA-256 of the modules' bytes, by path; tests have none, since no decision rests on them.
    """

    modules: tuple[Module, ...]
    tests: tuple[Module, ...]
    rules: Mapping[str, RuleMetadata]
    packages: Mapping[str, PackageMetadata]
    digests: Mapping[str, str]
    catalogs: Catalogs


@cache
def built_in_library() -> Library:
    """The library that is shipped.

    Raises:
        JudgeError: if the installation is damaged.
    """
    return load_library(files("tolbooth.policies"), load_catalogs())


def load_library(folder: Traversable, catalogs: Catalogs) -> Library:
    """Read every ``.rego`` file below ``folder`` (a path will do).

    Raises:
        JudgeError: ``policy.*``, every mistake of every file, at its line and column.
    """
    return library_of({path: entry.read_bytes() for path, entry in _rego_files(folder, "")}, catalogs)


def library_of(contents: Mapping[str, bytes], catalogs: Catalogs) -> Library:
    """Make a library of files by path, with forward slashes.

    Raises:
        JudgeError: ``policy.*``, every mistake of every file, at its line and column.
    """
    problems: list[Problem] = []
    modules: list[Module] = []
    for path, content in sorted(contents.items()):
        try:
            modules.append(Module(path=path, text=content.decode()))
        except UnicodeDecodeError:
            problems.append(Problem(code="policy.encoding", message=f"{path} is not UTF-8", place=Place(path=path)))
    tests = tuple(module for module in modules if module.path.endswith(_TEST_SUFFIX))
    rules = tuple(module for module in modules if not module.path.endswith(_TEST_SUFFIX))
    problems += [problem for module in rules for problem in banned_uses(module)]
    try:
        metadata = read_metadata(rules, catalogs)
    except JudgeError as error:
        raise JudgeError(_with_excerpts([*problems, *error.problems], modules)) from error
    if problems:
        raise JudgeError(_with_excerpts(problems, modules))
    return Library(
        modules=rules,
        tests=tests,
        rules=metadata.rules,
        packages=metadata.packages,
        digests={module.path: sha256_hex(contents[module.path]) for module in rules},
        catalogs=catalogs,
    )


def _with_excerpts(problems: Iterable[Problem], modules: Iterable[Module]) -> list[Problem]:
    """Paths are the library's own, so a reader of the message may not have the file at hand."""
    texts = {module.path: module.text for module in modules}
    return [
        replace(each, place=each.place.within(texts.get(each.place.path, ""))) if each.place is not None else each
        for each in problems
    ]


def _rego_files(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        path = f"{prefix}{entry.name}"
        if entry.is_dir():
            yield from _rego_files(entry, f"{path}/")
        elif entry.name.endswith(".rego"):
            yield path, entry
