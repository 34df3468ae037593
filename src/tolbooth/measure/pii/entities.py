"""What can be found, what speaks for it, and where it stands: entity types, evidence bits, spans."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag, StrEnum


class Entity(StrEnum):
    """What is recognised, by Presidio's names where it has one; in the order in which an overlap is resolved."""

    PRIVATE_KEY = "PRIVATE_KEY"
    JWT = "JWT"
    AWS_ACCESS_KEY = "AWS_ACCESS_KEY"
    URL_USERINFO = "URL_USERINFO"
    EMAIL_ADDRESS = "EMAIL_ADDRESS"
    IBAN_CODE = "IBAN_CODE"
    IP_ADDRESS = "IP_ADDRESS"
    CREDIT_CARD = "CREDIT_CARD"
    US_SSN = "US_SSN"
    DATE_OF_BIRTH = "DATE_OF_BIRTH"
    PHONE_NUMBER = "PHONE_NUMBER"


RANK = {entity: rank for rank, entity in enumerate(Entity)}
"""Position in the order of priority: where spans overlap, the lower rank stays."""

SECRETS = frozenset({Entity.PRIVATE_KEY, Entity.JWT, Entity.AWS_ACCESS_KEY})
"""What lets in whoever reads it: a single one decides about a column."""


class Evidence(IntFlag):
    """What speaks for a span, and against it."""

    STRONG_FORMAT = 1
    """The form alone is hardly anything else."""
    CHECKSUM = 2
    """A check digit or remainder holds."""
    CONTEXT = 4
    """A word within 50 characters names such a thing, and no nearer word names another."""
    HEADER = 8
    """The column's name names such a thing."""
    NEGATIVE = 16
    """The nearest word before it, or the column's name, names another thing: an order number, a version."""


class Need(IntFlag):
    """What a form needs beside itself to be taken for what it looks like."""

    NOTHING = 0
    CONTEXT_OR_HEADER = 1
    HEADER = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A recognised part of a text, without the text.

    ``start`` and ``end`` count Unicode code points from 0, as Python's ``str`` does; ``end`` is the first code point
    that no longer belongs to it. They are not bytes and not UTF-16 units.
    """

    start: int
    end: int
    entity_type: Entity
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A part of a text that has the form of an entity and passes its rules, before what stands around it is weighed.

    ``evidence`` holds the bits that the form alone gives.
    """

    start: int
    end: int
    entity_type: Entity
    evidence: Evidence
    need: Need
