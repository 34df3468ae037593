"""``tolbooth approvals``: which decisions wait, for whom, until when; and what was said."""

from __future__ import annotations

import json

import click

from tolbooth.cli.output import output_option
from tolbooth.cli.session import Session, pass_session


@click.command()
@click.option("--all", "every", is_flag=True, help="Also decisions on which nobody is awaited and nothing was said.")
@output_option
@pass_session
def command(session: Session, *, every: bool, output_format: str) -> None:
    """List the decisions that wait for people, and what was said.

    For the last decision of each subject at each gate: who may speak, until
    when, which words count, and why each other does not.
    """
    from tolbooth.cli.approval_text import queue_document, queue_lines
    from tolbooth.pipeline.approval_queue import approval_queue
    from tolbooth.pipeline.transcripts import machine_keys
    from tolbooth.pipeline.workspace import open_records, utc_now

    project = session.project()
    store = open_records(project)
    queue = approval_queue(project, store, machine_keys(session.environment, store), now=utc_now(), every=every)
    if output_format == "json":
        click.echo(json.dumps(queue_document(queue), indent=2, ensure_ascii=False))
        return
    for line in queue_lines(queue):
        click.echo(line)
