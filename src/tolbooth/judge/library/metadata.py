"""OPA METADATA comments read out of Rego text: which rules a module declares, and every mistake with its line.

A block belongs to the rule or package whose line follows it. A rule of ours is a ``deny`` or ``warn`` set with a
``custom.short_name``; blocks before other rules are their author's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from tolbooth.config.yaml_source import parse_yaml
from tolbooth.judge.interface import Module
from tolbooth.judge.library.catalogs import Catalogs, unknown_control
from tolbooth.judge.library.fields import Fields, did_you_mean
from tolbooth.judge.library.parameter_metadata import read_parameters
from tolbooth.judge.library.parameters import Parameter, ParameterType
from tolbooth.judge.library.rule_metadata import EVIDENCE_KINDS, QUESTION_KINDS, PackageMetadata, RuleMetadata
from tolbooth.model.errors import ConfigError, JudgeError, Place, Problem
from tolbooth.model.instant import end_of_day, instant
from tolbooth.model.rule import Enforcement, Severity

_OPENING = re.compile(r"#\s*METADATA\s*")
_PACKAGE = re.compile(r"package\s+([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)\s*(?:#.*)?")
_RULE = re.compile(r"(deny|warn)\b")
_SHORT_NAME = re.compile(r"[a-z][a-z0-9_]*")
_KEYS = (
    "title", "description", "custom", "scope", "related_resources", "authors", "organizations", "schemas",
    "entrypoint", "compile",
)  # fmt: skip
_CUSTOM_KEYS = (
    "short_name", "severity", "solution", "controls", "collections", "evidence", "evidence_for", "question", "asks",
    "parameters", "moving_values", "depends_on", "effective_on", "effective_until",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What the modules of a library declare: rules by code, packages by name."""

    rules: Mapping[str, RuleMetadata] = field(default_factory=dict)
    packages: Mapping[str, PackageMetadata] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """A METADATA comment: its first line from 1, its YAML with the ``#`` blanked, and the line that follows it."""

    line: int
    yaml: str
    owner: str
    owner_line: int


def read_metadata(
    modules: Iterable[Module], catalogs: Catalogs, others: Mapping[str, RuleMetadata] | None = None
) -> Metadata:
    """Read the METADATA of all modules; ``others`` are rules of other modules that these may depend on.

    Raises:
        JudgeError: ``policy.metadata.*`` and ``policy.package``, every mistake of every module.
    """
    problems: list[Problem] = []
    rules: dict[str, RuleMetadata] = {}
    packages: dict[str, PackageMetadata] = {}
    listed = tuple(modules)
    for module in listed:
        package = _package_of(module, problems)
        if package is not None:
            for found in _declared(module, package, problems):
                known = rules if isinstance(found, RuleMetadata) else packages
                name = found.code if isinstance(found, RuleMetadata) else found.package
                if name in known:
                    text = f"'{name}' is declared twice; first at {known[name].place}"
                    problems.append(Problem(code="policy.metadata.duplicate", message=text, place=found.place))
                known[name] = found  # type: ignore[assignment]
    texts = {module.path: module.text for module in listed}
    problems += [_at_name(problem, texts) for problem in unknown_names(rules, others or {}, catalogs)]
    if problems:
        raise JudgeError(sorted(problems, key=_order))
    return Metadata(rules=dict(sorted(rules.items())), packages=dict(sorted(packages.items())))


def package_of(module: Module) -> str | None:
    """The package that a module's text names; None if it names none."""
    found = (_PACKAGE.fullmatch(line.strip()) for line in module.text.splitlines())
    return next((each[1] for each in found if each), None)


def _package_of(module: Module, problems: list[Problem]) -> str | None:
    package = package_of(module)
    if package is not None:
        return package
    problems.append(Problem(code="policy.package", message="there is no package line", place=Place(path=module.path)))
    return None


