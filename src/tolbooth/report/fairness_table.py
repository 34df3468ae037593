"""Rates by group for ``measure fairness``: what was counted, without a gate around it."""

from __future__ import annotations

from typing import Any

from tolbooth.model.wire import JsonObject
from tolbooth.report import words
from tolbooth.report.comparison import compared_in, read_rate
from tolbooth.report.rates_table import RateLine, write_comparison, write_rates
from tolbooth.report.screen import Sheet, Style
from tolbooth.report.sentences import further_sentences, headline, pairs_sentence


def render_fairness_table(
    values: JsonObject, question: JsonObject, *, about: str, width: int, color: bool, ascii_only: bool
) -> str:
    """Render the values of one fairness observation: the asked metric against its bound, then the other rates.

    Args:
        values: the observation's values, as in ``docs/facts.md``.
        question: the question that the values answer.
        about: the name of the predictions.
        width: columns to keep within.
        color: whether to style with ANSI sequences.
        ascii_only: whether to write ASCII only.
    """
    sheet = Sheet(width=width, color=color, ascii_only=ascii_only)
    comparisons = compared_in(values, question, about=about)
    first = comparisons[0]
    sheet.paragraph(f"{about}: {words.plural(first.row_count, 'row')}, by {words.listed(first.by)}")
    for comparison in comparisons:
        sheet.line()
        sheet.paragraph(f"{headline(comparison)}.", style=Style.STRONG)
        sheet.line(words.metric_counts(comparison.metric), indent=2, style=Style.QUIET)
        write_comparison(sheet, comparison, indent=2, all_rows=True)
        for sentence in (pairs_sentence(comparison), *further_sentences(comparison)):
            if sentence:
                sheet.paragraph(sentence, indent=2, hang=2)
    for metric in _other_metrics(values, {comparison.metric for comparison in comparisons}):
        sheet.line()
        sheet.line(f"{words.capital(words.metric_name(metric))} ({words.metric_counts(metric)})", style=Style.STRONG)
        lines = [RateLine(name=raw["name"], rate=read_rate(raw["rates"][metric])) for raw in values["groups"]]
        lines.append(RateLine(name="all", rate=read_rate(values["overall"]["rates"][metric])))
        write_rates(sheet, lines, indent=2, bound=None, all_rows=True)
    return sheet.text()


def _other_metrics(values: JsonObject, asked: set[str]) -> list[str]:
    counted: dict[str, Any] = values["overall"]["rates"]
    known = [metric for metric in words.METRICS if metric in counted]
    return [metric for metric in [*known, *sorted(set(counted) - set(known))] if metric not in asked]
