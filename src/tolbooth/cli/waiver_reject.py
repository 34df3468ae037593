"""``tolbooth waiver reject``: a no."""

from __future__ import annotations

import click

from tolbooth.cli.output import output_option
from tolbooth.cli.session import Session, pass_session
from tolbooth.cli.waiver_session import own_key_option
from tolbooth.cli.waiver_words import behalf_option, role_option, speak
from tolbooth.model.approval import Verb


@click.command()
@click.argument("waiver")
@click.option("--reason", default="risk-too-high", show_default=True, metavar="WORD", help="Why, in a word.")
@click.option("--comment", required=True, metavar="TEXT", help="Why, and what would be needed, in a sentence.")
@role_option
@behalf_option
@own_key_option
@output_option
@pass_session
def command(
    session: Session,
    *,
    waiver: str,
    reason: str,
    comment: str,
    role: str | None,
    on_behalf_of: str | None,
    key: str | None,
    output_format: str,
) -> None:
    """Reject a waiver.

    WAIVER is its id, such as W-3, or the beginning of its digest. A rejected
    waiver stays rejected; who still needs one asks anew.

    \b
    Exit codes: 0 recorded; 1 it may not be rejected, or not by you.
    """
    speak(
        session,
        waiver,
        Verb.REJECT,
        key=key,
        output_format=output_format,
        reason=reason,
        comment=comment,
        role=role,
        on_behalf_of=on_behalf_of,
    )
