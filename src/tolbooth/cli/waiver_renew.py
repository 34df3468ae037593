"""``tolbooth waiver renew``: a waiver in force asks to go on, with new evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tolbooth.cli.output import output_option
from tolbooth.cli.session import Session, pass_session
from tolbooth.cli.waiver_session import known_waivers, own_key_option


@click.command()
@click.argument("waiver")
@click.option("--from", "decision", metavar="DECISION", help="The newer decision; default: the latest.")
@click.option("--until", metavar="DAY", help="The last day; default: the last that is allowed.")
@click.option("--because", metavar="TEXT", help="Why it must go on, in a sentence; default: as before.")
@click.option("--risk", metavar="LxI", help="The risk without treatment; default: as before.")
@click.option("--treatment", metavar="WORD: TEXT", help="What is done; default: as before.")
@click.option("--limit", metavar="VALUE", help="The worst value that it covers; default: as before.")
@click.option(
    "--draft",
    "draft_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the draft to a file, and file nothing.",
)
@own_key_option
@output_option
@pass_session
def command(
    session: Session,
    /,
    *,
    waiver: str,
    decision: str | None,
    draft_file: Path | None,
    key: str | None,
    output_format: str,
    **given: Any,
) -> int:
    """Ask for a waiver in force to go on, with new evidence.

    WAIVER is its id, such as W-3, or the beginning of its digest. A renewal
    needs a decision on later facts, covers no more than before, and is
    approved like a new request. How often is limited.

    \b
    Exit codes: 0 asked for; 1 it may not be renewed so; 2 a mistake.
    """
    from tolbooth.cli.waiver_asking import new_draft
    from tolbooth.pipeline.waiver_drafting import renewed_values
    from tolbooth.pipeline.waiving import find_waiver

    state = find_waiver(known_waivers(session), waiver)
    values = renewed_values(session.project(), state)
    values |= {name: value for name, value in given.items() if value is not None}
    return new_draft(session, decision, values, key, output_format, draft_file=draft_file)
