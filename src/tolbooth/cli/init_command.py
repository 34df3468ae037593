"""``tolbooth init``: the settings for what is here, their lock, and what enforces them."""

from __future__ import annotations

import os
from pathlib import Path

import click

from tolbooth.cli.session import Session, pass_session
from tolbooth.config.environment import Environment
from tolbooth.onboard.init import Outcome, init
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
    a sensitive feature, and a model card. What it finds evidence for is
    enforced; the other rules warn.

    Beside it: tolbooth.lock, a file for the CI system that is used here, and
    a pre-commit entry in a git repository. Nothing is overwritten, no bound is
    loosened, no question is asked.
    """
    written = init(folder, tracking=tracking, enforce=True)
    click.echo(f"Wrote {written.path}")
    for choice in written.choices:
        click.echo(f"  {choice}")
    for other in written.others:
        _tell(folder, other)
    load_keys(session.environment)
    click.echo(_where_keys_are(session.environment))
    click.echo("What now\n  decide    tolbooth gate")


def _tell(folder: Path, other: Outcome) -> None:
    if other.path is None:
        click.echo(other.lines[0][:1].upper() + other.lines[0][1:])
        return
    click.echo(f"{'Wrote' if other.written else 'Kept'} {os.path.normpath(folder / other.path)}")
    for line in other.lines:
        click.echo(f"  {line}")


def _where_keys_are(environment: Environment) -> str:
    named = [str(path) for path in (environment.key_file, environment.log_key_file) if path is not None]
    if not named:
        return f"Your keys are in {environment.keys_folder}: one seals, one keeps the log."
    other = [] if len(named) > 1 else [f"the other in {environment.keys_folder}"]
    return f"Your keys, as the environment names them: {', '.join([*named, *other])}"
