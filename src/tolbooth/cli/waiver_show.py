"""``tolbooth waiver show``: one waiver and all that was said about it."""

from __future__ import annotations

import click

from tolbooth.cli.session import Session, pass_session
from tolbooth.cli.waiver_session import known_waivers, register_option


@click.command()
@click.argument("waiver")
@register_option
@pass_session
def command(session: Session, *, waiver: str, output_format: str) -> None:
    """Show one waiver and all that was said about it.

    WAIVER is its id, such as W-3, or the beginning of its digest.
    """
    from tolbooth.cli.waiver_text import csv_text, print_json, show_lines
    from tolbooth.model.instant import format_instant
    from tolbooth.model.wire import as_json
    from tolbooth.pipeline.waiver_register import row_of
    from tolbooth.pipeline.waiving import find_waiver, refused_of

    known = known_waivers(session)
    state = find_waiver(known, waiver)
    row = row_of(session.project(), known, state)
    if output_format == "csv":
        click.echo(csv_text([row]), nl=False)
    elif output_format == "json":
        document = {
            "version": 1,
            "as_of": format_instant(known.as_of),
            "waiver": as_json(row),
            "request": as_json(state.request),
            "history": as_json(state.history),
            "refused": as_json(refused_of(known, state.sha256)),
        }
        print_json(document)
    else:
        for line in show_lines(known, state, row):
            click.echo(line)
