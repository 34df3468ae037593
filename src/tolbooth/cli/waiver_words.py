"""Saying yes or no to a waiver, and ending one: what ``approve``, ``reject`` and ``revoke`` have together."""

from __future__ import annotations

import click

from tolbooth.cli.session import Session
from tolbooth.cli.waiver_session import own_signer, print_filed
from tolbooth.model.approval import Assurance, Verb
from tolbooth.model.errors import ReviewError
from tolbooth.model.instant import instant
from tolbooth.model.waiver import RiskLevel
from tolbooth.model.words import Revocation, WaiverWord
from tolbooth.pipeline.transcripts import known_signers
from tolbooth.pipeline.waiving import KnownWaivers, find_waiver, say, waivers_known
from tolbooth.pipeline.workspace import open_workspace
from tolbooth.review.people import Capacity, capacities

role_option = click.option("--role", metavar="ROLE", help="In which role; default: the only one that you may speak in.")
behalf_option = click.option("--on-behalf-of", metavar="HANDLE", help="Who lent you the role.")


def speak(
    session: Session,
    reference: str,
    verb: Verb,
    *,
    key: str | None,
    output_format: str,
    reason: str,
    comment: str | None = None,
    role: str | None = None,
    on_behalf_of: str | None = None,
    residual: RiskLevel | None = None,
) -> None:
    """Sign and record a word on a waiver."""
    workspace = open_workspace(session.project(), session.environment)
    signer, now = own_signer(session, key), instant(workspace.clock())
    known = waivers_known(workspace.project, workspace.store, known_signers(workspace), as_of=now)
    state = find_waiver(known, reference)
    person = known.heard.chain.holder(signer.public_key.fingerprint, now).id
    capacity = _capacity(known, person, role, on_behalf_of)
    word = WaiverWord(
        waiver_sha256=state.sha256,
        person=person,
        role=capacity.role,
        verb=verb,
        meaning="I approve this waiver" if verb is Verb.APPROVE else "I reject this waiver",
        reason=reason,
        assurance=Assurance.PERSONAL_KEY,
        signed_at=now,
        on_behalf_of=capacity.on_behalf_of,
        comment=comment,
        residual=residual,
    )
    print_filed(
        session, say(workspace, word, signer), output_format, did="Approved" if verb is Verb.APPROVE else "Rejected"
    )


def end(session: Session, reference: str, *, key: str | None, output_format: str, reason: str, own_word: bool) -> None:
    """Sign and record the end of a waiver, or of one's own yes to it."""
    workspace = open_workspace(session.project(), session.environment)
    signer, now = own_signer(session, key), instant(workspace.clock())
    known = waivers_known(workspace.project, workspace.store, known_signers(workspace), as_of=now)
    state = find_waiver(known, reference)
    person = known.heard.chain.holder(signer.public_key.fingerprint, now).id
    target = state.sha256
    if own_word:
        mine = [voice.sha256 for voice in state.yeses if voice.word.person == person]
        if not mine:
            message = f"{known.called(person)} did not approve {state.request.id}"
            raise ReviewError.of("waiver.nothing-to-revoke", message)
        target = mine[0]
    said = Revocation(revokes_sha256=target, person=person, reason=reason, signed_at=now)
    print_filed(session, say(workspace, said, signer), output_format, did="Revoked")


def _capacity(known: KnownWaivers, person: str, role: str | None, on_behalf_of: str | None) -> Capacity:
    """In which role a person speaks: the one that is named, or the first that may speak on waivers."""
    lender = None if on_behalf_of is None else _person_called(known, on_behalf_of)
    version = known.rules.chain.at(known.as_of)
    assert version is not None
    may = [
        each
        for each in capacities(version.people, person, known.as_of)
        if each.role in known.rules.policy.roles and role in {None, each.role} and each.on_behalf_of == lender
    ]
    if may:
        return may[0]
    # What is named is tried all the same: the refusal tells why it is not theirs.
    return Capacity(person=person, role=role or min(known.rules.policy.roles), on_behalf_of=lender)


def _person_called(known: KnownWaivers, handle: str) -> str:
    names = known.heard.people.names
    found = [each for each, named in names.names.items() if named.handle == handle] if names is not None else []
    return found[0] if found else handle
