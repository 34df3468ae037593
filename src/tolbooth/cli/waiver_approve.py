"""``tolbooth waiver approve``: a yes, with the risk that remains."""

from __future__ import annotations

import click

from tolbooth.cli.output import output_option
from tolbooth.cli.session import Session, pass_session
from tolbooth.cli.waiver_session import own_key_option
from tolbooth.cli.waiver_words import behalf_option, role_option, speak
from tolbooth.model.approval import Verb


@click.command()
@click.argument("waiver")
@click.option(
    "--residual",
    required=True,
    metavar="LxI",
    help="Your answer: the risk that remains with the treatment, likelihood x impact, such as 2x3.",
)
@click.option("--reason", default="risk-accepted", show_default=True, metavar="WORD", help="Why, in a word.")
@click.option("--comment", metavar="TEXT", help="Why, in a sentence.")
@role_option
@behalf_option
@own_key_option
@output_option
@pass_session
def command(
    session: Session,
    *,
    waiver: str,
    residual: str,
    reason: str,
    comment: str | None,
    role: str | None,
    on_behalf_of: str | None,
    key: str | None,
    output_format: str,
) -> None:
    """Approve a waiver, with the risk that remains.

    WAIVER is its id, such as W-3, or the beginning of its digest. Look at it
    first: 'tolbooth waiver show W-3'. An answer that is higher than the
    inherent risk adds the approvers of that level.

    \b
    Exit codes: 0 recorded; 1 it may not be approved so, or not by you.
    """
    from tolbooth.pipeline.waiver_drafting import read_risk

    speak(
        session,
        waiver,
        Verb.APPROVE,
        key=key,
        output_format=output_format,
        reason=reason,
        comment=comment,
        role=role,
        on_behalf_of=on_behalf_of,
        residual=read_risk(residual),
    )
