"""verify: a pack on disk and a public key, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from tolbooth.config.trust_file import load_trust_file
from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.trust import Trust
from tolbooth.evidence.verify import Examination, examine
from tolbooth.evidence.verify_steps.people import CheckedPeople
from tolbooth.model.digest import short
from tolbooth.model.errors import ConfigError, Place, SigningError, VerificationError
from tolbooth.model.instant import format_instant
from tolbooth.pipeline.pack_files import read_pack
from tolbooth.report.verification_text import IdleLine, VerificationSummary, VerifiedStep


def examine_pack(pack: Path, key: PublicKey, *, as_of: datetime, trust: Trust | None = None) -> Examination:
    """Take a pack through the steps of verification; no code from it runs.

    ``as_of`` is the verifier's own instant, ``trust`` what is known from elsewhere of people and logs. The first
    broken link is in the result, not raised.

    Raises:
        ConfigError: if there is no pack at that path.
    """
    try:
        files = read_pack(pack)
    except VerificationError as error:
        return Examination(broken=error)
    return examine(files, key, as_of=as_of, trust=trust)


def summary_of(examination: Examination, pack: Path) -> VerificationSummary:
    """An examination in the words and fields that people and programs are shown."""
    steps = [VerifiedStep(name=s.name, detail=_detail(s.checked, s.unit), held=True) for s in examination.steps]
    steps += _of_people(examination.people)
    broken = examination.broken
    if broken is not None:
        problem = broken.problems[0]
        steps.append(VerifiedStep(name=problem.code.split(".")[0], detail="", held=False))
        return VerificationSummary(
            pack=str(pack),
            verified=False,
            steps=tuple(steps),
            code=problem.code,
            path=problem.place.path if problem.place is not None else None,
            message=problem.message,
            hint=problem.hint,
        )
    opened, description, logged = examination.opened, examination.description, examination.logged
    assert opened is not None
    assert description is not None
    assert logged is not None
    return VerificationSummary(
        pack=str(pack),
        verified=not examination.unchecked,
        steps=tuple(steps),
        sealed_on=format_instant(opened.seal.sealed_at),
        key=short(opened.key_id),
        verdict=description.verdict.value,
        subject=description.subject.label,
        subject_digest=description.subject.digest_value,
        code="indeterminate" if examination.unchecked else None,
        path=examination.unchecked[0] if examination.unchecked else None,
        message="can't be checked by this release" if examination.unchecked else None,
        unvouched=examination.notes,
        idle=tuple(IdleLine(path=each.path, why=each.why) for each in examination.people.idle),
    )


def _of_people(people: CheckedPeople) -> list[VerifiedStep]:
    """What of people's words the decision rests on; nothing where nobody was asked."""
    if people.opened is None or not people.opened.said:
        return []
    counted = (("approvals", people.approvals), ("waivers", people.waivers))
    return [VerifiedStep(name=name, detail=str(number), held=True) for name, number in counted]


def read_public_key(path: Path) -> PublicKey:
    """Read a public key in PEM.

    Raises:
        ConfigError: ``key.unreadable`` if there is no such file.
        SigningError: if it is something else than an Ed25519 public key.
    """
    place = Place(path=str(path))
    try:
        return PublicKey.from_pem(path.read_bytes())
    except OSError as error:
        message = f"the key can't be read: {error.strerror}"
        raise ConfigError.of("key.unreadable", message, place=place) from error
    except SigningError as error:
        raise SigningError([replace(problem, place=place) for problem in error.problems]) from error


def read_trust(path: Path) -> Trust:
    """Read a trust file.

    Raises:
        ConfigError: with every mistake of the file; ``trust.empty`` if it pins nothing.
    """
    settings = load_trust_file(path)
    trust = Trust(
        first_people=settings.people.first,
        stewards=frozenset(settings.people.stewards),
        persons={person: frozenset(keys) for person, keys in settings.people.persons.items()},
        logs=frozenset(settings.logs),
    )
    if not trust.pins_people and not trust.pins_logs:
        hint = "name 'people.first', 'people.stewards', 'people.persons' or 'logs'"
        raise ConfigError.of("trust.empty", "the trust file pins nothing", place=Place(path=str(path)), hint=hint)
    return trust


def _detail(checked: int, unit: str) -> str:
    return f"{checked} {unit}" if checked != 1 else ""
