"""From a case to the report that every format renders."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from tolbooth.judge.library.catalogs import Control, in_force
from tolbooth.judge.library.load import built_in_library
from tolbooth.judge.library.parameters import Direction, Parameter, ParameterType
from tolbooth.judge.library.policy import Policy
from tolbooth.judge.library.rule_metadata import RuleMetadata
from tolbooth.judge.questions import questions
from tolbooth.measure.fairness.question import question_from_parameters
from tolbooth.model.rule import Loosens
from tolbooth.model.wire import JsonObject
from tolbooth.pipeline.case_file import CaseFile
from tolbooth.pipeline.people_report import Called, nobody_called, people_shown
from tolbooth.report.model import Report, build_report
from tolbooth.report.record import Clause, RuleNote, RuleParameter, RuleProblem, RunRecord

_LOOSENS = {Direction.UP: Loosens.UP, Direction.DOWN: Loosens.DOWN}


def report_on(case: CaseFile, called: Called = nobody_called) -> Report:
    """Build the report on a case; the same from the store and from a pack.

    ``called`` gives names where they are at hand. A pack's reports have none: whoever erases the names document then
    erases them everywhere.
    """
    record = RunRecord(
        decision_sha256=case.decision_sha256,
        policy_name=_policy_name(case.policy),
        engine=f"{case.engine.name} {case.engine.version}",
        log_index=case.position,
        artifacts=case.artifacts,
        problems=tuple(RuleProblem(code=e.code, text=e.message, rule=e.rule) for e in case.errors),
        clauses=clauses_of(case.policy, case.policy.rules, case.decision.case.as_of),
        rules=_notes(case.policy),
        people=people_shown(case.core, case.decision, called),
    )
    return build_report(case.decision, case.input_document, record)


def _policy_name(policy: Policy) -> str:
    """How many rules are asked; from a pack too, so by the codes that the library here has."""
    shipped = built_in_library().rules
    own = sum(rule.code not in shipped for rule in policy.rules)
    built_in = f"{len(policy.rules) - own} built-in rules"
    return f"{built_in}, {own} of the project's own" if own else built_in


def _notes(policy: Policy) -> dict[str, RuleNote]:
    asked = {question.code: _asked(question.kind, question.parameters) for question in questions(policy)}
    return {
        rule.code: RuleNote(
            description=rule.description,
            solution=rule.solution,
            parameters=parameters_of(rule, policy),
            question=asked.get(rule.code),
        )
        for rule in policy.rules
    }


def _asked(kind: str, parameters: JsonObject) -> JsonObject:
    """The question as it stands in an observation, but for the features that it is asked by."""
    question = question_from_parameters(kind, parameters, by=("feature",) if kind == "fairness" else ())
    return {name: value for name, value in question.as_json().items() if name != "by"}


def parameters_of(rule: RuleMetadata, policy: Policy) -> tuple[RuleParameter, ...]:
    """The effective parameters of one of the policy's rules, as people are shown them; undeclared ones have none."""
    effective = policy.parameters[rule.code]
    return tuple(_parameter(rule, policy, each) for each in rule.parameters if each.name in effective)


def _parameter(rule: RuleMetadata, policy: Policy, parameter: Parameter) -> RuleParameter:
    value = policy.parameters[rule.code][parameter.name]
    return RuleParameter(
        name=parameter.name,
        value=", ".join(value) if isinstance(value, tuple) else value,
        unit="rate" if parameter.type is ParameterType.RATE else parameter.unit,
        loosens=_LOOSENS.get(parameter.loosens) if parameter.loosens is not None else None,
        description=parameter.description,
    )


def clauses_of(policy: Policy, rules: Iterable[RuleMetadata], as_of: datetime) -> dict[str, Clause]:
    """The clauses that rules cite, by id, as they stand at ``as_of``; those that no catalogue holds are left out."""
    cited = {control for rule in rules for control in rule.controls}
    found = {each: policy.library.catalogs.control(each) for each in sorted(cited)}
    return {each: _clause(control, as_of) for each, control in found.items() if control is not None}


def _clause(control: Control, as_of: datetime) -> Clause:
    """A clause with its dates, each with its scope and basis; a date that nobody checked is named so."""
    notes = [
        f"{'in force since' if each.holds else 'in force from'} {each.since.isoformat()} "
        f"({scope}, {each.basis}{'' if each.verified is not None else ', date not verified'})"
        for scope in dict.fromkeys(application.scope for application in control.applications)
        for each in in_force(control, as_of, scope)
    ]
    return Clause(title=control.title, in_force="; ".join(notes) or None)
