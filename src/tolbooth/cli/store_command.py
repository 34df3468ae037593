"""``tolbooth store``: whether what is recorded is whole, and how to tidy it."""

from __future__ import annotations

import json
from itertools import groupby

import click

from tolbooth.cli.exits import Exit
from tolbooth.cli.nearest import NearestGroup
from tolbooth.cli.output import output_option
from tolbooth.cli.session import Session, pass_session
from tolbooth.pipeline.workspace import store_folder
from tolbooth.store.check import check_store
from tolbooth.store.fault import Fault, StoreReport
from tolbooth.store.gc import clear_store
from tolbooth.store.rebuild import rebuild_store

_SHOWN = 20
_WHAT_NOW = {
    "row.": "tolbooth store rebuild     makes the rows anew from the log",
    "tree.": "tolbooth store rebuild     makes the tree anew from the log",
    "log.": "put back a whole copy of log.sqlite, as new as the checkpoint file",
    "store.": "put back, from a copy, the files that are named; keep this folder until then",
    "envelope.": "put back, from a copy, the files that are named; keep this folder until then",
    "checkpoint.": "put back the checkpoint file that was here last, or find out who replaced it",
}


@click.group(cls=NearestGroup)
def command() -> None:
    """Check, rebuild and tidy what is stored.

    \b
      tolbooth store check      name whatever is missing, altered or left over
      tolbooth store rebuild    make every table but the log anew
      tolbooth store gc         remove what nothing needs
    """


@command.command("check")
@output_option
@pass_session
def check(session: Session, output_format: str) -> int:
    """Name whatever is missing, altered or left over; change nothing.

    Exit codes: 0 clean, harmless leftovers may be listed; 5 not clean; 6 the
    store can't be read.
    """
    report = check_store(store_folder(session.project()))
    if output_format == "json":
        click.echo(json.dumps(_json(report), indent=2, ensure_ascii=False))
    else:
        _print(report)
    return int(Exit.ALLOW if report.clean else Exit.NOT_VERIFIED)


@command.command("rebuild")
@pass_session
def rebuild(session: Session) -> None:
    """Make every table but the log anew, from the log and the blobs.

    All in one transaction. A log that is damaged itself, or is not the one
    of the checkpoint file, is refused.
    """
    made = rebuild_store(store_folder(session.project()))
    click.echo(f"Rebuilt {made.row_count} rows and {made.node_count} tree nodes from {made.entry_count} entries.")


@command.command("gc")
@click.option("--dry-run", is_flag=True, help="List what would be removed, and remove nothing.")
@pass_session
def gc(session: Session, dry_run: bool) -> None:
    """Remove what nothing needs: orphan blobs and interrupted writes.

    Blobs that were put within the last day are spared, since a run may be
    about to name them. A store that is not clean is left alone.
    """
    cleared = clear_store(store_folder(session.project()), dry_run=dry_run)
    for file in cleared.removed:
        click.echo(f"  {file.path}  {file.size_bytes} bytes")
    size = sum(file.size_bytes for file in cleared.removed)
    click.echo(f"{'Would remove' if dry_run else 'Removed'} {len(cleared.removed)} files, {size} bytes.")
    if cleared.spared_count:
        click.echo(f"Spared {cleared.spared_count} blobs that are younger than a day.")


def _print(report: StoreReport) -> None:
    bad = [fault for fault in report.faults if not fault.harmless]
    word = "Clean" if report.clean else f"Not clean: {len(bad)} {'fault' if len(bad) == 1 else 'faults'}"
    click.echo(f"{word}. {report.entry_count} entries, {report.blob_count} blobs.")
    _print_faults("Wrong", bad)
    _print_faults("Harmless", [fault for fault in report.faults if fault.harmless])
    advice = {text for fault in bad for prefix, text in _WHAT_NOW.items() if fault.code.startswith(prefix)}
    if advice:
        click.echo("What now")
        for text in sorted(advice):
            click.echo(f"  {text}")


def _print_faults(title: str, faults: list[Fault]) -> None:
    if not faults:
        return
    click.echo(title)
    for code, group in groupby(sorted(faults, key=lambda fault: fault.code), key=lambda fault: fault.code):
        same = list(group)
        for fault in same[:_SHOWN]:
            click.echo(f"  {fault.text}  [{code}]")
        if len(same) > _SHOWN:
            click.echo(f"  and {len(same) - _SHOWN} more; --output json lists all  [{code}]")


def _json(report: StoreReport) -> dict[str, object]:
    return {
        "version": 1,
        "clean": report.clean,
        "entries": report.entry_count,
        "blobs": report.blob_count,
        "checkpoint": report.checkpoint_size,
        "faults": [
            {
                "code": fault.code,
                "text": fault.text,
                "path": fault.path,
                "position": fault.position,
                "harmless": fault.harmless,
            }
            for fault in report.faults
        ],
    }
