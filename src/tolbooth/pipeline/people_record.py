"""Signed people records, read from the records folder and the log, as the chain that they make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tolbooth.config.load import Project
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.people_versions import SigningKey, open_people, signing_keys
from tolbooth.evidence.reading import read
from tolbooth.evidence.signed import read_unverified
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import VerificationError
from tolbooth.model.people import Names
from tolbooth.pipeline.records_files import envelope_files, names_files, read_file
from tolbooth.review.people_chain import PeopleChain, PeopleVersion
from tolbooth.store.embedded import EmbeddedStore

FILE_PREFIX = "people-"
"""How the name of a people record's file begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleRecords:
    """Every people record that is here, as one chain; ``envelopes`` are as received, by their statements' digests.

    ``aside`` are versions on other sides of a fork, which the next version has to settle.
    """

    chain: PeopleChain
    envelopes: Mapping[str, bytes]
    aside: tuple[PeopleVersion, ...] = ()

    @property
    def keys(self) -> tuple[SigningKey, ...]:
        """Every key that any version names, whether it counts now or not: what a signature may have been made with."""
        return signing_keys(version.people for version in self.chain.versions)


def read_people_records(project: Project, store: EmbeddedStore | None, *, onto: str | None = None) -> PeopleRecords:
    """Read every people record of the folder and the log, check the signatures, and put them into their chain.

    ``onto`` is the side of a fork that the next version shall stand on.

    Raises:
        ConfigError: ``records.not-found`` or ``records.unreadable``.
        VerificationError: with every record that does not verify, that the chain refuses, or that leaves it unclear
            which one counts (``people.*``, ``json.*``, ``sshsig.*``).
    """
    found = dict(_envelopes(project, store))
    versions = open_people(found, about=subject_name(project), onto=onto)
    return PeopleRecords(
        chain=versions.chain,
        envelopes={sha256: found[path] for sha256, path in versions.paths.items()},
        aside=versions.aside,
    )


def read_names(project: Project, store: EmbeddedStore | None, sha256: str) -> tuple[Names, bytes] | None:
    """The document of names with that digest, from the folder or the store; None where it was erased."""
    contents = (read_file(path, project) for path in names_files(project))
    content = next((each for each in contents if sha256_hex(each) == sha256), None)
    if content is None and store is not None and store.blobs.has(sha256):
        content = store.blobs.get(sha256)
    return None if content is None else (read(Names, content, path=f"names {sha256[:12]}"), content)


def subject_name(project: Project) -> str:
    """What a people record is about."""
    return f"{project.settings.project}/people"


def _envelopes(project: Project, store: EmbeddedStore | None) -> Iterator[tuple[str, bytes]]:
    for path, content in envelope_files(project):
        if _is_people(content, path):
            yield path, content
    for entry in store.entries() if store is not None else ():
        if entry.kind == Kind.PEOPLE:
            assert store is not None
            yield f"log entry {entry.position + 1}", store.blobs.get(entry.envelope_sha256)


def _is_people(content: bytes, path: str) -> bool:
    """Whether it claims to be a people record, by its name if it can't be read."""
    try:
        statement = read_unverified(content, path=path, family="records").statement
    except VerificationError:
        return Path(path).name.startswith(FILE_PREFIX)
    return statement.predicate_type == Kind.PEOPLE.predicate_type
