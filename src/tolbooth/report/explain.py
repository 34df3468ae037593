"""One rule explained: what it asks, why, what it read, what was found, how to get the numbers again."""

from __future__ import annotations

from dataclasses import dataclass

from tolbooth.model.digest import short
from tolbooth.model.rule import Enforcement, Loosens, Severity
from tolbooth.report import words
from tolbooth.report.cards import ENFORCEMENT_WORDS, Card, Control, Status
from tolbooth.report.comparison import Comparison, Pair
from tolbooth.report.evidence_rows import EvidenceRow
from tolbooth.report.model import Report, about_line
from tolbooth.report.rates_table import write_comparison
from tolbooth.report.record import RuleParameter
from tolbooth.report.reproduction import reproductions, slices_commands
from tolbooth.report.screen import STYLES, SYMBOLS, Sheet, Style
from tolbooth.report.sentences import bound_of, further_sentences, headline, pair_interval, pair_value
from tolbooth.report.terminal import finding_text

_LOOSENS = {Loosens.UP: "a higher value lets more pass", Loosens.DOWN: "a lower value lets more pass"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRule:
    """What a rule asks, without any decision.

    ``undeclared`` are the parameters that the project must still set; ``asked_here`` says whether the project's policy
    holds the rule, None where there is no project.
    """

    code: str
    title: str
    description: str
    severity: Severity
    enforcement: Enforcement
    controls: tuple[Control, ...]
    evidence: tuple[str, ...]
    parameters: tuple[RuleParameter, ...]
    undeclared: tuple[str, ...]
    solution: str
    asked_here: bool | None


def render_asked(rule: AskedRule, *, width: int, color: bool, ascii_only: bool) -> str:
    """Explain what a rule asks and why, in text of at most ``width`` columns; nothing was found yet."""
    sheet = Sheet(width=width, color=color, ascii_only=ascii_only)
    sheet.line(rule.code, style=Style.STRONG)
    sheet.paragraph(_asked_where(rule))
    sheet.line()
    sheet.field("Asks", _asks(rule.description or rule.title))
    _write_why(sheet, rule.severity, rule.enforcement, rule.controls)
    sheet.field("Reads", f"{words.listed([_FACTS.get(kind, kind) for kind in rule.evidence])} of the release")
    for parameter in rule.parameters:
        _write_parameter(sheet, parameter)
    for name in rule.undeclared:
        sheet.field("To set", f"policy.parameters.{rule.code}.{name} in tolbooth.yaml, before the run that it judges")
    sheet.field("Do", rule.solution)
    return sheet.text()


def _asks(description: str) -> str:
    """A description reads by itself, 'Asks that …'; beside the field's name the verb would stand twice."""
    return description.removeprefix("Asks ")


def _asked_where(rule: AskedRule) -> str:
    match rule.asked_here:
        case True:
            return "This project's policy asks it, as follows; no decision that asked it is recorded yet."
        case False:
            return "This project's policy does not ask it; policy.collections and policy.rules say what is asked."
        case None:
            return "There is no project here: parameters are the rule's own."


_FACTS = {
    "artifact": "every file",
    "fairness": "rates by group",
    "model-card": "the model card",
    "performance": "rates over all rows",
    "source-control": "the state of the repository",
}


def render_explain(report: Report, rule: str, *, width: int, color: bool, ascii_only: bool) -> str:
    """Explain ``rule``, one of the report's, in text of at most ``width`` columns."""
    card = next(card for card in report.cards if card.rule == rule)
    sheet = Sheet(width=width, color=color, ascii_only=ascii_only)
    sheet.paragraph(about_line(report.head))
    sheet.line(f"{SYMBOLS[card.status]} {card.standing(card.status)}  {card.rule}", style=STYLES[card.status])
    sheet.line()
    sheet.field("Asks", _asks(card.description or card.title))
    _write_why(sheet, card.severity, card.enforcement, card.controls)
    _write_read(sheet, card, report.evidence)
    _write_found(sheet, card)
    _write_bound(sheet, card)
    _write_again(sheet, card, report.evidence)
    if card.solution:
        sheet.field("Do", card.solution)
    for command in slices_commands(card.comparisons, report.evidence):
        sheet.line("Look       where it is worst, over every combination of the features:")
        sheet.line(command, indent=4)
    return sheet.text()


def _write_why(sheet: Sheet, severity: Severity, enforcement: Enforcement, controls: tuple[Control, ...]) -> None:
    sheet.field("Why", f"{severity.value} severity; at this gate it {ENFORCEMENT_WORDS[enforcement]}")
    for control in controls:
        title = f" {control.title}" if control.title else " (not in the catalogues in use)"
        sheet.paragraph(f"{control.id}{title}", indent=11, hang=2)
    for dates, ids in _by_dates(controls).items():
        sheet.paragraph(f"{words.listed(ids)}: {dates}.", indent=11, hang=2, style=Style.QUIET)


def _by_dates(controls: tuple[Control, ...]) -> dict[str, list[str]]:
    """The clauses whose dates are known, by what is said of them: clauses of one law mostly share their dates."""
    found: dict[str, list[str]] = {}
    for control in controls:
        if control.in_force:
            found.setdefault(control.in_force, []).append(control.id)
    return found


def _write_read(sheet: Sheet, card: Card, evidence: tuple[EvidenceRow, ...]) -> None:
    rows = {row.name: row for row in evidence}
    read = [
        f"{_counts(item)}{_file(item.about, rows.get(item.about))}, {words.plural(item.row_count, 'row')}"
        + (f", label {item.label}, prediction {item.prediction}" if item.label else "")
        for item in card.comparisons
    ]
    facts = sorted({fact for finding in card.findings for fact in finding.facts})
    fallback = [f"facts {words.listed([short(fact) for fact in facts])}"] if facts else ["nothing"]
    for text in dict.fromkeys(read or fallback):
        sheet.field("Read", text)


def _counts(comparison: Comparison) -> str:
    return f"counts {short(comparison.counts_sha256)} of " if comparison.counts_sha256 else ""


def _file(about: str, row: EvidenceRow | None) -> str:
    return about if row is None else f"{row.uri} ({row.digest_algorithm} {short(row.digest)})"


def _write_found(sheet: Sheet, card: Card) -> None:
    if not card.comparisons:
        for finding in card.findings:
            sheet.field("Found", finding_text(finding))
    for comparison in card.comparisons:
        sheet.field("Found", f"{headline(comparison)}.")
        counted = f"{words.metric_counts(comparison.metric)}{_confidence(comparison)}"
        sheet.paragraph(counted, indent=11, style=Style.QUIET)
        write_comparison(sheet, comparison, indent=11, all_rows=True)
        for pair in comparison.failing_pairs:
            sheet.paragraph(f"{_pair(pair, comparison)}, beyond the bound", indent=11, hang=2)
        for pair in comparison.open_pairs:
            sheet.paragraph(f"{_pair(pair, comparison)}, which may be chance", indent=11, hang=2)
        for sentence in further_sentences(comparison):
            sheet.paragraph(sentence, indent=11, hang=2)
    for finding in card.of(Status.WAIVED):
        until = words.when(finding.waiver.effective_until) if finding.waiver else ""
        sheet.field("Waived", f"{finding.term or 'all of it'} until {until}")


def _pair(pair: Pair, comparison: Comparison) -> str:
    value = f"{pair_value(pair.value, comparison)} {pair_interval(pair, comparison)}".rstrip()
    return f"{words.visible(pair.high)} / {words.visible(pair.low)}: {value}"


def _confidence(comparison: Comparison) -> str:
    ppm = comparison.confidence_ppm
    return "" if ppm is None else f"; intervals at {words.exact_percent(ppm)} % confidence"


def _write_bound(sheet: Sheet, card: Card) -> None:
    bounds = dict.fromkeys(bound_of(comparison) for comparison in card.comparisons)
    if bounds:
        sheet.field("Bound", words.listed(list(bounds)))
    for parameter in card.parameters:
        _write_parameter(sheet, parameter)


def _write_parameter(sheet: Sheet, parameter: RuleParameter) -> None:
    sheet.field("Set", parameter_text(parameter))


def parameter_text(parameter: RuleParameter) -> str:
    """A parameter with its value and the direction that loosens it; a rate is written as a decimal."""
    is_rate = parameter.unit == "rate" and isinstance(parameter.value, int)
    value = words.exact_ratio(int(parameter.value)) if is_rate else str(parameter.value)
    unit = f" {parameter.unit}" if parameter.unit and not is_rate else ""
    loosens = f" ({_LOOSENS[parameter.loosens]})" if parameter.loosens else ""
    return f"{parameter.name}: {value}{unit}{loosens}"


def _write_again(sheet: Sheet, card: Card, evidence: tuple[EvidenceRow, ...]) -> None:
    blocks = reproductions(card.comparisons, evidence)
    if blocks:
        sheet.line("Again      in Python, with pyarrow, from the project's folder:")
    for place, lines in enumerate(blocks):
        if place:
            sheet.line()
        for line in lines:
            sheet.line(line, indent=4)
