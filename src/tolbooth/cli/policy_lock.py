"""``tolbooth policy lock``: pin the rules, or check that they are the pinned ones."""

from __future__ import annotations

import json

import click

from tolbooth.cli.exits import Exit
from tolbooth.cli.output import output_option
from tolbooth.cli.session import Session, pass_session
from tolbooth.judge.library.lock import change_lines
from tolbooth.model.digest import short
from tolbooth.model.wire import as_json
from tolbooth.pipeline.locking import LockState, compare_lock, lock_policy


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if the rules are not the locked ones.")
@output_option
@pass_session
def command(session: Session, *, check: bool, output_format: str) -> int:
    """Pin the policy's sources in tolbooth.lock, or check them.

    Writes the digest of each source beside tolbooth.yaml and says what
    changed. A gate on a CI runner refuses rules that are not the locked ones.

    \b
    Exit codes: 0 written, or as locked; 1 not as locked (--check);
    2 a mistake in tolbooth.yaml, the lock or a rule.
    """
    project = session.project()
    state = compare_lock(project) if check else lock_policy(project)
    differs = bool(state.changes) or not state.there
    if output_format == "json":
        click.echo(json.dumps(_json(state, written=differs and not check), indent=2, ensure_ascii=False))
    else:
        _say(state, differs=differs, check=check)
    return int(Exit.DENY if check and differs else Exit.ALLOW)


def _say(state: LockState, *, differs: bool, check: bool) -> None:
    if not differs:
        click.echo(f"{state.path.name}: the rules are the locked ones")
    elif not check:
        click.echo(f"Wrote {state.path}")
    elif state.there:
        click.echo(f"{state.path.name}: the rules are not the locked ones")
    else:
        click.echo(f"There is no {state.path.name} yet; 'tolbooth policy lock' writes it")
    for change in state.changes:
        for line in change_lines(change):
            click.echo(f"  {line}")
    if not differs or not check:
        for source in state.sources:
            click.echo(f"  {source.name}  sha256 {short(source.sha256)}")


def _json(state: LockState, *, written: bool) -> dict[str, object]:
    return {
        "version": 1,
        "path": str(state.path),
        "there": state.there,
        "written": written,
        "sources": as_json(state.sources),
        "changes": as_json(state.changes),
    }
