"""``tolbooth config``: check the settings, commit their bounds, or print their schema."""

from __future__ import annotations

import json

import click

from tolbooth.cli.nearest import NearestGroup
from tolbooth.cli.session import Session, pass_session
from tolbooth.config.settings import json_schema
from tolbooth.model.digest import short
from tolbooth.model.instant import format_instant
from tolbooth.pipeline.checking import check_project
from tolbooth.pipeline.history import commit_policy
from tolbooth.pipeline.people_reading import read_draft
from tolbooth.pipeline.policy import policy_of
from tolbooth.pipeline.workspace import open_workspace


@click.group(cls=NearestGroup)
def command() -> None:
    """Check tolbooth.yaml, commit its bounds, or print its JSON Schema."""


@command.command("check")
@pass_session
def check(session: Session) -> None:
    """Check tolbooth.yaml, its rules, people.yaml, and the files and columns that it names.

    Every mistake is shown with its line. No data is read but headers.
    """
    project = session.project()
    check_project(project, project.settings.gates)
    people = read_draft(project)
    policy = policy_of(project)
    gates = ", ".join(project.settings.gates)
    click.echo(f"{project.document.path} is right: project {project.settings.project}, gates: {gates}")
    click.echo(f"{len(policy.rules)} rules, policy {policy.sha256[:12]}")
    if people is not None:
        click.echo(f"{people.file.document.path} is right: {len(people.people.people)} persons")


@command.command("schema")
def schema() -> None:
    """Print the JSON Schema of tolbooth.yaml, for editors and programs."""
    click.echo(json.dumps(json_schema(), indent=2))


@command.command("commit")
@pass_session
def commit(session: Session) -> None:
    """Record the bounds as they stand, before the run that they judge begins.

    The rule commitment.before tells by the log's clock how long before a run
    its bounds were set. A gate records them too, but only when it runs.
    """
    project = session.project()
    check_project(project, project.settings.gates)
    policy = policy_of(project)
    committed = commit_policy(open_workspace(project, session.environment), policy)
    click.echo(f"Committed the bounds of {committed.rules} rules at {format_instant(committed.at)}")
    click.echo(f"  log entry {committed.position + 1}, policy {short(committed.policy_sha256)}")
