"""What the annotations of different CI services have in common: which checks are told, and how loudly."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from tolbooth.report.cards import Status
from tolbooth.report.checks import GATE, Check, checks_of
from tolbooth.report.model import Report
from tolbooth.report.words import visible


class Loudness(StrEnum):
    """How a line is shown."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


def loud_checks(report: Report) -> Iterator[tuple[Loudness, Check, str]]:
    """The verdict, then every result that does not pass, each with what is said of it.

    What to do is said once a rule. What passes or is off is left to :func:`calm_lines`.
    """
    told: set[str] = set()
    for check in checks_of(report):
        if check.rule == GATE or check.status not in {Status.PASSED, Status.OFF}:
            yield _loudness(check), check, _message(check, first=check.rule not in told)
            told.add(check.rule)


def _loudness(check: Check) -> Loudness:
    if check.blocks:
        return Loudness.ERROR
    if check.status is Status.WAIVED or check.rule == GATE:
        return Loudness.NOTICE
    return Loudness.WARNING


def title_of(check: Check) -> str:
    """What an annotation is about, in a line: the gate, or the rule with its term and how it stands."""
    if check.rule == GATE:
        return f"tolbooth gate {visible(check.about)}"
    term = f", {visible(check.term)}" if check.term else ""
    return f"{check.rule} {check.standing}{term}"


def _message(check: Check, *, first: bool) -> str:
    if not (first and check.solution and check.blocks):
        return check.message
    stop = "" if check.message.endswith((".", "!", "?")) else "."
    return f"{check.message}{stop} To do: {visible(check.solution)}"


def calm_lines(report: Report) -> list[str]:
    """One line for every result that passes or is off."""
    calm = (check for check in checks_of(report) if check.status in {Status.PASSED, Status.OFF} and check.rule != GATE)
    return [f"{title_of(check)}: {check.message}" for check in calm]
