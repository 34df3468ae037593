"""The decision on a terminal: verdict first, then what failed, what can't be told, what passed as a count."""

from __future__ import annotations

from tolbooth.model.decision import Verdict
from tolbooth.model.rule import Outcome
from tolbooth.report import words
from tolbooth.report.cards import Card, Finding, Status
from tolbooth.report.comparison import Comparison
from tolbooth.report.model import HYPOTHETICAL, Report, about_line, proven_line, record_line
from tolbooth.report.people import PeopleShown
from tolbooth.report.people_words import condition_words, waived_line, waiver_holds, word_head
from tolbooth.report.rates_table import write_comparison
from tolbooth.report.screen import STYLES, SYMBOLS, Sheet, Style, pad
from tolbooth.report.sentences import (
    bootstrap_sentence,
    certainty_sentences,
    enough_sentence,
    headline,
    pairs_sentence,
    settle_sentence,
    short_sentence,
)
from tolbooth.report.unchecked import UncheckedKind, coverage_line
from tolbooth.report.verdict import NextStep

_MOST_FINDINGS = 6
_VERDICT_STYLES = {Verdict.DENY: Style.REFUSAL, Verdict.ALLOW: Style.STRONG}
_SHOWN = (Status.FAILED, Status.ERROR, Status.UNDECIDED, Status.WAIVED, Status.WARNED)


def render_terminal(report: Report, *, width: int, color: bool, ascii_only: bool) -> str:
    """Render the report as text of at most ``width`` columns, of which 80 suffice; 100 and more get bars.

    The text is the same with and without colour.
    """
    sheet = Sheet(width=width, color=color, ascii_only=ascii_only)
    sheet.paragraph(about_line(report.head))
    style = _VERDICT_STYLES.get(report.decision.verdict, Style.WAITS)
    sheet.paragraph(report.head.sentence, style=style)
    if report.head.hypothetical:
        sheet.paragraph(HYPOTHETICAL, style=Style.WAITS)
    sheet.line()
    for status in _SHOWN:
        for card in report.with_finding(status):
            _write_card(sheet, card, status, report.people)
    for problem in report.problems:
        sheet.paragraph(f"! error  {problem.text}", hang=4, style=Style.REFUSAL)
    _write_people(sheet, report.people)
    sheet.line(_tally(report))
    sheet.paragraph(coverage_line(report.not_checked), hang=4, style=Style.QUIET)
    for item in (item for item in report.not_checked if item.kind is UncheckedKind.GAP):
        sheet.paragraph(item.text, indent=4, hang=2)
    _write_next(sheet, report.next_steps)
    if (proven := proven_line(report.head)) is not None:
        sheet.paragraph(proven, style=Style.QUIET)
    sheet.paragraph(record_line(report.head), style=Style.QUIET)
    return sheet.text()


def _tally(report: Report) -> str:
    counts = report.counts()
    parts = (Status.PASSED, Status.OFF, Status.WAIVED)
    return "   ".join(f"{SYMBOLS[status]} {counts[status.value]} {status.value}" for status in parts)


def _write_next(sheet: Sheet, steps: tuple[NextStep, ...]) -> None:
    sheet.line()
    sheet.line("What now", style=Style.STRONG)
    size = max(len(step.purpose) for step in steps) + 3
    for step in steps:
        sheet.line(f"{pad(step.purpose, size)}{step.command}", indent=2)
    sheet.line()


def _write_card(sheet: Sheet, card: Card, status: Status, people: PeopleShown) -> None:
    sheet.line(f"{SYMBOLS[status]} {card.standing(status)}  {card.rule}", style=STYLES[status])
    findings = card.of(status)
    compared = _first_table(card, status)
    if status in {Status.FAILED, Status.WARNED} and compared:
        _write_comparisons(sheet, card)
    elif status is Status.WAIVED:
        _write_waived(sheet, findings, people)
    else:
        _write_findings(sheet, card, status)
    if card.solution and status in {Status.FAILED, Status.ERROR, Status.UNDECIDED} and card.status is status:
        sheet.paragraph(f"To do: {card.solution}", indent=4, hang=7)
    sheet.line()


