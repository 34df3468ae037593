"""Where rules come from: the built-in library and a project's own folders, joined into one library.

A folder has the library's layout: ``<package>/<rule>/`` with rule, test and page. Its files keep their path below the
project as their path in the policy and in a pack (``rules/credit/age/age.rego``), so every error names a file that its
reader can open. What two sources both claim (a path, a package, a rule's code, a collection) is refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from tolbooth.evidence.container import check_container
from tolbooth.judge.interface import Module
from tolbooth.judge.library.catalogs import load_catalogs
from tolbooth.judge.library.fields import did_you_mean
from tolbooth.judge.library.load import BUILT_IN, Library, built_in_library, library_of
from tolbooth.judge.library.metadata import package_of
from tolbooth.judge.validators.installed import SOURCE as ENTRY_POINTS
from tolbooth.judge.validators.installed import installed_modules, with_origins
from tolbooth.judge.validators.interface import PROGRAM_SUFFIX
from tolbooth.judge.validators.reading import named_files
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import ConfigError, JudgeError, Place, Problem, VerificationError

_RULES = ".rego"
_SUFFIXES = (_RULES, ".py", PROGRAM_SUFFIX)
_TESTS = ("_test.rego", "_test.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderSource:
    """A project's folder of rules: its path below the project, and its policy files by path in it, sorted."""

    name: str
    files: tuple[tuple[str, bytes], ...]

    @property
    def digests(self) -> Mapping[str, str]:
        """The SHA-256 of every file that a decision may rest on; tests have none."""
        return {path: sha256_hex(content) for path, content in self.files if not path.endswith(_TESTS)}

    @property
    def rego(self) -> Mapping[str, bytes]:
        """The Rego files, by their path below the project."""
        return {f"{self.name}/{path}": content for path, content in self.files if path.endswith(_RULES)}

    @property
    def validators(self) -> Mapping[str, bytes]:
        """The other files, without tests, by their path below the project."""
        others = ((path, content) for path, content in self.files if not path.endswith((_RULES, *_TESTS)))
        return {f"{self.name}/{path}": content for path, content in others}


def source_sha256(digests: Mapping[str, str]) -> str:
    """The digest of a source: SHA-256 over the lines ``<sha256>  <path>``, sorted by path, as ``sha256sum`` writes."""
    lines = (f"{digests[path]}  {path}\n" for path in sorted(digests, key=str.encode))
    return sha256_hex("".join(lines).encode())


def read_folder(project_folder: Path, written: str) -> FolderSource:
    """Read every policy file of a folder of the project: Rego, validators, and what programs' declarations name.

    Args:
        project_folder: where ``tolbooth.yaml`` stands.
        written: the folder as it is named there; ``entry-points`` stands for the validators of installed packages.

    Raises:
        ConfigError: ``policy.source-outside``, ``policy.source-missing``, ``policy.source-empty``,
            ``policy.source-link``, ``policy.source-name`` or ``policy.source-unreadable``.
    """
    if written == ENTRY_POINTS:
        return _installed()
    name = _normal(written)
    folder = project_folder / name
    if not folder.resolve().is_relative_to(project_folder.resolve()):
        raise _refusal("outside", f"'{written}' leads out of the project", "put the rules into the project")
    if not folder.is_dir():
        there = [each.name for each in folder.parent.iterdir() if each.is_dir()] if folder.parent.is_dir() else []
        near = [PurePosixPath(name).with_name(each).as_posix() for each in there if not each.startswith(".")]
        raise _refusal("missing", f"there is no folder '{written}'", did_you_mean(name, [*near, BUILT_IN]))
    found = sorted(_walk(folder, ""))
    found = sorted({*found, *_named_by_programs(folder, written, found)})
    _check_names(name, [path for path, _ in found])
    if not any(not path.endswith(_TESTS) for path, _ in found):
        hint = "a rule lies in <package>/<rule>/<rule>.rego; 'tolbooth policy new' writes one"
        raise _refusal("empty", f"the folder '{written}' holds no rule", hint)
    return FolderSource(name=name, files=tuple((path, _content(name, path, file)) for path, file in found))


