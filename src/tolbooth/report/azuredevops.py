"""Logging commands of Azure Pipelines: issues on the run, and a fold with what passes.

Source: learn.microsoft.com, "Logging commands", with its table of escapes. The service knows errors and warnings only.
"""

from __future__ import annotations

from tolbooth.report.checks import Check
from tolbooth.report.model import Report, about_line, record_line
from tolbooth.report.workflow_lines import Loudness, calm_lines, loud_checks, title_of


def render_azuredevops(report: Report) -> str:
    """Render the report as logging commands; names from data can't begin one, wherever they stand in a line."""
    lines = [f"##[section]{_text(about_line(report.head))}"]
    lines += [_line(*each) for each in loud_checks(report)]
    calm = calm_lines(report)
    lines.append(f"##[group]{len(calm)} pass or are off")
    lines += [f"- {_text(line)}" for line in calm]
    lines.append("##[endgroup]")
    lines.append(_text(record_line(report.head)))
    return "\n".join(lines) + "\n"


def _line(loudness: Loudness, check: Check, message: str) -> str:
    said = f"{title_of(check)}: {message}"
    if loudness is Loudness.NOTICE:
        return f"- {_text(said)}"
    return f"##vso[task.logissue type={loudness.value};code={_property(check.rule)}]{_data(said)}"


def _text(text: str) -> str:
    """Text of a line that is no command: two number signs in a row would begin one."""
    return text.replace("##", "# #").replace("\r", " ").replace("\n", " ")


def _data(text: str) -> str:
    return text.replace("##", "# #").replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace("]", "%5D").replace(";", "%3B")
