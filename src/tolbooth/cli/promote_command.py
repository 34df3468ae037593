"""``tolbooth promote``: move an alias of the registry, with a decision that allows it."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import click

from tolbooth.cli.output import output_option
from tolbooth.cli.session import Session, pass_session

if TYPE_CHECKING:
    from tolbooth.config.load import Project
    from tolbooth.pipeline.promoting import Promoted
    from tolbooth.pipeline.promotion_goal import Wish
    from tolbooth.pipeline.registry_door import OpenRegistry, Registry


@click.command()
@click.argument("model")
@click.argument("version")
@click.option("--to", "alias", required=True, metavar="ALIAS", help="The alias that is moved, such as champion.")
@click.option("--gate", metavar="GATE", help="The gate whose decision counts; default: the only one that fits.")
@click.option("--environment", metavar="NAME", help="Refuse unless the gate decides for this environment.")
@click.option("--dry-run", is_flag=True, help="Check everything; move and record nothing.")
@output_option
@pass_session
def command(
    session: Session,
    *,
    model: str,
    version: str,
    alias: str,
    gate: str | None,
    environment: str | None,
    dry_run: bool,
    output_format: str,
) -> None:
    """Move an alias to a version that a decision allows.

    MODEL is a registered model, or a subject of tolbooth.yaml that is one. The
    last decision in the log on the version's files, as they are now, must
    allow it, at this gate and environment, and must still do so by the waivers
    and approvals known now. A record is made before the move and after it.

    \b
    Exit codes: 0 moved, or it stood there already; 1 no decision allows it;
    2 no such model, version or gate; 6 the log or the registry refused.
    """
    from tolbooth.cli.moves_documents import promoted_document
    from tolbooth.cli.moves_text import promoted_lines
    from tolbooth.pipeline.people_report import handles
    from tolbooth.pipeline.promotion_goal import Wish
    from tolbooth.pipeline.workspace import open_records

    project = session.project()
    store = open_records(project)
    wish = Wish(model=model, version=version, alias=alias, gate=gate, environment=environment)
    done = _rehearsed(session, project, wish) if dry_run else _promoted(session, project, wish)
    if output_format == "json":
        click.echo(json.dumps(promoted_document(done), indent=2, ensure_ascii=False))
        return
    for line in promoted_lines(done, handles(project, store)):
        click.echo(line)


def registry_opener(project: Project) -> OpenRegistry:
    """Opens the registries that a project names, on this machine's clock."""
    from tolbooth.enforce.registry import open_registry
    from tolbooth.pipeline.workspace import utc_now

    def opener(tracking: str) -> AbstractContextManager[Registry]:
        return open_registry(tracking, project_folder=project.folder, clock=utc_now)

    return opener


def _promoted(session: Session, project: Project, wish: Wish) -> Promoted:
    from tolbooth.pipeline.promoting import promote
    from tolbooth.pipeline.workspace import open_workspace

    workspace = open_workspace(project, session.environment)
    return promote(workspace, wish, open_registry=registry_opener(project), variables=session.variables)


def _rehearsed(session: Session, project: Project, wish: Wish) -> Promoted:
    from tolbooth.pipeline.promoting import rehearse
    from tolbooth.pipeline.transcripts import machine_keys
    from tolbooth.pipeline.workspace import open_records, utc_now

    store = open_records(project)
    machines = machine_keys(session.environment, store)
    opener = registry_opener(project)
    return rehearse(project, store, machines, wish, now=utc_now(), open_registry=opener, variables=session.variables)
