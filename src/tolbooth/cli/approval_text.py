"""Approvals as text and as a JSON document: what is about to be signed, who is awaited, what was said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tolbooth.model.digest import short
from tolbooth.model.instant import format_instant
from tolbooth.model.wire import as_json
from tolbooth.pipeline.approval_queue import ApprovalQueue, Queued
from tolbooth.pipeline.people import PeopleInForce
from tolbooth.pipeline.speaking import Filed, Prepared
from tolbooth.review.standing import Awaited, WordStanding

_PERSON_ID = re.compile(r"p-[0-9a-f]{16}")


def with_handles(text: str, people: PeopleInForce) -> str:
    """A sentence with handles in place of person ids."""
    return _PERSON_ID.sub(lambda found: people.called(found[0]), text)


def answer_lines(prepared: Prepared) -> Iterator[str]:
    """Everything that a person is about to sign."""
    word, decision, people = prepared.word, prepared.case.decision, prepared.heard.people
    case = decision.case
    lent = f", on behalf of {people.called(word.on_behalf_of)}" if word.on_behalf_of is not None else ""
    yield "You are about to sign"
    yield f"  {word.meaning}"
    yield f"  decision    {short(word.decision_sha256)}, which says {decision.verdict}, of {format_instant(case.as_of)}"
    yield f"  about       {case.subject.label}, digest {short(case.subject.digest_value)}"
    yield f"  gate        {word.gate}, environment {word.environment}"
    yield f"  basis       {short(word.basis)}: {_basis(prepared)}"
    for waiver in decision.waivers:
        until = format_instant(waiver.effective_until)
        yield f"  waived      {waiver.rule}{_on(waiver.term)} by {waiver.waiver_id} until {until}"
    yield f"  you         {people.called(word.person)} as {word.role}{lent}"
    yield f"  reason      {word.reason}{f': {word.comment}' if word.comment else ''}"
    for condition in word.conditions:
        checked = f", closed when {condition.rule} passes" if condition.rule else ""
        due = format_instant(condition.due)
        yield f"  condition   {condition.text} ({people.called(condition.owner)}, due {due}{checked})"


def filed_lines(filed: Filed, prepared: Prepared, queue: ApprovalQueue, folder: Path) -> Iterator[str]:
    """What was recorded, and what comes next."""
    yield f"Recorded: {prepared.word.verb} {short(filed.sha256)}"
    yield f"  {filed.path.relative_to(folder)}   commit it: git carries it to every gate"
    about = (prepared.word.subject, prepared.word.gate, prepared.word.environment)
    item = next((each for each in queue.items if _about(each) == about), None)
    if item is None:
        return
    if item.is_ready:
        yield f"Nobody else is awaited: tolbooth gate {item.decision.case.gate}"
    yield from _awaited_lines(item, queue)


def queue_lines(queue: ApprovalQueue) -> Iterator[str]:
    """The queue for people."""
    if not queue.items:
        yield "No decision waits for anybody, and nothing was said on any."
    for position, item in enumerate(queue.items):
        if position:
            yield ""
        case = item.decision.case
        yield f"{case.subject.label} · gate {case.gate} · environment {case.environment}"
        yield f"  decision {short(item.decision_sha256)}: {item.decision.verdict}, {format_instant(case.as_of)}"
        yield from _awaited_lines(item, queue)
        for each in item.standing.words:
            yield from _word_lines(each, item, queue)
        if item.is_ready:
            yield f"  ready: tolbooth gate {case.gate}"
        elif item.waits:
            yield f"  tolbooth approve {short(item.decision_sha256)}"


def queue_document(queue: ApprovalQueue) -> dict[str, Any]:
    """The queue for programs: version 1; persons by id, with their handles beside."""
    return {
        "version": 1,
        "as_of": format_instant(queue.as_of),
        "decisions": [_item(each) for each in queue.items],
        "handles": {person: queue.called(person) for person in sorted(_named(queue))},
    }


def _basis(prepared: Prepared) -> str:
    results = prepared.case.decision.results
    counts: dict[str, int] = {}
    for result in results:
        counts[result.outcome.value] = counts.get(result.outcome.value, 0) + 1
    return ", ".join(f"{number} {outcome}" for outcome, number in sorted(counts.items()))


def _on(term: str | None) -> str:
    return "" if term is None else f" on {term}"


def _about(item: Queued) -> tuple[str, str, str]:
    case = item.decision.case
    return case.subject.name, case.gate, case.environment


def _awaited_lines(item: Queued, queue: ApprovalQueue) -> Iterator[str]:
    for each in item.standing.awaited:
        yield f"  waits for {_awaited(each, queue)}"
    for stuck in item.standing.unmeetable:
        yield f"  {with_handles(stuck.message, queue.heard.people)}"


def _awaited(each: Awaited, queue: ApprovalQueue) -> str:
    could = ", ".join(queue.called(person) for person in each.could) or "nobody who may speak is left"
    away = f"; away: {', '.join(queue.called(person) for person in each.away)}" if each.away else ""
    due = f", until {format_instant(each.due)}" if each.due is not None else ""
    late = " (overdue" + (f": {each.escalate_to} may speak too)" if each.escalate_to else ")") if each.overdue else ""
    closed = "" if each.is_open else ", once the stage before is filled"
    return f"{each.count} × {each.role}, stage {each.stage} ({could}{away}){due}{late}{closed}"


def _word_lines(each: WordStanding, item: Queued, queue: ApprovalQueue) -> Iterator[str]:
    word = each.word
    mark = "counts" if each.counts else "does not count" if each.problem is not None else "counts as nothing"
    who = f"{queue.called(word.person)} as {word.role}"
    yield f"  {short(each.sha256)}  {word.verb} by {who}, {format_instant(word.signed_at)}: {mark}"
    if each.problem is not None:
        yield f"      {with_handles(each.problem.message, queue.heard.people)} [{each.problem.code}]"
        yield from (f"      - {change}" for change in item.changes.get(each.sha256, ()))
        if each.problem.hint:
            yield f"      {with_handles(each.problem.hint, queue.heard.people)}"
    for condition in each.approval.conditions:
        state = "closed" if condition.closed_at is not None else f"open, due {format_instant(condition.due)}"
        yield f"      condition: {condition.text} ({queue.called(condition.owner)}; {state})"


def _item(item: Queued) -> dict[str, Any]:
    case = item.decision.case
    return {
        "decision_sha256": item.decision_sha256,
        "basis": item.decision.basis,
        "verdict": item.decision.verdict.value,
        "subject": case.subject.label,
        "gate": case.gate,
        "environment": case.environment,
        "as_of": format_instant(case.as_of),
        "waits": item.waits,
        "ready": item.is_ready,
        "awaited": as_json(item.standing.awaited),
        "unmeetable": [{**as_json(each), "message": each.message} for each in item.standing.unmeetable],
        "words": [_word(each, item) for each in item.standing.words],
        "dismissed": {sha256: each.code for sha256, each in item.standing.dismissed.items()},
    }


def _word(each: WordStanding, item: Queued) -> dict[str, Any]:
    problem = each.problem
    told = {} if problem is None else {"code": problem.code, "message": problem.message, "hint": problem.hint}
    word: dict[str, Any] = as_json(each.approval)
    return {**word, "counts": each.counts, **told, "changes": list(item.changes.get(each.sha256, ()))}


def _named(queue: ApprovalQueue) -> set[str]:
    found: set[str] = set()
    for item in queue.items:
        found |= {person for each in item.standing.awaited for person in (*each.could, *each.away)}
        found |= {each.word.person for each in item.standing.words}
    return found
