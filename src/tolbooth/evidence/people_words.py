"""What a signed record of people says: its statement, as the value that ``review`` takes."""

from __future__ import annotations

from typing import assert_never

from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.reading import read_value
from tolbooth.evidence.statement import Statement
from tolbooth.model.approval import Verb
from tolbooth.model.errors import Place, VerificationError
from tolbooth.model.words import DecisionWord, Retirement, Revocation, WaiverRequest, WaiverWord

Said = DecisionWord | WaiverWord | WaiverRequest | Revocation | Retirement
"""What a record says, but for the people record itself."""

_NO = frozenset({Verb.REJECT, Verb.REQUEST_CHANGES})


def word_kind(said: Said) -> Kind:
    """The kind of record that a statement is."""
    match said:
        case DecisionWord() | WaiverWord():
            return Kind.REJECTION if said.verb in _NO else Kind.APPROVAL
        case WaiverRequest():
            return Kind.WAIVER if said.renews is None else Kind.RENEWAL
        case Revocation():
            return Kind.REVOCATION
        case Retirement():
            return Kind.RETIREMENT
        case _:
            assert_never(said)


def read_said(kind: Kind, statement: Statement, *, path: str, family: str = "people") -> Said:
    """Read the statement of a record of ``kind``.

    Raises:
        VerificationError: ``json.shape``, or ``<family>.kind`` if it says what a record of another kind says.
    """
    said = _read(kind, dict(statement.predicate), path)
    if word_kind(said) is not kind:
        message = f"it says what a record of kind {word_kind(said)} says, and is of kind {kind}"
        raise VerificationError.of(f"{family}.kind", message, place=Place(path=path))
    return said


def _read(kind: Kind, predicate: dict[str, object], path: str) -> Said:
    match kind:
        case Kind.WAIVER | Kind.RENEWAL:
            return read_value(WaiverRequest, predicate, path=path)
        case Kind.REVOCATION:
            return read_value(Revocation, predicate, path=path)
        case Kind.RETIREMENT:
            return read_value(Retirement, predicate, path=path)
        case _ if "waiver_sha256" in predicate:
            return read_value(WaiverWord, predicate, path=path)
        case _:
            return read_value(DecisionWord, predicate, path=path)
