"""``tolbooth waiver list``: the register."""

from __future__ import annotations

import click

from tolbooth.cli.session import Session, pass_session
from tolbooth.cli.waiver_session import known_waivers, register_option


@click.command()
@click.option("--all", "everything", is_flag=True, help="Those that ended or were rejected, too.")
@register_option
@pass_session
def command(session: Session, *, everything: bool, output_format: str) -> None:
    """List waivers: what, until when, who must still approve."""
    from tolbooth.cli.waiver_text import csv_text, list_lines, print_json
    from tolbooth.model.instant import format_instant
    from tolbooth.model.wire import as_json
    from tolbooth.pipeline.waiver_register import register
    from tolbooth.review.waiver_state import WaiverStatus

    known = known_waivers(session)
    every = register(session.project(), known)
    rows = [row for row in every if everything or not WaiverStatus(row.status).is_over]
    if output_format == "json":
        print_json({"version": 1, "as_of": format_instant(known.as_of), "waivers": as_json(rows)})
    elif output_format == "csv":
        click.echo(csv_text(rows), nl=False)
    else:
        for line in list_lines(rows, hidden=len(every) - len(rows)):
            click.echo(line)
