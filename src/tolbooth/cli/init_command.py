"""``tolbooth init``: the settings for what is here."""

from __future__ import annotations

from pathlib import Path

import click

from tolbooth.cli.session import Session, pass_session
from tolbooth.onboard.init import init
from tolbooth.pipeline.workspace import load_keys


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True), default=".")
@click.option(
    "--tracking",
    envvar="MLFLOW_TRACKING_URI",
    metavar="URI",
    help="An MLflow store that is not in the folder; default: MLFLOW_TRACKING_URI.",
)
@pass_session
def command(session: Session, folder: Path, tracking: str | None) -> None:
    """Write a tolbooth.yaml for the files that are here.

    Looks for MLflow's store, a model, data sets, predictions with a label and
    a sensitive feature, and a model card. Nothing is overwritten, no bound is
    loosened, no question is asked. What it finds evidence for is enforced; the
    other rules warn.
    """
    written = init(folder, tracking=tracking)
    load_keys(session.environment)
    click.echo(f"Wrote {written.path}")
    for choice in written.choices:
        click.echo(f"  {choice}")
    click.echo(f"Your keys are in {session.environment.keys_folder}: one seals, one keeps the log.")
    click.echo("What now\n  decide    tolbooth gate")
