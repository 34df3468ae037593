"""``tolbooth log``: what is recorded."""

from __future__ import annotations

import json

import click

from tolbooth.cli.output import output_option
from tolbooth.cli.session import Session, pass_session
from tolbooth.model.digest import short
from tolbooth.model.instant import format_instant
from tolbooth.pipeline.records import LogLine, log_lines
from tolbooth.pipeline.workspace import open_records


@click.command()
@output_option
@pass_session
def command(session: Session, output_format: str) -> None:
    """List what is recorded, oldest first.

    One line for each entry: its number, when it was appended, what it is, what
    it says, and the digest of its envelope.
    """
    lines = log_lines(open_records(session.project()))
    if output_format == "json":
        document = {"version": 1, "entries": [_json(line) for line in lines]}
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    for line in lines:
        entry = line.entry
        about = f"{line.about}  {line.summary}".rstrip()
        click.echo(
            f"{entry.position + 1:>4}  {format_instant(entry.appended_at)}  {entry.kind:<11}  "
            f"{short(entry.envelope_sha256)}  {about}"
        )


def _json(line: LogLine) -> dict[str, object]:
    return {
        "position": line.entry.position,
        "appended_at": format_instant(line.entry.appended_at),
        "kind": line.entry.kind,
        "envelope_sha256": line.entry.envelope_sha256,
        "about": line.about,
        "summary": line.summary,
    }
