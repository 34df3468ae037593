"""Test Anything Protocol 14: one test point for the gate and one a result, with YAML diagnostics.

Source: the TAP 14 specification (testanything.org). What does not pass without stopping the release is ``not ok`` with
the directive for known work, which a harness must not count as a failure.
"""

from __future__ import annotations

import json
from typing import Any

from tolbooth.report.cards import Status
from tolbooth.report.checks import GATE, Check, checks_of
from tolbooth.report.model import Report, about_line
from tolbooth.report.words import visible


def render_tap(report: Report) -> str:
    """Render the report as TAP 14; undecided is ``not ok``, a rule that is off is skipped."""
    checks = checks_of(report)
    lines = ["TAP version 14", f"1..{len(checks)}", f"# {about_line(report.head)}"]
    for number, check in enumerate(checks, start=1):
        lines.append(_point(number, check))
        if check.status is not Status.PASSED:
            lines += _diagnostics(_told(report, check))
    return "\n".join(lines) + "\n"


def _point(number: int, check: Check) -> str:
    state = "ok" if check.status in {Status.PASSED, Status.OFF} else "not ok"
    about = f": {check.about}" if check.term or check.rule == GATE else ""
    return f"{state} {number} - {_escaped(f'{check.rule}{about}')}{_directive(check)}"


def _directive(check: Check) -> str:
    if check.status is Status.OFF:
        return f" # SKIP {_escaped(check.message)}"
    return f" # todo {_escaped(check.standing)}" if check.still_fails else ""


def _escaped(text: str) -> str:
    """A description or reason on one line; a number sign would begin a directive."""
    return visible(text).replace("\\", "\\\\").replace("#", "\\#")


def _told(report: Report, check: Check) -> dict[str, Any]:
    told = {
        "message": check.message,
        "kind": check.kind,
        "severity": check.severity.value,
        "enforcement": check.enforcement.value,
        "measured": check.measured.value if check.measured else None,
        "bound": check.measured.bound if check.measured else None,
        "unit": check.measured.unit if check.measured else None,
        "waiver": check.waiver.waiver_sha256 if check.waiver else None,
        "solution": check.solution if check.rule != GATE else None,
        "files": list(check.files) or None,
        "facts": list(check.facts) or None,
        "decision": report.head.decision_sha256 if check.rule == GATE else None,
        "basis": report.decision.basis if check.rule == GATE else None,
    }
    return {name: value for name, value in told.items() if value is not None}


def _diagnostics(told: dict[str, Any]) -> list[str]:
    """A YAML block: JSON's scalars are YAML's, and every text stands in double quotes."""
    lines = []
    for name, value in told.items():
        if isinstance(value, list):
            lines.append(f"{name}:")
            lines += [f"  - {_scalar(item)}" for item in value]
        else:
            lines.append(f"{name}: {_scalar(value)}")
    return [f"  {line}" for line in ("---", *lines, "...")]


def _scalar(value: str | int) -> str:
    return json.dumps(visible(value) if isinstance(value, str) else value, ensure_ascii=False)
