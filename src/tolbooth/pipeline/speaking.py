"""Saying yes or no on a recorded decision, and taking it back: checked first, then signed, appended and filed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from tolbooth.config.load import Project
from tolbooth.decide.basis_difference import basis_difference
from tolbooth.evidence.decision_record import DECISION_ENVELOPE
from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.people_words import word_kind
from tolbooth.evidence.reading import read
from tolbooth.evidence.signed import take_apart
from tolbooth.evidence.ssh_envelope import SshSigner, sign_ssh_envelope
from tolbooth.evidence.statement import ResourceDescriptor, statement
from tolbooth.model.approval import Assurance, Condition, Verb
from tolbooth.model.decision import Decision
from tolbooth.model.digest import sha256_hex, short
from tolbooth.model.errors import ConfigError, ReviewError
from tolbooth.model.instant import instant
from tolbooth.model.words import DecisionWord, Revocation
from tolbooth.pipeline.approving import matter_of
from tolbooth.pipeline.case_file import CaseFile
from tolbooth.pipeline.hearing import Heard, hear
from tolbooth.pipeline.people import people_in_force
from tolbooth.pipeline.recording import telling_what_was_kept
from tolbooth.pipeline.records import recorded_case
from tolbooth.pipeline.records_folder import append_records, file_record
from tolbooth.pipeline.transcripts import known_signers
from tolbooth.pipeline.workspace import Workspace
from tolbooth.review.approvals import REJECTIONS
from tolbooth.review.moves import say, take_back
from tolbooth.review.people import Capacity, capacities
from tolbooth.review.spoken import Spoken
from tolbooth.review.standing import Matter
from tolbooth.store.embedded import DecisionRow, EmbeddedStore

FOLDER = "approvals"
"""Where words on decisions lie in the records folder."""

MEANINGS = {
    Verb.APPROVE: "I approve for release",
    Verb.APPROVE_WITH_CONDITIONS: "I approve for release, under the conditions named",
    Verb.REJECT: "I reject the release",
    Verb.REQUEST_CHANGES: "I ask for changes before a release",
    Verb.ABSTAIN: "I abstain",
}
"""What each verb means, as it is signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a person wants to say. ``role`` and ``on_behalf_of`` may be left out where only one fits."""

    verb: Verb
    reason: str
    comment: str | None = None
    role: str | None = None
    on_behalf_of: str | None = None
    effective_until: datetime | None = None
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A legal word before it is signed: the exact bytes, what they say, and what they are about."""

    payload: bytes
    word: DecisionWord
    case: CaseFile
    matter: Matter
    heard: Heard

    @property
    def kind(self) -> Kind:
        """The kind of record that it will be."""
        return word_kind(self.word)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """What was recorded: the statement's digest, and the file that carries it by git."""

    sha256: str
    path: Path


def prepare(workspace: Workspace, prefix: str | None, wish: Wish, key: str) -> Prepared:
    """Check what a person would say on a decision; nothing is recorded.

    Args:
        workspace: the open project.
        prefix: the beginning of the decision's digest; None for the latest.
        wish: what is to be said.
        key: the fingerprint of the person's key.

    Raises:
        ReviewError: the precondition that does not hold; a ``DutyConflict`` for one of duty.
        ConfigError: if no decision, or more than one, is meant.
        VerificationError: for a file of the records folder that does not verify.
    """
    now = instant(workspace.clock())
    heard = heard_now(workspace, now)
    case = recorded_case(workspace.store, prefix)
    if wish.verb not in REJECTIONS:
        _require_latest(workspace.store, case)
    matter = recorded_matter(workspace.project, workspace.store, heard, case, known_signers(workspace), as_of=now)
    word = _word(matter, case, wish, heard.chain.holder(key, now).id, now)
    payload = statement(word_kind(word).predicate_type, case.decision.case.subject, word)
    spoken = Spoken(sha256=sha256_hex(payload), said=word, fingerprint=key, first_seen=now)
    say(matter, case.decision, heard.of(DecisionWord), heard.of(Revocation), spoken)
    return Prepared(payload=payload, word=word, case=case, matter=matter, heard=heard)