def _declared(module: Module, package: str, problems: list[Problem]) -> Iterator[RuleMetadata | PackageMetadata]:
    """Rules and package that a module declares; an unannotated deny or warn before the first block is a mistake."""
    blocks = list(_blocks(module.text))
    first = next((number for number, line in enumerate(module.text.splitlines(), 1) if _RULE.match(line)), None)
    annotated = [block.owner_line for block in blocks if _RULE.match(block.owner)]
    if first is not None and first not in annotated:
        place = Place(path=module.path, line=first, column=1)
        text = "this rule has no METADATA, so nobody can say what it asks"
        problems.append(Problem(code="policy.metadata.missing", message=text, place=place))
    for block in blocks:
        owner = _RULE.match(block.owner)
        is_package = _PACKAGE.fullmatch(block.owner.strip()) is not None
        if owner is None and not is_package:
            continue
        try:
            document = parse_yaml(block.yaml, module.path)
        except ConfigError as error:
            problems += error.problems
            continue
        fields = Fields(document, (), problems, code="policy.metadata")
        fields.only(_KEYS)
        place = Place(path=module.path, line=block.line, column=1)
        if owner is None:
            title, description = fields.text("title") or "", fields.text("description", required=False)
            yield PackageMetadata(package=package, title=title, description=description, place=place)
        elif "custom" not in fields:
            fields.refuse("missing-key", "this METADATA lacks 'custom'", place=place)
        else:
            custom = Fields(document, ("custom",), problems, code="policy.metadata")
            yield _rule(fields, custom, package, Enforcement(owner[1]), place)


def read_rule(
    yaml: str, path: str, package: str, line: int, problems: list[Problem], *, further: Iterable[str] = ()
) -> RuleMetadata | None:
    """Read the METADATA of a rule that is no Rego: YAML at its file's own lines, which may hold ``further`` keys.

    ``line`` is where it begins. What the rule depends on and cites is for ``unknown_names``. Mistakes are kept in
    ``problems``; None if there is nothing to read.
    """
    try:
        document = parse_yaml(yaml, path)
    except ConfigError as error:
        problems += error.problems
        return None
    fields = Fields(document, (), problems, code="policy.metadata")
    fields.only((*_KEYS, *further))
    place = Place(path=path, line=line, column=1)
    if "custom" not in fields:
        fields.refuse("missing-key", "this METADATA lacks 'custom'", place=place)
        return None
    custom = Fields(document, ("custom",), problems, code="policy.metadata")
    return _rule(fields, custom, package, Enforcement.DENY, place)


def unknown_names(
    rules: Mapping[str, RuleMetadata], others: Mapping[str, RuleMetadata], catalogs: Catalogs
) -> Iterator[Problem]:
    """Controls, kinds of fact and rules that these rules name and that nobody knows; ``others`` are known as well."""
    for rule in rules.values():
        yield from _unknown_names(rule, {**others, **rules}, catalogs)


def _blocks(text: str) -> Iterator[_Block]:
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        start = at
        at += 1
        if _OPENING.fullmatch(lines[start]) is None:
            continue
        while at < len(lines) and lines[at].startswith("#"):
            at += 1
        # The ``#`` becomes a blank, so that YAML's lines and columns are the file's.
        yaml = "\n" * (start + 1) + "\n".join(f" {line[1:]}" for line in lines[start + 1 : at]) + "\n"
        owner = lines[at] if at < len(lines) else ""
        yield _Block(line=start + 1, yaml=yaml, owner=owner, owner_line=at + 1)


def _rule(fields: Fields, custom: Fields, package: str, level: Enforcement, place: Place) -> RuleMetadata:
    custom.only(_CUSTOM_KEYS)
    short_name = custom.text("short_name") or ""
    if short_name and _SHORT_NAME.fullmatch(short_name) is None:
        custom.wrong("short_name", "a word of lower-case letters, digits and underscores")
    question = custom.text("question", required=False)
    if question is not None and question not in QUESTION_KINDS:
        hint = did_you_mean(question, QUESTION_KINDS)
        custom.refuse("question", f"no measure answers '{question}'", place=custom.place("question"), hint=hint)
    asks = custom.raw("asks") or {}
    if not isinstance(asks, dict) or (asks and question is None):
        custom.wrong("asks", "a mapping of constants of the question")
        asks = {}
    evidence = custom.texts("evidence", required=True)
    if question is not None and question not in evidence:
        custom.refuse("evidence", f"a rule that asks for '{question}' needs it as evidence", place=place)
    parameters = read_parameters(custom)
    return RuleMetadata(
        code=f"{package}.{short_name}",
        package=package,
        title=fields.text("title") or "",
        description=fields.text("description") or "",
        severity=custom.choice("severity", Severity) or Severity.HIGH,
        solution=custom.text("solution") or "",
        level=level,
        controls=custom.texts("controls", required=True),
        collections=custom.texts("collections", required=True),
        evidence=evidence,
        place=place,
        evidence_for=_evidence_for(custom, parameters),
        question=question,
        asks=asks,
        parameters=parameters,
        moving_values=custom.texts("moving_values"),
        depends_on=custom.texts("depends_on"),
        effective_on=_beginning(custom.moment("effective_on")),
        effective_until=_end(custom.moment("effective_until")),
    )


