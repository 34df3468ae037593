"""From a denial to a request for a waiver: the narrowest that unblocks, prefilled, and what people answer added."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tolbooth.config.load import Project
from tolbooth.config.waiver_draft import WaiverDraft
from tolbooth.evidence.reading import read
from tolbooth.judge.library.parameters import Parameter, read_value
from tolbooth.judge.library.ratchet import BOUND
from tolbooth.model.approval import Quorum
from tolbooth.model.decision import Decision
from tolbooth.model.errors import ConfigError, Problem, ReviewError
from tolbooth.model.instant import beginning
from tolbooth.model.rule import Enforcement, RuleResult
from tolbooth.model.waiver import RiskAssessment, RiskLevel, SubjectScope, Treatment
from tolbooth.model.words import WaiverRequest
from tolbooth.pipeline.policy import project_library
from tolbooth.pipeline.waiver_rules import bound_unit
from tolbooth.pipeline.waiving import KnownWaivers, find_waiver, next_id
from tolbooth.review.people import who_may_speak
from tolbooth.review.waiver_request import amount, is_coverable, last_day, request_end
from tolbooth.review.waiver_state import WaiverRules, WaiverState
from tolbooth.store.embedded import EmbeddedStore

_RISK = re.compile(r"\s*(\d{1,2})\s*[x×*]\s*(\d{1,2})\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A recorded decision that a waiver answers, and its digest."""

    decision: Decision
    sha256: str


def answered(store: EmbeddedStore, prefix: str | None) -> Answered:
    """The decision whose digest begins so, or the latest.

    Raises:
        ConfigError: ``log.no-decision`` or ``log.ambiguous-decision``.
    """
    row = store.decision(prefix)
    content = store.blobs.get(row.decision_sha256)
    return Answered(decision=read(Decision, content, path="decision"), sha256=row.decision_sha256)


def blocking(decision: Decision) -> tuple[RuleResult, ...]:
    """The results that block and that a waiver could cover: none that one covers already."""
    covered = {(each.rule, each.term) for each in decision.waivers}
    return tuple(
        result
        for result in decision.results
        if result.enforcement is Enforcement.DENY and is_coverable(result) and (result.rule, result.term) not in covered
    )


def choose_result(decision: Decision, rule: str | None, term: str | None) -> tuple[str, str | None]:
    """The rule and the term to ask for: what is named, or the only one that blocks.

    Raises:
        ReviewError: ``waiver.nothing-to-waive`` where nothing blocks, or ``waiver.which`` where several do.
    """
    found = [each for each in blocking(decision) if rule in {None, each.rule} and term in {None, each.term}]
    if len(found) == 1:
        return found[0].rule, found[0].term
    if rule is not None and (not found or term is not None):
        return rule, term
    if not found:
        hint = "missing or stale evidence and errors are never waived: 'tolbooth explain --last' tells what to do"
        raise ReviewError.of("waiver.nothing-to-waive", "nothing that a waiver could cover blocks here", hint=hint)
    lines = [f"--rule {each.rule}" + (f" --term '{each.term}'" if each.term is not None else "") for each in found]
    message = f"{len(found)} results block, and a waiver is for one: name it"
    raise ReviewError.of("waiver.which", message, hint="one of: " + "; ".join(lines))


def prefilled(answer: Answered, known: KnownWaivers, rule: str, term: str | None) -> dict[str, Any]:
    """What a draft holds before anybody answered: all that is known, with the narrowest scope."""
    return {
        "version": 1,
        "decision": answer.sha256,
        "rule": rule,
        "term": term,
        "until": last_day(known.rules, rule, known.as_of),
    }


def renewed_values(project: Project, state: WaiverState) -> dict[str, Any]:
    """The draft of a renewal: all that the waiver said, but for its end."""
    before = state.request
    risk = before.risk
    values = {
        "rule": before.rule,
        "term": before.term,
        "pattern": before.scope.pattern,
        "matches_at_most": before.scope.matches_at_most,
        "reason": before.reason,
        "because": before.comment,
        "harmed": risk.harmed,
        "risk": f"{risk.inherent.likelihood}x{risk.inherent.impact}",
        "treatment": f"{risk.treatment}: {risk.treatment_text}",
        "controls": before.compensating_controls,
        "limit": None if before.limit is None else limit_words(project, before.rule, before.limit),
        "ticket": before.ticket,
        "renews": state.sha256,
    }
    return {name: value for name, value in values.items() if value is not None}


