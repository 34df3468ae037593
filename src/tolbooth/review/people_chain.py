"""The chain of people records: each version is signed by a steward of the one before, and names it.

The first is trust on first use: signed by a steward that it names itself. Pure: whose key signed is an argument.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tolbooth.model.errors import Problem, ReviewError
from tolbooth.model.instant import format_instant
from tolbooth.model.people import STEWARD, People, Person
from tolbooth.review.people import key_holder, keys_of, own_roles
from tolbooth.review.people_laws import law_problems


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedPeople:
    """A people record whose signature fits: the digest of its statement, and the fingerprint of the key that signed."""

    people: People
    statement_sha256: str
    signer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleVersion:
    """A version that counts: the record, and the steward who signed it."""

    signed: SignedPeople
    steward: str

    @property
    def people(self) -> People:
        """What the version says."""
        return self.signed.people

    @property
    def signed_at(self) -> datetime:
        """When it was signed, which is when it came into force."""
        assert self.signed.people.signed_at is not None
        return self.signed.people.signed_at


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleChain:
    """The versions that count, from the first on; empty where nobody signed any."""

    versions: tuple[PeopleVersion, ...] = ()

    @property
    def last(self) -> PeopleVersion | None:
        """The newest version, whether it is in force yet or not."""
        return self.versions[-1] if self.versions else None

    def at(self, as_of: datetime) -> PeopleVersion | None:
        """The version in force at ``as_of``: the newest that was signed by then."""
        return next((each for each in reversed(self.versions) if not as_of < each.signed_at), None)

    def before(self, version: int) -> tuple[People, ...]:
        """The records of the versions before one, oldest first."""
        return tuple(each.people for each in self.versions if each.people.version < version)

    def holder(self, fingerprint: str, as_of: datetime) -> Person:
        """The person whose key of that fingerprint counts at ``as_of``, by the version in force then.

        Raises:
            ReviewError: ``people.none`` if no version is in force then, or as ``review.people.key_holder``.
        """
        version = self.at(as_of)
        if version is None:
            message = f"no people record is in force at {format_instant(as_of)}"
            hint = "a steward writes people.yaml and signs it: 'tolbooth people sign'"
            raise ReviewError.of("people.none", message, hint=hint)
        return key_holder(version.people, fingerprint, as_of=as_of, earlier=self.before(version.people.version))


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """The chain as far as it is sound, and what is wrong with the records that are not in it.

    ``about`` of a problem is the SHA-256 of the record's statement. ``aside`` are versions that the next one has to
    settle, since it was asked to stand on another side of a fork.
    """

    chain: PeopleChain
    problems: tuple[Problem, ...]
    aside: tuple[PeopleVersion, ...] = ()


def fold(records: Iterable[SignedPeople], *, onto: str | None = None) -> Folded:
    """Put records, in any order, into the chain that they make; a record that is there twice counts once.

    Two versions on the same one are a fork, and nobody can tell which counts, until a steward of both sides signs the
    next version on top of one of them, naming the others in ``settles``. What stands on those is set aside.

    Args:
        records: whose signatures fit.
        onto: the beginning of the digest of the version that the next one shall stand on, where there is a fork.

    Codes: those of ``law_problems``; ``people.version``, ``people.undated``, ``people.backdated``,
    ``people.self-made-steward``, ``people.not-steward``, ``people.key-*``, ``people.fork``, ``people.gap``.
    """
    ahead = {each.statement_sha256: each for each in records}
    chain = PeopleChain()
    problems: list[Problem] = []
    aside: list[PeopleVersion] = []
    while True:
        before = chain.last.signed.statement_sha256 if chain.last else None
        following = sorted(
            (each for each in ahead.values() if each.people.previous_sha256 == before),
            key=lambda each: each.statement_sha256,
        )
        sound: list[PeopleVersion] = []
        for each in following:
            del ahead[each.statement_sha256]
            found = _successor(chain, each)
            if isinstance(found, PeopleVersion):
                sound.append(found)
            else:
                problems += found
        taken = sound if len(sound) < 2 else _settled(chain, sound, ahead.values(), onto)  # noqa: PLR2004 - two sides
        if len(taken) != 1:
            problems += _forked(sound)
            break
        settled = [side for side in sound if side is not taken[0]]
        aside += settled if taken[0] is _named_by(onto, sound) else []
        for side in settled:
            _drop(ahead, side.signed.statement_sha256)
        chain = PeopleChain(versions=(*chain.versions, taken[0]))
    problems += [
        _gap(each, forked=any(problem.code == "people.fork" for problem in problems)) for each in _sorted(ahead)
    ]
    return Folded(chain=chain, problems=tuple(problems), aside=tuple(aside))


def require_successor(chain: PeopleChain, record: SignedPeople) -> PeopleVersion:
    """That a record may follow the chain's last version.

    Raises:
        ReviewError: with everything that is wrong with it; the codes of ``fold``.
    """
    before = chain.last.signed.statement_sha256 if chain.last else None
    if record.people.previous_sha256 != before:
        raise ReviewError(_gap(record, forked=False))
    found = _successor(chain, record)
    if isinstance(found, PeopleVersion):
        return found
    raise ReviewError(found)


def require_steward(before: People | None, people: People, signer: str, *, as_of: datetime) -> Person:
    """That ``signer`` is the key of a steward of the version before, or of the first version itself, at ``as_of``.

    Raises:
        ReviewError: ``people.key-*``, ``people.self-made-steward`` for a steward by this very version alone, or
            ``people.not-steward``.
    """
    judge = people if before is None else before
    try:
        person = key_holder(judge, signer, as_of=as_of)
    except ReviewError as error:
        if error.code == "people.key-unknown" and _is_steward_key(people, signer, as_of):
            raise _self_made(signer) from error
        raise
    if STEWARD in own_roles(person, as_of):
        return person
    if before is not None and _is_steward_key(people, signer, as_of):
        raise _self_made(signer)
    message = f"{person.id}, whose key {signer} is, is no steward at {format_instant(as_of)}"
    stewards = ", ".join(each.id for each in judge.people if STEWARD in own_roles(each, as_of)) or "nobody, then"
    raise ReviewError.of("people.not-steward", message, hint=f"a steward signs for people: {stewards}")


def _successor(chain: PeopleChain, record: SignedPeople) -> PeopleVersion | Sequence[Problem]:
    """The record as the next version; what is wrong with it otherwise."""
    about, people, last = record.statement_sha256, record.people, chain.last
    problems = [
        Problem(code=each.code, message=f"{_named(people)}: {each.message}", hint=each.hint, about=about)
        for each in law_problems(people)
    ]
    wanted = 1 if last is None else last.people.version + 1
    if people.version != wanted:
        message = f"{_named(people)} stands where version {wanted} should"
        problems.append(Problem(code="people.version", message=message, about=about))
    if people.signed_at is None:
        message = f"{_named(people)} does not say when it was signed"
        return [*problems, Problem(code="people.undated", message=message, about=about)]
    if last is not None and people.signed_at < last.signed_at:
        message = f"{_named(people)} says that it was signed before version {last.people.version}"
        hint = "the clock of the machine that signed was behind, or somebody set it back"
        problems.append(Problem(code="people.backdated", message=message, about=about, hint=hint))
    try:
        before = last.people if last is not None else None
        steward = require_steward(before, people, record.signer, as_of=people.signed_at)
    except ReviewError as error:
        found = error.problems[0]
        message = f"{_named(people)}: {found.message}"
        return [*problems, Problem(code=found.code, message=message, hint=found.hint, about=about)]
    return problems or PeopleVersion(signed=record, steward=steward.id)


def _settled(
    chain: PeopleChain, sound: Sequence[PeopleVersion], ahead: Collection[SignedPeople], onto: str | None
) -> list[PeopleVersion]:
    """The sides of a fork that may count: the one that was settled on; failing that, the one that shall be."""
    found = [each for each in sound if any(_settles(chain, each, sound, other) for other in ahead)]
    wanted = _named_by(onto, sound)
    return found or ([wanted] if wanted is not None else [])


def _named_by(onto: str | None, sound: Sequence[PeopleVersion]) -> PeopleVersion | None:
    named = [each for each in sound if onto and each.signed.statement_sha256.startswith(onto)]
    return named[0] if len(named) == 1 and len(sound) > 1 else None


def _settles(chain: PeopleChain, side: PeopleVersion, sound: Sequence[PeopleVersion], record: SignedPeople) -> bool:
    """Whether a record stands on one side of a fork, and a steward of every side signed that the others don't count."""
    others = [each for each in sound if each is not side]
    if record.people.previous_sha256 != side.signed.statement_sha256:
        return False
    if not {each.signed.statement_sha256 for each in others} <= set(record.people.settles):
        return False
    if not isinstance(_successor(PeopleChain(versions=(*chain.versions, side)), record), PeopleVersion):
        return False
    try:
        require_both_sides(others, record)
    except ReviewError:
        return False
    return True


