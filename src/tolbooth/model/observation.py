"""Recorded facts: what was collected or measured, from where, when, and how completely."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tolbooth.model.digest import DigestSet
from tolbooth.model.instant import in_force
from tolbooth.model.wire import JsonObject


class Freshness(StrEnum):
    """How a fact stands at ``as_of``."""

    FRESH = "fresh"
    STALE = "stale"


class CollectionMode(StrEnum):
    """How a fact reached us."""

    PULL = "pull"
    PUSH = "push"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """The four dates of a fact. ``about`` is what the source says the fact is about, if it says so."""

    collected: datetime
    received: datetime
    about: datetime | None = None
    valid_until: datetime | None = None

    def freshness(self, as_of: datetime) -> Freshness:
        """Fresh until ``valid_until``, which is no longer part of the interval; without one, fresh for ever."""
        holds = in_force(as_of, effective_on=None, effective_until=self.valid_until)
        return Freshness.FRESH if holds else Freshness.STALE


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlTotals:
    """Totals that let a reader check that nothing went missing: SHA-256 over the sorted keys, one a line."""

    count: int
    first: str | None = None
    last: str | None = None
    keys_sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IpeRecord:
    """Information produced by the entity: how a fact was obtained, so that an auditor may rely on it.

    Counts are objects of the source's own unit (files, rows, runs), named by ``unit``. ``complete`` is None where
    the source reports no total to compare with; ``completeness_check`` says what was compared.
    """

    system: str
    instance: str
    query: str
    collector: str
    collector_version: str
    identity: str
    mode: CollectionMode
    unit: str
    returned: int
    reported_total: int | None
    pages: int
    totals: ControlTotals
    response_sha256: str
    completeness_check: str
    complete: bool | None
    parameters: JsonObject = field(default_factory=dict)
    transformations: tuple[str, ...] = ()
    blind_spots: tuple[str, ...] = ()


class ArtifactRole(StrEnum):
    """What an artifact is to the release."""

    MODEL = "model"
    TRAINING = "training"
    EVALUATION = "evaluation"
    PREDICTIONS = "predictions"
    MODEL_CARD = "model-card"
    SBOM = "sbom"

    @property
    def is_data(self) -> bool:
        """Whether the artifact is a data set (rows and columns)."""
        return self in {ArtifactRole.TRAINING, ArtifactRole.EVALUATION, ArtifactRole.PREDICTIONS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A data set's column: its name and its Arrow type in words."""

    name: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A collected object: named and digested, with its origin and its dates. Its content stays where it is.

    ``uri`` is relative to the project's folder, with forward slashes. ``row_count`` and ``columns`` are given for
    data sets whose format states them, else None and empty.
    """

    name: str
    role: ArtifactRole
    uri: str
    digest: DigestSet
    size_bytes: int
    media_type: str
    dates: Dates
    ipe: IpeRecord
    row_count: int | None = None
    columns: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A recorded fact of a declared kind.

    ``values`` holds integers, ppm and strings (see ``docs/facts.md`` for each kind). ``reads`` are the digests of
    the artifacts or summaries that the fact was derived from; ``question`` is what was asked, for assessed facts;
    ``ipe`` is how a fact was obtained that was asked of a source by itself and not read from an artifact.
    """

    kind: str
    about: str
    values: JsonObject
    dates: Dates
    origin: str
    reads: tuple[str, ...] = ()
    question: JsonObject | None = None
    ipe: IpeRecord | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A fact that could not be had, and why: the rules that need it are undecided."""

    kind: str
    about: str
    code: str
    message: str
