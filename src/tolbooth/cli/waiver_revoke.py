"""``tolbooth waiver revoke``: end a waiver, or take back one's approval."""

from __future__ import annotations

import click

from tolbooth.cli.output import output_option
from tolbooth.cli.session import Session, pass_session
from tolbooth.cli.waiver_session import own_key_option
from tolbooth.cli.waiver_words import end


@click.command()
@click.argument("waiver")
@click.option("--reason", required=True, metavar="TEXT", help="Why, in a sentence.")
@click.option("--my-approval", is_flag=True, help="Take back your approval alone; the waiver ends if too few are left.")
@own_key_option
@output_option
@pass_session
def command(
    session: Session, *, waiver: str, reason: str, my_approval: bool, key: str | None, output_format: str
) -> None:
    """End a waiver, or take back your approval of it.

    WAIVER is its id, such as W-3, or the beginning of its digest. Who asked
    for it and who approved it may end it; from then on the rule blocks again.

    \b
    Exit codes: 0 recorded; 1 it is over already, or not yours to end.
    """
    end(session, waiver, key=key, output_format=output_format, reason=reason, own_word=my_approval)
