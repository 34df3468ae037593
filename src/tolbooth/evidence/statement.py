"""in-toto Statement v1: a typed claim about digested subjects.

Format: https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.evidence.strict_json import parse
from tolbooth.model.digest import DigestSet
from tolbooth.model.errors import Place, VerificationError
from tolbooth.model.subject import Subject
from tolbooth.model.wire import JsonObject, as_json

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
COLLECTION = "urn:tolbooth:collection:v1"
MEASUREMENT = "urn:tolbooth:measurement:v1"
JUDGEMENT = "urn:tolbooth:judgement:v1"
DECISION = "urn:tolbooth:decision:v1"
SEAL = "urn:tolbooth:seal:v1"
VERIFICATION_SUMMARY = "https://slsa.dev/verification_summary/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceDescriptor:
    """A named thing and its digests."""

    name: str
    digest: DigestSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A claim as it was read: its subjects, what kind of claim, and the claim itself."""

    subject: tuple[ResourceDescriptor, ...]
    predicate_type: str
    predicate: JsonObject


def predicate_type(kind: str) -> str:
    """The predicate type of our own kind, such as ``collection``."""
    return f"urn:tolbooth:{kind}:v1"


def descriptor(subject: Subject) -> ResourceDescriptor:
    """A governed subject as in-toto names it: ``project/name@version`` and its digest."""
    return ResourceDescriptor(name=f"{subject.project}/{subject.label}", digest=subject.digest)


def statement(kind: str, subject: Subject | Sequence[ResourceDescriptor], predicate: object) -> bytes:
    """The canonical bytes of a statement: of predicate type ``kind``, about ``subject``, saying ``predicate``."""
    subjects = [descriptor(subject)] if isinstance(subject, Subject) else list(subject)
    return canonical_bytes(
        {
            "_type": STATEMENT_TYPE,
            "subject": [as_json(one) for one in subjects],
            "predicateType": kind,
            "predicate": as_json(predicate),
        }
    )


def parse_statement(payload: bytes, *, path: str) -> Statement:
    """Read a statement; members that in-toto does not know are ignored, as its parsing rules ask.

    Raises:
        VerificationError: ``json.*``; ``json.shape`` if it is no Statement v1.
    """
    value = parse(payload, path=path)
    if not isinstance(value, dict) or value.get("_type") != STATEMENT_TYPE:
        raise _misfit(f"_type is not {STATEMENT_TYPE}", path)
    subjects, kind, predicate = value.get("subject"), value.get("predicateType"), value.get("predicate")
    if not isinstance(kind, str) or not isinstance(predicate, dict):
        raise _misfit("predicateType and predicate are wanted", path)
    if not isinstance(subjects, list) or not subjects:
        raise _misfit("a statement is about at least one subject", path)
    read = tuple(_descriptor(one, path) for one in subjects)
    return Statement(subject=read, predicate_type=kind, predicate=predicate)


def _descriptor(value: Any, path: str) -> ResourceDescriptor:
    digest = value.get("digest") if isinstance(value, dict) else None
    if not isinstance(digest, dict) or not digest or not all(isinstance(one, str) for one in digest.values()):
        raise _misfit("every subject has digests", path)
    return ResourceDescriptor(name=str(value.get("name", "")), digest=digest)


def _misfit(message: str, path: str) -> Exception:
    return VerificationError.of("json.shape", f"no in-toto statement: {message}", place=Place(path=path))