def require_both_sides(others: Iterable[PeopleVersion], record: SignedPeople) -> None:
    """That who signed a record is a steward also of the versions that it sets aside.

    Raises:
        ReviewError: as ``require_steward``.
    """
    assert record.people.signed_at is not None
    for each in others:
        require_steward(each.people, record.people, record.signer, as_of=record.people.signed_at)


def _drop(ahead: dict[str, SignedPeople], sha256: str) -> None:
    """Take out everything that stands on a version that was set aside."""
    for each in [each for each in ahead.values() if each.people.previous_sha256 == sha256]:
        del ahead[each.statement_sha256]
        _drop(ahead, each.statement_sha256)


def _is_steward_key(people: People, signer: str, as_of: datetime) -> bool:
    holders = [person for person, key in keys_of(people) if key.fingerprint == signer]
    return any(STEWARD in own_roles(person, as_of) for person in holders)


def _self_made(signer: str) -> ReviewError:
    message = f"the key {signer} is a steward's by this very version alone"
    hint = "a steward of the version before signs it; nobody makes themselves one"
    error = ReviewError.of("people.self-made-steward", message, hint=hint)
    assert isinstance(error, ReviewError)
    return error


def _forked(sound: Sequence[PeopleVersion]) -> Iterator[Problem]:
    hint = "agree on one; then a steward of both signs on top of it: tolbooth people sign --onto DIGEST"
    for each in sound:
        digest = each.signed.statement_sha256[:12]
        message = f"{digest} is one of {len(sound)} signed people records of version {each.people.version}"
        yield Problem(code="people.fork", message=message, hint=hint, about=each.signed.statement_sha256)


def _gap(record: SignedPeople, *, forked: bool) -> Problem:
    message = f"{_named(record.people)} follows a record that is not here, or that does not count"
    hint = "bring the records folder up to date: every version is needed, from the first on"
    if forked:
        hint = "it stands on one side of a fork"
    return Problem(code="people.gap", message=message, hint=hint, about=record.statement_sha256)


def _named(people: People) -> str:
    return f"people record {people.version}"


def _sorted(records: dict[str, SignedPeople]) -> list[SignedPeople]:
    return sorted(records.values(), key=lambda each: (each.people.version, each.statement_sha256))
