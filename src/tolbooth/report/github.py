"""Workflow commands of GitHub Actions: annotations on the run, and a fold with what passes.

Source: docs.github.com, "Workflow commands for GitHub Actions", and the escapes of the actions toolkit's
``command.ts``. The service shows ten annotations of a kind a step, so the verdict stands first.
"""

from __future__ import annotations

from collections.abc import Mapping

from tolbooth.report.checks import GATE, Check
from tolbooth.report.model import Report, about_line, record_line
from tolbooth.report.words import visible
from tolbooth.report.workflow_lines import Loudness, calm_lines, loud_checks, title_of


def render_github(report: Report) -> str:
    """Render the report as workflow commands; text that could be a command is never at the beginning of a line."""
    lines = [_command(*each) for each in loud_checks(report)]
    calm = calm_lines(report)
    lines.append(f"::group::{_data(f'{about_line(report.head)}: {len(calm)} pass or are off')}")
    lines += [f"- {line}" for line in calm]
    lines.append("::endgroup::")
    lines.append(record_line(report.head))
    return "\n".join(lines) + "\n"


def _command(loudness: Loudness, check: Check, message: str) -> str:
    named = {"title": title_of(check)}
    if check.files and check.rule != GATE:
        named = {"file": visible(check.files[0]), **named}
    return annotation(loudness.value, named, message)


def annotation(loudness: str, properties: Mapping[str, str], message: str) -> str:
    """One workflow command, with everything escaped that would end it or a property."""
    written = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{loudness} {written}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
