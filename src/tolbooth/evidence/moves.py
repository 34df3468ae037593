"""What the log holds of moves: a promotion before an alias moves, its outcome after it, and what was seen since.

A promotion without an outcome is open: whoever comes next asks the registry where the alias points, and says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from tolbooth.evidence.canonical import canonical_sha256
from tolbooth.model.deployment import AliasPlace
from tolbooth.model.digest import DigestSet
from tolbooth.model.wire import as_json


class Result(StrEnum):
    """What became of a promotion.

    The last two are said later, by whoever found the promotion open: the alias pointed to the version, or elsewhere.
    """

    MOVED = "moved"
    KEPT = "kept"
    NOT_MOVED = "not-moved"
    FOUND_MOVED = "found-moved"
    FOUND_ELSEWHERE = "found-elsewhere"

    @property
    def is_there(self) -> bool:
        """Whether the alias pointed to the promoted version when this was said."""
        return self in {Result.MOVED, Result.KEPT, Result.FOUND_MOVED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """The predicate of ``urn:tolbooth:promotion:v1``: an alias is about to be moved, on this decision.

    ``from_version`` is None where the alias was not set. ``model_created_ms`` tells this registered model from another
    of the same name. ``as_of`` is when the decision was held against what was known. ``requester`` is a person's id or
    ``undeclared``, as ``claimed_by`` (``ci`` or ``git``) says. ``id`` is random.
    """

    id: str
    place: AliasPlace
    model_created_ms: int
    from_version: str | None
    to_version: str
    digest: DigestSet
    gate: str
    environment: str
    decision_sha256: str
    basis: str
    as_of: datetime
    requester: str
    claimed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The predicate of ``urn:tolbooth:outcome:v1``: what became of a promotion.

    ``promotion_sha256`` is the digest of the promotion's envelope. ``found_version`` is where the alias pointed when
    this was said, None for nowhere. ``reason`` is a code that says why it was not moved.
    """

    promotion_sha256: str
    place: AliasPlace
    result: Result
    from_version: str | None
    to_version: str
    found_version: str | None
    at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What ran at a place when ``reconcile`` looked: an alias of a registry, or a declared deployment.

    ``version`` and ``digest`` are left empty where nothing runs or nobody knows. ``decision_sha256`` is the decision
    that covers it, if one does. ``since`` is what the source itself says.
    """

    place: str
    origin: str
    alias: AliasPlace | None = None
    version: str | None = None
    digest: DigestSet = field(default_factory=dict)
    model_created_ms: int | None = None
    since: datetime | None = None
    decision_sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is not as a decision left it.

    ``lasting`` says that it stands until it is put right; one that does not is an event, and is told once. ``detail``
    names what else it is about, such as a waiver.
    """

    code: str
    place: str
    message: str
    lasting: bool = True
    version: str | None = None
    digest: DigestSet = field(default_factory=dict)
    decision_sha256: str | None = None
    detail: str | None = None

    @property
    def id(self) -> str:
        """The first 12 digits of a SHA-256 over what it is about, so that the same finding keeps its id.

        Words and decision are left out: a gate that says the same again makes no new finding.
        """
        about = {
            "code": self.code,
            "place": self.place,
            "version": self.version,
            "digest": dict(self.digest),
            "detail": self.detail,
        }
        return canonical_sha256(about)[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """The predicate of ``urn:tolbooth:sighting:v1``: what ``reconcile`` saw everywhere, and what it found.

    One is recorded only where something differs from the one before.
    """

    at: datetime
    seen: tuple[Seen, ...]
    findings: tuple[Finding, ...]

    @property
    def sha256(self) -> str:
        """The digest of what was seen and found, without the time, and whichever decision says so."""
        seen = [as_json(replace(each, decision_sha256=None)) for each in self.seen]
        return canonical_sha256({"seen": seen, "findings": [each.id for each in self.findings]})
