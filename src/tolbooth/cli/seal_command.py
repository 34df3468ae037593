"""``tolbooth seal``: make the evidence pack."""

from __future__ import annotations

from pathlib import Path

import click

from tolbooth.cli.session import Session, pass_session, tell_transcript
from tolbooth.pipeline.seal import seal
from tolbooth.pipeline.transcripts import end_run
from tolbooth.pipeline.workspace import open_workspace


@click.command()
@click.argument("decision", required=False)
@click.option(
    "--to", "target", type=click.Path(path_type=Path, dir_okay=False), help="The zip to write; default: NAME-VERSION."
)
@pass_session
def command(session: Session, decision: str | None, target: Path | None) -> None:
    """Seal a decision as an evidence pack.

    The pack is one zip that a stranger verifies offline with your public key.
    DECISION is the beginning of the decision's digest; default: the latest.
    A denial can be sealed too.
    """
    workspace = open_workspace(session.project(), session.environment)
    sealed = seal(workspace, decision, target=target)
    tell_transcript(end_run(workspace, session.environment))
    decided = sealed.case.decision
    click.echo(f"Sealed: {decided.verdict.value} about {decided.case.subject.label}, log entry {sealed.position + 1}")
    click.echo(f"  pack   {sealed.path}")
    click.echo(f"  root   {sealed.root}")
    click.echo("What now")
    click.echo("  give the public key to who verifies   tolbooth key export release > release.pub")
    click.echo(f"  verify                                tolbooth verify {sealed.path} --key release.pub")
