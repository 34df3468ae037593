"""``tolbooth serving``: which version stood at an alias on a day, and by which decision."""

from __future__ import annotations

import json
from datetime import date, datetime

import click

from tolbooth.cli.output import output_option
from tolbooth.cli.session import Session, pass_session
from tolbooth.model.instant import instant, parse_instant


def _day(_ctx: click.Context, _param: click.Parameter, value: str | None) -> date | datetime | None:
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        pass
    try:
        return parse_instant(value)
    except ValueError as error:
        hint = "write a day as 2026-11-23, or an instant as 2026-11-23T09:00:00Z"
        raise click.BadParameter(f"'{value}' is no day: {hint}") from error


@click.command()
@click.argument("model")
@click.argument("alias")
@click.option("--on", callback=_day, metavar="DATE", help="A day of the project's time zone, or an instant (RFC 3339).")
@click.option("--all", "everything", is_flag=True, help="Every version that stood there, as far as the log knows.")
@output_option
@pass_session
def command(
    session: Session,
    *,
    model: str,
    alias: str,
    on: date | datetime | None,
    everything: bool,
    output_format: str,
) -> None:
    """Tell which version stood at an alias on a day, and by which decision.

    Answers from the log: moves made by 'tolbooth promote', and those that
    'tolbooth reconcile' saw. Without --on, it is about now.

    \b
      tolbooth serving credit champion --on 2026-11-23
      tolbooth serving credit champion --all
    """
    from tolbooth.cli.moves_documents import serving_document
    from tolbooth.cli.moves_text import serving_lines
    from tolbooth.pipeline.people_report import handles
    from tolbooth.pipeline.serving import serving
    from tolbooth.pipeline.workspace import open_records, utc_now

    if everything and on is not None:
        raise click.UsageError("--all is the whole time, and --on a part of it: give one of them")
    project = session.project()
    store = open_records(project)
    when = None if everything else on if on is not None else instant(utc_now())
    answers = serving(project, store, model, alias, on=when)
    if output_format == "json":
        click.echo(json.dumps(serving_document(answers), indent=2, ensure_ascii=False))
        return
    called = handles(project, store)
    for answer in answers:
        for line in serving_lines(answer, called, many=len(answers) > 1):
            click.echo(line)
