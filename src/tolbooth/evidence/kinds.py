"""The kinds of claim that the log holds; each has its predicate type."""

from __future__ import annotations

from enum import StrEnum

from tolbooth.evidence.statement import predicate_type


class Kind(StrEnum):
    """What an entry's statement claims; one for each step of the way that records something."""

    COLLECTION = "collection"
    MEASUREMENT = "measurement"
    JUDGEMENT = "judgement"
    DECISION = "decision"
    SEAL = "seal"

    @property
    def predicate_type(self) -> str:
        """``urn:tolbooth:<kind>:v1``."""
        return predicate_type(self.value)
