"""What the commands on waivers share: the options, what is known, and who signs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from tolbooth.cli.session import Session
    from tolbooth.evidence.ssh_envelope import SshSigner
    from tolbooth.pipeline.waiving import Filed, KnownWaivers

own_key_option = click.option(
    "--key", metavar="KEY", help="Your key: an SSH key file, or the name of one of your own keys."
)

register_option = click.option(
    "--output",
    "output_format",
    type=click.Choice(["text", "json", "csv"]),
    default="text",
    show_default=True,
    help="Text for people; versioned JSON or CSV for programs.",
)


def known_waivers(session: Session) -> KnownWaivers:
    """The waivers of the project as they stand now; nothing is made or recorded."""
    from tolbooth.model.instant import instant
    from tolbooth.pipeline.transcripts import machine_keys
    from tolbooth.pipeline.waiving import waivers_known
    from tolbooth.pipeline.workspace import existing_records, utc_now

    project = session.project()
    store = existing_records(project)
    return waivers_known(project, store, machine_keys(session.environment, store), as_of=instant(utc_now()))


def own_signer(session: Session, key: str | None) -> SshSigner:
    """Who signs."""
    from tolbooth.pipeline.person_key import person_signer

    return person_signer(session.environment, key, notice=lambda text: click.echo(text, err=True))


def print_filed(session: Session, filed: Filed, output_format: str, *, did: str) -> None:
    """Say what was recorded, how the waiver stands now, and what comes next."""
    from tolbooth.cli.waiver_text import filed_lines, print_json
    from tolbooth.model.wire import as_json
    from tolbooth.pipeline.waiver_register import row_of

    known = known_waivers(session)
    row = row_of(session.project(), known, known.review.states[filed.state.sha256])
    if output_format == "json":
        print_json({"version": 1, "statement_sha256": filed.sha256, "file": str(filed.path), "waiver": as_json(row)})
        return
    for line in filed_lines(row, did=did, path=filed.path):
        click.echo(line)
