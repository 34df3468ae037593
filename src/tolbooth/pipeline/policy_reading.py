"""The rules of a project, and the input documents that they judged, as their authors want to read them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path, PurePosixPath

from tolbooth.config.load import Project
from tolbooth.evidence.pack import INPUT_PATH
from tolbooth.judge.library.load import BUILT_IN, Library, built_in_library
from tolbooth.judge.library.parameters import Parameter, ParameterValue
from tolbooth.judge.library.policy import Policy, effective_policy
from tolbooth.judge.library.rule_metadata import RuleMetadata
from tolbooth.model.rule import Enforcement
from tolbooth.pipeline.explaining import unknown_rule
from tolbooth.pipeline.policy import project_library, project_policy
from tolbooth.pipeline.records import core_of
from tolbooth.store.embedded import EmbeddedStore


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRule:
    """A rule and the source that it comes from.

    ``enforcement`` is what a failing result does here, None where the project does not ask the rule. ``file`` is its
    path: below the project for its own rules, in the library for those that are shipped.
    """

    rule: RuleMetadata
    source: str
    file: str
    enforcement: Enforcement | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownParameter:
    """A parameter as it is in force: its value (None: not declared yet), and whether the project wrote it."""

    parameter: Parameter
    value: ParameterValue | None
    from_project: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRule:
    """A rule whole. ``controls`` are ids with titles (None: no catalogue holds it), ``page`` the text of its page."""

    listed: ListedRule
    parameters: tuple[ShownParameter, ...]
    controls: tuple[tuple[str, str | None], ...]
    page: str | None


def listed_rules(project: Project | None) -> tuple[ListedRule, ...]:
    """Every rule of the project's sources, or of the built-in library without a project, sorted by code.

    Raises:
        ConfigError: the mistakes of the project's policy.
        JudgeError: those of a rule.
    """
    policy = _policy(project)
    asked = {rule.code for rule in policy.rules}
    return tuple(_listed(rule, policy, asked=rule.code in asked) for rule in policy.library.rules.values())


def shown_rule(code: str, project: Project | None) -> ShownRule:
    """One rule with its parameters as they are in force here.

    Raises:
        ConfigError: ``explain.unknown-rule`` with the nearest rule, or the mistakes of the project's policy.
    """
    library = built_in_library() if project is None else project_library(project)
    if code not in library.rules:
        raise unknown_rule(code, list(library.rules), "the built-in library" if project is None else "the policy")
    policy = _policy(project)
    rule = library.rules[code]
    listed = _listed(rule, policy, asked=code in {each.code for each in policy.rules})
    written = {} if project is None else project.settings.policy.parameters.get(code, {})
    effective = _alone(library, code, project).parameters[code]
    controls = ((each, library.catalogs.control(each)) for each in rule.controls)
    return ShownRule(
        listed=listed,
        parameters=tuple(
            ShownParameter(parameter=each, value=effective.get(each.name), from_project=each.name in written)
            for each in rule.parameters
        ),
        controls=tuple((name, None if control is None else control.title) for name, control in controls),
        page=_page(rule, listed.source, project),
    )


def recorded_input(store: EmbeddedStore, prefix: str | None) -> bytes:
    """The canonical input document of a recorded decision: that whose digest begins with ``prefix``, or the latest.

    Raises:
        ConfigError: if no decision, or more than one, is meant.
        StoreError: if a blob is missing or altered.
    """
    return core_of(store, store.decision(prefix))[INPUT_PATH]


def _policy(project: Project | None) -> Policy:
    """The project's policy, or all shipped rules as they are."""
    if project is not None:
        return project_policy(project)
    library = built_in_library()
    return effective_policy(library, rules=list(library.rules), collections=(), parameters={}, enforcement={})


def _alone(library: Library, code: str, project: Project | None) -> Policy:
    """A policy of this rule only: its parameters stand although the project may not ask it."""
    parameters = {} if project is None else project.settings.policy.parameters
    return effective_policy(
        library, rules=[code], collections=(), parameters={code: parameters.get(code, {})}, enforcement={}
    )


def _listed(rule: RuleMetadata, policy: Policy, *, asked: bool) -> ListedRule:
    own = rule.code in policy.library.own
    sources = policy.library.sources
    source = next((name for name in sources if own and rule.place.path.startswith(f"{name}/")), BUILT_IN)
    enforcement = policy.enforcement_of(rule) if asked else None
    return ListedRule(rule=rule, source=source, file=rule.place.path, enforcement=enforcement)


def _page(rule: RuleMetadata, source: str, project: Project | None) -> str | None:
    path = PurePosixPath(rule.place.path).with_suffix(".md")
    shipped = source == BUILT_IN or project is None
    folder = Path(str(files("tolbooth.policies"))) if shipped else project.folder  # type: ignore[union-attr]
    page = folder / path
    return page.read_text(encoding="utf-8") if page.is_file() else None
