"""Asking for a waiver: the draft written, edited or read, then filed. Both ``request`` and ``renew`` go this way."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from tolbooth.cli.session import Session
from tolbooth.cli.waiver_session import own_signer, print_filed
from tolbooth.config.waiver_draft import DraftFile, read_draft_file, read_draft_text
from tolbooth.model.errors import ConfigError, Place, TolboothError
from tolbooth.model.instant import instant
from tolbooth.pipeline.transcripts import known_signers
from tolbooth.pipeline.waiver_draft_text import draft_text
from tolbooth.pipeline.waiver_drafting import (
    Answered,
    answered,
    choose_result,
    prefilled,
    request_from,
    who_must_approve,
)
from tolbooth.pipeline.waiving import KnownWaivers, say, waivers_known
from tolbooth.pipeline.workspace import Workspace, open_records, open_workspace, utc_now
from tolbooth.review.risk import LevelOfRisk
from tolbooth.signing.creation import create_file

ANSWERS = ("reason", "because", "harmed", "risk", "treatment")
SPOILT = Path("waiver-draft.yaml")
"""Where a draft is kept that was edited and can't be filed as it is."""


def new_draft(
    session: Session,
    decision: str | None,
    given: Mapping[str, Any],
    key: str | None,
    output_format: str,
    *,
    draft_file: Path | None,
) -> int:
    """Prefill a draft with what is known and what was given; write it, have it edited, or file it."""
    project = session.project()
    # Nothing is made where nothing is recorded.
    answer = answered(open_records(project), decision)
    workspace = open_workspace(project, session.environment)
    known = _known(workspace, answer)
    rule, term = choose_result(answer.decision, given.get("rule"), given.get("term"))
    values = {**prefilled(answer, known, rule, term), **given}
    text = _text(values, answer, known)
    if draft_file is not None:
        _write(draft_file, text)
        click.echo(f"Wrote {draft_file}: fill in the five answers, then")
        click.echo(f"  tolbooth waiver request --submit {draft_file}")
        return 0
    if all(name in given for name in ANSWERS) or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return _file(session, workspace, read_draft_text(text), answer, key, output_format)
    edited = click.edit(text, extension=".yaml")
    if edited is None:
        click.echo("Nothing was changed, so nothing is asked for.", err=True)
        return 1
    try:
        return _file(session, workspace, read_draft_text(edited), answer, key, output_format)
    except TolboothError as error:
        SPOILT.write_text(edited, encoding="utf-8")
        error.add_note(f"Your answers are kept: tolbooth waiver request --submit {SPOILT}")
        raise


def file_draft(session: Session, path: Path, key: str | None, output_format: str) -> int:
    """File a draft that was filled in."""
    read = read_draft_file(path)
    project = session.project()
    answer = answered(open_records(project), read.draft.decision)
    return _file(session, open_workspace(project, session.environment), read, answer, key, output_format)


def _file(
    session: Session, workspace: Workspace, read: DraftFile, answer: Answered, key: str | None, output_format: str
) -> int:
    signer = own_signer(session, key)
    known, now = _known(workspace, answer), instant(workspace.clock())
    person = known.heard.chain.holder(signer.public_key.fingerprint, now).id
    request = request_from(workspace.project, read.draft, answer, known, person=person, now=now)
    filed = say(workspace, request, signer)
    print_filed(session, filed, output_format, did="Asked for")
    return 0


def _known(workspace: Workspace, answer: Answered) -> KnownWaivers:
    machines = known_signers(workspace)
    as_of = instant(utc_now())
    return waivers_known(workspace.project, workspace.store, machines, as_of=as_of, decisions=(answer.sha256,))


def _text(values: Mapping[str, Any], answer: Answered, known: KnownWaivers) -> str:
    policy = known.rules.policy
    approvers = who_must_approve(known, policy.required([LevelOfRisk.HIGH]), ())
    return draft_text(values, answer.decision, policy, approvers=approvers)


def _write(path: Path, text: str) -> None:
    try:
        create_file(path, text.encode(), mode=0o644)
    except FileExistsError as error:
        message = f"{path} is there already"
        raise ConfigError.of("waiver.draft-exists", message, place=Place(path=str(path))) from error
    except OSError as error:
        message = f"the draft can't be written: {error.strerror}"
        raise ConfigError.of("waiver.draft-write", message, place=Place(path=str(path))) from error
