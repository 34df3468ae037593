"""GitLab's code quality report: one issue for every result that does not pass.

Source: docs.gitlab.com, "Code Quality", which takes a subset of Code Climate's issues and demands a place in a file for
each. A result that read a data file stands on its first line; one that read none, on the project's settings.
"""

from __future__ import annotations

import json
from typing import Any

from tolbooth.model.rule import Severity
from tolbooth.report.cards import Status
from tolbooth.report.checks import Check, checks_of
from tolbooth.report.model import Report
from tolbooth.report.workflow_lines import title_of

SETTINGS_FILE = "tolbooth.yaml"

_SEVERITIES = {
    Severity.LOW: "minor",
    Severity.MEDIUM: "major",
    Severity.HIGH: "critical",
    Severity.CRITICAL: "blocker",
}


def render_gitlab(report: Report) -> str:
    """Render the report as a JSON array of issues; empty where everything passes."""
    issues = [_issue(check) for check in checks_of(report) if check.status not in {Status.PASSED, Status.OFF}]
    return json.dumps(issues, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _issue(check: Check) -> dict[str, Any]:
    return {
        "description": f"{title_of(check)}: {check.message}",
        "check_name": check.rule,
        "fingerprint": check.fingerprint,
        "severity": _severity(check),
        "location": {"path": check.files[0] if check.files else SETTINGS_FILE, "lines": {"begin": 1}},
    }


def _severity(check: Check) -> str:
    """What stops the release has its rule's severity; what only warns is minor, what is waived only informs."""
    if check.blocks:
        return _SEVERITIES[check.severity]
    return "info" if check.status is Status.WAIVED else "minor"
