"""The verdict as a sentence, and the commands that come next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tolbooth.model.decision import Decision, Verdict
from tolbooth.model.digest import short
from tolbooth.model.rule import Outcome, Reason
from tolbooth.report import words
from tolbooth.report.cards import Card, Status
from tolbooth.report.people import PeopleShown
from tolbooth.report.people_words import awaited_words


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """A thing to do and the command that does it, ready to paste; ``command`` may also name a person to ask."""

    purpose: str
    command: str


def is_empty(decision: Decision) -> bool:
    """Whether no rule was evaluated; such a gate never allows."""
    return all(result.outcome is Outcome.SKIP for result in decision.results)


def sentence(decision: Decision, cards: Sequence[Card], people: PeopleShown) -> str:
    """The verdict in plain words, with the counts that explain it."""
    if is_empty(decision):
        return "May not be released yet: no rule was evaluated, and a gate without rules decides nothing."
    match decision.verdict:
        case Verdict.ALLOW:
            return f"May be released: {words.listed(_good(cards))}."
        case Verdict.PENDING:
            return f"Waits for {_awaited(decision, people)}."
        case Verdict.DENY:
            return f"May not be released: {', '.join([*_rejections(decision, people), *_obstacles(cards)])}."
        case Verdict.UNDECIDED:
            return f"May not be released yet: {', '.join(_obstacles(cards))}."


def _count(cards: Sequence[Card], status: Status, *, blocking: bool = False) -> int:
    return sum(1 for card in cards if card.of(status) and (card.blocks or not blocking))


def _obstacles(cards: Sequence[Card]) -> list[str]:
    failed = _count(cards, Status.FAILED)
    undecided = _count(cards, Status.UNDECIDED, blocking=True)
    errors = _count(cards, Status.ERROR, blocking=True)
    parts = [
        (failed, "fails", "fail"),
        (undecided, "can't be decided", "can't be decided"),
        (errors, "met an error", "met an error"),
    ]
    found = [(count, one if count == 1 else many) for count, one, many in parts if count]
    return [
        f"{words.plural(count, 'rule') if place == 0 else words.number(count)} {verb}"
        for place, (count, verb) in enumerate(found)
    ]


def _good(cards: Sequence[Card]) -> list[str]:
    passed = sum(1 for card in cards if card.status is Status.PASSED)
    waived, warned = _count(cards, Status.WAIVED), sum(1 for card in cards if card.warns)
    parts = [f"{words.plural(passed, 'rule')} {'passes' if passed == 1 else 'pass'}"] if passed else []
    if waived:
        parts.append(f"{words.number(waived)} {'is' if waived == 1 else 'are'} waived")
    if warned:
        parts.append(f"{words.number(warned)} {'warns' if warned == 1 else 'warn'}")
    return parts or ["nothing that blocks fails"]


def _rejections(decision: Decision, people: PeopleShown) -> list[str]:
    rejected = [reason for reason in decision.reasons if reason.code == "approval.rejected"]
    called = {word.person.id: word.person.shown for word in people.words}
    names = (called.get(str(each.person), each.person) or each.role or "a person" for each in rejected)
    return [f"rejected by {words.visible(name)}" for name in names]


def awaited_roles(decision: Decision, people: PeopleShown) -> list[str]:
    """Whose yes is missing: ``model risk (Ben or Chen), until …``; ``board (2 people)`` where nobody is known."""
    if people.awaited and decision.verdict is Verdict.PENDING:
        return [awaited_words(row) for row in people.awaited]
    counts = Counter(reason.role for reason in decision.reasons if reason.code == "approval.missing" and reason.role)
    return [
        f"{words.visible(role)} ({count} people)" if count > 1 else words.visible(role)
        for role, count in counts.items()
    ]


def _awaited(decision: Decision, people: PeopleShown) -> str:
    count = sum(1 for reason in decision.reasons if reason.code == "approval.missing")
    roles = awaited_roles(decision, people)
    between = "; " if any(", " in role for role in roles) else None
    return f"{words.plural(count, 'approval')}: {between.join(roles) if between else words.listed(roles)}"


def next_steps(
    decision: Decision, cards: Sequence[Card], decision_sha256: str, owner: str | None, people: PeopleShown
) -> tuple[NextStep, ...]:
    """What the reader can do now: understand, ask for time, approve, see all, ask the owner, keep the evidence."""
    troubled = [card for card in cards if card.status in {Status.FAILED, Status.ERROR, Status.UNDECIDED}]
    steps = [NextStep(purpose="understand", command=f"tolbooth explain {card.rule}") for card in troubled[:3]]
    if decision.case.hypothetical:
        return (*steps, NextStep(purpose="decide for real", command=f"tolbooth gate {decision.case.gate}"))
    steps += _by_people(decision, cards, short(decision_sha256), people)
    if decision.verdict is not Verdict.ALLOW:
        steps.append(
            NextStep(
                purpose="see it all", command=f"tolbooth report {short(decision_sha256)} --format html --to report.html"
            )
        )
        if owner is not None:
            steps.append(NextStep(purpose="ask", command=f"{words.visible(owner)} (declared owner)"))
    steps.append(NextStep(purpose="keep as evidence", command=f"tolbooth seal {short(decision_sha256)}"))
    return tuple(steps)


def _by_people(decision: Decision, cards: Sequence[Card], decision_id: str, people: PeopleShown) -> list[NextStep]:
    """What people can do about it, where there is a people record."""
    if people.record_version is None:
        return []
    if decision.verdict is Verdict.PENDING:
        return [NextStep(purpose="approve", command=f"tolbooth approve {decision_id}")]
    coverable = any(
        finding.outcome is Outcome.FAIL or finding.reason is Reason.INSUFFICIENT
        for card in cards
        if card.blocks
        for status in (Status.FAILED, Status.UNDECIDED)
        for finding in card.of(status)
    )
    return [NextStep(purpose="ask for time", command=f"tolbooth waiver request --from {decision_id}")] * coverable
