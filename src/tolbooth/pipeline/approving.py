"""Approvals at a gate: who is involved, and what people's words come to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from tolbooth.config.load import Project
from tolbooth.evidence.pack import INPUT_PATH
from tolbooth.evidence.people_files import Disregarded
from tolbooth.evidence.reading import read
from tolbooth.evidence.strict_json import parse
from tolbooth.model.decision import Case, Decision
from tolbooth.model.errors import ReviewError
from tolbooth.model.instant import parse_instant
from tolbooth.model.rule import Outcome, RuleResult
from tolbooth.model.wire import JsonObject
from tolbooth.model.words import DecisionWord, Revocation
from tolbooth.pipeline.hearing import Heard
from tolbooth.pipeline.people import PeopleInForce
from tolbooth.pipeline.records import decision_record_of
from tolbooth.pipeline.rule_authors import rule_authors
from tolbooth.pipeline.workflows import gate_workflow
from tolbooth.review.approvals import standing
from tolbooth.review.duties import Involved
from tolbooth.review.spoken import Spoken
from tolbooth.review.standing import Matter, Standing
from tolbooth.store.embedded import DecisionRow, EmbeddedStore

_REQUEST = "request"


def involved_in(
    project: Project, people: PeopleInForce, document: JsonObject, gate_key: str | None, *, first: JsonObject | None
) -> Involved:
    """Who has a part in a decision besides its approvers, from what its input document says of persons.

    Args:
        project: whose own rules have authors too.
        people: the people record.
        document: the decision's input document.
        gate_key: the fingerprint of the key that the gate signs with, which also seals; None if it is not known.
        first: the input document of the first decision with the same basis: who asked then is the requester, whoever
            runs the gate again later.
    """
    observations: Mapping[str, Any] = document.get("observations", {})
    made = [person for kind in observations for person in _persons(observations[kind], "author")]
    asked = (first or document).get("observations", {}).get(_REQUEST, ())
    holder = _holder(people, gate_key, str(document["context"]["as_of"]))
    return Involved(
        requester=next(_persons(asked, "requester"), None),
        authors=tuple(dict.fromkeys(made)) or None,
        rule_authors=rule_authors(project, people),
        sealers=() if holder is None else (holder,),
    )


def matter_of(
    project: Project,
    heard: Heard,
    case: Case,
    results: Sequence[RuleResult],
    *,
    basis: str,
    document: JsonObject,
    gate_key: str | None,
    store: EmbeddedStore | None,
) -> Matter:
    """A decision's matter, as ``review`` takes it.

    Raises:
        ConfigError: for mistakes of the workflow file.
    """
    rows = _rows(store, case)
    asked = [row for row in rows if row.basis == basis]
    first = _document(store, asked[0]) if asked else None
    return Matter(
        basis=basis,
        subject=case.subject.name,
        gate=case.gate,
        environment=case.environment,
        as_of=case.as_of,
        chain=heard.chain,
        involved=involved_in(project, heard.people, document, gate_key, first=first),
        workflow=gate_workflow(project, case.gate),
        asked_at=asked[0].as_of if asked else None,
        passes=_passes(store, rows, _rules_of_conditions(heard), case.as_of, results),
    )


def standing_of(matter: Matter, heard: Heard) -> Standing:
    """What all words come to in a matter."""
    return standing(matter, heard.of(DecisionWord), heard.of(Revocation))


def disregarded(found: Standing) -> tuple[Disregarded, ...]:
    """The words that did not count, each with its reason's code, as the pack tells it."""
    return tuple(
        Disregarded(
            sha256=each.sha256,
            person=each.word.person,
            role=each.word.role,
            verb=each.word.verb,
            code=each.problem.code,
        )
        for each in found.words
        if each.problem is not None
    )


def _persons(observations: Iterable[Any], part: str) -> Iterator[str]:
    for each in observations:
        person = each.get("values", {}).get(part)
        if isinstance(person, str):
            yield person


def _holder(people: PeopleInForce, gate_key: str | None, as_of: str) -> str | None:
    if gate_key is None:
        return None
    try:
        return people.chain.holder(gate_key, parse_instant(as_of)).id
    except ReviewError:
        return None


def _document(store: EmbeddedStore | None, row: DecisionRow) -> JsonObject:
    assert store is not None
    record = decision_record_of(store.blobs.get(store.entry_at(row.entry_position).envelope_sha256))
    sha256 = next(file.sha256 for file in record.core if file.path == INPUT_PATH)
    document: JsonObject = parse(store.blobs.get(sha256), path=INPUT_PATH)
    return document


def _rows(store: EmbeddedStore | None, case: Case) -> list[DecisionRow]:
    rows = store.decisions(gate=case.gate) if store is not None else ()
    about = (case.subject.name, case.environment)
    found = [row for row in rows if (row.subject, row.environment) == about and row.as_of <= case.as_of]
    return sorted(found, key=lambda row: (row.as_of, row.entry_position))


def _rules_of_conditions(heard: Heard) -> frozenset[str]:
    words: Iterable[Spoken[DecisionWord]] = heard.of(DecisionWord)
    return frozenset(each.rule for word in words for each in word.said.conditions if each.rule is not None)


def _passes(
    store: EmbeddedStore | None,
    rows: Sequence[DecisionRow],
    rules: frozenset[str],
    as_of: datetime,
    results: Sequence[RuleResult],
) -> dict[str, tuple[datetime, ...]]:
    """When decisions saw each of the rules pass, this one too."""
    if not rules:
        return {}
    seen = [(as_of, results)]
    for row in rows:
        assert store is not None
        decision = read(Decision, store.blobs.get(row.decision_sha256), path=f"decision {row.decision_sha256[:12]}")
        seen.append((row.as_of, decision.results))
    return {rule: tuple(sorted(at for at, found in seen if _passed(rule, found))) for rule in sorted(rules)}


def _passed(rule: str, results: Iterable[RuleResult]) -> bool:
    outcomes = [result.outcome for result in results if result.rule == rule]
    return bool(outcomes) and all(outcome is Outcome.PASS for outcome in outcomes)
