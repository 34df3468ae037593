"""Everything that can be told of a library's files without judging: encoding, METADATA, syntax, and the profile.

The built-in library is looked at by our own tests, not at every gate. A project's folders are, at every load.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from tolbooth.judge.interface import Module
from tolbooth.judge.library.banned import banned_uses
from tolbooth.judge.library.catalogs import Catalogs
from tolbooth.judge.library.load import BUILT_IN, Library
from tolbooth.judge.library.metadata import package_of, read_metadata
from tolbooth.judge.library.profile.check import check
from tolbooth.judge.library.profile.finding import Finding, Level, order
from tolbooth.judge.library.profile.syntax import Source, source_of
from tolbooth.judge.rego.syntax import parse
from tolbooth.model.errors import JudgeError, Place, Problem

_TEST = "_test.rego"
_DATA = re.compile(r"\bdata\.([A-Za-z_][A-Za-z0-9_.]*)")


def lint(contents: Mapping[str, bytes], catalogs: Catalogs, beside: Library | None = None) -> tuple[Finding, ...]:
    """Look at Rego files, rules and tests.

    Args:
        contents: files by path, with forward slashes.
        catalogs: the controls that rules may cite.
        beside: a library that is loaded with them: its functions may be called, its rules depended on.

    Returns:
        Findings by file, line and column, each with its excerpt.

    Raises:
        JudgeError: ``judge.engine-missing`` where the embedded engine, whose parser is used, is not installed.
    """
    modules, problems = _decoded(contents)
    written = [module for module in modules if not module.path.endswith(_TEST)]
    problems += [problem for module in written for problem in banned_uses(module)]
    rules = None
    try:
        rules = read_metadata(written, catalogs, beside.rules if beside is not None else None).rules
    except JudgeError as error:
        problems += error.problems
    sources, unread = _sources(modules)
    # A module that can't be parsed is told as such; what its METADATA lacks may only be the same mistake again.
    broken = {problem.place.path for problem in unread if problem.place is not None}
    problems = [each for each in problems if each.place is None or each.place.path not in broken] + list(unread)
    among, _ = _sources(_named(modules, beside))
    texts = {module.path: module.text for module in modules}
    found = [Finding(problem=_shown(problem, texts)) for problem in problems]
    return tuple(sorted([*found, *check(sources, among=among, rules=rules, paths=contents)], key=order))


def refuse_unportable(library: Library) -> None:
    """Refuse a project's own rules where engines would decide them differently; tests and warnings are for ``lint``.

    Raises:
        JudgeError: ``profile.*`` or ``policy.syntax``, every mistake of every file, at its line and column.
    """
    shipped = library.sources.get(BUILT_IN, {})
    modules = [module for module in library.modules if module.path not in shipped]
    if not modules:
        return
    sources, unread = _sources(modules)
    beside, _ = _sources(_named(modules, library, without={module.path for module in modules}))
    found = check(sources, among=beside, rules=library.rules)
    problems = [*unread, *(each.problem for each in found if each.level is Level.ERROR)]
    if problems:
        raise JudgeError(problems)


def _decoded(contents: Mapping[str, bytes]) -> tuple[list[Module], list[Problem]]:
    modules, problems = [], []
    for path, content in sorted(contents.items()):
        try:
            modules.append(Module(path=path, text=content.decode()))
        except UnicodeDecodeError:
            problems.append(Problem(code="policy.encoding", message=f"{path} is not UTF-8", place=Place(path=path)))
    return modules, problems


def _sources(modules: Iterable[Module]) -> tuple[list[Source], tuple[Problem, ...]]:
    """The modules that parse, as trees; and why the others don't."""
    listed = list(modules)
    if not listed:
        return [], ()
    trees, problems = parse(listed)
    sources, nested = [], []
    for module in listed:
        if module.path in trees:
            try:
                sources.append(source_of(module, trees[module.path]))
            except RecursionError:
                text = "its expressions are nested too deeply to be looked at"
                nested.append(Problem(code="policy.syntax", message=text, place=Place(path=module.path)))
    return sources, (*problems, *nested)


def _named(modules: Iterable[Module], library: Library | None, without: Iterable[str] = ()) -> Iterator[Module]:
    """The modules of a library whose packages these modules name: no other can matter to them."""
    if library is None:
        return
    named = {path for module in modules for path in _DATA.findall(module.text)}
    packages = {package_of(module) for module in modules}
    for module in library.modules:
        package = package_of(module)
        if package is None or module.path in without:
            continue
        if package in packages or any(f"{path}.".startswith(f"{package}.") for path in named):
            yield module


def _shown(problem: Problem, texts: Mapping[str, str]) -> Problem:
    """With the excerpt: the reader of a report may not have the file at hand."""
    if problem.place is None or problem.place.path not in texts:
        return problem
    return replace(problem, place=problem.place.within(texts[problem.place.path]))
