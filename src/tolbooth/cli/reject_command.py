"""``tolbooth reject``: a person's signed no on a decision."""

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
@click.option("--reason", required=True, metavar="WORD", help="Why, in a word, such as risk-too-high.")
@comment_option
@click.option("--changes", is_flag=True, help="Ask for changes: it counts as a rejection, and says what would help.")
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
    changes: bool,
    role: str | None,
    on_behalf_of: str | None,
    key: str | None,
    yes: bool,
) -> None:
    """Reject a decision with your own key.

    DECISION is the beginning of its digest; default: the latest. A rejection
    stands for the subject, gate and environment, whatever changes, until you
    take it back with 'tolbooth revoke'.

    \b
    Exit codes: 0 recorded; 1 it may not be said so, or not by you.
    """
    verb = Verb.REQUEST_CHANGES if changes else Verb.REJECT
    wish = wish_of(session, verb, reason=reason, comment=comment, role=role, on_behalf_of=on_behalf_of)
    speak(session, decision, wish, key=key, yes=yes)
