"""The decision as ``NAME=value`` lines: for GitHub's ``$GITHUB_OUTPUT``, GitLab's dotenv report and shells.

Sources: docs.github.com, "Workflow commands for GitHub Actions", "Setting an output parameter"; docs.gitlab.com,
"artifacts:reports:dotenv". Every value is on one line and of letters, digits and ``._:@+-/`` only, so that no reader
takes a part of it for a command or another variable; what is neither becomes ``_``.
"""

from __future__ import annotations

import re

from tolbooth.model.instant import format_instant
from tolbooth.report.model import Report

_OTHER = re.compile(r"[^A-Za-z0-9._:@+/-]")


def render_dotenv(report: Report) -> str:
    """Render what programs ask of a decision, one variable a line."""
    case = report.decision.case
    values = {
        "verdict": report.decision.verdict.value,
        "decision": report.head.decision_sha256,
        "basis": report.decision.basis,
        "subject": case.subject.label,
        "subject_digest": case.subject.digest_value,
        "gate": case.gate,
        "environment": case.environment,
        "as_of": format_instant(case.as_of),
    }
    return "".join(f"TOLBOOTH_{name.upper()}={_OTHER.sub('_', value)}\n" for name, value in values.items())
