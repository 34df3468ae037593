"""verify: a pack on disk and a public key, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.verify import Examination, examine
from tolbooth.model.digest import short
from tolbooth.model.errors import ConfigError, Place, SigningError, VerificationError
from tolbooth.model.instant import format_instant
from tolbooth.pipeline.pack_files import read_pack
from tolbooth.report.verification_text import VerificationSummary, VerifiedStep


def examine_pack(pack: Path, key: PublicKey, *, as_of: datetime) -> Examination:
    """Take a pack through the steps of verification; no code from it runs.

    ``as_of`` is the verifier's own instant. The first broken link is in the result, not raised.

    Raises:
        ConfigError: if there is no pack at that path.
    """
    try:
        files = read_pack(pack)
    except VerificationError as error:
        return Examination(broken=error)
    return examine(files, key, as_of=as_of)


def summary_of(examination: Examination, pack: Path) -> VerificationSummary:
    """An examination in the words and fields that people and programs are shown."""
    steps = [VerifiedStep(name=s.name, detail=_detail(s.checked, s.unit), held=True) for s in examination.steps]
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
    )


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


def _detail(checked: int, unit: str) -> str:
    return f"{checked} {unit}" if checked != 1 else ""
