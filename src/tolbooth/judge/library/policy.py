"""The effective policy: a library with the rules that are asked, their parameters and their enforcement.

Its digest covers the files, the effective parameters and the enforcement as declared; never an archive of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.evidence.policy_document import PolicyDocument, PolicyFile, policy_sha256
from tolbooth.judge.interface import PolicyBundle
from tolbooth.judge.library.asked import AskedRule, asked_rule
from tolbooth.judge.library.catalogs import parse_catalogs
from tolbooth.judge.library.enforcement import EnforcementMap, level_at, read_enforcement, stored_enforcement
from tolbooth.judge.library.load import Library, library_of
from tolbooth.judge.library.parameter_check import (
    ParameterMap,
    ParameterProblem,
    check_parameters,
    effective_parameters,
    selected_rules,
)
from tolbooth.judge.library.parameters import ParameterValue, stored_value
from tolbooth.judge.library.rule_metadata import RuleMetadata
from tolbooth.judge.validators.reading import recorded_only
from tolbooth.model.errors import ConfigError, JudgeError, Problem
from tolbooth.model.rule import Enforcement, Point
from tolbooth.model.wire import JsonObject, as_json

__all__ = ["ParameterProblem", "Policy", "check_parameters", "core_files", "effective_policy", "policy_from_core"]

FOLDER = "policies/"
DOCUMENT_PATH = f"{FOLDER}policy.json"
CATALOGS_FOLDER = f"{FOLDER}catalogs/"
_CATALOGUE = re.compile(rf"{CATALOGS_FOLDER}[^/]*\.yaml")


@dataclass(frozen=True, kw_only=True)  # no slots: what follows from a policy is worked out once
class Policy:
    """What a gate is judged by.

    ``rules`` are sorted by code. ``parameters`` hold the effective values by code and name; a parameter that the
    project must declare and did not is absent. ``enforcement`` is as declared; other rules have their own level.
    ``point`` is where the gate stands.
    """

    library: Library
    rules: tuple[RuleMetadata, ...]
    parameters: Mapping[str, Mapping[str, ParameterValue]]
    enforcement: EnforcementMap
    document: PolicyDocument
    point: Point = Point.CI

    @property
    def sha256(self) -> str:
        """The policy digest."""
        return policy_sha256(self.document)

    @cached_property
    def bundle(self) -> PolicyBundle:
        """What an engine loads: all modules, and the packages whose rules are asked; validators are no engine's."""
        asked = (rule for rule in self.rules if rule.code not in self.library.validators)
        packages = {rule.package for rule in asked if self.enforcement_of(rule) is not Enforcement.OFF}
        return PolicyBundle(
            modules=self.library.modules,
            data={"parameters": self.document.parameters},
            packages=tuple(sorted(packages)),
        )

    @cached_property
    def asked(self) -> tuple[AskedRule, ...]:
        """The rules as this policy asks them, in their order."""
        return tuple(
            asked_rule(
                rule,
                self.parameters[rule.code],
                undeclared=self.undeclared(rule),
                enforcement=self.enforcement_of(rule),
                effective_on=self.effective_on(rule),
            )
            for rule in self.rules
        )

    def enforcement_of(self, rule: RuleMetadata) -> Enforcement:
        """What a failing result of this rule does at this point, before dates; a ``warn`` rule never denies."""
        at_point = level_at(self.enforcement, rule.code, self.point)
        declared = rule.level if at_point is None else at_point.level
        return Enforcement.WARN if declared is Enforcement.DENY and rule.level is Enforcement.WARN else declared

    def effective_on(self, rule: RuleMetadata) -> datetime | None:
        """From when a failing result of this rule denies: the later of the rule's own date and the declared one."""
        at_point = level_at(self.enforcement, rule.code, self.point)
        if at_point is None or at_point.effective_on is None:
            return rule.effective_on
        return at_point.effective_on if rule.effective_on is None else max(rule.effective_on, at_point.effective_on)

    def undeclared(self, rule: RuleMetadata) -> tuple[str, ...]:
        """The parameters of a rule that the project must declare and did not."""
        written = self.parameters[rule.code]
        return tuple(each.name for each in rule.parameters if each.name not in written and not each.optional)


def effective_policy(
    library: Library,
    *,
    rules: Sequence[str] | None,
    collections: Iterable[str],
    parameters: ParameterMap,
    enforcement: EnforcementMap,
    point: Point = Point.CI,
) -> Policy:
    """Join a library with what a project declares.

    Args:
        library: the rules that there are.
        rules: codes of the rules that are asked; None asks those of ``collections``.
        collections: named sets of rules, used where ``rules`` is None.
        parameters: what the project wrote, by code and name; rates as decimals.
        enforcement: what a failing rule does, by code and enforcement point.
        point: where the gate stands.

    Raises:
        ConfigError: ``policy.*``, every mistake that ``check_parameters`` finds.
    """
    problems = check_parameters(
        library, rules=rules, collections=collections, parameters=parameters, enforcement=enforcement
    )
    if problems:
        raise ConfigError([each.problem for each in problems])
    chosen = selected_rules(library, rules, collections)
    return _policy(library, chosen, effective_parameters(chosen, parameters), enforcement, point)


