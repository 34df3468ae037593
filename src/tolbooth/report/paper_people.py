"""Who decided, on paper: words on the decision with their conditions, what is awaited, waivers in full."""

from __future__ import annotations

from collections.abc import Iterator

from tolbooth.report import words
from tolbooth.report.model import Report
from tolbooth.report.paper_blocks import Block, Runs, facts, heading, items, lead, mono, paragraph, plain, quiet, strong
from tolbooth.report.people import WaiverRow, WordRow
from tolbooth.report.people_words import (
    duty_words,
    record_words,
    waived_line,
    waiver_details,
    waiver_holds,
    word_details,
    word_head,
)


def who_decided(report: Report) -> Iterator[Block]:
    """What is awaited, what counted, what did not and why, by which duties and roles."""
    decision, people = report.decision, report.people
    if report.awaited:
        yield paragraph(strong(f"Waits for: {'; '.join(report.awaited)}.", "waits"))
    for message in people.unmeetable:
        yield paragraph(strong(f"{words.capital(message)}.", "refusal"))
    if people.counting:
        yield lead(strong("What counted"))
        yield items(_word(word) for word in people.counting)
    elif decision.approvals:
        count = words.plural(len(decision.approvals), "signed word")
        yield paragraph(plain(f"{count} of people counted for this decision:"))
        yield items([mono(approval)] for approval in decision.approvals)
    elif not report.awaited:
        alone = "" if report.waived else " The decision follows from the rules alone."
        yield paragraph(plain(f"No person's approval was required by this gate, and none was given.{alone}"))
    if people.idle:
        yield lead(strong("What was said, and did not count"))
        yield items(_word(word) for word in people.idle)
    for text in (duty_words(people), record_words(people)):
        if text:
            yield paragraph(plain(text))
    yield lead(plain("Approvals bind to the basis of the decision; a changed fact changes it and ends them."))
    yield facts([("Basis (sha256)", [mono(decision.basis)])])


def waivers_in_full(report: Report) -> Iterator[Block]:
    """Each waiver that the decision applied: by whom, until when, why, what makes up for it."""
    for waiver in report.people.waivers:
        yield heading(2, plain(f"{waiver.id}: "), mono(waiver.rule))
        held = waiver_holds(waiver)
        told = f" {words.capital(held)}." if held else ""
        yield paragraph(plain(f"{words.capital(waived_line(waiver))}.{told}"))
        yield facts(_facts(waiver))


def _facts(waiver: WaiverRow) -> Iterator[tuple[str, Runs]]:
    for term, text in waiver_details(waiver):
        yield term, [plain(text)]
    yield "Statement (sha256)", [mono(waiver.sha256)]


def _word(word: WordRow) -> Runs:
    told = " ".join(word_details(word))
    return [strong(f"{word_head(word)}. "), plain(f"{told} "), quiet("Statement "), mono(word.sha256[:12])]
