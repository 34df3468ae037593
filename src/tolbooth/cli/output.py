"""The ``--output`` option, and printing a report in the form that was asked for."""

from __future__ import annotations

import click

from tolbooth.cli.session import display
from tolbooth.report.json_format import render_json
from tolbooth.report.model import Report
from tolbooth.report.terminal import render_terminal

output_option = click.option(
    "--output",
    "output_format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Text for people, or versioned JSON for programs.",
)


def print_report(report: Report, output_format: str) -> None:
    """Print a report to stdout."""
    if output_format == "json":
        click.echo(render_json(report), nl=False)
        return
    shown = display()
    text = render_terminal(report, width=shown.width, color=shown.color, ascii_only=shown.ascii_only)
    click.echo(text, nl=False, color=shown.color)
