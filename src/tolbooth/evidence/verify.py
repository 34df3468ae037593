"""Verification of a pack: from its files and one public key, without network, store or engine.

The steps run in the order of their code families, and the first broken link is what is reported:
container, seal, json, tree, views, log, time, links, people.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tolbooth.evidence.container import SEAL_NAMES, check_container
from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.pack import PackDescription
from tolbooth.evidence.seal import PROOF_PATH, SEAL_PATH, SUMMARY_PATH, Seal
from tolbooth.evidence.trust import Trust
from tolbooth.evidence.verify_steps.content import PackContent, read_content
from tolbooth.evidence.verify_steps.links import check_links
from tolbooth.evidence.verify_steps.logged import Logged, check_log
from tolbooth.evidence.verify_steps.opening import OpenedSeal, open_seal
from tolbooth.evidence.verify_steps.parsing import check_json
from tolbooth.evidence.verify_steps.people import CheckedPeople, check_people
from tolbooth.evidence.verify_steps.refusal import key_from, refuse
from tolbooth.evidence.verify_steps.summarised import check_summary
from tolbooth.evidence.verify_steps.times import check_times
from tolbooth.evidence.verify_steps.tree import check_tree
from tolbooth.evidence.verify_steps.views import check_views
from tolbooth.model.errors import VerificationError


class Status(StrEnum):
    """What came of a verification. Indeterminate: all that was checked holds, but something could not be checked."""

    PASSED = "passed"
    FAILED = "failed"
    INDETERMINATE = "indeterminate"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCount:
    """A step that held: its code family, and how many of what it checked."""

    name: str
    checked: int
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """A pack that verifies: what it says, by whose word, and how much of it was checked.

    ``unchecked`` are paths of things that this version can't check; with any, the status is indeterminate.
    ``notes`` say what the result does not show. ``log_index`` counts from 0.
    """

    status: Status
    description: PackDescription
    sealed_at: datetime
    key_id: str
    log_origin: str
    log_index: int
    log_size: int
    steps: tuple[StepCount, ...]
    notes: tuple[str, ...]
    unchecked: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class Examination:
    """How far the steps came. ``broken`` is the first broken link; what was read before it is filled in.

    ``content`` is there once the core is read, so that a replay can go on after a break in ``links`` or ``people``.
    """

    broken: VerificationError | None = None
    steps: list[StepCount] = field(default_factory=list)
    opened: OpenedSeal | None = None
    description: PackDescription | None = None
    logged: Logged | None = None
    content: PackContent | None = None
    people: CheckedPeople = field(default_factory=CheckedPeople)
    notes: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()

    @property
    def status(self) -> Status:
        """Failed if a link broke, indeterminate if something could not be checked, else passed."""
        if self.broken is not None:
            return Status.FAILED
        return Status.INDETERMINATE if self.unchecked else Status.PASSED


def verify(
    files: Mapping[str, bytes],
    key: PublicKey,
    *,
    as_of: datetime | None = None,
    links: Collection[str] = (),
    trust: Trust | None = None,
) -> Verification:
    """Verify a pack against the sealer's public key.

    ``files`` are the pack's files by path, ``links`` the paths in it that are symbolic links; ``as_of`` is the
    verifier's own instant, which nothing in the pack may lie after. ``trust`` pins people and log keys.

    Raises:
        VerificationError: for the first broken link, with its code and place; nothing else is raised.
    """
    examination = examine(files, key, as_of=as_of, links=links, trust=trust)
    if examination.broken is not None:
        raise examination.broken
    opened, logged, description = examination.opened, examination.logged, examination.description
    assert opened is not None
    assert logged is not None
    assert description is not None
    return Verification(
        status=examination.status,
        description=description,
        sealed_at=opened.seal.sealed_at,
        key_id=opened.key_id,
        log_origin=logged.checkpoint.origin,
        log_index=logged.index,
        log_size=logged.checkpoint.size,
        steps=tuple(examination.steps),
        notes=examination.notes,
        unchecked=examination.unchecked,
    )


def examine(
    files: Mapping[str, bytes],
    key: PublicKey | None,
    *,
    as_of: datetime | None = None,
    links: Collection[str] = (),
    trust: Trust | None = None,
) -> Examination:
    """Run the steps up to the first broken link, which the result names; raises nothing.

    Without a key, everything but the sealer's own signatures is checked; these are then listed as unchecked.
    """
    examination = Examination()
    try:
        _walk(examination, _Asked(files=files, key=key, as_of=as_of, links=links, trust=trust))
    except VerificationError as error:
        examination.broken = error
    return examination


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What is verified, and what the verifier brought along."""

    files: Mapping[str, bytes]
    key: PublicKey | None
    as_of: datetime | None
    links: Collection[str]
    trust: Trust | None


