"""One rule explained: what it asks, why, what it read, what was found, how to get the numbers again."""

from __future__ import annotations

import difflib

from tolbooth.model.digest import short
from tolbooth.model.errors import ConfigError
from tolbooth.model.rule import Loosens
from tolbooth.report import words
from tolbooth.report.cards import ENFORCEMENT_WORDS, STATUS_WORDS, Card, Status
from tolbooth.report.comparison import Comparison
from tolbooth.report.evidence_rows import EvidenceRow
from tolbooth.report.model import Report, about_line
from tolbooth.report.rates_table import write_comparison
from tolbooth.report.record import RuleParameter
from tolbooth.report.screen import STYLES, SYMBOLS, Sheet, Style
from tolbooth.report.sentences import bound_of, headline, pair_value, short_sentence
from tolbooth.report.terminal import finding_text

_LOOSENS = {Loosens.UP: "a higher value lets more pass", Loosens.DOWN: "a lower value lets more pass"}


def render_explain(report: Report, rule: str, *, width: int, color: bool, ascii_only: bool) -> str:
    """Explain one rule of a report in text of at most ``width`` columns.

    Raises:
        ConfigError: if the report has no such rule; the hint names the nearest one.
    """
    card = _card(report, rule)
    sheet = Sheet(width=width, color=color, ascii_only=ascii_only)
    sheet.paragraph(about_line(report.head))
    sheet.line(f"{SYMBOLS[card.status]} {STATUS_WORDS[card.status]}  {card.rule}", style=STYLES[card.status])
    sheet.line()
    sheet.field("Asks", card.description or card.title)
    _write_why(sheet, card)
    _write_read(sheet, card, report.evidence)
    _write_found(sheet, card)
    _write_bound(sheet, card)
    _write_again(sheet, card, report.evidence)
    if card.solution:
        sheet.field("Do", card.solution)
    return sheet.text()


def _card(report: Report, rule: str) -> Card:
    for card in report.cards:
        if card.rule == rule:
            return card
    known = [card.rule for card in report.cards]
    near = difflib.get_close_matches(rule, known, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]!r}?" if near else f"rules of this decision: {words.listed(known) or 'none'}"
    raise ConfigError.of("rule.unknown", f"this decision knows no rule {rule!r}", hint=hint)


def _write_why(sheet: Sheet, card: Card) -> None:
    sheet.field("Why", f"{card.severity.value} severity; at this gate it {ENFORCEMENT_WORDS[card.enforcement]}")
    for control in card.controls:
        title = f" {control.title}" if control.title else " (not in the catalogues in use)"
        state = f" ({control.in_force})" if control.in_force else ""
        sheet.paragraph(f"{control.id}{title}{state}", indent=11, hang=2)


def _write_read(sheet: Sheet, card: Card, evidence: tuple[EvidenceRow, ...]) -> None:
    uris = {row.name: row.uri for row in evidence}
    read = [
        f"{_counts(item)}{uris.get(item.about, item.about)} ({words.plural(item.row_count, 'row')})"
        + (f", label {item.label}, prediction {item.prediction}" if item.label else "")
        for item in card.comparisons
    ]
    facts = sorted({fact for finding in card.findings for fact in finding.facts})
    fallback = [f"facts {words.listed([short(fact) for fact in facts])}"] if facts else ["nothing"]
    for text in dict.fromkeys(read or fallback):
        sheet.field("Read", text)


def _counts(comparison: Comparison) -> str:
    return f"counts {short(comparison.counts_sha256)} of " if comparison.counts_sha256 else ""


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
            sheet.paragraph(
                f"{pair.high} / {pair.low}: {pair_value(pair.value, comparison)}, beyond the bound", indent=11, hang=2
            )
        if comparison.insufficient:
            sheet.paragraph(short_sentence(comparison.insufficient), indent=11, hang=2)
    for finding in card.of(Status.WAIVED):
        until = words.when(finding.waiver.effective_until) if finding.waiver else ""
        sheet.field("Waived", f"{finding.term or 'all of it'} until {until}")


def _confidence(comparison: Comparison) -> str:
    ppm = comparison.confidence_ppm
    return "" if ppm is None else f"; intervals at {words.exact_percent(ppm)} % confidence"


def _write_bound(sheet: Sheet, card: Card) -> None:
    bounds = dict.fromkeys(bound_of(comparison) for comparison in card.comparisons)
    if bounds:
        sheet.field("Bound", words.listed(list(bounds)))
    for parameter in card.parameters:
        sheet.field("Set", parameter_text(parameter))


def parameter_text(parameter: RuleParameter) -> str:
    """A parameter with its value and the direction that loosens it; a rate is written as a decimal."""
    is_rate = parameter.unit == "rate" and isinstance(parameter.value, int)
    value = words.exact_ratio(int(parameter.value)) if is_rate else str(parameter.value)
    unit = f" {parameter.unit}" if parameter.unit and not is_rate else ""
    loosens = f" ({_LOOSENS[parameter.loosens]})" if parameter.loosens else ""
    return f"{parameter.name}: {value}{unit}{loosens}"


def _write_again(sheet: Sheet, card: Card, evidence: tuple[EvidenceRow, ...]) -> None:
    uris = {row.name: row.uri for row in evidence}
    lines = [line for item in card.comparisons for line in reproduction(item, uris.get(item.about))]
    if lines:
        sheet.line("Again      in Python, with pyarrow:")
    for line in dict.fromkeys(lines):
        sheet.line(line, indent=4)


_KEPT = {
    "true_positive_rate": ".cast('int8') == 1",
    "false_negative_rate": ".cast('int8') == 1",
    "false_positive_rate": ".cast('int8') != 1",
}


def reproduction(comparison: Comparison, uri: str | None) -> tuple[str, ...]:
    """Three lines of Python that count the same numbers from the file itself; empty where the file isn't known.

    The file is Parquet or CSV with the label and prediction columns that the comparison names; 1 is the positive class.
    """
    if uri is None or comparison.label is None or comparison.prediction is None:
        return ()
    module, call = ("csv", "csv.read_csv") if uri.endswith(".csv") else ("parquet", "parquet.read_table")
    kept = _KEPT.get(comparison.metric, ".is_valid()")
    sums = "[('counted', 'sum'), ('counted', 'count')]"
    rows = f"{call}({uri!r}).filter(compute.field({comparison.label!r}){kept})"
    return (
        f"from pyarrow import compute, {module}; rows = {rows}",
        f"rows = rows.append_column('counted', compute.{_counted(comparison)})",
        f"print(rows.group_by({list(comparison.by)!r}).aggregate({sums}).to_pylist())",
    )


def _counted(comparison: Comparison) -> str:
    """What a rate's numerator counts, as a call of pyarrow's compute functions."""
    prediction = f"rows[{comparison.prediction!r}].cast('int8')"
    match comparison.metric:
        case "accuracy":
            return f"equal({prediction}, rows[{comparison.label!r}].cast('int8'))"
        case "false_negative_rate":
            return f"not_equal({prediction}, 1)"
        case "selection_rate":
            return f"equal({prediction}, {comparison.favourable})"
        case _:
            return f"equal({prediction}, 1)"