def record(workspace: Workspace, prepared: Prepared, signer: SshSigner) -> Filed:
    """Sign a word, append it to the log with the records that it rests on, and write it into the records folder.

    Raises:
        SigningError, StoreError: if the key or the store refuses.
    """
    kind, word = prepared.kind, prepared.word
    name = f"{short(word.decision_sha256)}-{word.verb}-{short(sha256_hex(prepared.payload))}"
    with telling_what_was_kept(workspace):
        return _file(workspace, prepared.heard, kind, prepared.payload, signer=signer, name=name)


def revoke(workspace: Workspace, prefix: str, reason: str, signer: SshSigner) -> tuple[Filed, DecisionWord]:
    """Take a word on a decision back; its author alone may.

    Args:
        workspace: the open project.
        prefix: the beginning of the digest of the word's statement.
        reason: why, in free text.
        signer: the author's key.

    Raises:
        ReviewError: ``revocation.*`` or ``people.*``.
        ConfigError: ``revocation.unknown`` or ``revocation.ambiguous`` if no word, or more than one, is meant.
    """
    now = instant(workspace.clock())
    heard = heard_now(workspace, now)
    target = _word_of(heard, prefix)
    case = recorded_case(workspace.store, target.said.decision_sha256)
    matter = recorded_matter(workspace.project, workspace.store, heard, case, known_signers(workspace), as_of=now)
    fingerprint = signer.public_key.fingerprint
    said = Revocation(
        revokes_sha256=target.sha256, person=heard.chain.holder(fingerprint, now).id, reason=reason, signed_at=now
    )
    subject = ResourceDescriptor(name=case.decision.case.subject.label, digest={"sha256": target.sha256})
    payload = statement(Kind.REVOCATION.predicate_type, [subject], said)
    spoken = Spoken(sha256=sha256_hex(payload), said=said, fingerprint=fingerprint, first_seen=now)
    take_back(matter, heard.of(DecisionWord), heard.of(Revocation), spoken)
    name = f"{short(target.said.decision_sha256)}-revoke-{short(spoken.sha256)}"
    with telling_what_was_kept(workspace):
        return _file(workspace, heard, Kind.REVOCATION, payload, signer=signer, name=name), target.said


def heard_now(workspace: Workspace, now: datetime) -> Heard:
    """What people said, by the records folder and the log as they are now."""
    people = people_in_force(workspace.project, workspace.store, as_of=now)
    return hear(workspace.project, workspace.store, people, known_signers(workspace), now=now)


def recorded_matter(
    project: Project,
    store: EmbeddedStore,
    heard: Heard,
    case: CaseFile,
    machines: Sequence[PublicKey],
    *,
    as_of: datetime,
) -> Matter:
    """A recorded decision's matter at another instant."""
    return matter_of(
        project,
        heard,
        replace(case.decision.case, as_of=as_of),
        case.decision.results,
        basis=case.decision.basis,
        document=case.input_document,
        gate_key=gate_key_of(case, machines),
        store=store,
    )


def decision_of(store: EmbeddedStore, sha256: str) -> Decision | None:
    """A recorded decision by its whole digest; None if it is not in this log."""
    if not any(row.decision_sha256 == sha256 for row in store.decisions()):
        return None
    return read(Decision, store.blobs.get(sha256), path=f"decision {short(sha256)}")


def latest_row(store: EmbeddedStore, decision: Decision) -> DecisionRow:
    """The last recorded decision on the same subject, gate and environment."""
    case = decision.case
    about = (case.subject.name, case.environment)
    return [row for row in store.decisions(gate=case.gate) if (row.subject, row.environment) == about][-1]


