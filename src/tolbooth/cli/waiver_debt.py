"""``tolbooth waiver debt``: what the waivers in force come to."""

from __future__ import annotations

import click

from tolbooth.cli.session import Session, pass_session
from tolbooth.cli.waiver_session import known_waivers, register_option


@click.command()
@register_option
@pass_session
def command(session: Session, *, output_format: str) -> None:
    """Tell what the waivers in force come to.

    How many there are and how old, of which rules and owners, and which end
    soon.
    """
    from tolbooth.cli.waiver_text import csv_text, debt_lines, print_json
    from tolbooth.model.wire import as_json
    from tolbooth.pipeline.waiver_register import debt

    found = debt(session.project(), known_waivers(session))
    if output_format == "csv":
        click.echo(csv_text(found.in_force), nl=False)
    elif output_format == "json":
        ends_soon = [row.id for row in found.ends_soon]
        print_json({"version": 1, **as_json(found), "oldest_days": found.oldest_days, "ends_soon": ends_soon})
    else:
        for line in debt_lines(found):
            click.echo(line)
