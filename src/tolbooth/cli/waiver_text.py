"""Waivers on a screen and in files: lists, one waiver whole, and what they come to."""

from __future__ import annotations

import csv
import io
import json
import os
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from tolbooth.model.digest import short
from tolbooth.model.instant import format_instant
from tolbooth.model.wire import as_json
from tolbooth.pipeline.waiver_register import RegisterRow, WaiverDebt
from tolbooth.pipeline.waiving import KnownWaivers, refused_of
from tolbooth.report.words import plural, visible
from tolbooth.review.waiver_state import WaiverState

WIDTH = 80
_COLUMNS = tuple(RegisterRow.__dataclass_fields__)


def print_json(document: dict[str, Any]) -> None:
    """Print a document."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def csv_text(rows: Sequence[RegisterRow]) -> str:
    """The register as CSV: a heading, then one line a waiver; lists are joined by semicolons.

    A cell that a spreadsheet would take for a formula begins with an apostrophe.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for row in rows:
        values = {name: as_json(getattr(row, name)) for name in _COLUMNS}
        writer.writerow([_cell(values[name]) for name in _COLUMNS])
    return text.getvalue()


def list_lines(rows: Sequence[RegisterRow], *, hidden: int) -> Iterator[str]:
    """A block a waiver: what, until when, and who must still approve."""
    if not rows:
        yield "No waiver is asked for or in force."
    for row in rows:
        yield f"{row.id:<6} {_status(row)}  {visible(row.rule)}"
        yield from _wrapped(_what(row), indent=7)
        if row.approved_by:
            yield from _wrapped(f"approved by {' and '.join(row.approved_by)}: {row.comment}", indent=7)
        else:
            yield from _wrapped(f"asked by {row.requested_by}: {row.comment}", indent=7)
        if row.earlier:
            yield from _wrapped(f"asked for before: {', '.join(row.earlier)}", indent=7)
        for line in row.waits_for:
            yield from _wrapped(f"waits for {line}", indent=7)
        if row.ends_soon:
            yield from _wrapped(f"ends in {plural(row.days_left, 'day')}", indent=7)
    if hidden:
        yield f"{plural(hidden, 'waiver')} that ended: tolbooth waiver list --all"


def show_lines(known: KnownWaivers, state: WaiverState, row: RegisterRow) -> Iterator[str]:
    """One waiver whole."""
    request = state.request
    yield f"{row.id} · {_status(row)} · sha256 {short(row.sha256)}"
    yield from _wrapped(_what(row), indent=0)
    yield ""
    facts = {
        "Why": f"{row.reason}: {row.comment}",
        "Harmed": request.risk.harmed,
        "Risk": row.inherent,
        "Treatment": f"{request.risk.treatment}: {request.risk.treatment_text}",
        "Remains": row.residual,
        "Controls": ", ".join(row.controls) or None,
        "Limit": row.limit,
        "Time": f"from {format_instant(row.effective_on)} until {format_instant(row.effective_until)}",
        "Decision": f"{short(request.from_decision)}, of facts as of {format_instant(request.evidence_as_of)}",
        "Before": ", ".join(row.earlier) or None,
        "Owner": row.owner,
        "Ticket": row.ticket,
    }
    for name, text in facts.items():
        if text is not None:
            yield from _wrapped(f"{name:<10} {text}", indent=0, hang=11)
    if state.is_too_wide:
        yield from _wrapped(f"Its pattern matches {', '.join(state.matches)}: it covers nothing until that is so.")
    yield ""
    for step in state.history:
        who = "" if step.person is None else f" by {known.called(step.person)}"
        role = "" if step.role is None else f" as {step.role}"
        yield from _wrapped(f"{format_instant(step.at)}  {step.what}{who}{role}", hang=22)
    for line in row.waits_for:
        yield from _wrapped(f"Waits for {line}")
    for each in refused_of(known, state.sha256):
        who = "" if each.person is None else f" by {known.called(each.person)}"
        yield from _wrapped(f"{format_instant(each.at)}  counts for nothing{who}: {each.problems[0].message}", hang=22)


def debt_lines(debt: WaiverDebt) -> Iterator[str]:
    """What the waivers in force come to."""
    rows = debt.in_force
    yield f"{plural(len(rows), 'waiver')} in force, {debt.waiting} asked for, as of {format_instant(debt.as_of)}"
    if not rows:
        return
    yield f"oldest {plural(debt.oldest_days or 0, 'day')}, {len(debt.ends_soon)} ending within {debt.warning_days} days"
    for heading, counted in (("By rule", debt.by_rule), ("By owner", debt.by_owner)):
        yield ""
        yield heading
        for name, count in counted.items():
            yield f"  {count:>3}  {visible(name)}"
    yield ""
    for row in sorted(rows, key=lambda each: each.effective_until):
        soon = "  ends soon" if row.ends_soon else ""
        yield f"{row.id:<6} until {format_instant(row.effective_until)}  {row.age_days:>3} d old  {row.rule}{soon}"


def filed_lines(row: RegisterRow, *, did: str, path: Path) -> Iterator[str]:
    """What was recorded, and what comes next."""
    yield f"{did} {row.id}: {row.rule}, until {format_instant(row.effective_until)}"
    yield from _wrapped(f"{_what(row)} · sha256 {short(row.sha256)}", indent=2)
    yield f"  {os.path.relpath(path)}"
    if row.earlier:
        yield from _wrapped(f"Asked for before: {', '.join(row.earlier)}")
    if row.waits_for:
        for line in row.waits_for:
            yield from _wrapped(f"Must approve: {line}")
        yield f"  tolbooth waiver approve {row.id} --residual LIKELIHOODxIMPACT"
    else:
        yield f"It is {row.status.replace('-', ' ')}."


def _what(row: RegisterRow) -> str:
    term = "" if row.term is None else f"{row.term} · "
    limit = "" if row.limit is None else f" · up to {row.limit}"
    return (
        f"{term}{row.scope} · gate {row.gate} in {row.environment} · until {format_instant(row.effective_until)}{limit}"
    )


def _status(row: RegisterRow) -> str:
    return row.status.replace("-", " ")


def _wrapped(text: str, *, indent: int = 0, hang: int = 0) -> list[str]:
    begin = " " * indent
    return textwrap.wrap(
        visible(text),
        WIDTH,
        initial_indent=begin,
        subsequent_indent=begin + " " * hang,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _cell(value: Any) -> str:
    text = "; ".join(value) if isinstance(value, list) else "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) and not text[1:].isdecimal() else text
