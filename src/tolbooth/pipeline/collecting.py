"""collect: from the settings to artifacts, observations and gaps about one subject."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from tolbooth.collect.files import FileState, collect_file, file_state
from tolbooth.collect.git import collect_git
from tolbooth.collect.interface import Collected
from tolbooth.collect.model_card import read_model_card
from tolbooth.config.load import Project
from tolbooth.config.settings import DataSettings, GateSettings, SubjectSettings
from tolbooth.model.errors import CollectError, ConfigError, Problem
from tolbooth.model.instant import end_of_day, instant
from tolbooth.model.observation import Artifact, ArtifactRole, Gap, Observation
from tolbooth.model.subject import Subject, SubjectKind


class Unit(StrEnum):
    """What long work is counted in."""

    BYTES = "bytes"
    ROWS = "rows"


class Work(NamedTuple):
    """A piece of long work: what is being done, such as ``reading model.bin``, and what it is counted in."""

    what: str
    unit: Unit


Progress = Callable[[Work, int, int | None], None]
"""Called with the work, how far it is and how far it goes (None if unknown), in the work's unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """What was collected about one subject.

    ``data`` pairs each data set's name with its settings; ``states`` are those of its files when they were digested.
    """

    subject: Subject
    artifacts: tuple[Artifact, ...]
    observations: tuple[Observation, ...]
    gaps: tuple[Gap, ...]
    data: Mapping[str, DataSettings]
    states: Mapping[str, FileState]

    def unchanged(self, name: str, path: Path) -> bool:
        """Whether a data set's files are still those that were digested."""
        return file_state(path) == self.states[name]


def collect(project: Project, gate: GateSettings, *, clock: Callable[[], datetime], progress: Progress) -> Collection:
    """Read everything that the gate's subject rests on.

    Raises:
        ConfigError: with all declared files that are not there.
        CollectError: if a file changes while it is read, or can't be read.
    """
    settings = project.settings
    subject_settings = settings.subjects[gate.subject]
    data = {name: settings.data[name] for name in (gate.data if gate.data is not None else settings.data)}
    reader = _Reader(project, clock, progress)
    found = [reader.file(name, each.role, each.path, ("data", name, "path"), each) for name, each in data.items()]
    if subject_settings.kind is SubjectKind.MODEL:
        place = ("subjects", gate.subject, "path")
        found.append(reader.file(gate.subject, ArtifactRole.MODEL, subject_settings.path, place, None))
    if subject_settings.model_card is not None:
        found.append(reader.model_card(gate.subject, subject_settings.model_card))
    if reader.problems:
        raise ConfigError(reader.problems)
    found.append(collect_git(project.folder, now=instant(clock())))
    artifacts = tuple(artifact for each in found for artifact in each.artifacts)
    return Collection(
        subject=_subject(project, gate.subject, subject_settings, artifacts),
        artifacts=artifacts,
        observations=tuple(observation for each in found for observation in each.observations),
        gaps=tuple(gap for each in found for gap in each.gaps),
        data=data,
        states=reader.states,
    )


class _Reader:
    """Reads declared files one by one and keeps all mistakes, so that they are reported together."""

    def __init__(self, project: Project, clock: Callable[[], datetime], progress: Progress) -> None:
        self._project = project
        self._clock = clock
        self._progress = progress
        self.problems: list[Problem] = []
        self.states: dict[str, FileState] = {}

    def file(
        self, name: str, role: ArtifactRole, path: str, place: tuple[str, ...], data: DataSettings | None
    ) -> Collected:
        """One declared file or folder; nothing, and a problem kept, if it is not there."""
        zone = self._project.settings.timezone
        try:
            found = collect_file(
                name,
                role,
                path,
                project_folder=self._project.folder,
                now=instant(self._clock()),
                about=_beginning(data.about) if data else None,
                valid_until=_end(data.valid_until, zone) if data else None,
                progress=lambda done, total: self._progress(Work(f"reading {path}", Unit.BYTES), done, total),
            )
        except ConfigError as error:
            self.problems += self._placed(error.problems, place)
            return Collected()
        except CollectError as error:
            raise CollectError(self._placed(error.problems, place)) from error
        if data is not None:
            self.states[name] = file_state(self._project.folder / path)
        return found

    def _placed(self, problems: Iterable[Problem], place: tuple[str, ...]) -> list[Problem]:
        """The problems at the line that names the file."""
        return [replace(problem, place=self._project.place(*place)) for problem in problems]

    def model_card(self, subject: str, path: str) -> Collected:
        """The model card as an artifact, and what it has sections about."""
        card = self.file(f"{subject}-card", ArtifactRole.MODEL_CARD, path, ("subjects", subject, "model_card"), None)
        if not card.artifacts:
            return card
        read = read_model_card(self._project.folder / path, card.artifacts[0], now=instant(self._clock()))
        return Collected(
            artifacts=card.artifacts,
            observations=(*card.observations, *read.observations),
            gaps=(*card.gaps, *read.gaps),
        )


def _subject(project: Project, name: str, settings: SubjectSettings, artifacts: tuple[Artifact, ...]) -> Subject:
    wanted = _same_file(project.folder, settings.path)
    digest = next(artifact.digest for artifact in artifacts if _same_file(project.folder, artifact.uri) == wanted)
    return Subject(
        project=project.settings.project, name=name, version=settings.version, kind=settings.kind, digest=digest
    )


def _same_file(folder: Path, path: str) -> Path:
    return (folder / path).resolve()


def _beginning(value: date | datetime | None) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return None if value is None else instant(value)
    return instant(datetime.fromisoformat(f"{value.isoformat()}T00:00:00Z"))


def _end(value: date | datetime | None, zone: str) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return None if value is None else instant(value)
    return end_of_day(value, zone)
