"""``tolbooth reconcile``: hold what runs against what was decided."""

from __future__ import annotations

import json

import click

from tolbooth.cli.exits import Exit
from tolbooth.cli.session import Session, pass_session


@click.command()
@click.option(
    "--output",
    "output_format",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="Text for people, versioned JSON for programs, Markdown for a message.",
)
@pass_session
def command(session: Session, *, output_format: str) -> int:
    """Find what runs without a decision, and record it.

    Reads the aliases that tolbooth.yaml declares under 'deployments' and those
    that were ever promoted, their versions and files, and the deployments that
    inventories and manifests list. Settles promotions that were cut short.

    Meant for cron: what is found again is told again and not recorded again.

    \b
    Exit codes: 0 nothing is wrong, 1 findings, 2 a mistake in the settings,
    6 the log refused, or a source could not be read and nothing else is wrong.
    """
    from tolbooth.cli.moves_documents import reconciled_document
    from tolbooth.cli.moves_text import reconciled_lines, reconciled_markdown
    from tolbooth.cli.promote_command import registry_opener
    from tolbooth.pipeline.reconciling import reconcile
    from tolbooth.pipeline.workspace import open_records, open_workspace

    project = session.project()
    open_records(project)
    workspace = open_workspace(project, session.environment)
    done = reconcile(workspace, open_registry=registry_opener(project), variables=session.variables)
    if output_format == "json":
        click.echo(json.dumps(reconciled_document(done), indent=2, ensure_ascii=False))
    else:
        for line in reconciled_markdown(done) if output_format == "markdown" else reconciled_lines(done):
            click.echo(line)
    if not done.is_clean:
        return int(Exit.DENY)
    return int(Exit.STORE if done.unread else Exit.ALLOW)
