"""What a rule needs before it can pass: declared parameters and fresh evidence. No author can forget it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tolbooth.judge.library.asked import AskedRule
from tolbooth.judge.library.policy import Policy
from tolbooth.judge.library.rule_metadata import ARTIFACT, EACH_DATA_SET, RuleMetadata
from tolbooth.judge.questions import answers, question_of
from tolbooth.model.observation import ArtifactRole, Freshness
from tolbooth.model.rule import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmet:
    """A need that is not met: why, in words, and about what."""

    reason: Reason
    message: str
    term: str | None = None


def unmet_needs(policy: Policy, asked: AskedRule, document: Mapping[str, Any]) -> tuple[Unmet, ...]:
    """Every reason for which a rule can't be decided, whatever it says itself."""
    # Without its parameters a rule has asked nothing, so an absent answer is no news.
    if asked.undeclared:
        return tuple(_undeclared(asked))
    return tuple([need for kind in asked.kinds for need in _evidence(policy, asked.rule, kind, document)])


def evidence_facts(policy: Policy, asked: AskedRule, document: Mapping[str, Any]) -> tuple[str, ...]:
    """The digests of everything that the rule's evidence consists of, sorted: for results that name no facts."""
    found: set[str] = set()
    for kind in asked.kinds:
        for item in _present(policy, asked.rule, kind, document):
            found.update(item["digest"].values() if kind == ARTIFACT else item["reads"])
    return tuple(sorted(found))


def _undeclared(asked: AskedRule) -> Iterator[Unmet]:
    for name in asked.undeclared:
        text = f"'{name}' is not declared: set it as policy.parameters.{asked.rule.code}.{name} before the run"
        yield Unmet(reason=Reason.MISSING, message=text)


def _evidence(policy: Policy, rule: RuleMetadata, kind: str, document: Mapping[str, Any]) -> Iterator[Unmet]:
    present = _present(policy, rule, kind, document)
    gaps = [gap for gap in document["gaps"] if gap["kind"] == kind]
    for gap in gaps:
        yield Unmet(reason=Reason.MISSING, message=gap["message"], term=gap["about"])
    if not present and not gaps:
        yield Unmet(reason=Reason.MISSING, message=_nothing(rule, kind, document))
    elif kind in EACH_DATA_SET:
        told = {_about(item) for item in (*present, *gaps)}
        for name in sorted(_data_sets(document) - told):
            yield Unmet(reason=Reason.MISSING, message=f"there is no {kind} evidence", term=name)
    stale = {_about(item) for item in present if item["freshness"] != Freshness.FRESH.value}
    for about in sorted(stale):
        text = f"{about}: the evidence was not valid at the time of the decision"
        yield Unmet(reason=Reason.STALE, message=text, term=about)


def _present(policy: Policy, rule: RuleMetadata, kind: str, document: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The items of a kind that this rule may rest on: for a question's kind, those that answer it exactly."""
    if kind == ARTIFACT:
        artifacts: Sequence[Mapping[str, Any]] = document["artifacts"]
        return artifacts
    observations: Sequence[Mapping[str, Any]] = document["observations"].get(kind, [])
    question = question_of(policy, rule) if kind == rule.question else None
    if question is None:
        return observations
    return [item for item in observations if answers(question, item)]


def _nothing(rule: RuleMetadata, kind: str, document: Mapping[str, Any]) -> str:
    if kind == rule.question and document["observations"].get(kind):
        return "nothing was measured with exactly this rule's parameters"
    return f"there is no {kind} evidence" if kind != ARTIFACT else "nothing was collected"


def _data_sets(document: Mapping[str, Any]) -> set[str]:
    return {item["name"] for item in document["artifacts"] if ArtifactRole(item["role"]).is_data}


def _about(item: Mapping[str, Any]) -> str:
    return str(item.get("name", item.get("about")))
