"""Validators read out of files, without running any of them: which there are, and what they say about themselves.

A Python validator is a top-level function with a METADATA comment right above it. A program is declared by a file that
holds the same METADATA, as YAML, and names the program. Both lie in ``<package>/<rule>/``, as Rego rules do.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from tolbooth.config.yaml_source import parse_yaml
from tolbooth.judge.library.fields import did_you_mean
from tolbooth.judge.library.metadata import read_rule
from tolbooth.judge.library.rule_metadata import RuleMetadata
from tolbooth.judge.validators.interface import PROGRAM_SUFFIX, Validator
from tolbooth.model.errors import ConfigError, Place, Problem

TEST_SUFFIX = "_test.py"
SOURCE_BYTES = 1 << 20
"""The largest Python file that is read: whoever reviews it should be able to."""

_PYTHON = ".py"
_OPENING = "METADATA"
_ARGUMENTS = ("input", "parameters")


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidatorsFound:
    """Validators with their METADATA, by code, and every mistake in the files."""

    validators: Mapping[str, Validator]
    rules: Mapping[str, RuleMetadata]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """A METADATA comment: its first and last line, and its YAML at the file's own lines."""

    line: int
    end: int
    yaml: str


def validators_in(files: Mapping[str, bytes]) -> ValidatorsFound:
    """Read every validator of a set of files.

    Args:
        files: contents by path with forward slashes, ``…/<package>/<rule>/<name>``; tests (``_test.py``) and files that
            are neither Python nor a program's declaration are only looked at where a program names them.
    """
    problems: list[Problem] = []
    found: list[tuple[Validator, RuleMetadata]] = []
    for path, content in sorted(files.items()):
        if is_validator_file(path):
            text = _text(path, content, problems)
            package = _package(path, problems)
            if text is not None and package is not None:
                read = _functions if path.endswith(_PYTHON) else _program
                found += read(path, text, package, files, problems)
    validators: dict[str, Validator] = {}
    rules: dict[str, RuleMetadata] = {}
    for validator, rule in found:
        if rule.code in rules:
            message = f"'{rule.code}' is declared twice; first at {rules[rule.code].place}"
            problems.append(Problem(code="policy.metadata.duplicate", message=message, place=rule.place))
        validators[rule.code], rules[rule.code] = validator, rule
    return ValidatorsFound(validators=validators, rules=rules, problems=tuple(problems))


def is_validator_file(path: str) -> bool:
    """Whether a file declares validators, by its name."""
    return (path.endswith(_PYTHON) and not path.endswith(TEST_SUFFIX)) or path.endswith(PROGRAM_SUFFIX)


def named_files(path: str, content: bytes) -> tuple[str, ...]:
    """The paths of the files that a program's declaration names; none where it can't be read."""
    try:
        document = parse_yaml(content.decode(), path)
    except (ConfigError, UnicodeDecodeError):
        return ()
    words = document.value.get("program") if isinstance(document.value, dict) else None
    words = words if isinstance(words, list) else []
    return tuple(_beside(path, word) for word in words if isinstance(word, str) and _names_a_file(word))


def _text(path: str, content: bytes, problems: list[Problem]) -> str | None:
    place = Place(path=path)
    if len(content) > SOURCE_BYTES:
        message = f"{path} is larger than {SOURCE_BYTES >> 20} MiB"
        problems.append(Problem(code="policy.validator.size", message=message, place=place))
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        problems.append(Problem(code="policy.encoding", message=f"{path} is not UTF-8", place=place))
        return None


def _package(path: str, problems: list[Problem]) -> str | None:
    folders = PurePosixPath(path).parent.parts
    package = folders[-2] if len(folders) > 1 else ""
    if package.isidentifier():
        return package
    message = "a validator lies in <package>/<rule>/, whose first folder names its package"
    problems.append(Problem(code="policy.package", message=message, place=Place(path=path)))
    return None


Found = list[tuple[Validator, RuleMetadata]]


