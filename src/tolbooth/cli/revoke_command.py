"""``tolbooth revoke``: take a word on a decision back."""

from __future__ import annotations

import click

from tolbooth.cli.approval_words import agree, naming_people, yes_option
from tolbooth.cli.session import Session, pass_session
from tolbooth.cli.waiver_session import own_key_option, own_signer
from tolbooth.model.digest import short


@click.command()
@click.argument("word")
@click.option("--reason", required=True, metavar="TEXT", help="Why, in a sentence.")
@own_key_option
@yes_option
@pass_session
def command(session: Session, *, word: str, reason: str, key: str | None, yes: bool) -> None:
    """Take back what you said on a decision.

    WORD is the beginning of its digest, as 'tolbooth approvals' lists it. Only
    who said it can take it back. A waiver is ended by 'tolbooth waiver
    revoke'.

    \b
    Exit codes: 0 recorded; 1 you can't take it back.
    """
    from tolbooth.pipeline.speaking import revoke
    from tolbooth.pipeline.workspace import open_workspace

    workspace = open_workspace(session.project(), session.environment)
    agree(f"Sign that you take {word} back?", yes=yes)
    with naming_people(workspace):
        filed, said = revoke(workspace, word, reason, own_signer(session, key))
    click.echo(f"Took back: {said.verb} as {said.role}, on decision {short(said.decision_sha256)}")
    click.echo(f"  {filed.path.relative_to(workspace.project.folder)}   commit it: git carries it to every gate")