def request_from(
    project: Project, draft: WaiverDraft, answer: Answered, known: KnownWaivers, *, person: str, now: datetime
) -> WaiverRequest:
    """The request that a draft stands for; whether it is legal is told when it is filed.

    Raises:
        ReviewError: ``waiver.*``, all that is missing or can't be read in the draft, together.
    """
    problems: list[Problem] = []
    risk, treatment = _risk(draft, problems), _treatment(draft, problems)
    limit, zone = _limit(project, draft, problems), project.settings.timezone
    problems += _unanswered(draft, known.rules)
    try:
        until = request_end(draft.until, zone)
    except ReviewError as error:
        problems += error.problems
        until = now
    if draft.pattern is not None and draft.matches_at_most is None:
        problems.append(_problem("waiver.pattern-bound", "a pattern needs a bound", "add --matches-at-most N"))
    if problems:
        raise ReviewError(problems)
    case = answer.decision.case
    return WaiverRequest(
        id=next_id(known),
        rule=draft.rule,
        term=draft.term,
        scope=SubjectScope(digest=case.subject.digest_value)
        if draft.pattern is None
        else SubjectScope(pattern=draft.pattern, matches_at_most=draft.matches_at_most),
        gate=case.gate,
        environment=case.environment,
        requested_by=person,
        reason=draft.reason,
        comment=draft.because,
        risk=RiskAssessment(harmed=draft.harmed, inherent=risk, treatment=treatment[0], treatment_text=treatment[1]),
        effective_on=beginning(draft.begins, zone) or now,
        effective_until=until,
        from_decision=answer.sha256,
        evidence_as_of=case.as_of,
        signed_at=now,
        compensating_controls=tuple(dict.fromkeys(draft.controls)),
        limit=limit,
        ticket=draft.ticket,
        renews=None if draft.renews is None else find_waiver(known, draft.renews).sha256,
    )


def read_risk(text: str) -> RiskLevel:
    """A position on the scale, written as ``3x4``: likelihood, then impact.

    Raises:
        ReviewError: ``waiver.risk``.
    """
    found = _RISK.fullmatch(text)
    if found is None:
        hint = "write likelihood x impact, such as 3x4"
        raise ReviewError.of("waiver.risk", f"'{text}' is no risk", hint=hint)
    return RiskLevel(likelihood=int(found[1]), impact=int(found[2]))


def who_must_approve(known: KnownWaivers, required: Sequence[Quorum], out: Collection[str]) -> tuple[str, ...]:
    """A line for each quorum: how many of which role, and who that could be; ``out`` are persons who can't be."""
    version = known.rules.chain.at(known.as_of)
    lines = []
    for quorum in required:
        speakers = who_may_speak(version.people, quorum.role, known.as_of).present if version is not None else ()
        able = dict.fromkeys(each.person for each in speakers if not {each.person, each.on_behalf_of} & set(out))
        names = ", ".join(sorted(known.called(each) for each in able)) or "nobody yet"
        persons = "1 person" if quorum.count == 1 else f"{quorum.count} persons"
        lines.append(f"{persons} in the role {quorum.role}: {names}")
    return tuple(lines)


def limit_words(project: Project, rule: str, limit: int) -> str:
    """A limit as it would be written."""
    return amount(limit, bound_unit(_bound(project, rule)))


def _risk(draft: WaiverDraft, problems: list[Problem]) -> RiskLevel:
    if draft.risk:
        try:
            return read_risk(draft.risk)
        except ReviewError as error:
            problems += error.problems
    return RiskLevel(likelihood=1, impact=1)


def _treatment(draft: WaiverDraft, problems: list[Problem]) -> tuple[Treatment, str]:
    """The treatment's word, and what is done; a text alone mitigates."""
    word, colon, text = draft.treatment.partition(":")
    words = [each.value for each in Treatment]
    if draft.treatment and (not colon or word.strip() not in words):
        hint = f"one of {', '.join(words)}, a colon and what is done: 'mitigate: every denial is reviewed'"
        problems.append(_problem("waiver.treatment", f"'{draft.treatment}' names no treatment", hint))
    return (Treatment(word.strip()) if word.strip() in words else Treatment.MITIGATE), text.strip()


def _unanswered(draft: WaiverDraft, rules: WaiverRules) -> list[Problem]:
    scale = rules.policy.scale
    wanted = {
        "reason": f"one of: {', '.join(rules.policy.reasons)}",
        "because": "why, in a sentence",
        "harmed": "who may be harmed if the rule is right",
        "risk": f"likelihood x impact without the treatment, 1x1 to {len(scale.likelihood)}x{len(scale.impact)}",
        "treatment": "accept, mitigate, transfer or avoid, a colon and what is done",
    }
    return [
        _problem("waiver.unanswered", f"'{name}' is not answered", f"--{name} or in the draft: {hint}")
        for name, hint in wanted.items()
        if not getattr(draft, name)
    ]


def _limit(project: Project, draft: WaiverDraft, problems: list[Problem]) -> int | None:
    if draft.limit is None:
        return None
    parameter = _bound(project, draft.rule)
    if parameter is None:
        message = f"{draft.rule} has no bound, so a limit covers nothing"
        problems.append(_problem("waiver.limit-without-number", message, "leave --limit out"))
        return None
    value = read_value(parameter, draft.limit)
    if isinstance(value, Problem):
        problems.append(_problem("waiver.limit", value.message, value.hint))
        return None
    assert isinstance(value, int)
    return value


def _bound(project: Project, rule: str) -> Parameter | None:
    found = project_library(project).rules.get(rule)
    if found is None:
        raise ConfigError.of("waiver.rule-unknown", f"there is no rule '{rule}'")
    return found.parameter(BOUND)


def _problem(code: str, message: str, hint: str | None) -> Problem:
    return Problem(code=code, message=message, hint=hint)
