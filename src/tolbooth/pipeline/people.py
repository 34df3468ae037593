"""The people of a project: who they are by the signed record in force, and signing what ``people.yaml`` says now."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from tolbooth.config.load import Project
from tolbooth.evidence.canonical import canonical_bytes, canonical_sha256
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.people_versions import SigningKey
from tolbooth.evidence.ssh_envelope import SshSigner, sign_ssh_envelope
from tolbooth.evidence.statement import ResourceDescriptor, statement
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import ConfigError, ReviewError
from tolbooth.model.instant import instant
from tolbooth.model.observation import Gap
from tolbooth.model.people import AliasSystem, Names, People, PersonNames
from tolbooth.pipeline.people_reading import PeopleDraft, read_draft
from tolbooth.pipeline.people_record import (
    FILE_PREFIX,
    PeopleRecords,
    read_names,
    read_people_records,
    subject_name,
)
from tolbooth.pipeline.recording import telling_what_was_kept
from tolbooth.pipeline.records_files import NAMES_SUFFIX, SUFFIX, names_files, new_records_folder
from tolbooth.pipeline.workspace import Workspace
from tolbooth.review.people import UNDECLARED, person_of_alias
from tolbooth.review.people_chain import PeopleChain, PeopleVersion, SignedPeople, require_both_sides, require_successor
from tolbooth.review.people_difference import difference
from tolbooth.store.durable import storage_errors, write_whole
from tolbooth.store.embedded import EmbeddedStore


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleInForce:
    """The people record that counts at an instant.

    ``version`` is None where none was signed by then. ``names`` are those of that version; None where they were
    erased, so that no alias names anybody. ``unsigned`` are the differences of ``people.yaml`` to the newest signed
    record, in words; ``draft`` is that file.
    """

    records: PeopleRecords
    version: PeopleVersion | None
    names: Names | None
    names_bytes: bytes | None
    draft: PeopleDraft | None
    unsigned: tuple[str, ...]

    @property
    def chain(self) -> PeopleChain:
        """Every version that counts or counted."""
        return self.records.chain

    @property
    def people(self) -> People | None:
        """What the version in force says."""
        return self.version.people if self.version is not None else None

    @property
    def keys(self) -> tuple[SigningKey, ...]:
        """Every key that any version names."""
        return self.records.keys

    @property
    def problems(self) -> tuple[Gap, ...]:
        """What to warn of at a gate: that ``people.yaml`` says what nobody signed."""
        if not self.unsigned:
            return ()
        told = "'tolbooth people show' tells, 'tolbooth people sign' signs"
        if self.chain.last is None:
            message = f"people.yaml is signed by nobody, so nobody in it counts; {told}"
        else:
            version, count = self.chain.last.people.version, len(self.unsigned)
            what = f"{count} differences" if count > 1 else "one difference"
            message = f"people.yaml is not what was signed: {what} to people record {version}, which counts; {told}"
        return (Gap(kind="people", about="people", code="people.unsigned", message=message),)

    def who(self, system: AliasSystem, alias: str | None) -> str:
        """The id of the person who is called so in that system, or ``undeclared``."""
        if self.people is None:
            return UNDECLARED
        found = person_of_alias(self.names, system, alias)
        return found if found is not None and self.people.person(found) is not None else UNDECLARED

    def called(self, person_id: str) -> str:
        """The handle of a person: of the signed names, else of ``people.yaml``, else the id itself."""
        named = self.names.names.get(person_id) if self.names is not None else None
        if named is not None:
            return named.handle
        return self.draft.called(person_id) if self.draft is not None else person_id


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleSigned:
    """A version that was signed: the files that carry it, what changed, and documents of names that were taken away."""

    version: PeopleVersion
    path: Path
    names_path: Path
    changes: tuple[str, ...]
    erased: tuple[Path, ...]


def people_in_force(project: Project, store: EmbeddedStore | None, *, as_of: datetime) -> PeopleInForce:
    """The people record that counts at ``as_of``, from the records folder and the log.

    Raises:
        ConfigError: with every mistake of ``people.yaml``.
        VerificationError: ``people.*`` if a signed record does not verify, or if it is unclear which one counts.
    """
    records = read_people_records(project, store)
    draft = read_draft(project)
    version = records.chain.at(as_of)
    found = read_names(project, store, version.people.names_sha256) if version is not None else None
    names, names_bytes = found if found is not None else (None, None)
    return PeopleInForce(
        records=records,
        version=version,
        names=names,
        names_bytes=names_bytes,
        draft=draft,
        unsigned=_unsigned(project, store, records.chain.last, draft),
    )


def sign_people(workspace: Workspace, signer: SshSigner, *, onto: str | None = None) -> PeopleSigned | None:
    """Sign what ``people.yaml`` says as the next version, append it to the log and write it into the records folder.

    ``onto`` settles a fork: the beginning of the digest of the version that counts, on which this one will stand.

    None if the newest version says the same. What nobody needs any more to know names is taken out of the folder: the
    documents of names of the versions before.

    Raises:
        ConfigError: ``people.no-file``, or every mistake of the file.
        ReviewError: ``people.*`` if the key is not one of a steward of the version before, or the record can't follow.
        SigningError, StoreError: if the key or the store refuses; nothing was recorded then.
    """
    with telling_what_was_kept(workspace):
        return _sign(workspace, signer, onto)


def _sign(workspace: Workspace, signer: SshSigner, onto: str | None) -> PeopleSigned | None:
    project, store = workspace.project, workspace.store
    records = read_people_records(project, store, onto=onto)
    draft = read_draft(project)
    if draft is None:
        hint = "'tolbooth people new HANDLE --key FILE --role steward' writes one"
        raise ConfigError.of("people.no-file", "there is no people.yaml", hint=hint)
    last = records.chain.last
    changes = _unsigned(project, store, last, draft)
    if not changes and not records.aside:
        return None
    names = _names_bytes(project, store, last, draft.names)
    people = replace(
        draft.people,
        version=last.people.version + 1 if last is not None else 1,
        previous_sha256=last.signed.statement_sha256 if last is not None else None,
        signed_at=instant(workspace.clock()),
        names_sha256=sha256_hex(names),
        settles=tuple(each.signed.statement_sha256 for each in records.aside),
    )
    about = [ResourceDescriptor(name=subject_name(project), digest={"sha256": canonical_sha256(people)})]
    payload = statement(Kind.PEOPLE.predicate_type, about, people)
    record = SignedPeople(people=people, statement_sha256=sha256_hex(payload), signer=signer.public_key.fingerprint)
    version = _require_successor(records, record, draft)
    envelope = sign_ssh_envelope(payload, signer, namespace=Kind.PEOPLE.ssh_namespace)
    _append(workspace, names, envelope)
    path, names_path = _write(project, version, names, envelope)
    erased = tuple(each for each in names_files(project) if each != names_path)
    with storage_errors("an older document of names could not be taken away", path.parent):
        for each in erased:
            each.unlink()
    return PeopleSigned(version=version, path=path, names_path=names_path, changes=changes, erased=erased)


def _require_successor(records: PeopleRecords, record: SignedPeople, draft: PeopleDraft) -> PeopleVersion:
    """As the chain asks; a refusal calls people by their handles."""
    try:
        require_both_sides(records.aside, record)
        return require_successor(records.chain, record)
    except ReviewError as error:
        raise ReviewError([draft.in_words(problem) for problem in error.problems]) from error


def _append(workspace: Workspace, names: bytes, envelope: bytes) -> None:
    workspace.store.blobs.put(names)
    workspace.attempted.append(sha256_hex(envelope))
    workspace.store.append(Kind.PEOPLE, envelope, signer=workspace.keys.log, clock=workspace.clock)


def _write(project: Project, version: PeopleVersion, names: bytes, envelope: bytes) -> tuple[Path, Path]:
    name = f"{FILE_PREFIX}{version.people.version}-{version.signed.statement_sha256[:12]}"
    with storage_errors("the records folder could not be made", project.folder):
        folder = new_records_folder(project)
    path, names_path = folder / f"{name}{SUFFIX}", folder / f"{name}{NAMES_SUFFIX}"
    write_whole(names_path, names)
    write_whole(path, envelope)
    return path, names_path


def keep_names(store: EmbeddedStore, people: PeopleInForce) -> None:
    """Keep the names that travelled by git in the store, where the log of record finds them later."""
    if people.names_bytes is not None:
        store.blobs.put(people.names_bytes)


def _names_bytes(
    project: Project, store: EmbeddedStore, last: PeopleVersion | None, names: Mapping[str, PersonNames]
) -> bytes:
    """The document of names: the one that is signed already if it says the same, else a new one with a new salt."""
    found = read_names(project, store, last.people.names_sha256) if last is not None else None
    if found is not None and found[0].names == names:
        return found[1]
    return canonical_bytes(Names(salt=secrets.token_hex(16), names=names))


def _unsigned(
    project: Project, store: EmbeddedStore | None, last: PeopleVersion | None, draft: PeopleDraft | None
) -> tuple[str, ...]:
    """What ``people.yaml`` says otherwise than the newest signed record; nothing where there is no such file."""
    if draft is None:
        return ()
    before = last.people if last is not None else None
    found = read_names(project, store, before.names_sha256) if before is not None else None
    known = found[0].names if found is not None else {}

    def called(person_id: str) -> str:
        named = draft.names.get(person_id) or known.get(person_id)
        return named.handle if named is not None else person_id

    changes = difference(before, draft.people, called)
    return (*changes, *_renamed(known, draft.names)) if found is not None else changes


def _renamed(before: Mapping[str, PersonNames], after: Mapping[str, PersonNames]) -> tuple[str, ...]:
    both = sorted(before.keys() & after.keys())
    return tuple(f"the names or aliases of {after[each].handle} change" for each in both if before[each] != after[each])
