"""What of people's words goes into a pack: the records that have to do with a decision, and what judged them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from tolbooth.evidence.people_context import PeopleContext
from tolbooth.model.decision import Case
from tolbooth.model.words import DecisionWord, Retirement, Revocation, WaiverRequest, WaiverWord
from tolbooth.pipeline.hearing import Heard
from tolbooth.review.standing import Matter
from tolbooth.review.waiver_state import WaiverRules


def records_behind(heard: Heard, case: Case) -> tuple[str, ...]:
    """The digests of every statement that has to do with a case, people records first; what counts for nothing too.

    These are the words on the subject at this gate, the waivers whose scope covers it, those that they renew or that
    renew them, and whatever was said about any of these.
    """
    people = [each.signed.statement_sha256 for each in heard.chain.versions]
    words = {each.sha256 for each in heard.of(DecisionWord) if _about(each.said, case)}
    waivers = _with_renewals(heard, {each.sha256 for each in heard.of(WaiverRequest) if _covers(each.said, case)})
    words |= waivers | {each.sha256 for each in heard.of(WaiverWord) if each.said.waiver_sha256 in waivers}
    words |= {each.sha256 for each in heard.of(Retirement) if each.said.waiver_sha256 in waivers}
    taken = {each.sha256 for each in heard.of(Revocation) if each.said.revokes_sha256 in words}
    return (*people, *sorted(words | taken))


def context_of(matter: Matter, rules: WaiverRules, heard: Heard, records: Iterable[str]) -> PeopleContext:
    """What ``records`` were judged with: the matter, and of the waivers' rules what these waivers need."""
    behind = set(records)
    requests = [each.said for each in heard.of(WaiverRequest) if each.sha256 in behind]
    waived = {each.rule for each in requests}
    patterns = [each.scope for each in requests if each.scope.pattern is not None]
    loosest = {rule: value for rule, value in rules.policy.loosest.items() if rule in waived}
    return PeopleContext(
        involved=matter.involved,
        workflow=matter.workflow,
        asked_at=matter.asked_at,
        passes=matter.passes,
        policy=replace(rules.policy, loosest=loosest),
        traits={rule: rules.traits_of(rule) for rule in sorted(waived)},
        subjects=tuple(sorted(name for name in rules.subjects if any(scope.matches(name) for scope in patterns))),
        first_seen={each.sha256: each.first_seen for each in heard.said if each.sha256 in behind},
    )


def _about(word: DecisionWord, case: Case) -> bool:
    return (word.subject, word.gate, word.environment) == (case.subject.name, case.gate, case.environment)


def _covers(request: WaiverRequest, case: Case) -> bool:
    here = (request.gate, request.environment) == (case.gate, case.environment)
    return here and request.scope.covers(case.subject)


def _with_renewals(heard: Heard, waivers: set[str]) -> set[str]:
    """Waivers with those that they renew, and those that renew them."""
    pairs = [(each.sha256, each.said.renews) for each in heard.of(WaiverRequest) if each.said.renews is not None]
    found = set(waivers)
    while grown := set(_beside(pairs, found)) - found:
        found |= grown
    return found


def _beside(pairs: Iterable[tuple[str, str]], found: set[str]) -> Iterator[str]:
    for renewal, renewed in pairs:
        if renewal in found:
            yield renewed
        if renewed in found:
            yield renewal