def core_files(policy: Policy) -> Mapping[str, bytes]:
    """The ``policies/`` files of a pack: modules, validators, the policy document and the cited catalogues."""
    cited = {control.partition(":")[0] for rule in policy.library.rules.values() for control in rule.controls}
    catalogues = policy.library.catalogs.catalogues
    return {
        **{f"{FOLDER}{module.path}": module.text.encode() for module in policy.library.modules},
        **{f"{FOLDER}{path}": each for one in policy.library.validators.values() for path, each in one.files.items()},
        **{f"{CATALOGS_FOLDER}{name}.yaml": catalogues[name].content for name in sorted(cited)},
        DOCUMENT_PATH: canonical_bytes(policy.document),
    }


def policy_from_core(core: Mapping[str, bytes], point: Point = Point.CI) -> Policy:
    """Load the policy of a pack: its modules and catalogues, with the parameters that its document holds.

    The document is made anew from what the files are, so a file that was changed gives another policy digest. Its
    validators are marked as not installed: to run one, whoever has the same bytes installed puts those in its place.

    Args:
        core: files of a pack's core by path; those outside ``policies/`` are not looked at.
        point: where the gate stood.

    Raises:
        JudgeError: ``policy.*`` if a module, a catalogue or the document can't be read.
    """
    mine = {path.removeprefix(FOLDER): content for path, content in core.items() if path.startswith(FOLDER)}
    catalogs = parse_catalogs({path: each for path, each in mine.items() if _CATALOGUE.fullmatch(f"{FOLDER}{path}")})
    rules = {path: each for path, each in mine.items() if not _CATALOGUE.fullmatch(f"{FOLDER}{path}")}
    library = library_of(rules, catalogs)
    library = replace(library, validators=recorded_only(library.validators))
    try:
        document = json.loads(core[DOCUMENT_PATH])
        codes, stored = list(document["rules"]), document["parameters"]
        enforcement = read_enforcement(document["enforcement"])
        unknown = [code for code in codes if code not in library.rules]
        if unknown:
            raise JudgeError.of("policy.document", f"the policy names '{unknown[0]}', which no module declares")
        chosen = tuple(library.rules[code] for code in codes)
        parameters = {rule.code: _stored(rule, stored) for rule in chosen}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise JudgeError.of("policy.document", f"{DOCUMENT_PATH} is not a policy document: {error}") from error
    return _policy(library, chosen, parameters, enforcement, point)


def _policy(
    library: Library,
    rules: Iterable[RuleMetadata],
    parameters: Mapping[str, Mapping[str, ParameterValue]],
    enforcement: EnforcementMap,
    point: Point,
) -> Policy:
    ordered = tuple(sorted(rules, key=lambda rule: rule.code))
    document = PolicyDocument(
        files=tuple(PolicyFile(path=path, sha256=digest) for path, digest in sorted(library.digests.items())),
        parameters=_nested(parameters),
        enforcement=stored_enforcement(enforcement),
        rules=tuple(rule.code for rule in ordered),
    )
    return Policy(
        library=library, rules=ordered, parameters=parameters, enforcement=enforcement, document=document, point=point
    )


def _nested(parameters: Mapping[str, Mapping[str, ParameterValue]]) -> JsonObject:
    """By package and rule, as rules read them: ``data.parameters.fairness.difference.bound``."""
    tree: dict[str, Any] = {}
    for code, values in sorted(parameters.items()):
        branch = tree
        for part in code.split("."):
            branch = branch.setdefault(part, {})
        branch.update(as_json(values))
    return tree


def _stored(rule: RuleMetadata, tree: JsonObject) -> dict[str, ParameterValue]:
    """A rule's parameters from the document's tree.

    Raises:
        JudgeError: ``policy.document`` for a value that the rule's declaration refuses.
    """
    branch: Any = tree
    for part in rule.code.split("."):
        branch = branch[part]
    values: dict[str, ParameterValue] = {}
    for name, stored in branch.items():
        parameter = rule.parameter(name)
        if parameter is None:
            raise JudgeError.of("policy.document", f"{rule.code} has no parameter '{name}'")
        value = stored_value(parameter, stored)
        if isinstance(value, Problem):
            raise JudgeError.of("policy.document", f"{rule.code}: {value.message}", hint=value.hint)
        values[name] = value
    return values
