"""Waivers at a gate and in commands: what is known, what is in force, and recording what a person says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from tolbooth.config.load import Project
from tolbooth.evidence.dsse import sign_envelope
from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.people_words import word_kind
from tolbooth.evidence.ssh_envelope import SshSigner, sign_ssh_envelope
from tolbooth.evidence.statement import ResourceDescriptor, statement
from tolbooth.model.decision import Decision
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import ConfigError, Problem, ReviewError
from tolbooth.model.instant import format_instant
from tolbooth.model.observation import Gap
from tolbooth.model.waiver import Waiver
from tolbooth.model.words import Retirement, Revocation, WaiverRequest, WaiverWord
from tolbooth.pipeline.hearing import Heard, hear
from tolbooth.pipeline.people import people_in_force
from tolbooth.pipeline.recording import telling_what_was_kept
from tolbooth.pipeline.records_folder import append_records, file_record
from tolbooth.pipeline.transcripts import known_signers
from tolbooth.pipeline.waiver_rules import waiver_rules
from tolbooth.pipeline.workspace import Workspace
from tolbooth.review.people_laws import PERSON_ID
from tolbooth.review.spoken import Spoken
from tolbooth.review.waiver_request import is_waiver_id
from tolbooth.review.waiver_state import WaiverRules, WaiverState
from tolbooth.review.waivers import (
    Refused,
    Statement,
    WaiverReview,
    require_legal,
    retirements,
    review_waivers,
    waivers_in_force,
)
from tolbooth.store.embedded import EmbeddedStore

FOLDER = "waivers"
"""Where waivers and what was said about them lie in the records folder."""

_LEAST_PREFIX = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownWaivers:
    """The waivers of a project at an instant: as they stand, by what they are judged, and what people said at all."""

    heard: Heard
    rules: WaiverRules
    review: WaiverReview
    as_of: datetime

    @property
    def states(self) -> tuple[WaiverState, ...]:
        """Every waiver, in the order of asking."""
        return tuple(sorted(self.review.states.values(), key=lambda state: state.turn))

    def called(self, person_id: str) -> str:
        """A person's handle; the id where the names were erased."""
        return self.heard.people.called(person_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """What a person said, recorded: the waiver as it stands now, the statement's digest, the file that carries it."""

    state: WaiverState
    sha256: str
    path: Path


def waivers_known(
    project: Project,
    store: EmbeddedStore | None,
    machines: Iterable[PublicKey],
    *,
    as_of: datetime,
    decisions: Iterable[str] = (),
) -> KnownWaivers:
    """Read what was said about waivers in the records folder and the log, and tell how they stand at ``as_of``.

    Raises:
        ConfigError: for mistakes of the workflow file, or a records folder that is declared and not there.
        VerificationError: for a file of the folder that does not verify.
    """
    people = people_in_force(project, store, as_of=as_of)
    heard = hear(project, store, people, tuple(machines), now=as_of)
    return waivers_of(project, heard, store, as_of=as_of, decisions=decisions)


def waivers_of(
    project: Project,
    heard: Heard,
    store: EmbeddedStore | None,
    *,
    as_of: datetime,
    decisions: Iterable[str] = (),
) -> KnownWaivers:
    """As ``waivers_known``, of what was heard already."""
    rules = waiver_rules(project, heard, store, decisions=decisions)
    return KnownWaivers(
        heard=heard, rules=rules, review=review_waivers(said_of(heard), rules, as_of=as_of), as_of=as_of
    )


def said_of(heard: Heard) -> tuple[Spoken[Statement], ...]:
    """What of everything that was said may be about waivers."""
    kinds = (WaiverRequest, WaiverWord, Revocation, Retirement)
    return tuple(each for each in heard.said if isinstance(each.said, kinds))


def waivers_for_gate(known: KnownWaivers, *, subject: str, as_of: datetime) -> tuple[Waiver, ...]:
    """What ``decide`` is given at a gate for a subject's name: the waivers in force at ``as_of``."""
    return waivers_in_force(known.states, subject=subject, as_of=as_of)


def ending_soon(known: KnownWaivers, *, gate: str, as_of: datetime) -> tuple[Gap, ...]:
    """A warning for each waiver of a gate that is in force and ends within the days that the policy names."""
    return tuple(
        Gap(
            kind="waiver",
            about=state.request.id,
            code="waiver.ends-soon",
            message=f"{state.request.id} on {state.request.rule} ends at "
            f"{format_instant(state.request.effective_until)}: from then on the rule blocks again",
        )
        for state in known.states
        if state.request.gate == gate and state.ends_soon(as_of, days=known.rules.policy.warning_days)
    )


def retire_waivers(
    workspace: Workspace, known: KnownWaivers, decision: Decision, decision_sha256: str, *, of_record: bool
) -> tuple[WaiverState, ...]:
    """Record which waivers a recorded decision retires, signed by the gate's key; gives those that it retired.

    Raises:
        StoreError: if the store refuses.
    """
    found = retirements(decision, decision_sha256, known.states, of_record=of_record)
    for each in found:
        state = known.review.states[each.waiver_sha256]
        payload = statement(
            Kind.RETIREMENT.predicate_type, _about(workspace.project, state.request, state.sha256), each
        )
        _keep(workspace, Kind.RETIREMENT, payload, sign_envelope(payload, workspace.keys.seal), state.request.id)
    return tuple(known.review.states[each.waiver_sha256] for each in found)


def say(workspace: Workspace, said: WaiverRequest | WaiverWord | Revocation, signer: SshSigner) -> Filed:
    """Record what a person says about a waiver, if it is legal: sign, append, and write it into the records folder.

    Raises:
        ReviewError: the precondition that it breaks, a ``DutyConflict`` for one of duty; nothing was recorded.
        SigningError, StoreError: if the key or the store refuses.
    """
    with telling_what_was_kept(workspace):
        return _say(workspace, said, signer)


def _say(workspace: Workspace, said: WaiverRequest | WaiverWord | Revocation, signer: SshSigner) -> Filed:
    project, store = workspace.project, workspace.store
    decisions = (said.from_decision,) if isinstance(said, WaiverRequest) else ()
    known = waivers_known(project, store, known_signers(workspace), as_of=said.signed_at, decisions=decisions)
    waiver = _named(said, known)
    about = _about(
        project, said if isinstance(said, WaiverRequest) else waiver.request if waiver else None, _target(said)
    )
    kind = word_kind(said)
    payload = statement(kind.predicate_type, about, said)
    spoken: Spoken[Statement] = Spoken(
        sha256=sha256_hex(payload), said=said, fingerprint=signer.public_key.fingerprint, first_seen=said.signed_at
    )
    try:
        state = require_legal(spoken, said_of(known.heard), known.rules, as_of=said.signed_at)
    except ReviewError as error:
        error.problems = tuple(_by_handle(each, known) for each in error.problems)
        raise
    envelope = sign_ssh_envelope(payload, signer, namespace=kind.ssh_namespace)
    # What it rests on goes first, so that the log saw it no later.
    append_records(workspace, known.heard.new)
    path = _keep(workspace, kind, payload, envelope, state.request.id)
    return Filed(state=state, sha256=spoken.sha256, path=path)


def _by_handle(problem: Problem, known: KnownWaivers) -> Problem:
    """A problem that names persons as people know them."""

    def named(text: str) -> str:
        return PERSON_ID.sub(lambda found: known.called(found[0]), text)

    return replace(problem, message=named(problem.message), hint=None if problem.hint is None else named(problem.hint))


def _named(said: WaiverRequest | WaiverWord | Revocation, known: KnownWaivers) -> WaiverState | None:
    match said:
        case WaiverRequest():
            return None
        case WaiverWord():
            return known.review.states.get(said.waiver_sha256)
        case Revocation():
            voices = {voice.sha256: state for state in known.states for voice in state.yeses}
            return known.review.states.get(said.revokes_sha256) or voices.get(said.revokes_sha256)


def _target(said: WaiverRequest | WaiverWord | Revocation) -> str:
    match said:
        case WaiverRequest():
            return said.renews or said.from_decision
        case WaiverWord():
            return said.waiver_sha256
        case Revocation():
            return said.revokes_sha256


def _about(project: Project, request: WaiverRequest | None, sha256: str) -> list[ResourceDescriptor]:
    """What a statement is about: the waiver by name, and the statement or decision that it answers by digest."""
    name = request.id if request is not None else sha256[:12]
    return [ResourceDescriptor(name=f"{project.settings.project}/waiver/{name}", digest={"sha256": sha256})]


def _keep(workspace: Workspace, kind: Kind, payload: bytes, envelope: bytes, waiver_id: str) -> Path:
    name = f"{waiver_id}-{kind}-{sha256_hex(payload)[:12]}"
    return file_record(workspace, kind, envelope, folder=FOLDER, name=name)


def find_waiver(known: KnownWaivers, reference: str) -> WaiverState:
    """The waiver of that id, such as ``W-3``, or whose digest begins so.

    Raises:
        ConfigError: ``waiver.unknown``, or ``waiver.ambiguous`` with the digests of those that are meant.
    """
    wanted = reference.strip()
    found = [state for state in known.states if state.request.id.casefold() == wanted.casefold()]
    if not found and len(wanted) >= _LEAST_PREFIX:
        found = [state for state in known.states if state.sha256.startswith(wanted.lower())]
    if len(found) == 1:
        return found[0]
    if found:
        digests = ", ".join(state.sha256[:12] for state in found)
        message = f"{len(found)} waivers are called {wanted}: they were asked in different logs"
        raise ConfigError.of("waiver.ambiguous", message, hint=f"name one by its digest: {digests}")
    known_ids = ", ".join(state.request.id for state in known.states) or "none"
    raise ConfigError.of("waiver.unknown", f"there is no waiver '{wanted}'", hint=f"known here: {known_ids}")


def next_id(known: KnownWaivers) -> str:
    """The next free id: the numbers go on from the highest that is known here, refused requests too."""
    numbers = [int(each.said.id[2:]) for each in known.heard.of(WaiverRequest) if is_waiver_id(each.said.id)]
    return f"W-{max(numbers, default=0) + 1}"


def refused_of(known: KnownWaivers, sha256: str) -> tuple[Refused, ...]:
    """What was said about a waiver and counts for nothing."""
    return tuple(each for each in known.review.refused if each.waiver_sha256 == sha256)
