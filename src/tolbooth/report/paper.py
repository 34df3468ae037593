"""The report as a document for a lawyer: what was asked, decided, not checked, by whom, until when; then details.

Owns the words and their order; the page is ``templates/report.typ``'s and the file ``pdf``'s.
"""

from __future__ import annotations

from collections.abc import Iterator

from tolbooth.model.decision import Verdict
from tolbooth.model.instant import instant
from tolbooth.model.rule import Outcome
from tolbooth.report import sentences, words
from tolbooth.report.cards import Card, Finding, Status
from tolbooth.report.model import HYPOTHETICAL, Head, Report
from tolbooth.report.paper_blocks import (
    Block,
    Run,
    Runs,
    facts,
    items,
    mono,
    paragraph,
    plain,
    quiet,
    status,
    strong,
    table,
)
from tolbooth.report.paper_details import all_rules, cards_in_full, evidence, self_checks
from tolbooth.report.paper_people import waivers_in_full, who_decided
from tolbooth.report.unchecked import coverage_line

TROUBLE = (Status.FAILED, Status.ERROR, Status.UNDECIDED, Status.WARNED)
"""What a reader must look at, worst first."""

_MOST_TITLES = 8
_TONES = {Verdict.DENY: "refusal", Verdict.UNDECIDED: "waits", Verdict.PENDING: "waits", Verdict.ALLOW: "plain"}


def paper(report: Report, *, attached_sha256: str, renderer: str) -> Block:
    """The whole document as JSON: title, running lines, sections with their blocks.

    Args:
        report: the report.
        attached_sha256: the digest of the decision document that the file carries.
        renderer: name and version of the format.
    """
    head = report.head
    trouble = report.with_status(*TROUBLE)
    return {
        "title": f"Release decision on {head.label}",
        "description": head.sentence,
        "about": f"{head.project} · gate {head.gate} · environment {head.environment} · as of {words.when(head.as_of)}",
        "verdict": {"text": head.sentence, "tone": _TONES[report.decision.verdict]},
        "notice": HYPOTHETICAL if head.hypothetical else None,
        "running": {"left": f"{head.label} · gate {head.gate}", "right": head.decision_sha256[:12]},
        "as_of": list(instant(head.as_of).timetuple()[:6]),
        "sections": [
            {"title": title, "blocks": list(blocks)}
            for title, blocks in (
                ("What was asked", _asked(report)),
                ("What was decided, and why", _decided(report, trouble)),
                ("What was not checked", _not_checked(report)),
                ("Who decided, and on what", who_decided(report)),
                ("What applies, and until when", _until(report)),
                ("What failed, and what could not be decided", cards_in_full(report, trouble)),
                ("Evidence", evidence(report)),
                ("All rules", all_rules(report)),
                ("How to check this yourself", self_checks(report, attached_sha256)),
            )
        ],
        "closing": f"Decided by Tolbooth with {head.engine}. This document was rendered from the record ({renderer}) "
        "and is a view of it: the decision document counts.",
    }


def _asked(report: Report) -> Iterator[Block]:
    head = report.head
    yield paragraph(
        plain("Whether "),
        strong(head.label),
        plain(f", a {head.kind}, may pass the gate {head.gate} in the environment {head.environment}, "),
        plain(f"judged by {words.plural(len(report.cards), 'rule')}."),
    )
    asked = [card.title for card in report.cards if card.status is not Status.OFF]
    if len(asked) > _MOST_TITLES:
        yield paragraph(plain("What each rule asks stands under “All rules”."))
    elif asked:
        yield paragraph(plain(f"The rules that are on ask: {'; '.join(asked)}."))
    yield facts(_subject(head))


def _subject(head: Head) -> Iterator[tuple[str, Runs]]:
    yield "Subject", [plain(f"{head.project}/{head.label}")]
    yield f"Digest ({head.digest_algorithm})", [mono(head.digest)]
    if head.purpose:
        yield "Purpose, as declared", [plain(head.purpose)]
    if head.owner:
        yield "Owner, as declared", [plain(head.owner)]
    yield "As of", [plain(words.when(head.as_of))]
    yield "Policy", [plain(head.policy_name)]
    yield "Policy digest", [mono(head.policy_sha256)]


