"""``tolbooth log``: what is recorded, and transcripts that carry it elsewhere."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import click

from tolbooth.cli.nearest import NearestGroup
from tolbooth.cli.output import output_option
from tolbooth.cli.session import Session, pass_session
from tolbooth.model.digest import short
from tolbooth.model.instant import format_instant
from tolbooth.pipeline.importing import import_run
from tolbooth.pipeline.records import LogLine, log_lines
from tolbooth.pipeline.transcripts import (
    TRANSCRIPT_NAME,
    export_transcript,
    known_signers,
    load_transcript,
)
from tolbooth.pipeline.verify import read_public_key
from tolbooth.pipeline.workspace import known_keys, open_records, open_workspace

key_option = click.option(
    "--key",
    "keys",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="A public key (PEM) that may have signed; repeatable. This machine's own keys are always known.",
)


@click.group(cls=NearestGroup, invoke_without_command=True)
@output_option
@click.pass_context
def command(ctx: click.Context, /, output_format: str) -> None:
    """List what is recorded, oldest first.

    One line for each entry: its number, when it was appended, what it is, the
    digest of its envelope, and what it says.

    A CI runner's log ends as a transcript, which the log of record imports:

    \b
      tolbooth log export --to transcript.jsonl        on the runner
      tolbooth log import transcript.jsonl --key ci.pub
    """
    if ctx.invoked_subcommand is None:
        _list(ctx.find_object(Session), output_format)


def _list(session: Session | None, output_format: str) -> None:
    assert session is not None
    lines = log_lines(open_records(session.project()))
    if output_format == "json":
        document = {"version": 1, "entries": [_json(line) for line in lines]}
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    for line in lines:
        entry = line.entry
        about = f"{line.about}  {line.summary}".rstrip()
        click.echo(
            f"{entry.position + 1:>4}  {format_instant(entry.appended_at)}  {entry.kind:<11}  "
            f"{short(entry.envelope_sha256)}  {about}"
        )


@command.command("export")
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    default=TRANSCRIPT_NAME,
    show_default=True,
    help="The file to write.",
)
@pass_session
def export(session: Session, target: Path) -> None:
    """Write the whole log, with all that it names, into one file.

    The transcript is as confidential as the store: keep it where you would
    keep the store itself.
    """
    transcript = export_transcript(open_workspace(session.project(), session.environment), target)
    click.echo(f"Exported {len(transcript.entries)} entries and {len(transcript.blobs)} blobs: {target}")


@command.command("import")
@click.argument("transcript", type=click.Path(path_type=Path, dir_okay=False))
@key_option
@pass_session
def import_(session: Session, transcript: Path, keys: tuple[Path, ...]) -> None:
    """Verify a transcript and append its envelopes as they were signed.

    What is known already stays as it is, so importing twice changes nothing.
    The import itself is recorded, with the keys that signed: you vouch for
    them. Whom that log vouched for and what it moved stays its own: imports,
    promotions and sightings are left out.
    """
    workspace = open_workspace(session.project(), session.environment)
    trusted = (*(read_public_key(key) for key in keys), *known_signers(workspace))
    run = import_run(workspace, transcript, trusted)
    done = run.imported
    click.echo(f"Imported {done.appended} entries of log {done.verified.transcript.origin}; {done.known} were known.")
    for key in done.verified.signers:
        click.echo(f"  signed by key {short(key.key_id)}")
    if done.left_out:
        counts = ", ".join(f"{kind} ({count})" for kind, count in Counter(done.left_out).items())
        click.echo(f"  left out, since they are that log's alone: {counts}")
    for each in run.decisions:
        for objection in each.objections:
            click.echo(f"  decision {short(each.decision_sha256)} does not count: {objection}")
        for waiver in each.retired:
            click.echo(f"  waiver {waiver} retired itself: its rule passed in {short(each.decision_sha256)}")


@command.command("verify")
@click.argument("transcript", type=click.Path(path_type=Path, dir_okay=False))
@key_option
@pass_session
def verify(session: Session, transcript: Path, keys: tuple[Path, ...]) -> None:
    """Verify a transcript and append nothing.

    Checks that its checkpoint covers exactly its entries, that every envelope
    is signed by a key that is known here or named, and that every blob that
    is named is there and unaltered.
    """
    trusted = (*(read_public_key(key) for key in keys), *known_keys(session.environment))
    verified = load_transcript(transcript, trusted)
    click.echo(
        f"Verified: {len(verified.transcript.entries)} entries of log {verified.transcript.origin}, "
        f"{len(verified.transcript.blobs)} blobs"
    )
    for key in verified.signers:
        click.echo(f"  signed by key {short(key.key_id)}")


def _json(line: LogLine) -> dict[str, object]:
    return {
        "position": line.entry.position,
        "appended_at": format_instant(line.entry.appended_at),
        "kind": line.entry.kind,
        "envelope_sha256": line.entry.envelope_sha256,
        "about": line.about,
        "summary": line.summary,
    }
