"""``tolbooth lineage``: take OpenLineage events, and tell decisions as such."""

from __future__ import annotations

from pathlib import Path

import click

from tolbooth.cli.nearest import NearestGroup
from tolbooth.cli.session import Session, pass_session


@click.group(cls=NearestGroup)
def command() -> None:
    """Take OpenLineage events into a file, or tell a decision again."""


@command.command("receive")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--port",
    type=click.IntRange(min=0, max=65535),
    default=5000,
    show_default=True,
    help="Where to listen on 127.0.0.1; 0 takes any that is free.",
)
def receive(file: Path, port: int) -> None:
    """Take events on this machine's loopback and append them to FILE.

    Give clients the address that is printed as OPENLINEAGE_URL. An event is
    answered with 201 once it is on the disk. Only this machine can reach it,
    and whoever works on it may send: for tests, and for a small set-up.

    Ends when it is interrupted.
    """
    from tolbooth.enforce.openlineage_receiver import receive as take

    take(file, port=port, tell=_tell)


@command.command("tell")
@click.argument("decision", required=False)
@pass_session
def tell(session: Session, decision: str | None) -> None:
    """Tell a recorded decision where output.openlineage says, again.

    DECISION is the beginning of the decision's digest; default: the latest.
    The events are those that the gate sent, so nothing is told twice to whoever
    keeps them by the run's id.

    \b
    Exit codes: 0 it was told, 6 it could not be, 2 nobody says where.
    """
    from tolbooth.enforce.openlineage import tell_again
    from tolbooth.pipeline.records import recorded_case
    from tolbooth.pipeline.workspace import open_records

    project = session.project()
    case = recorded_case(open_records(project), decision)
    click.echo(f"Told {tell_again(project, case, session.variables)}.")


@command.command("schema")
def schema() -> None:
    """Print the JSON Schema of the run facet that a decision is told in."""
    from tolbooth.enforce.openlineage_event import facet_schema_bytes

    click.echo(facet_schema_bytes().decode(), nl=False)


def _tell(sentence: str) -> None:
    click.echo(sentence, err=True)