def _decided(report: Report, trouble: tuple[Card, ...]) -> Iterator[Block]:
    yield paragraph(plain(f"The verdict as of {words.when(report.head.as_of)}: "), strong(report.head.sentence))
    if report.head.empty:
        yield paragraph(
            plain("A gate without rules decides nothing, and no setting changes that: add rules to its policy.")
        )
    for problem in report.problems:
        yield paragraph(strong("Error", "refusal"), plain(f": {problem.text} "), mono(problem.code))
    lines = [line for card in trouble for line in _why(card)]
    if lines:
        yield items(lines)
    passed = report.with_status(Status.PASSED)
    if passed:
        titles = f": {'; '.join(card.title for card in passed)}" if len(passed) <= _MOST_TITLES else ""
        yield paragraph(plain(f"{words.plural(len(passed), 'rule passes', 'rules pass')}{titles}."))
    yield facts(_recorded(report.head))


def _why(card: Card) -> Iterator[Runs]:
    """A line for each way in which the rule stands in trouble: failing numbers once, other results as they are."""
    for value in dict.fromkeys(finding.status for finding in card.findings if finding.status in TROUBLE):
        told = _numbers(card, value) or dict.fromkeys(_told(finding) for finding in card.of(value))
        yield [status(value), plain(f": {card.title}. {' '.join(told)} "), mono(card.rule)]


def _numbers(card: Card, value: Status) -> list[str]:
    """The comparisons that tell all findings of this status; empty where something else must be told."""
    if value in {Status.FAILED, Status.WARNED}:
        return [f"{sentences.headline(item)}." for item in card.comparisons if item.outcome is Outcome.FAIL]
    if all(finding.is_of_few for finding in card.of(value)):
        short = [item for item in card.comparisons if item.insufficient]
        return [
            f"{words.capital(sentences.subject_of(item))}: {sentences.short_sentence(item.insufficient)}"
            for item in short
        ]
    return []


def _told(finding: Finding) -> str:
    about = f"{words.capital(finding.term)}: " if finding.term else ""
    reason = f" ({finding.shown_reason})" if finding.shown_reason else ""
    return f"{about}{finding.message}{reason}."


def _recorded(head: Head) -> Iterator[tuple[str, Runs]]:
    yield "Decision (sha256)", [mono(head.decision_sha256)]
    logged = (
        "in the log that the seal of its pack names" if head.log_index is None else f"log entry {head.log_index + 1}"
    )
    signed = f", signed by key {head.signer}" if head.signer else ""
    yield "Recorded", [plain("not recorded" if head.hypothetical else f"{logged}{signed}")]
    if head.proven_at:
        yield "Drilled", [plain(f"last proven able to refuse {words.when(head.proven_at)}")]
    if head.sealed:
        yield "Sealed", [plain(f"{head.sealed.name}, by key {head.sealed.key}")]
        yield "Root of the pack", [mono(head.sealed.root_sha256)]


def _not_checked(report: Report) -> Iterator[Block]:
    yield paragraph(plain(coverage_line(report.not_checked)))
    yield items([plain(item.text)] for item in report.not_checked)


def _until(report: Report) -> Iterator[Block]:
    if report.waived:
        yield paragraph(plain("A waived rule still fails; the waiver only lets the release pass until its end."))
        yield table(
            "Waivers that apply to this decision",
            (("Rule and part", 3), ("What was found", 4), ("Waiver", 2), ("Ends", 0)),
            [_waiver_row(card, finding) for card, finding in report.waived],
        )
        yield from waivers_in_full(report)
    else:
        yield paragraph(plain("No waiver applies to this decision."))
    yield paragraph(
        plain("The decision is about the subject with the digest above, at this gate and in this environment, and "),
        plain("about no other."),
    )
    if report.evidence:
        yield paragraph(_facts_end(report))
    dated = [card for card in report.cards if card.effective_on or card.effective_until]
    if dated:
        yield items(_rule_dates(card) for card in dated)


def _waiver_row(card: Card, finding: Finding) -> list[Runs]:
    waiver = finding.waiver
    named: list[Run] = [plain(waiver.waiver_id), quiet(" "), mono(waiver.waiver_sha256[:12])] if waiver else []
    return [
        [mono(card.rule), plain(f" {finding.term or 'all of the rule'}")],
        [plain(finding.message)],
        named,
        [plain(words.when(waiver.effective_until))] if waiver else [],
    ]


def _facts_end(report: Report) -> Run:
    """When the first of the facts stops being usable for a decision."""
    ends = [(row.dates.valid_until, row.name) for row in report.evidence if row.dates.valid_until is not None]
    if not ends:
        return plain("No input states until when it may be used.")
    first, name = min(ends)
    return plain(f"The inputs may be used for a decision until {words.when(first)}, when {name} is out of date.")


def _rule_dates(card: Card) -> Runs:
    since = f" from {words.when(card.effective_on)}" if card.effective_on else ""
    until = f" until {words.when(card.effective_until)}" if card.effective_until else ""
    return [mono(card.rule), plain(f" applies{since}{until}.")]