@lru_cache(maxsize=4)
def join(folders: tuple[FolderSource, ...], *, built_in: bool) -> Library:
    """Join a project's folders, and the built-in library if it is asked for, into one library.

    Raises:
        JudgeError: every mistake of every file at its line, or ``policy.source-clash`` for each name that two sources
            claim, with both places.
    """
    base = built_in_library() if built_in else None
    contents = {path: each for folder in folders for path, each in {**folder.rego, **folder.validators}.items()}
    catalogs = base.catalogs if base is not None else load_catalogs()
    # NOTE: a path that two sources have would hide one of the files below, so it is looked for first.
    paths = [(BUILT_IN, path) for path in base.digests] if base is not None else []
    paths += [(folder.name, path) for folder in folders for path in (*folder.rego, *folder.validators)]
    _refuse_shared(_Claim(kind="path", name=path, source=name, path=path) for name, path in paths)
    own = library_of(contents, catalogs, base.rules if base is not None else {})
    parts = [own] if base is None else [base, own]
    _refuse_shared(claim for part in parts for claim in _claims(part, folders))
    return Library(
        modules=tuple(sorted((each for part in parts for each in part.modules), key=lambda each: each.path)),
        tests=tuple(sorted((each for part in parts for each in part.tests), key=lambda each: each.path)),
        rules=dict(sorted((code, rule) for part in parts for code, rule in part.rules.items())),
        packages=dict(sorted((name, package) for part in parts for name, package in part.packages.items())),
        digests={path: digest for part in parts for path, digest in part.digests.items()},
        catalogs=catalogs,
        validators=with_origins({code: each for part in parts for code, each in part.validators.items()}),
        sources={**(base.sources if base is not None else {}), **{each.name: each.digests for each in folders}},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    """A name that a source uses as its own, and the file in which it stands."""

    kind: str
    name: str
    source: str
    path: str
    line: int | None = None

    @property
    def where(self) -> str:
        """The file, for a message; a shipped one is named with its source."""
        line = "" if self.line is None else f":{self.line}"
        return f"{f'{BUILT_IN}/' if self.source == BUILT_IN else ''}{self.path}{line}"


def _claims(part: Library, folders: Iterable[FolderSource]) -> Iterator[_Claim]:
    """The packages and collections of a library's rules."""
    owner = {path: folder.name for folder in folders for path in (*folder.rego, *folder.validators)}
    for module in part.modules:
        package = package_of(module)
        if package is not None:
            source, line = owner.get(module.path, BUILT_IN), _package_line(module)
            yield _Claim(kind="package", name=package, source=source, path=module.path, line=line)
    for code in part.validators:
        name, place = part.rules[code].package, part.rules[code].place
        source = owner.get(place.path, BUILT_IN)
        yield _Claim(kind="package", name=name, source=source, path=place.path, line=place.line)
    for rule in part.rules.values():
        for collection in rule.collections:
            source = owner.get(rule.place.path, BUILT_IN)
            yield _Claim(kind="collection", name=collection, source=source, path=rule.place.path, line=rule.place.line)


def _package_line(module: Module) -> int | None:
    lines = enumerate(module.text.splitlines(), 1)
    return next((number for number, line in lines if line.startswith("package")), None)


def _refuse_shared(claims: Iterable[_Claim]) -> None:
    """Refuse what two sources claim; within one source it is no matter."""
    first: dict[tuple[str, str], _Claim] = {}
    problems = []
    for claim in claims:
        other = first.setdefault((claim.kind, claim.name), claim)
        if other.source != claim.source:
            message = (
                f"the {claim.kind} '{claim.name}' is that of {other.where} already, in the source '{other.source}'"
            )
            place = Place(path=claim.path, line=claim.line, column=1 if claim.line is not None else None)
            hint = f"give it another {'folder' if claim.kind == 'path' else 'name'}"
            problems.append(Problem(code="policy.source-clash", message=message, place=place, hint=hint))
    if problems:
        raise JudgeError(problems)


def _normal(written: str) -> str:
    """The folder's path below the project, without ``.`` and trailing slashes."""
    path = PurePosixPath(written)
    if path.is_absolute() or ".." in path.parts or path == PurePosixPath():
        hint = f"name '{BUILT_IN}', or a folder below tolbooth.yaml"
        raise _refusal("outside", f"'{written}' is no folder below the project's", hint)
    return path.as_posix()


def _walk(folder: Path, prefix: str) -> Iterator[tuple[str, Path]]:
    """The policy files below a folder, with their paths in it."""
    try:
        entries = list(os.scandir(folder))
    except OSError as error:
        raise _refusal("unreadable", f"{prefix or folder.name}: {error.strerror}") from error
    for entry in entries:
        path, is_file = f"{prefix}{entry.name}", entry.is_file(follow_symlinks=False)
        wanted = entry.name.endswith(_SUFFIXES)
        if entry.is_symlink() and (wanted or entry.is_dir()):
            message = f"{path} is a symbolic link, and what it names may change without the folder"
            raise _refusal("link", message, "put the file itself into the folder")
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path), f"{path}/")
        elif wanted and not is_file:
            raise _refusal("unreadable", f"{path} is no file")
        elif wanted:
            yield path, Path(entry.path)


def _installed() -> FolderSource:
    modules = installed_modules()
    if not modules:
        hint = "a package brings validators by the entry-point group 'tolbooth.validators'"
        raise _refusal("empty", "no installed package brings validators", hint)
    files = ((each.path.removeprefix(f"{ENTRY_POINTS}/"), each.source) for each in modules)
    return FolderSource(name=ENTRY_POINTS, files=tuple(files))


def _named_by_programs(folder: Path, written: str, found: Iterable[tuple[str, Path]]) -> Iterator[tuple[str, Path]]:
    """The files that programs' declarations name, where they are there."""
    for path, file in found:
        if not path.endswith(PROGRAM_SUFFIX):
            continue
        for named in named_files(path, _content(written, path, file)):
            if (folder / named).is_symlink():
                message = f"{named} is a symbolic link, and what it names may change without the folder"
                raise _refusal("link", message, "put the file itself into the folder")
            if (folder / named).is_file():
                yield named, folder / named


def _check_names(folder: str, paths: Iterable[str]) -> None:
    """A name that a pack can't carry is refused before anything rests on it."""
    try:
        check_container({f"data/core/policies/{folder}/{path}": 0 for path in paths})
    except VerificationError as error:
        problem = error.problems[0]
        path = str(problem.place).removeprefix("data/core/policies/")
        raise _refusal("name", f"{path}: {problem.message}", "an evidence pack can't carry it: rename it") from error


def _content(folder: str, path: str, file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise _refusal("unreadable", f"{folder}/{path} can't be read: {error.strerror}") from error


def _refusal(kind: str, message: str, hint: str | None = None) -> ConfigError:
    error = ConfigError.of(f"policy.source-{kind}", message, hint=hint)
    assert isinstance(error, ConfigError)
    return error
