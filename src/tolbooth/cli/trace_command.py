"""``tolbooth trace``: from a clause to a pack, with everybody who had a part."""

from __future__ import annotations

import json

import click

from tolbooth.cli.output import output_option
from tolbooth.cli.session import Session, display, pass_session


@click.command()
@click.argument("subject")
@click.option("--control", metavar="CONTROL", help="Follow only the rules that serve this clause: eu-ai-act:9.8.")
@output_option
@pass_session
def command(session: Session, *, subject: str, control: str | None, output_format: str) -> None:
    """Walk from controls and rules to evidence, decisions, people and packs.

    SUBJECT is a name, NAME@VERSION, or the beginning of a digest. Every step
    tells who took it, when by the log's clock, and in which role then.

    \b
      tolbooth trace credit
      tolbooth trace credit@7 --control eu-ai-act:9.8
    """
    from tolbooth.model.wire import as_json
    from tolbooth.pipeline.hearing import hear
    from tolbooth.pipeline.people import people_in_force
    from tolbooth.pipeline.people_report import handles
    from tolbooth.pipeline.tracing import trace
    from tolbooth.pipeline.transcripts import machine_keys
    from tolbooth.pipeline.workspace import open_records, utc_now
    from tolbooth.report.trace_text import render_trace

    project, now = session.project(), utc_now()
    store = open_records(project)
    machines = machine_keys(session.environment, store)
    heard = hear(project, store, people_in_force(project, store, as_of=now), machines, now=now)
    found = trace(project, store, heard, handles(project, store), subject=subject, control=control)
    if output_format == "json":
        click.echo(json.dumps({"version": 1, **as_json(found)}, indent=2, ensure_ascii=False))
        return
    shown = display()
    text = render_trace(found, width=shown.width, color=shown.color, ascii_only=shown.ascii_only)
    click.echo(text, nl=False, color=shown.color)
