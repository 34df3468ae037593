"""``tolbooth config``: check the settings, or print their schema."""

from __future__ import annotations

import json

import click

from tolbooth.cli.session import Session, pass_session
from tolbooth.config.settings import json_schema
from tolbooth.pipeline.checking import check_project


@click.group()
def command() -> None:
    """Check tolbooth.yaml, or print its JSON Schema."""


@command.command("check")
@pass_session
def check(session: Session) -> None:
    """Check tolbooth.yaml, its rules, and the files and columns that it names.

    Every mistake is shown with its line. No data is read but headers.
    """
    project = session.project()
    policy = check_project(project, project.settings.gates)
    gates = ", ".join(project.settings.gates)
    click.echo(f"{project.document.path} is right: project {project.settings.project}, gates: {gates}")
    click.echo(f"{len(policy.rules)} rules, policy {policy.sha256[:12]}")


@command.command("schema")
def schema() -> None:
    """Print the JSON Schema of tolbooth.yaml, for editors and programs."""
    click.echo(json.dumps(json_schema(), indent=2))
