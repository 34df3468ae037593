"""The table of inputs: where each came from, how completely, when, and whether it still counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from tolbooth.model.observation import Artifact, ArtifactRole, CollectionMode, Dates, Freshness
from tolbooth.report import words


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRow:
    """One collected object. ``completeness`` says in words what was compared and what came of it."""

    name: str
    role: str
    uri: str
    source: str
    query: str
    collector: str
    mode: CollectionMode
    row_count: int | None
    returned: int
    reported_total: int | None
    unit: str
    complete: bool | None
    completeness: str
    size_bytes: int
    media_type: str
    digest_algorithm: str
    digest: str
    dates: Dates
    freshness: Freshness
    blind_spots: tuple[str, ...]


def evidence_rows(artifacts: Iterable[Artifact], as_of: datetime) -> tuple[EvidenceRow, ...]:
    """The rows of the table, by role and name."""
    roles = list(ArtifactRole)
    ordered = sorted(artifacts, key=lambda artifact: (roles.index(artifact.role), artifact.name))
    return tuple(_row(artifact, as_of) for artifact in ordered)


def _row(artifact: Artifact, as_of: datetime) -> EvidenceRow:
    ipe = artifact.ipe
    algorithm, digest = next(iter(artifact.digest.items()))
    return EvidenceRow(
        name=artifact.name,
        role=artifact.role.value,
        uri=artifact.uri,
        source=f"{ipe.system}, {ipe.instance}",
        query=ipe.query,
        collector=f"{ipe.collector} {ipe.collector_version}",
        mode=ipe.mode,
        row_count=artifact.row_count,
        returned=ipe.returned,
        reported_total=ipe.reported_total,
        unit=ipe.unit,
        complete=ipe.complete,
        completeness=_completeness(artifact),
        size_bytes=artifact.size_bytes,
        media_type=artifact.media_type,
        digest_algorithm=algorithm,
        digest=digest,
        dates=artifact.dates,
        freshness=artifact.dates.freshness(as_of),
        blind_spots=ipe.blind_spots,
    )


def _completeness(artifact: Artifact) -> str:
    result = {True: "complete", False: "not complete", None: "can't be told"}[artifact.ipe.complete]
    return f"{result} ({artifact.ipe.completeness_check})"


def received_words(row: EvidenceRow) -> str:
    """How many of the source's own units arrived: ``7,214 of 7,214 rows``."""
    total = "" if row.reported_total is None else f" of {words.number(row.reported_total)}"
    unit = row.unit if total or row.returned != 1 else row.unit.removesuffix("s")
    return f"{words.number(row.returned)}{total} {words.visible(unit)}"
