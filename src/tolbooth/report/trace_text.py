"""A trace on a terminal: the controls with their rules first, then every step in time order."""

from __future__ import annotations

from tolbooth.model.digest import short
from tolbooth.report import words
from tolbooth.report.people_words import named
from tolbooth.report.screen import Sheet, Style
from tolbooth.report.trace import Trace, TracedControl, TracedRule, TraceStep

_INDENT = 4


def render_trace(trace: Trace, *, width: int, color: bool, ascii_only: bool) -> str:
    """Render a trace as text of at most ``width`` columns, of which 80 suffice."""
    sheet = Sheet(width=width, color=color, ascii_only=ascii_only)
    counted = f"{words.plural(trace.decisions, 'decision')}, {words.plural(trace.packs, 'pack')}"
    narrowed = f", as far as {words.visible(trace.control)} is concerned" if trace.control else ""
    sheet.paragraph(f"{words.visible(trace.subject)}: {counted}{narrowed}", style=Style.STRONG)
    sheet.line()
    sheet.line("What is asked, and what answers it in the last decision", style=Style.STRONG)
    if trace.control is not None:
        for control in trace.controls:
            _write_control(sheet, control)
    for rule in trace.rules:
        _write_rule(sheet, rule, alone=trace.control is None)
    if trace.control is None and trace.controls:
        told = f"dates and text of a clause: --control {trace.controls[0].id}"
        sheet.paragraph(words.visible(told), indent=2, style=Style.QUIET)
    sheet.line()
    sheet.line("What happened, oldest first", style=Style.STRONG)
    for step in trace.steps:
        _write_step(sheet, step)
    return sheet.text()


def _write_control(sheet: Sheet, control: TracedControl) -> None:
    title = words.visible(control.title) if control.title else "(not in the catalogues in use)"
    sheet.paragraph(f"{words.visible(control.id)}  {title}", indent=2, hang=2)
    if control.in_force:
        sheet.paragraph(words.visible(control.in_force), indent=_INDENT, hang=2, style=Style.QUIET)


def _write_rule(sheet: Sheet, rule: TracedRule, *, alone: bool) -> None:
    sheet.paragraph(f"{rule.rule}: {rule.standing}", indent=2, hang=2)
    if alone and rule.controls:
        sheet.paragraph(f"serves {', '.join(words.visible(each) for each in rule.controls)}", indent=_INDENT, hang=2)
    if rule.facts:
        facts = ", ".join(f"{words.visible(fact.name)} {short(fact.sha256)}" for fact in rule.facts)
        sheet.paragraph(f"read {facts}", indent=_INDENT, hang=2)


def _write_step(sheet: Sheet, step: TraceStep) -> None:
    place = "not in the log yet" if step.position is None else f"entry {step.position + 1}"
    sheet.paragraph(f"{words.when(step.at)}  {step.what}  {short(step.sha256)}  {place}", indent=2, hang=2)
    sheet.paragraph(step.text, indent=_INDENT, hang=2)
    by = _by(step)
    if by:
        sheet.paragraph(by, indent=_INDENT, hang=2)
    for detail in step.details:
        sheet.paragraph(detail, indent=_INDENT, hang=2)


def _by(step: TraceStep) -> str:
    if step.person is None:
        return f"by the machine's key {step.key}" if step.key else ""
    role = f", as {words.visible(step.role)}" if step.role else ""
    then = ""
    if step.held is not None and step.record_version is not None:
        then = f" ({'held' if step.held else 'not held'} then, people record {step.record_version})"
    return f"by {named(step.person, step.on_behalf_of)}{role}{then}"
