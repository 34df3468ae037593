"""Result objects of a package, checked: what a rule said, or what is wrong with how it said it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tolbooth.evidence.canonical import CanonicalError, canonical_bytes
from tolbooth.judge.interface import RESULT_SETS, PackageResults
from tolbooth.model.rule import Outcome
from tolbooth.model.wire import JsonObject

_MEMBERS = ("code", "msg", "term", "values", "measured", "facts", "reason")
_OUTCOMES = {
    "deny": Outcome.FAIL,
    "warn": Outcome.FAIL,
    "undecided": Outcome.UNDECIDED,
    "passed": Outcome.PASS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One well-formed result object. ``observe_only`` marks a member of ``warn``, which never denies."""

    code: str
    outcome: Outcome
    message: str
    term: str | None = None
    values: JsonObject = field(default_factory=dict)
    measured: int | None = None
    facts: tuple[str, ...] | None = None
    observe_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Malformed:
    """A result object that can't be used; ``code`` is None where it does not even say whose it is."""

    code: str | None
    error_code: str
    message: str


def read_results(results: PackageResults) -> Iterator[Said | Malformed]:
    """Every member of a package's sets, in a fixed order of the sets."""
    for name in RESULT_SETS:
        for member in getattr(results, name):
            yield _read(name, member)


def conflicts(said: list[Said]) -> Iterator[str]:
    """Terms that one rule both passes and doesn't pass."""
    passed = {one.term for one in said if one.outcome is Outcome.PASS and one.term is not None}
    other = {one.term for one in said if one.outcome is not Outcome.PASS and one.term is not None}
    yield from sorted(passed & other)


def _read(name: str, member: Any) -> Said | Malformed:
    if not isinstance(member, Mapping):
        text = f"a member of '{name}' is no object with 'code' and 'msg'"
        return Malformed(code=None, error_code="judge.result-shape", message=text)
    code = member.get("code")
    if not isinstance(code, str):
        text = f"a member of '{name}' has no 'code', a text"
        return Malformed(code=None, error_code="judge.result-shape", message=text)
    wrong = next(_mistakes(name, member), None)
    if wrong is not None:
        text = f"a result of '{code}' in '{name}' {wrong}"
        return Malformed(code=code, error_code="judge.result-shape", message=text)
    facts = member.get("facts")
    return Said(
        code=code,
        outcome=_OUTCOMES[name],
        message=member["msg"],
        term=member.get("term"),
        values=member.get("values", {}),
        measured=member.get("measured"),
        facts=None if facts is None else tuple(sorted(set(facts))),
        observe_only=name == "warn",
    )


def _mistakes(name: str, member: Mapping[str, Any]) -> Iterator[str]:
    if not _has_canonical_form(member):
        yield "holds a value that no record can: an integer beyond 2^53 - 1, a lone surrogate, or endless nesting"
    unknown = sorted(set(member) - set(_MEMBERS))
    if unknown:
        yield f"has a member that nobody reads: '{unknown[0]}' (put it into 'values')"
    if not isinstance(member.get("msg"), str) or not member["msg"].strip():
        yield "has no 'msg', a text"
    if not (member.get("term") is None or (isinstance(member["term"], str) and member["term"].strip())):
        yield "has a 'term' that is no text"
    if not isinstance(member.get("values", {}), Mapping):
        yield "has 'values' that are no object"
    if isinstance(member.get("measured"), bool) or not isinstance(member.get("measured", 0), int):
        yield "has a 'measured' that is no integer"
    facts = member.get("facts", [])
    if not isinstance(facts, list) or not all(isinstance(fact, str) and fact for fact in facts):
        yield "has 'facts' that are no list of digests"
    if name == "undecided" and member.get("reason", "insufficient") != "insufficient":
        yield "has a 'reason' other than 'insufficient': missing and stale evidence are declared, not told"
    if name != "undecided" and "reason" in member:
        yield "has a 'reason', which only 'undecided' has"


def _has_canonical_form(value: object) -> bool:
    try:
        canonical_bytes(value)
    except (CanonicalError, RecursionError):
        return False
    return True
