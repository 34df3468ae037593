"""``tolbooth approve``: a person's signed yes on a decision."""

from __future__ import annotations

import click

from tolbooth.cli.approval_words import (
    behalf_option,
    comment_option,
    decision_argument,
    role_option,
    speak,
    wish_of,
    yes_option,
)
from tolbooth.cli.session import Session, pass_session
from tolbooth.cli.waiver_session import own_key_option
from tolbooth.model.approval import Verb


@click.command()
@decision_argument
@click.option("--reason", default="reviewed", show_default=True, metavar="WORD", help="Why, in a word.")
@comment_option
@click.option(
    "--condition",
    "conditions",
    multiple=True,
    metavar="'TEXT; OWNER; DUE[; RULE]'",
    help="Approve under a condition; overdue, it ends the approval. A rule closes it by passing. Repeatable.",
)
@click.option("--abstain", is_flag=True, help="Say instead that you abstain, which counts as nothing.")
@role_option
@behalf_option
@own_key_option
@yes_option
@pass_session
def command(
    session: Session,
    *,
    decision: str | None,
    reason: str,
    comment: str | None,
    conditions: tuple[str, ...],
    abstain: bool,
    role: str | None,
    on_behalf_of: str | None,
    key: str | None,
    yes: bool,
) -> None:
    """Approve a decision with your own key.

    DECISION is the beginning of its digest; default: the latest. What is
    signed is shown before it is signed. The approval binds to the decision's
    basis: running the gate again keeps it, a changed fact voids it.

    \b
    Exit codes: 0 recorded; 1 it may not be approved so, or not by you.
    """
    if abstain and conditions:
        raise click.UsageError("--abstain takes no --condition")
    verb = Verb.ABSTAIN if abstain else Verb.APPROVE_WITH_CONDITIONS if conditions else Verb.APPROVE
    wish = wish_of(
        session,
        verb,
        reason=reason,
        comment=comment,
        role=role,
        on_behalf_of=on_behalf_of,
        conditions=conditions,
    )
    speak(session, decision, wish, key=key, yes=yes)
