"""``tolbooth waiver request``: from a denial to a request, with the narrowest scope that unblocks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tolbooth.cli.output import output_option
from tolbooth.cli.session import Session, pass_session
from tolbooth.cli.waiver_session import own_key_option


@click.command()
@click.option("--from", "decision", metavar="DECISION", help="The decision that it answers; default: the latest.")
@click.option("--rule", metavar="CODE", help="The rule to waive; default: the only one that blocks.")
@click.option(
    "--term", metavar="TERM", help="What exactly, as the report names it; default: the only term that blocks."
)
@click.option("--pattern", metavar="PATTERN", help="Cover subjects by name, such as 'credit-*', and not one digest.")
@click.option("--matches-at-most", type=int, metavar="N", help="How many subjects the pattern may match.")
@click.option("--until", metavar="DAY", help="The last day; default: the last that is allowed.")
@click.option("--reason", metavar="WORD", help="Why, in a word of the project's list.")
@click.option("--because", metavar="TEXT", help="Why, in a sentence.")
@click.option("--harmed", metavar="TEXT", help="Who may be harmed, if the rule is right.")
@click.option("--risk", metavar="LxI", help="The risk without treatment: likelihood x impact, such as 3x4.")
@click.option("--treatment", metavar="WORD: TEXT", help="What is done: accept, mitigate, transfer or avoid, and how.")
@click.option(
    "--control", "controls", multiple=True, metavar="CODE", help="A rule that must pass meanwhile; repeatable."
)
@click.option("--limit", metavar="VALUE", help="The worst value that it covers; default: any.")
@click.option("--ticket", metavar="TEXT", help="Where it is tracked.")
@click.option(
    "--draft",
    "draft_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the draft to a file, and file nothing.",
)
@click.option(
    "--submit",
    "submitted",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File a draft that was filled in.",
)
@own_key_option
@output_option
@pass_session
def command(
    session: Session,
    /,
    *,
    decision: str | None,
    draft_file: Path | None,
    submitted: Path | None,
    key: str | None,
    output_format: str,
    **given: Any,
) -> int:
    """Ask for a waiver of what a decision found.

    On a terminal a prefilled draft opens in your editor; --draft and --submit
    go by a file, and with all answers as options it is one line. What remains
    of the risk is the approver's answer, and not asked here.

    \b
    Exit codes: 0 asked for; 1 it may not be asked so; 2 a mistake in the
    draft; 6 the store refused.
    """
    from tolbooth.cli.waiver_asking import file_draft, new_draft

    said = {name: value for name, value in given.items() if value not in {None, ()}}
    if submitted is not None:
        if said or decision is not None or draft_file is not None:
            raise click.UsageError("--submit goes with --key and --output, and with nothing else")
        return file_draft(session, submitted, key, output_format)
    return new_draft(session, decision, said, key, output_format, draft_file=draft_file)
