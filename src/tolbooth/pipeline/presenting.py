"""From what was collected and measured to the input document that rules read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from tolbooth.config.settings import DataSettings, Settings
from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.judge.input_document import input_document
from tolbooth.model.observation import Artifact, Dates, Gap, Observation
from tolbooth.model.rule import Point
from tolbooth.model.wire import JsonObject
from tolbooth.pipeline.collecting import Collection
from tolbooth.pipeline.measuring import Assessed


def gate_input(
    *,
    settings: Settings,
    gate: str,
    environment: str,
    point: Point,
    as_of: datetime,
    collection: Collection,
    assessed: Sequence[Assessed],
    further: Sequence[Observation],
    gaps: Iterable[Gap],
    governance: JsonObject,
) -> bytes:
    """The canonical bytes of the input document of one gate."""
    dates = {artifact.name: artifact.dates for artifact in collection.artifacts}
    document = input_document(
        subject=collection.subject,
        gate=gate,
        environment=environment,
        point=point,
        as_of=as_of,
        artifacts=collection.artifacts,
        observations=(
            *collection.observations,
            *(_observation(answer, dates, collection) for answer in assessed),
            *further,
        ),
        gaps=(*collection.gaps, *gaps),
        declared=_declared(settings, collection),
        governance=governance,
    )
    return canonical_bytes(document)


def _observation(answer: Assessed, dates: Mapping[str, Dates], collection: Collection) -> Observation:
    artifact = next(each for each in collection.artifacts if each.name == answer.about)
    return Observation(
        kind=answer.kind,
        about=answer.about,
        values=answer.values,
        dates=dates[answer.about],
        origin="measure",
        reads=(answer.counts_sha256, _digest(artifact)),
        question=answer.question,
    )


def _digest(artifact: Artifact) -> str:
    return next(iter(artifact.digest.values()))


def _declared_data(settings: DataSettings) -> dict[str, Any]:
    licence = {"licence": settings.licence} if settings.licence is not None else {}
    personal = {column: each.model_dump() for column, each in settings.personal_data.items()}
    return {"role": settings.role.value, **licence, **({"personal_data": personal} if personal else {})}


def _declared(settings: Settings, collection: Collection) -> dict[str, Any]:
    subject = settings.subjects[collection.subject.name]
    named = {"owner": subject.owner, "purpose": subject.purpose, "risk_tier": subject.risk_tier}
    data = {name: _declared_data(each) for name, each in collection.data.items()}
    return {**{name: value for name, value in named.items() if value is not None}, "data": data}
