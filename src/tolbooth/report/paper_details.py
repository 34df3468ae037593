"""The details of the document on paper: cards with pictures, evidence, all rules, how to check."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tolbooth.report import sentences, words
from tolbooth.report.cards import ENFORCEMENT_WORDS, Card, Control, Finding, Status
from tolbooth.report.comparison import Comparison, Group, Pair
from tolbooth.report.evidence_rows import EvidenceRow, received_words
from tolbooth.report.explain import parameter_text
from tolbooth.report.glyphs import SERIF, legible
from tolbooth.report.model import Report
from tolbooth.report.paper_blocks import (
    Block,
    Runs,
    command,
    facts,
    heading,
    items,
    lead,
    mono,
    paragraph,
    picture,
    plain,
    quiet,
    status,
    strong,
    table,
)
from tolbooth.report.reproduction import reproductions
from tolbooth.report.svg import Look, dot_plot, drawn_groups, in_words

PRINT = Look(width=480, family=SERIF, ink="#1a1a1a", show=legible)
_RATE_COLUMNS = (("Group", 4), ("Rate", 0), ("Counts", 0), ("Interval, %", 0), ("Standing", 3), ("Rows", 0))
_MOST_PAIRS = 40
_FRESH = {"fresh": "fresh", "stale": "out of date"}


def cards_in_full(report: Report, trouble: tuple[Card, ...]) -> Iterator[Block]:
    """Each rule that failed or could not be decided: what it asks, what was found, clauses, what to do."""
    if not trouble:
        yield paragraph(plain("No rule was evaluated." if report.head.empty else "Nothing failed or is undecided."))
    for place, card in enumerate(trouble, start=1):
        yield heading(2, status(card.status), plain(f": {card.title}"))
        yield paragraph(
            mono(card.rule), quiet(f" · {card.severity} severity · {ENFORCEMENT_WORDS[card.enforcement]} when it fails")
        )
        if card.description:
            yield heading(3, plain("What it asks"))
            yield paragraph(plain(card.description))
        yield heading(3, plain("What was found"))
        yield from compared(card.comparisons, f"c{place}")
        if card.comparisons:
            yield lead(plain("Each result as it was recorded:"))
        yield items([*(_finding(finding) for finding in card.findings), *([plain(text)] for text in card.error_texts)])
        if card.controls:
            yield heading(3, plain("Clauses"))
            yield clauses(card.controls)
        again = reproductions(card.comparisons, report.evidence)
        if again:
            yield heading(3, plain("The same counts in Python, with pyarrow, from the project's folder"))
            yield from (command(line) for lines in again for line in lines)
        if card.solution:
            yield heading(3, plain("What to do"))
            yield paragraph(plain(card.solution))


def _finding(finding: Finding) -> Runs:
    runs = [status(finding.status), plain(f" · {finding.term}" if finding.term else ""), plain(f": {finding.message}")]
    if finding.shown_reason:
        runs.append(plain(f" ({finding.shown_reason})"))
    return [*runs, quiet(" "), mono(finding.error_code)] if finding.error_code else runs


def clauses(controls: Iterable[Control]) -> Block:
    """Clauses with their titles."""
    return items([mono(each.id), plain(f" {each.title or '(not in the catalogues in use)'}")] for each in controls)


def _clauses_in_force(controls: Iterable[Control]) -> Iterator[Block]:
    """Clauses by when they apply, so that dates that many share are said once."""
    by_state: dict[str | None, dict[str, Control]] = {}
    for control in controls:
        by_state.setdefault(control.in_force, {})[control.id] = control
    for state, found in sorted(by_state.items(), key=lambda entry: min(entry[1])):
        yield lead(plain(f"{words.capital(state)}:" if state else "The catalogues in use say nothing of their dates:"))
        yield clauses(found[name] for name in sorted(found))


def compared(found: Iterable[Comparison], name: str) -> Iterator[Block]:
    """Compared rates: sentence, picture, table by group, pairs beyond the bound; ``name`` is unique in the file."""
    for place, comparison in enumerate(found, start=1):
        yield lead(strong(f"{sentences.headline(comparison)}."))
        drawn = dot_plot(comparison, name=f"{name}-{place}", look=PRINT)
        if drawn:
            yield picture(drawn, in_words(comparison))
        if len(drawn_groups(comparison)) < len(comparison.groups):
            shown, total = len(drawn_groups(comparison)), len(comparison.groups)
            yield paragraph(quiet(f"{shown} of {total} groups are drawn; the table has all."))
        yield table(
            _rates_caption(comparison), _RATE_COLUMNS, [_group(group, comparison) for group in comparison.groups]
        )
        if comparison.failing_pairs:
            yield _pairs(comparison)
        for sentence in sentences.further_sentences(comparison):
            yield paragraph(plain(sentence))


def _rates_caption(comparison: Comparison) -> str:
    ppm = comparison.confidence_ppm
    confidence = "" if ppm is None else f"; intervals at {words.exact_percent(ppm)} % confidence"
    subject = words.capital(sentences.subject_of(comparison))
    return f"{subject}: {words.metric_counts(comparison.metric)}{confidence}"


def _group(group: Group, comparison: Comparison) -> list[Runs]:
    rate = group.rate
    cells = (
        group.name,
        words.percent(rate.ppm),
        words.fraction(rate.numerator, rate.denominator),
        words.interval(rate.low_ppm, rate.high_ppm),
        sentences.standing(group, comparison) or "within the bound",
        words.number(group.rows),
    )
    return [[plain(cell)] for cell in cells]


def _value(pair: Pair, comparison: Comparison) -> str:
    number, interval = sentences.pair_value(pair.value, comparison), sentences.pair_interval(pair, comparison)
    return f"{number} {interval}".rstrip()


def _pairs(comparison: Comparison) -> Block:
    def row(pair: Pair) -> list[Runs]:
        return [[plain(pair.high)], [plain(pair.low)], [plain(_value(pair, comparison))]]

    measure = "Ratio" if comparison.statistic == "ratio" else "Difference"
    failing = comparison.failing_pairs
    cut = f"; the {_MOST_PAIRS} worst, the input document has all" if len(failing) > _MOST_PAIRS else ""
    return table(
        f"Pairs beyond the bound: {len(failing)} of {len(comparison.pairs)}{cut}",
        (("Higher", 1), ("Lower", 1), (measure, 0)),
        [row(pair) for pair in failing[:_MOST_PAIRS]],
    )


def evidence(report: Report) -> Iterator[Block]:
    """What the decision rests on: a table of inputs, then each with source, completeness, dates and digest."""
    if not report.evidence:
        yield paragraph(plain("No input was collected."))
        return
    yield table(
        f"What the decision rests on: {words.plural(len(report.evidence), 'input')}, as collected",
        (("Input", 4), ("Role", 3), ("Rows", 0), ("Collected", 4), ("State", 2)),
        [_input(row) for row in report.evidence],
    )
    for row in report.evidence:
        yield heading(2, plain(row.name))
        yield facts(_input_facts(row))
    yield heading(2, plain("Input document"))
    yield lead(plain("All facts as the rules read them, in one document with this SHA-256:"))
    yield facts([("Digest (sha256)", [mono(report.head.input_sha256)])])


def _input(row: EvidenceRow) -> list[Runs]:
    rows = "\u2013" if row.row_count is None else words.number(row.row_count)
    cells = (row.name, row.role, rows, words.when(row.dates.collected), _FRESH[row.freshness])
    return [[plain(cell)] for cell in cells]


def _input_facts(row: EvidenceRow) -> Iterator[tuple[str, Runs]]:
    about, until = row.dates.about, row.dates.valid_until
    yield "Source", [plain(row.source)]
    yield "Query", [mono(row.query)]
    yield "Received", [plain(f"{received_words(row)}; {row.completeness}")]
    yield "About", [plain(words.when(about) if about else "not stated")]
    yield "Collected", [plain(words.when(row.dates.collected))]
    yield "Received on", [plain(words.when(row.dates.received))]
    yield "Valid until", [plain(words.when(until) if until else "not stated")]
    yield f"Digest ({row.digest_algorithm})", [mono(row.digest)]


def all_rules(report: Report) -> Iterator[Block]:
    """Every rule with its status, the numbers of those that pass, parameters, and clauses that no rule touches."""
    if report.cards:
        yield table(
            f"{words.plural(len(report.cards), 'rule')} at this gate",
            (("Rule", 6), ("Asks", 5), ("Status", 3), ("If it fails", 3), ("Clauses", 6)),
            [_rule(card) for card in report.cards],
        )
    else:
        yield paragraph(plain("This gate has no rules."))
    calm = report.with_status(Status.PASSED, Status.WAIVED)
    for place, card in enumerate((card for card in calm if card.comparisons), start=1):
        yield heading(2, status(card.status), plain(f": {card.title}"))
        yield from compared(card.comparisons, f"p{place}")
    tuned = [(card.rule, parameter) for card in report.cards for parameter in card.parameters]
    if tuned:
        yield heading(2, plain("Parameters in force"))
        rows: list[list[Runs]] = [[[mono(rule)], [plain(parameter_text(parameter))]] for rule, parameter in tuned]
        yield table(words.plural(len(tuned), "parameter"), (("Rule", 2), ("Parameter", 5)), rows)
    cited = [control for card in report.cards for control in card.controls]
    if cited:
        yield heading(2, plain("Clauses cited, and when they apply"))
        yield from _clauses_in_force(cited)
    if report.untouched:
        yield heading(2, plain("Clauses that no rule touches"))
        yield from _clauses_in_force(report.untouched)


def _rule(card: Card) -> list[Runs]:
    cited: Runs = [run for control in card.controls for run in (plain(", "), mono(control.id))][1:]
    return [
        [mono(card.rule)],
        [plain(card.title)],
        [status(card.status, as_sentence=False)],
        [plain(ENFORCEMENT_WORDS[card.enforcement])],
        cited or [plain("none")],
    ]


def self_checks(report: Report, attached_sha256: str) -> Iterator[Block]:
    """What the file carries, the commands, and the programs that Tolbooth's authors did not write."""
    yield lead(
        plain("This file carries the decision document as an attachment, "),
        mono("decision.json"),
        plain(": the bytes that were signed, for programs. Its SHA-256 is the digest of the decision:"),
    )
    yield facts([("Attachment", [mono(attached_sha256)])])
    yield paragraph(
        plain("An evidence pack holds the decision with everything that it was computed from. With the pack and the "),
        plain("sealer's public key, and without a network:"),
    )
    for step in report.self_checks:
        yield lead(plain(f"{words.capital(step.purpose)}:"))
        yield command(step.command)
    yield paragraph(
        plain("Programs that Tolbooth's authors did not write: coreutils' "),
        mono("sha256sum"),
        plain(" for every file; any BagIt (RFC 8493) tool for the folder; any Ed25519 implementation for the DSSE "),
        plain("signatures; Open Policy Agent for the rules. The pack's "),
        mono("VERIFY.md"),
        plain(" says how."),
    )
