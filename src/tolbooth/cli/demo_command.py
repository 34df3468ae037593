"""``tolbooth demo``: the whole way, on real data."""

from __future__ import annotations

from pathlib import Path

import click

from tolbooth.cli.session import Session, display, pass_session
from tolbooth.onboard.demo import Step, demo
from tolbooth.report.terminal import render_terminal


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@pass_session
def command(session: Session, folder: Path) -> None:
    """Train a real model and take it through the gate, step by step.

    Writes into FOLDER: a model trained on 432 releases from prison (a public
    study), the settings, the evidence pack, the public key and the report.
    Needs the extra: pip install 'tolbooth[demo]'.
    """
    shown = demo(folder, session.environment, tell=_tell)
    click.echo("Done. The verdict is an honest one; 'tolbooth explain --last' in the folder says what would change it.")
    click.echo(f"  pack        {shown.pack}")
    click.echo(f"  public key  {shown.public_key}")
    click.echo(f"  report      {shown.report}")


def _tell(step: Step) -> None:
    click.secho(f"── {step.title}", bold=True)
    if step.command is not None:
        click.echo(f"   $ {step.command}")
    for line in step.lines:
        click.echo(f"   {line}")
    if step.report is not None:
        look = display()
        text = render_terminal(step.report, width=look.width, color=look.color, ascii_only=look.ascii_only)
        click.echo()
        click.echo(text, nl=False, color=look.color)
    click.echo()
