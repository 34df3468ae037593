"""``tolbooth report``: render a recorded decision."""

from __future__ import annotations

from pathlib import Path

import click

from tolbooth.cli.output import print_report
from tolbooth.cli.session import Session, pass_session
from tolbooth.pipeline.records import recorded_case
from tolbooth.pipeline.reporting import report_on
from tolbooth.pipeline.workspace import open_records
from tolbooth.report.html import render_html
from tolbooth.store.durable import write_whole


@click.command()
@click.argument("decision", required=False)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json", "html"]),
    default="text",
    show_default=True,
    help="Text and HTML are for people, JSON for programs.",
)
@click.option("--to", "target", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file.")
@pass_session
def command(session: Session, decision: str | None, output_format: str, target: Path | None) -> None:
    r"""Render a recorded decision for people or programs.

    DECISION is the beginning of the decision's digest; default: the latest.

    \b
      tolbooth report                               the latest, on the terminal
      tolbooth report --format html --to report.html
    """
    report = report_on(recorded_case(open_records(session.project()), decision))
    if output_format != "html":
        if target is not None:
            raise click.UsageError("--to goes with --format html; redirect the other formats")
        print_report(report, output_format)
        return
    page = render_html(report)
    if target is None:
        click.echo(page, nl=False)
        return
    write_whole(target, page.encode())
    click.echo(f"Report: {target}")
