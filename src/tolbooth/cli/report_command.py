"""``tolbooth report``: render a recorded decision."""

from __future__ import annotations

from pathlib import Path

import click

from tolbooth.cli.output import (
    Wanted,
    formats_epilog,
    print_report,
    refuse_missing,
    since,
    since_option,
    write_reports,
)
from tolbooth.cli.session import Session, pass_session
from tolbooth.model.wire import JsonObject
from tolbooth.pipeline.people_report import handles
from tolbooth.pipeline.records import recorded_case
from tolbooth.pipeline.reporting import report_on
from tolbooth.pipeline.workspace import open_records
from tolbooth.report.formats import FORMATS


@click.command(epilog=formats_epilog())
@click.argument("decision", required=False)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(list(FORMATS)),
    metavar="FORMAT",
    default="text",
    show_default=True,
    help="The format; all are listed below.",
)
@click.option("--to", "target", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file.")
@since_option
@pass_session
def command(
    session: Session, decision: str | None, output_format: str, target: Path | None, before: JsonObject | None
) -> None:
    """Render a recorded decision for people or programs.

    DECISION is the beginning of the decision's digest; default: the latest.

    \b
      tolbooth report                               the latest, on the terminal
      tolbooth report --format html --to report.html
      tolbooth report --format sarif --to report.sarif
    """
    if target is None and FORMATS[output_format].binary:
        raise click.UsageError(f"{output_format} is no text: name a file with --to")
    refuse_missing(output_format)
    project = session.project()
    store = open_records(project)
    report = since(report_on(recorded_case(store, decision), handles(project, store)), before)
    if target is None:
        print_report(report, output_format)
    else:
        write_reports(report, [Wanted(format=output_format, file=target)])
