"""The negative space: what this decision does not rest on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tolbooth.model.decision import Decision
from tolbooth.model.observation import Freshness
from tolbooth.model.wire import JsonObject
from tolbooth.report import words
from tolbooth.report.cards import REASON_WORDS, Card, Status
from tolbooth.report.drilled import doubt_line
from tolbooth.report.evidence_rows import EvidenceRow
from tolbooth.report.sentences import short_sentence, subject_of


class UncheckedKind(StrEnum):
    """Why something was not checked."""

    GAP = "gap"
    STALE = "stale"
    INCOMPLETE = "incomplete"
    UNLABELLED = "unlabelled"
    INSUFFICIENT = "insufficient"
    OFF = "off"
    BLIND_SPOT = "blind-spot"
    NOT_WITNESSED = "not-witnessed"
    PEOPLE = "people"
    DRILL = "drill"


_COUNTED = {
    UncheckedKind.GAP: ("missing fact", None),
    UncheckedKind.STALE: ("fact out of date", "facts out of date"),
    UncheckedKind.INCOMPLETE: ("input not known to be complete", "inputs not known to be complete"),
    UncheckedKind.UNLABELLED: ("data set with rows that lack a label", "data sets with rows that lack a label"),
    UncheckedKind.INSUFFICIENT: ("comparison with groups too small", "comparisons with groups too small"),
    UncheckedKind.OFF: ("rule off", "rules off"),
    UncheckedKind.BLIND_SPOT: ("declared blind spot", None),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchecked:
    """One thing that was not checked, as a sentence."""

    kind: UncheckedKind
    about: str
    text: str


def unchecked_of(
    decision: Decision, input_document: JsonObject, cards: Sequence[Card], evidence: Sequence[EvidenceRow]
) -> tuple[Unchecked, ...]:
    """Everything that was not checked: facts, inputs, groups, rules, and who vouches for log and people."""
    return (
        *_gaps(input_document),
        *_inputs(evidence),
        *_unlabelled(cards),
        *_groups(cards),
        *_off(cards),
        *_drilled(decision, input_document),
        *_trust(decision),
    )


def _drilled(decision: Decision, input_document: JsonObject) -> list[Unchecked]:
    doubt = doubt_line(input_document, decision.case.policy_sha256)
    return [Unchecked(kind=UncheckedKind.DRILL, about=decision.case.gate, text=doubt)] if doubt else []


def _gaps(input_document: JsonObject) -> list[Unchecked]:
    # One obstacle may stop several kinds of fact; it is told once.
    told = dict.fromkeys((gap["about"], gap["message"]) for gap in input_document.get("gaps", ()))
    return [
        Unchecked(kind=UncheckedKind.GAP, about=about, text=f"{words.visible(about)}: {_stop(words.visible(message))}")
        for about, message in told
    ]


def _inputs(evidence: Sequence[EvidenceRow]) -> list[Unchecked]:
    found = []
    for row in evidence:
        name = words.visible(row.name)
        if row.freshness is Freshness.STALE:
            found.append(Unchecked(kind=UncheckedKind.STALE, about=row.name, text=f"{name}: out of date."))
        if row.complete is not True:
            text = f"{name}: {_stop(words.visible(row.completeness))}"
            found.append(Unchecked(kind=UncheckedKind.INCOMPLETE, about=row.name, text=text))
        for spot in row.blind_spots:
            text = f"{name}: {_stop(words.visible(spot))}"
            found.append(Unchecked(kind=UncheckedKind.BLIND_SPOT, about=row.name, text=text))
    return found


def _unlabelled(cards: Sequence[Card]) -> list[Unchecked]:
    lacking = {item.about: item for card in cards for item in card.comparisons if item.rows_without_label}
    return [
        Unchecked(
            kind=UncheckedKind.UNLABELLED,
            about=name,
            text=f"{words.visible(name)}: {words.number(item.rows_without_label)} of "
            f"{words.plural(item.row_count, 'row')} have no label or no prediction and enter no rate.",
        )
        for name, item in sorted(lacking.items())
    ]


def _groups(cards: Sequence[Card]) -> list[Unchecked]:
    seen: dict[str, Unchecked] = {}
    for item in (comparison for card in cards for comparison in card.comparisons if comparison.insufficient):
        text = f"{words.capital(subject_of(item))}: {short_sentence(item.insufficient)}"
        seen.setdefault(text, Unchecked(kind=UncheckedKind.INSUFFICIENT, about=item.about, text=text))
    return list(seen.values())


def _off(cards: Sequence[Card]) -> list[Unchecked]:
    found = []
    for card in cards:
        if card.status is Status.OFF:
            reason = card.findings[0].reason
            why = REASON_WORDS[reason] if reason else "not evaluated"
            found.append(Unchecked(kind=UncheckedKind.OFF, about=card.rule, text=f"{card.rule} ({card.title}): {why}."))
    return found


def _trust(decision: Decision) -> list[Unchecked]:
    witness = "The log: no independent witness vouches for it in this report; tolbooth verify lists those of a pack."
    found = [Unchecked(kind=UncheckedKind.NOT_WITNESSED, about="log", text=witness)]
    if decision.approvals or decision.waivers:
        people = "People: who they are is vouched for by the one who seals, and by no one else."
        found.append(Unchecked(kind=UncheckedKind.PEOPLE, about="people", text=people))
    return found


def coverage_line(items: Sequence[Unchecked]) -> str:
    """One line for the head: how much was not covered, by kind."""
    counts = {kind: sum(1 for item in items if item.kind is kind) for kind in _COUNTED}
    parts = [words.plural(counts[kind], one, many) for kind, (one, many) in _COUNTED.items() if counts[kind]]
    return f"Not covered: {words.listed(parts)}; not witnessed." if parts else "Not covered: not witnessed."


def _stop(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