def _functions(path: str, text: str, package: str, files: Mapping[str, bytes], problems: list[Problem]) -> Found:
    """The annotated functions of a Python file; one without any is a mistake, since nothing of it would ever run."""
    try:
        tree = ast.parse(text)
        blocks = list(_blocks(text))
    except (SyntaxError, tokenize.TokenError, ValueError, RecursionError, MemoryError) as error:
        line = error.lineno if isinstance(error, SyntaxError) else None
        said = error.msg if isinstance(error, SyntaxError) else str(error) or "nested too deep"
        place = Place(path=path, line=line, column=(getattr(error, "offset", None) or 1) if line else None)
        problems.append(Problem(code="policy.validator.syntax", message=f"not Python: {said}", place=place))
        return []
    if not blocks:
        message = "no function of this file has METADATA, so nobody can say what it asks"
        hint = f"a test is called <rule>{TEST_SUFFIX}; a validator is one file and imports only installed packages"
        problems.append(Problem(code="policy.metadata.missing", message=message, place=Place(path=path), hint=hint))
    functions = {_first_line(node): node for node in tree.body if isinstance(node, ast.FunctionDef)}
    found: Found = []
    for block in blocks:
        place = Place(path=path, line=block.line, column=1)
        function = functions.get(block.end + 1)
        if function is None:
            message, hint = "this METADATA stands above no function", "write 'def …' right below it, at the margin"
            problems.append(Problem(code="policy.validator.function", message=message, place=place, hint=hint))
            continue
        problems += _signature(path, function)
        rule = read_rule(block.yaml, path, package, block.line, problems)
        if rule is not None:
            only = {path: files[path]}
            found.append((Validator(code=rule.code, path=path, files=only, function=function.name), rule))
    return found


def _signature(path: str, function: ast.FunctionDef) -> Iterator[Problem]:
    given = function.args
    names = tuple(each.arg for each in (*given.posonlyargs, *given.args))
    if names != _ARGUMENTS or given.vararg or given.kwarg or given.kwonlyargs:
        place = Place(path=path, line=function.lineno, column=function.col_offset + 1)
        message = f"'{function.name}' takes other arguments than 'input' and 'parameters'"
        hint = f"def {function.name}(input: dict, parameters: dict) -> dict:"
        yield Problem(code="policy.validator.signature", message=message, place=place, hint=hint)


def _first_line(node: ast.FunctionDef) -> int:
    return min([node.lineno, *(each.lineno for each in node.decorator_list)])


def _blocks(text: str) -> Iterator[_Block]:
    """Comments at the margin that begin with ``# METADATA``; text in a string is no comment."""
    comments = {
        token.start[0]: token.string
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT and token.start[1] == 0
    }
    for line, comment in comments.items():
        if comment[1:].strip() != _OPENING:
            continue
        end = line
        while end + 1 in comments:
            end += 1
        # The ``#`` becomes a blank, so that YAML's lines and columns are the file's.
        body = [f" {comments[number][1:]}" for number in range(line + 1, end + 1)]
        yield _Block(line=line, end=end, yaml="\n" * line + "\n".join(body) + "\n")


def _program(path: str, text: str, package: str, files: Mapping[str, bytes], problems: list[Problem]) -> Found:
    """The one program that a declaration names, with every file of it."""
    rule = read_rule(text, path, package, 1, problems, further=("program",))
    if rule is None:
        return []
    document = parse_yaml(text, path)
    words = document.value.get("program")
    place = document.place(("program",))
    if not (isinstance(words, list) and words and all(isinstance(word, str) and word for word in words)):
        message, hint = "'program' is no list of words", "program: [./check.sh]"
        problems.append(Problem(code="policy.validator.program", message=message, place=place, hint=hint))
        return []
    if not _names_a_file(words[0]):
        message, hint = f"'{words[0]}' is no file of the rule's folder", "the first word names one, as in ./check.sh"
        problems.append(Problem(code="policy.validator.program", message=message, place=place, hint=hint))
        return []
    named = {_beside(path, word) for word in words if _names_a_file(word)}
    missing = sorted(named - set(files))
    for each in missing:
        there = [
            PurePosixPath(other).name for other in files if PurePosixPath(other).parent == PurePosixPath(path).parent
        ]
        hint = did_you_mean(PurePosixPath(each).name, there)
        problems.append(Problem(code="policy.validator.program", message=f"there is no {each}", place=place, hint=hint))
    if missing:
        return []
    whole = {each: files[each] for each in (path, *named)}
    return [(Validator(code=rule.code, path=path, files=whole, program=tuple(words)), rule)]


def _names_a_file(word: str) -> bool:
    return word.startswith("./") and word.count("/") == 1 and word not in {"./", "./.", "./.."}


def _beside(path: str, word: str) -> str:
    return str(PurePosixPath(path).parent / word.removeprefix("./"))


def recorded_only(validators: Mapping[str, Validator]) -> dict[str, Validator]:
    """The same validators, marked as read out of a pack: they never run."""
    return {code: replace(each, installed=False) for code, each in validators.items()}


def matching(validators: Mapping[str, Validator], installed: Sequence[Validator]) -> dict[str, Validator]:
    """The same validators, each that equals an installed one replaced by it; the others as they were."""
    known = {(each.code, each.digest): each for each in installed}
    return {code: known.get((code, each.digest), each) for code, each in validators.items()}
