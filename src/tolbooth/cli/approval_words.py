"""What ``approve``, ``reject`` and ``revoke`` share: options, the answers to be checked, and signing."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from tolbooth.cli.session import Session
from tolbooth.model.approval import Condition, Verb
from tolbooth.model.errors import ReviewError
from tolbooth.model.instant import ending

if TYPE_CHECKING:
    from tolbooth.config.load import Project
    from tolbooth.pipeline.hearing import Heard
    from tolbooth.pipeline.speaking import Wish
    from tolbooth.pipeline.workspace import Workspace

decision_argument = click.argument("decision", required=False)
yes_option = click.option("--yes", is_flag=True, help="Sign without asking; for scripts.")
comment_option = click.option("--comment", metavar="TEXT", help="Why, in a sentence or two.")
role_option = click.option("--role", metavar="ROLE", help="In which role; default: the only one that is asked of you.")
behalf_option = click.option("--on-behalf-of", metavar="HANDLE", help="Who lent you the role.")


def speak(session: Session, decision: str | None, wish: Wish, *, key: str | None, yes: bool) -> None:
    """Check what a person would say, show it, and sign, append and file it once it is agreed to."""
    from tolbooth.cli.approval_text import answer_lines, filed_lines
    from tolbooth.cli.waiver_session import own_signer
    from tolbooth.pipeline.approval_queue import approval_queue
    from tolbooth.pipeline.speaking import prepare, record
    from tolbooth.pipeline.transcripts import known_signers
    from tolbooth.pipeline.workspace import open_workspace

    workspace = open_workspace(session.project(), session.environment)
    signer = own_signer(session, key)
    with naming_people(workspace):
        prepared = prepare(workspace, decision, wish, signer.public_key.fingerprint)
    for line in answer_lines(prepared):
        click.echo(line)
    agree("Sign this?", yes=yes)
    filed = record(workspace, prepared, signer)
    queue = approval_queue(
        workspace.project, workspace.store, known_signers(workspace), now=workspace.clock(), every=True
    )
    for line in filed_lines(filed, prepared, queue, workspace.project.folder):
        click.echo(line)


@contextmanager
def naming_people(workspace: Workspace) -> Iterator[None]:
    """Show handles in place of person ids in what a move is refused for."""
    from tolbooth.cli.approval_text import with_handles
    from tolbooth.pipeline.people import people_in_force

    try:
        yield
    except ReviewError as error:
        people = people_in_force(workspace.project, workspace.store, as_of=workspace.clock())
        raise ReviewError(
            [
                replace(
                    each,
                    message=with_handles(each.message, people),
                    hint=None if each.hint is None else with_handles(each.hint, people),
                )
                for each in error.problems
            ]
        ) from error


def agree(question: str, *, yes: bool) -> None:
    """Ask before something is signed; a script says ``--yes``.

    Raises:
        click.UsageError: where nobody can be asked.
        click.Abort: if the answer is no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("nobody can be asked here: read the answers above, then add --yes to sign them")
    click.confirm(question, abort=True)


def handle_id(heard: Heard, handle: str | None) -> str | None:
    """The id of the person with that handle; what is no handle stays as it is, and is refused by what reads it."""
    names = heard.people.names
    if handle is None or names is None:
        return handle
    return next((each for each, named in names.names.items() if named.handle == handle), handle)


def read_conditions(project: Project, heard: Heard, written: Sequence[str]) -> tuple[Condition, ...]:
    """Conditions as ``TEXT; OWNER; DUE`` or ``TEXT; OWNER; DUE; RULE``.

    Raises:
        click.BadParameter: for one that is not written so.
    """
    return tuple(_condition(project, heard, each) for each in written)


def _condition(project: Project, heard: Heard, written: str) -> Condition:
    from datetime import date, datetime

    parts = [part.strip() for part in written.split(";")]
    if len(parts) not in {3, 4} or not all(parts):
        raise click.BadParameter(f"'{written}' is not 'TEXT; OWNER; DUE' nor 'TEXT; OWNER; DUE; RULE'")
    text, owner, due = parts[:3]
    try:
        day: date = datetime.fromisoformat(due) if "T" in due else date.fromisoformat(due)
        until = ending(day, project.settings.timezone)
    except ValueError as error:
        message = f"'{due}' is no day such as 2026-12-31, nor an instant such as 2026-12-31T09:00:00Z"
        raise click.BadParameter(message) from error
    assert until is not None
    rule = parts[3] if len(parts) == 4 else None  # noqa: PLR2004 - the fourth part
    return Condition(text=text, owner=handle_id(heard, owner) or owner, due=until, rule=rule)


def wish_of(
    session: Session,
    verb: Verb,
    *,
    reason: str,
    comment: str | None,
    role: str | None,
    on_behalf_of: str | None,
    conditions: Sequence[str] = (),
) -> Wish:
    """What was asked for on the command line, with handles turned into ids."""
    from tolbooth.model.instant import instant
    from tolbooth.pipeline.speaking import Wish, heard_now
    from tolbooth.pipeline.workspace import open_workspace

    workspace = open_workspace(session.project(), session.environment)
    heard = heard_now(workspace, instant(workspace.clock()))
    return Wish(
        verb=verb,
        reason=reason,
        comment=comment,
        role=role,
        on_behalf_of=handle_id(heard, on_behalf_of),
        conditions=read_conditions(workspace.project, heard, conditions),
    )