def _first_table(card: Card, status: Status) -> bool:
    failing = any(item.outcome is Outcome.FAIL for item in card.comparisons)
    return failing and bool(card.of(status))


def _write_comparisons(sheet: Sheet, card: Card) -> None:
    for comparison in card.comparisons:
        sheet.paragraph(f"{headline(comparison)}.", indent=4, hang=2)
        if comparison.outcome is Outcome.FAIL:
            _write_table(sheet, comparison)


def _write_table(sheet: Sheet, comparison: Comparison) -> None:
    write_comparison(sheet, comparison, indent=6)
    told = (*certainty_sentences(comparison), bootstrap_sentence(comparison))
    for sentence in (pairs_sentence(comparison), *told):
        if sentence:
            sheet.paragraph(sentence, indent=6, hang=2)


def _write_waived(sheet: Sheet, findings: tuple[Finding, ...], people: PeopleShown) -> None:
    for finding in findings:
        waiver = finding.waiver
        row = people.waiver(waiver.waiver_sha256) if waiver else None
        about = f"{finding.term}: " if finding.term else ""
        still = "still fails" if finding.outcome is Outcome.FAIL else "still can't be decided"
        if row is not None:
            sheet.paragraph(waived_line(row), indent=4, hang=2)
            held = waiver_holds(row)
            sheet.paragraph(f"{still}: {about}{finding.message}{f'; {held}' if held else ''}", indent=4, hang=2)
            continue
        until = f"until {words.when(waiver.effective_until)} ({waiver.waiver_id})" if waiver else ""
        sheet.paragraph(f"{about}{finding.message}", indent=4, hang=2)
        sheet.paragraph(f"waived {until}; the rule {still}", indent=4)


def _write_people(sheet: Sheet, people: PeopleShown) -> None:
    """Who said what on the decision; a word that does not count, with why."""
    for word in people.words:
        sheet.paragraph(f"{'✓' if word.counts else '–'} {word_head(word)}", hang=2)
        for sentence in (
            [f"Does not count: {word.why_not}."]
            if word.why_not
            else [condition_words(each) for each in word.conditions]
        ):
            sheet.paragraph(sentence, indent=4, hang=2)
    for message in people.unmeetable:
        sheet.paragraph(f"! {message}", hang=2, style=Style.REFUSAL)
    if people.words or people.unmeetable:
        sheet.line()


def _write_findings(sheet: Sheet, card: Card, status: Status) -> None:
    findings = card.of(status)
    if card.short_groups and any(finding.is_of_few for finding in findings):
        for comparison in card.comparisons:
            if comparison.insufficient:
                by = f"{_compared(comparison)}: " if comparison.by else ""
                sheet.paragraph(f"{by}{short_sentence(comparison.insufficient)}", indent=4, hang=2)
                if (settling := settle_sentence(comparison) or enough_sentence(comparison)) is not None:
                    sheet.paragraph(settling, indent=6, hang=2)
        findings = tuple(finding for finding in findings if not finding.is_of_few)
    for finding in findings[:_MOST_FINDINGS]:
        sheet.paragraph(finding_text(finding), indent=4, hang=2)
    if len(findings) > _MOST_FINDINGS:
        sheet.line(f"and {len(findings) - _MOST_FINDINGS} more: tolbooth explain {card.rule}", indent=4)
    if status is Status.ERROR:
        for text in card.error_texts:
            sheet.paragraph(text, indent=6, hang=2)


def finding_text(finding: Finding) -> str:
    """A result as one sentence: what about, what was found, and why it can't be decided."""
    about = f"{finding.term}: " if finding.term and not finding.of_open_pair else ""
    reason = f" ({finding.shown_reason})" if finding.shown_reason else ""
    code = f" [{finding.error_code}]" if finding.error_code else ""
    message = words.capital(finding.message) if finding.of_open_pair else finding.message
    return f"{about}{message}{reason}{code}"


def _compared(comparison: Comparison) -> str:
    """Which groups, and by which of several rates."""
    by = f"by {words.listed(list(comparison.by))}"
    return words.capital(f"{words.metric_name(comparison.metric)} {by}" if comparison.part_of else by)
