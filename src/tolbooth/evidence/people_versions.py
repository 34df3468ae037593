"""The people record's versions from their envelopes: signatures checked, and folded into the chain that they make.

Whose names stand behind the ids, and where the envelopes come from, is not looked at here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from tolbooth.evidence.keys import RAW_SIZE_BYTES, PublicKey
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.reading import read_value
from tolbooth.evidence.signed import open_signed, read_unverified
from tolbooth.evidence.ssh_keys import KeyType, SshPublicKey, parse_public_key
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import Place, Problem, TolboothError, VerificationError
from tolbooth.model.people import HeldKey, People
from tolbooth.review.people_chain import PeopleChain, PeopleVersion, SignedPeople, fold

SigningKey = PublicKey | SshPublicKey
"""A key that may have signed: Ed25519 keys sign either kind of envelope."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleVersions:
    """The versions that count, and where each lies, by the digest of its statement; ``aside`` as in ``Folded``."""

    chain: PeopleChain = field(default_factory=PeopleChain)
    paths: Mapping[str, str] = field(default_factory=dict)
    aside: tuple[PeopleVersion, ...] = ()

    @property
    def keys(self) -> tuple[SigningKey, ...]:
        """Every key that any version names, whether it counts now or not: what a signature may have been made with."""
        return signing_keys(version.people for version in self.chain.versions)


def open_people(envelopes: Mapping[str, bytes], *, about: str | None = None, onto: str | None = None) -> PeopleVersions:
    """Check every version's signature, and put them into their chain; all of them must be part of it.

    Args:
        envelopes: the signed records by path.
        about: what each must be about, such as ``lending/people``; None for whatever they say.
        onto: which side of a fork the next version shall stand on; None where a fork is refused.

    Raises:
        VerificationError: ``people.*``, ``json.*`` or ``sshsig.*`` with every record that does not verify, that the
            chain refuses, or that leaves it unclear which one counts.
    """
    problems: list[Problem] = []
    claimed: dict[str, People] = {}
    for path, content in envelopes.items():
        try:
            claimed[path] = _claimed(content, path, about)
        except TolboothError as error:
            problems += error.problems
    keys = signing_keys(claimed.values(), strictest=True)
    records: dict[str, tuple[SignedPeople, str]] = {}
    for path, people in claimed.items():
        try:
            signed = _signed(envelopes[path], people, keys, path)
        except TolboothError as error:
            problems += error.problems
        else:
            records.setdefault(signed.statement_sha256, (signed, path))
    folded = fold((signed for signed, _ in records.values()), onto=onto)
    problems += [replace(each, place=Place(path=records[str(each.about)][1])) for each in folded.problems]
    if problems:
        raise VerificationError(problems)
    paths = {sha256: path for sha256, (_, path) in records.items()}
    return PeopleVersions(chain=folded.chain, paths=paths, aside=folded.aside)


def signing_key(held: HeldKey) -> SigningKey:
    """A key of the record; an Ed25519 one as ours, since those sign DSSE as well.

    Raises:
        VerificationError: as ``ssh_keys.parse_public_key``.
    """
    key = parse_public_key(held.public_key, touch_required=held.touch_required)
    if key.type is not KeyType.ED25519:
        return key
    return PublicKey(raw=key.blob[-RAW_SIZE_BYTES:])


def signing_keys(records: Iterable[People], *, strictest: bool = False) -> tuple[SigningKey, ...]:
    """Every key that any of these records names, each once, as the last one says.

    With ``strictest``, a security key needs a touch if any record asks for one: a people record can't say of itself
    that nobody had to touch the key that signed it.

    Raises:
        VerificationError: as ``signing_key``.
    """
    held: dict[str, HeldKey] = {}
    for key in (key for people in records for person in people.people for key in person.keys):
        before = held.get(key.fingerprint)
        touch = key.touch_required or (strictest and before is not None and before.touch_required)
        held[key.fingerprint] = replace(key, touch_required=touch)
    return tuple(signing_key(key) for key in held.values())


def fingerprints(keys: Iterable[SigningKey]) -> dict[str, str]:
    """Fingerprints by key id."""
    return {key.key_id: key.fingerprint for key in keys}


def _signed(content: bytes, people: People, keys: tuple[SigningKey, ...], path: str) -> SignedPeople:
    opened = open_signed(content, keys, namespace=Kind.PEOPLE.ssh_namespace, path=path, family="people")
    signer = fingerprints(keys)[opened.key_id]
    return SignedPeople(people=people, statement_sha256=sha256_hex(opened.payload), signer=signer)


def _claimed(content: bytes, path: str, about: str | None) -> People:
    statement = read_unverified(content, path=path, family="people").statement
    people = read_value(People, dict(statement.predicate), path=path)
    named = [each.name for each in statement.subject]
    if about is not None and named != [about]:
        _refuse("people.other-project", f"this is the people record of {', '.join(named)}, not of {about}", path)
    for person in people.people:
        for key in person.keys:
            _require_fingerprint(person.id, key.public_key, key.fingerprint, path)
    return people


def _require_fingerprint(person: str, line: str, fingerprint: str, path: str) -> None:
    try:
        real = parse_public_key(line, path=path).fingerprint
    except TolboothError as error:
        raise VerificationError([replace(each, place=Place(path=path)) for each in error.problems]) from error
    if real != fingerprint:
        _refuse("people.fingerprint", f"a key of {person} has the fingerprint {real}, not {fingerprint}", path)


def _refuse(code: str, message: str, path: str) -> None:
    raise VerificationError.of(code, message, place=Place(path=path))
