"""From a folder of Rego files to a library: modules, tests, and the METADATA of every rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from tolbooth.judge.interface import Module
from tolbooth.judge.library.banned import banned_uses
from tolbooth.judge.library.catalogs import Catalogs, load_catalogs
from tolbooth.judge.library.metadata import Metadata, read_metadata, unknown_names
from tolbooth.judge.library.rule_metadata import PackageMetadata, RuleMetadata
from tolbooth.judge.validators.interface import Validator
from tolbooth.judge.validators.reading import ValidatorsFound, validators_in
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import JudgeError, Place, Problem

BUILT_IN = "built-in"
"""The name of the source that is shipped."""

_REGO, _TEST_SUFFIX = ".rego", "_test.rego"


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """Rules that can be judged by. ``modules`` and ``tests`` are sorted by path; ``rules`` are by code.

    ``validators`` are the rules that are no Rego, by code. ``digests`` are the SHA-256 of the bytes of modules and of
    validators' files, by path; tests have none, since no decision rests on them.
    ``sources`` are the digests again, by source and by path in it; a library that was read from a pack has none.
    """

    modules: tuple[Module, ...]
    tests: tuple[Module, ...]
    rules: Mapping[str, RuleMetadata]
    packages: Mapping[str, PackageMetadata]
    digests: Mapping[str, str]
    catalogs: Catalogs
    validators: Mapping[str, Validator] = field(default_factory=dict)
    sources: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def own(self) -> frozenset[str]:
        """The codes of the rules that stand in a project's own folders: they are asked without being named."""
        if not self.sources:
            return frozenset()
        shipped = self.sources.get(BUILT_IN, {})
        return frozenset(code for code, rule in self.rules.items() if rule.place.path not in shipped)


@cache
def built_in_library() -> Library:
    """The library that is shipped.

    Raises:
        JudgeError: if the installation is damaged.
    """
    library = load_library(files("tolbooth.policies"), load_catalogs())
    return replace(library, sources={BUILT_IN: library.digests})


def load_library(folder: Traversable, catalogs: Catalogs) -> Library:
    """Read every ``.rego`` file below ``folder`` (a path will do).

    Raises:
        JudgeError: ``policy.*``, every mistake of every file, at its line and column.
    """
    return library_of({path: entry.read_bytes() for path, entry in _rego_files(folder, "")}, catalogs)


def library_of(
    contents: Mapping[str, bytes], catalogs: Catalogs, others: Mapping[str, RuleMetadata] | None = None
) -> Library:
    """Make a library of files by path, with forward slashes; ``others`` are rules elsewhere that they may depend on.

    Files ending in ``.rego`` are Rego; among the others are validators, and what they name.

    Raises:
        JudgeError: ``policy.*``, every mistake of every file, at its line and column.
    """
    problems: list[Problem] = []
    modules: list[Module] = []
    for path, content in sorted(contents.items()):
        if not path.endswith(_REGO):
            continue
        try:
            modules.append(Module(path=path, text=content.decode()))
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            message = f"the byte 0x{content[error.start]:02x} is not UTF-8"
            hint = "save the file as UTF-8"
            place = Place(path=path, line=line)
            problems.append(Problem(code="policy.encoding", message=message, place=place, hint=hint))
    tests = tuple(module for module in modules if module.path.endswith(_TEST_SUFFIX))
    rules = tuple(module for module in modules if not module.path.endswith(_TEST_SUFFIX))
    problems += [problem for module in rules for problem in banned_uses(module)]
    found = validators_in({path: content for path, content in contents.items() if not path.endswith(_REGO)})
    texts = {path: content.decode(errors="replace") for path, content in contents.items()}
    metadata = Metadata()
    try:
        metadata = read_metadata(rules, catalogs, {**(others or {}), **found.rules})
    except JudgeError as error:
        problems += error.problems
    problems += _of_validators(found, metadata, others or {}, catalogs)
    if problems:
        raise JudgeError(_with_excerpts(problems, texts))
    return Library(
        modules=rules,
        tests=tests,
        rules=dict(sorted({**metadata.rules, **found.rules}.items())),
        packages=metadata.packages,
        digests={path: sha256_hex(contents[path]) for path in sorted(_relied_on(rules, found))},
        catalogs=catalogs,
        validators=found.validators,
    )


def _relied_on(modules: Iterable[Module], found: ValidatorsFound) -> set[str]:
    """The paths of all files that a decision may rest on."""
    return {module.path for module in modules}.union(*(each.files for each in found.validators.values()))


def _of_validators(
    found: ValidatorsFound, metadata: Metadata, others: Mapping[str, RuleMetadata], catalogs: Catalogs
) -> Iterator[Problem]:
    """The mistakes of validators, alone and beside Rego rules."""
    yield from found.problems
    yield from unknown_names(found.rules, {**others, **metadata.rules}, catalogs)
    for code in sorted(found.rules.keys() & metadata.rules.keys()):
        text = f"'{code}' is declared twice; first at {metadata.rules[code].place}"
        yield Problem(code="policy.metadata.duplicate", message=text, place=found.rules[code].place)


def _with_excerpts(problems: Iterable[Problem], texts: Mapping[str, str]) -> list[Problem]:
    """Paths are the library's own, so a reader of the message may not have the file at hand."""
    return [
        replace(each, place=each.place.within(texts.get(each.place.path, ""))) if each.place is not None else each
        for each in problems
    ]


def _rego_files(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        path = f"{prefix}{entry.name}"
        if entry.is_dir():
            yield from _rego_files(entry, f"{path}/")
        elif entry.name.endswith(_REGO):
            yield path, entry
