"""What is asked of MLflow, with how much patience, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tolbooth.collect.interface import Collected
from tolbooth.model.observation import ArtifactRole


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedData:
    """A file or folder among the run's artifacts that is to be fetched as a data set."""

    name: str
    path: str
    role: ArtifactRole = ArtifactRole.PREDICTIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class MlflowSubject:
    """Which model is meant, and where: a registered model's version or alias, or a run that logged one model.

    ``name`` is what the project calls it. ``tracking_uri`` and ``registry_uri`` (None: the same) are what MLflow takes:
    a folder, ``sqlite:///file``, ``http://host:port``; a relative path starts at the project's folder.
    """

    name: str
    tracking_uri: str
    registry_uri: str | None = None
    model: str | None = None
    version: str | None = None
    alias: str | None = None
    run_id: str | None = None
    fetch: tuple[WantedData, ...] = ()

    def __post_init__(self) -> None:
        if (self.model is None) == (self.run_id is None):
            raise ValueError("a subject is a registered model or a run, and not both")
        if self.model is not None and (self.version is None) == (self.alias is None):
            raise ValueError("a registered model is meant by its version or by an alias, and not both")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a source may take and how often it is asked again.

    ``answer_seconds`` is for one answer (or, while a file is fetched, for the next bytes of it), ``total_seconds`` for
    all answers together without the files. Before each new attempt it waits ``pause_seconds``, doubled each time.
    """

    attempts: int = 4
    answer_seconds: float = 20.0
    total_seconds: float = 180.0
    pause_seconds: float = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class MlflowCollected(Collected):
    """What was collected, and where on this machine each artifact's content is, by the artifact's name."""

    paths: Mapping[str, Path] = field(default_factory=dict)