def _evidence_for(custom: Fields, parameters: Iterable[Parameter]) -> dict[str, dict[str, str]]:
    """Kinds of fact by list parameter and word; whether the kinds are known is looked at with the others."""
    written = custom.raw("evidence_for") or {}
    if not isinstance(written, dict) or not all(isinstance(kinds, dict) for kinds in written.values()):
        custom.wrong("evidence_for", "a mapping from a list parameter to the kind of fact that each word needs")
        return {}
    lists = {parameter.name: parameter for parameter in parameters if parameter.type is ParameterType.LIST}
    for name, kinds in written.items():
        if name not in lists:
            hint = did_you_mean(str(name), lists)
            custom.refuse(
                "evidence-for", f"'{name}' is no list parameter", place=custom.place("evidence_for"), hint=hint
            )
        elif set(kinds) != set(lists[name].choices):
            text = f"'evidence_for' names other words than the choices of '{name}'"
            custom.refuse("evidence-for", text, place=custom.place("evidence_for"))
    return {str(name): {str(word): str(kind) for word, kind in kinds.items()} for name, kinds in written.items()}


def _unknown_names(rule: RuleMetadata, rules: Mapping[str, RuleMetadata], catalogs: Catalogs) -> Iterator[Problem]:
    for name in rule.controls:
        if catalogs.control(name) is None:
            text = f"{rule.code}: no catalogue has the control '{name}'"
            hint = unknown_control(name, catalogs)
            yield Problem(code="policy.metadata.control", message=text, place=rule.place, hint=hint, about=name)
    named = {kind for kinds in rule.evidence_for.values() for kind in kinds.values()}
    for name in (*rule.evidence, *sorted(named)):
        if name not in EVIDENCE_KINDS:
            text = f"{rule.code}: '{name}' is no kind of fact"
            hint = did_you_mean(name, EVIDENCE_KINDS)
            yield Problem(code="policy.metadata.evidence", message=text, place=rule.place, hint=hint, about=name)
    for name in rule.depends_on:
        if name not in rules:
            text = f"{rule.code} depends on '{name}', which no module declares"
            hint = did_you_mean(name, rules)
            yield Problem(code="policy.metadata.depends-on", message=text, place=rule.place, hint=hint, about=name)


def _at_name(problem: Problem, texts: Mapping[str, str]) -> Problem:
    """A problem with a name, at the name itself in the METADATA where it is found there."""
    place = problem.place
    if place is None or place.line is None or problem.about is None:
        return problem
    wanted = re.compile(rf"(?<![\w.:-]){re.escape(problem.about)}(?![\w.:-])")
    for number, line in enumerate(texts.get(place.path, "").splitlines()[place.line :], place.line + 1):
        if not line.startswith("#"):
            break
        if found := wanted.search(line):
            width = len(problem.about)
            return replace(problem, place=Place(path=place.path, line=number, column=found.start() + 1, width=width))
    return problem


def _beginning(value: date | datetime | None) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return None if value is None else instant(value)
    return datetime(value.year, value.month, value.day, tzinfo=UTC)


def _end(value: date | datetime | None) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return None if value is None else instant(value)
    return end_of_day(value)


def _order(problem: Problem) -> tuple[str, int, int]:
    place = problem.place
    return ("", 0, 0) if place is None else (place.path, place.line or 0, place.column or 0)