def _file(workspace: Workspace, heard: Heard, kind: Kind, payload: bytes, *, signer: SshSigner, name: str) -> Filed:
    envelope = sign_ssh_envelope(payload, signer, namespace=kind.ssh_namespace)
    append_records(workspace, heard.new)
    path = file_record(workspace, kind, envelope, folder=FOLDER, name=name)
    return Filed(sha256=sha256_hex(payload), path=path)


def _require_latest(store: EmbeddedStore, case: CaseFile) -> None:
    latest = latest_row(store, case.decision)
    if latest.basis == case.decision.basis:
        return
    after = read(Decision, store.blobs.get(latest.decision_sha256), path=f"decision {short(latest.decision_sha256)}")
    told = "; ".join(basis_difference(case.decision, after))
    message = f"a later decision, {short(latest.decision_sha256)}, rests on another basis: {told}"
    hint = f"look at that one: 'tolbooth approve {short(latest.decision_sha256)}'"
    raise ReviewError.of("approval.superseded", message, hint=hint)


def _word(matter: Matter, case: CaseFile, wish: Wish, person: str, now: datetime) -> DecisionWord:
    capacity = _capacity(matter, wish, person, now)
    about = case.decision.case
    return DecisionWord(
        decision_sha256=case.decision_sha256,
        basis=case.decision.basis,
        subject=about.subject.name,
        gate=about.gate,
        environment=about.environment,
        person=person,
        role=capacity.role,
        verb=wish.verb,
        meaning=MEANINGS[wish.verb],
        reason=wish.reason,
        assurance=Assurance.PERSONAL_KEY,
        signed_at=now,
        on_behalf_of=capacity.on_behalf_of,
        comment=wish.comment,
        effective_until=wish.effective_until,
        conditions=wish.conditions,
    )


def _capacity(matter: Matter, wish: Wish, person: str, now: datetime) -> Capacity:
    """In which capacity a person speaks: the one that was named, or the only one that is asked here."""
    version = matter.chain.at(now)
    assert version is not None
    held = capacities(version.people, person, now)
    if wish.role is not None:
        named = [each for each in held if each.role == wish.role and _is_meant(each, wish)]
        if named:
            return min(named, key=lambda each: each.on_behalf_of is not None)
        return Capacity(person=person, role=wish.role, on_behalf_of=wish.on_behalf_of)
    fitting = [each for each in held if each.role in matter.workflow.roles and _is_meant(each, wish)] or list(held)
    own = [each for each in fitting if each.on_behalf_of is None]
    for found in (own, fitting):
        if len(found) == 1:
            return found[0]
    roles = ", ".join(dict.fromkeys(each.role for each in fitting))
    if not fitting:
        hint = "a steward gives roles in people.yaml and signs it: 'tolbooth people sign'"
        raise ReviewError.of("people.no-role", f"{person} holds no role now", hint=hint)
    raise ReviewError.of("approval.which-role", f"{person} may speak in several roles", hint=f"--role, one of {roles}")


def _is_meant(capacity: Capacity, wish: Wish) -> bool:
    return wish.on_behalf_of is None or capacity.on_behalf_of == wish.on_behalf_of


def _word_of(heard: Heard, prefix: str) -> Spoken[DecisionWord]:
    found = {each.sha256: each for each in heard.of(DecisionWord) if each.sha256.startswith(prefix)}
    if len(found) == 1:
        return next(iter(found.values()))
    hint = "'tolbooth approvals' lists what was said"
    if found:
        raise ConfigError.of("revocation.ambiguous", f"{len(found)} words begin with '{prefix}'", hint=hint)
    raise ConfigError.of("revocation.unknown", f"no word on a decision begins with '{prefix}'", hint=hint)


def gate_key_of(case: CaseFile, machines: Sequence[PublicKey]) -> str | None:
    """The fingerprint of the key that a recorded decision is signed with; None if it is none of these."""
    signatures = take_apart(case.core[DECISION_ENVELOPE], path=DECISION_ENVELOPE).signatures
    signers = {key_id for key_id, _ in signatures}
    return next((key.fingerprint for key in machines if key.key_id in signers), None)
