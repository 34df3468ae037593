"""The decision in six answers, in the order in which a lawyer asks: the details come after."""

from __future__ import annotations

from dataclasses import dataclass

from tolbooth.model.decision import Verdict
from tolbooth.model.digest import short
from tolbooth.model.rule import Outcome
from tolbooth.report import words
from tolbooth.report.cards import STATUS_WORDS, Card, Status
from tolbooth.report.model import HYPOTHETICAL, Report
from tolbooth.report.sentences import headline
from tolbooth.report.unchecked import UncheckedKind, coverage_line

_MOST = 5
_VERDICTS = {
    Verdict.ALLOW: "The release is allowed",
    Verdict.PENDING: "The release waits for approval",
    Verdict.UNDECIDED: "The release can't be decided, and so it does not pass",
    Verdict.DENY: "The release is refused",
}
_TROUBLE = (Status.FAILED, Status.ERROR, Status.UNDECIDED)
_TOLD_FIRST = (
    UncheckedKind.GAP,
    UncheckedKind.STALE,
    UncheckedKind.INCOMPLETE,
    UncheckedKind.UNLABELLED,
    UncheckedKind.INSUFFICIENT,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One question and what is answered, a sentence each."""

    question: str
    sentences: tuple[str, ...]


def glance_of(report: Report) -> tuple[Answer, ...]:
    """What was asked, what was decided, why, what was not checked, by whom, and what applies until when."""
    answers = (
        ("Asked", _asked(report)),
        ("Decided", _decided(report)),
        ("Why", _why(report)),
        ("Not checked", _not_checked(report)),
        ("By whom", _by_whom(report)),
        ("Applies", _applies(report)),
    )
    return tuple(Answer(question=question, sentences=tuple(sentences)) for question, sentences in answers)


def _asked(report: Report) -> list[str]:
    head = report.head
    asked = (
        f"Whether {words.visible(head.project)}/{words.visible(head.label)}, a {head.kind}, may pass the gate "
        f"{words.visible(head.gate)} in the environment {words.visible(head.environment)}, by this policy: "
        f"{words.visible(head.policy_name)}."
    )
    return [asked, f"Its declared purpose: {words.visible(head.purpose)}."] if head.purpose else [asked]


def _decided(report: Report) -> list[str]:
    told = [f"{_VERDICTS[report.decision.verdict]}, on {words.when(report.head.as_of)}."]
    return [*told, HYPOTHETICAL] if report.head.hypothetical else told


def _why(report: Report) -> list[str]:
    if report.head.empty:
        return ["No rule was evaluated. A gate without rules decides nothing, and no setting changes that."]
    told = [
        f"{words.visible(reason.person or reason.role or 'A person')} rejected it."
        for reason in report.decision.reasons
        if reason.code == "approval.rejected"
    ]
    troubled = [card for card in report.with_status(*_TROUBLE) if card.blocks]
    told += [
        f"“{words.visible(card.title)}” {STATUS_WORDS[card.status]}: {_because(card)}." for card in troubled[:_MOST]
    ]
    if len(troubled) > _MOST:
        told.append(f"{words.plural(len(troubled) - _MOST, 'further rule')} below.")
    if report.decision.verdict in {Verdict.ALLOW, Verdict.PENDING}:
        told.append(_nothing_against(report))
    return told


def _against(card: Card) -> str:
    return f"“{words.visible(card.title)}” {STATUS_WORDS[card.status]}: {_because(card)}."


def _because(card: Card) -> str:
    """What was found against a rule, without a full stop: the worst comparison, else the first result's sentence."""
    failing = [item for item in card.comparisons if item.outcome is Outcome.FAIL]
    if failing and card.status is Status.FAILED:
        further = f", and {words.plural(len(failing) - 1, 'further comparison')}" if len(failing) > 1 else ""
        return f"{_lowered(headline(failing[0]))}{further}"
    finding = card.of(card.status)[0]
    about = f"{words.visible(finding.term)}: " if finding.term else ""
    text = card.error_texts[0] if card.status is Status.ERROR and card.error_texts else finding.message
    return f"{about}{words.visible(text)}".removesuffix(".")


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]


def _nothing_against(report: Report) -> str:
    waived = len(report.waived)
    but = f", but for {words.plural(waived, 'waived result')}" if waived else ""
    return f"Every rule that can stop the release passes{but}."


def _not_checked(report: Report) -> list[str]:
    first = [item.text for item in report.not_checked if item.kind in _TOLD_FIRST]
    covered = words.capital(coverage_line(report.not_checked).removeprefix("Not covered: "))
    return [covered, *first[:_MOST]]


def _by_whom(report: Report) -> list[str]:
    head = report.head
    signed = f", signed by key {words.visible(head.signer)}" if head.signer else ""
    told = [f"By the rules, computed by Tolbooth with {words.visible(head.engine)}{signed}."]
    count = len(report.decision.approvals)
    if count:
        told.append(f"{words.plural(count, 'signed word')} of people counted.")
    elif not report.awaited:
        told.append("No person's approval was required, and none was given.")
    if report.awaited:
        told.append(f"Waits for: {words.listed(report.awaited)}.")
    if head.owner:
        told.append(f"Declared owner: {words.visible(head.owner)}.")
    return told


def _applies(report: Report) -> list[str]:
    head = report.head
    exactly = f"To exactly this {head.kind}, {head.digest_algorithm} {short(head.digest)}"
    told = [f"{exactly}, as things stood on {words.when(head.as_of)}."]
    told += [
        f"The waiver {words.visible(waiver.waiver_id)} for {waiver.rule}"
        f"{f', {words.visible(waiver.term)},' if waiver.term else ''} ends {words.when(waiver.effective_until)}."
        for waiver in report.decision.waivers
    ]
    ends = sorted((row.dates.valid_until, row.name) for row in report.evidence if row.dates.valid_until is not None)
    if ends:
        told.append(f"The first fact to run out, {words.visible(ends[0][1])}, does so {words.when(ends[0][0])}.")
    elif not report.decision.waivers:
        told.append("No fact states an end of its validity.")
    return told
