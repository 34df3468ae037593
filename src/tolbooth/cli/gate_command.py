"""``tolbooth gate``: decide, and record the decision."""

from __future__ import annotations

from datetime import datetime

import click

from tolbooth.cli.exits import exit_of_verdict
from tolbooth.cli.output import output_option, print_report
from tolbooth.cli.session import Session, pass_session, progress_bar
from tolbooth.model.instant import parse_instant
from tolbooth.pipeline.gate import gate, suppose
from tolbooth.pipeline.reporting import report_on
from tolbooth.pipeline.workspace import open_workspace, utc_now


def _instant(_ctx: click.Context, _param: click.Parameter, value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        return parse_instant(value)
    except ValueError as error:
        raise click.BadParameter(f"'{value}' is no instant such as 2026-11-23T09:00:00Z") from error


@click.command()
@click.argument("name", required=False)
@click.option(
    "--as-of",
    callback=_instant,
    metavar="INSTANT",
    help="Decide hypothetically as of another instant (RFC 3339). Nothing is recorded.",
)
@output_option
@pass_session
def command(session: Session, name: str | None, as_of: datetime | None, output_format: str) -> int:
    r"""Decide whether a subject may be released, and record it.

    Reads the files that tolbooth.yaml names, measures them, evaluates the
    policy and records every step. NAME is the gate; it is needed only when
    there are several.

    \b
    Exit codes: 0 may be released, 1 may not, 3 can't be decided,
    4 waits for approval, 2 a mistake in the settings, 6 the store refused.
    """
    project = session.project()
    with progress_bar() as progress:
        if as_of is not None:
            case = suppose(project, name, as_of=as_of, clock=utc_now, progress=progress)
        else:
            case = gate(open_workspace(project, session.environment), name, progress=progress)
    print_report(report_on(case), output_format)
    return int(exit_of_verdict(case.decision.verdict))
