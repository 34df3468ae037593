"""The kinds of claim that the log holds; each has its predicate type."""

from __future__ import annotations

from enum import StrEnum

from tolbooth.evidence.statement import predicate_type


class Kind(StrEnum):
    """What a statement claims: a step of the way, an import, bounds, a drill, a move, or what people say."""

    COLLECTION = "collection"
    MEASUREMENT = "measurement"
    JUDGEMENT = "judgement"
    DECISION = "decision"
    SEAL = "seal"
    IMPORT = "import"
    COMMITMENT = "commitment"
    DRILL = "drill"
    PROMOTION = "promotion"
    OUTCOME = "outcome"
    SIGHTING = "sighting"
    PEOPLE = "people"
    WAIVER = "waiver"
    APPROVAL = "approval"
    REJECTION = "rejection"
    REVOCATION = "revocation"
    RENEWAL = "renewal"
    RETIREMENT = "retirement"

    @property
    def is_record(self) -> bool:
        """Whether it is what people say, which may travel by git in the ``records:`` folder."""
        return self in _RECORDS

    @property
    def is_of_one_log(self) -> bool:
        """Whether it is its own log's alone: whom that log takes at their word, and what it moved and saw."""
        return self in _OF_ONE_LOG

    @property
    def predicate_type(self) -> str:
        """``urn:tolbooth:<kind>:v1``."""
        return predicate_type(self.value)

    @property
    def ssh_namespace(self) -> str:
        """The purpose for which SSH signatures of this kind are made; one of another purpose is refused."""
        return "tolbooth-people" if self is Kind.PEOPLE else "tolbooth-approval"


_OF_ONE_LOG = frozenset({Kind.IMPORT, Kind.PROMOTION, Kind.OUTCOME, Kind.SIGHTING})
_RECORDS = frozenset(
    {Kind.PEOPLE, Kind.WAIVER, Kind.APPROVAL, Kind.REJECTION, Kind.REVOCATION, Kind.RENEWAL, Kind.RETIREMENT}
)