def _walk(found: Examination, asked: _Asked) -> None:
    def held(name: str, checked: int, unit: str) -> None:
        found.steps.append(StepCount(name=name, checked=checked, unit=unit))

    files, key = asked.files, asked.key
    check_container({path: len(content) for path, content in files.items()}, links=asked.links)
    held("container", len(files), "names")
    opened = found.opened = open_seal(files, key)
    unsigned = () if key is not None else (SEAL_PATH, SUMMARY_PATH)
    found.unchecked = unsigned
    held("seal", 0 if unsigned else 1, "signature")
    held("json", check_json(files), "files")
    tree = check_tree(files, opened.seal)
    found.description = tree.description
    held("tree", tree.checked, "files")
    held("views", check_views(files, opened.seal), "views")
    found.logged = check_log(files, opened.seal)
    _check_log_pin(opened.seal, asked.trust)
    held("log", 1, "proof")
    held("time", check_times(tree.description, opened.seal, found.logged.entry, asked.as_of), "instants")
    content = found.content = read_content(files)
    linked = check_links(content, tree.leaves, tree.description, opened)
    held("links", linked + check_summary(files, content, key), "links")
    machines = [key_from(pem, code="links.signers", path=SEAL_PATH) for pem in opened.seal.signers]
    found.people = check_people(content, machines, asked.trust)
    held("people", found.people.records, "records")
    found.notes = _notes(opened.seal, found.logged, asked, found.people)
    later = SEAL_NAMES - {SEAL_PATH, SUMMARY_PATH, PROOF_PATH}
    grown = (path for path in files if path in later or path.startswith("seal/signoffs/"))
    found.unchecked = (*unsigned, *sorted(grown))


def _check_log_pin(seal: Seal, trust: Trust | None) -> None:
    """Raises ``log.not-pinned`` for another log than those that are trusted."""
    if trust is None or not trust.pins_logs:
        return
    if not trust.knows_log(seal.log.origin, key_from(seal.log.public_key, code="log.key", path=SEAL_PATH)):
        hint = "the trust file pins other logs; ask the log's keeper, by another way, for its key"
        refuse(
            "log.not-pinned", f"the log {seal.log.origin} is signed by a key that is not pinned", SEAL_PATH, hint=hint
        )


def _notes(seal: Seal, logged: Logged, asked: _Asked, people: CheckedPeople) -> tuple[str, ...]:
    notes = ["not timestamped: the times are the sealer's own word"]
    if logged.checkpoint.others:
        notes.append("not witnessed: the checkpoint's other signatures are by unknown keys")
    else:
        notes.append("not witnessed")
    notes += _vouched(asked.trust, people)
    if asked.key is not None and seal.log.public_key == asked.key.to_pem():
        notes.append("self-asserted: one key seals and keeps the log")
    if people.records:
        notes.append("duties, and when a word was first seen, rest on what the gate recorded")
    return tuple(notes)


def _vouched(trust: Trust | None, people: CheckedPeople) -> list[str]:
    """Who stands behind people and the log's key: the sealer, unless they are pinned."""
    log_pinned = trust is not None and trust.pins_logs
    found = ["people are pinned"] if people.pinned else []
    found += ["the log's key is pinned"] if log_pinned else []
    sealers = [*([] if people.pinned else ["people"]), *([] if log_pinned else ["the log's key"])]
    if sealers:
        verb = "are" if "people" in sealers else "is"
        found.append(f"{' and '.join(sealers)} {verb} vouched for by the sealer (pin with --trust)")
    return found
