"""collect: from the settings to artifacts, observations and gaps about one subject."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from tolbooth.collect.ci import collect_ci
from tolbooth.collect.environment_lock import collect_environment_lock
from tolbooth.collect.files import FileState, collect_file, file_state
from tolbooth.collect.git import collect_git
from tolbooth.collect.interface import Collected, Who, nobody_declared
from tolbooth.collect.mlflow.collecting import NOTE_SUFFIX, collect_mlflow
from tolbooth.collect.mlflow.wanted import MlflowSubject, WantedData
from tolbooth.collect.model_card import read_model_card
from tolbooth.collect.model_format import collect_model_format
from tolbooth.collect.openlineage import collect_openlineage
from tolbooth.collect.openlineage_events import Job
from tolbooth.collect.openlineage_gaps import WantedRun
from tolbooth.collect.request import collect_request
from tolbooth.collect.sbom import collect_sbom
from tolbooth.config.load import Project
from tolbooth.config.settings import DataSettings, GateSettings, LineageSettings, SubjectSettings
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import CollectError, ConfigError, Problem
from tolbooth.model.instant import beginning, ending, instant, parse_instant
from tolbooth.model.observation import Artifact, ArtifactRole, Gap, Observation
from tolbooth.model.subject import Subject, SubjectKind
from tolbooth.model.withholding import Withheld
from tolbooth.pipeline.records_files import DEFAULT_FOLDER


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

    ``data`` pairs each data set's name with its settings; ``paths`` are where artifacts' contents are on this machine,
    and ``states`` are those of the data sets' files when they were digested.
    """

    subject: Subject
    artifacts: tuple[Artifact, ...]
    observations: tuple[Observation, ...]
    gaps: tuple[Gap, ...]
    data: Mapping[str, DataSettings]
    paths: Mapping[str, Path]
    states: Mapping[str, FileState]

    def unchanged(self, name: str) -> bool:
        """Whether a data set's files are still those that were digested."""
        return file_state(self.paths[name]) == self.states[name]

    @property
    def run_started_at(self) -> datetime | None:
        """When the subject's run began, if a source says so."""
        started = (each.values.get("started_at") for each in self.observations if each.kind == "run")
        return next((parse_instant(str(text)) for text in started if text is not None), None)


def collect(
    project: Project,
    gate: GateSettings,
    *,
    clock: Callable[[], datetime],
    variables: Mapping[str, str],
    downloads: Path,
    progress: Progress,
    who: Who = nobody_declared,
) -> Collection:
    """Read everything that the gate's subject rests on.

    Args:
        project: the settings.
        gate: which subject, and which data.
        clock: the machine's.
        variables: the environment's, for what a CI system claims there.
        downloads: a folder for what is not on this machine; the caller deletes it.
        progress: told how far long work is.
        who: tells the id of the person who is called so elsewhere.

    Raises:
        ConfigError: with all declared files that are not there.
        CollectError: if a file changes while it is read, or can't be read.
    """
    settings = project.settings
    subject = settings.subjects[gate.subject]
    data = {name: settings.data[name] for name in (gate.data if gate.data is not None else settings.data)}
    reader = _Reader(project, clock, progress, who)
    found = [
        reader.file(name, each.role, each.path, ("data", name, "path"), each)
        for name, each in data.items()
        if each.run_artifact is None
    ]
    if subject.in_mlflow:
        found.append(reader.mlflow(gate.subject, subject, data, downloads))
    elif subject.kind is SubjectKind.MODEL:
        place = ("subjects", gate.subject, "path")
        found.append(reader.file(gate.subject, ArtifactRole.MODEL, subject.path, place, None))
    if subject.model_card is not None:
        found.append(reader.model_card(gate.subject, subject.model_card))
    else:
        found += list(reader.note(gate.subject, found))
    if subject.sbom is not None:
        found.append(reader.sbom(gate.subject, subject.sbom))
    if subject.lineage is not None:
        found.append(reader.lineage(gate.subject, subject.lineage, data))
    if reader.problems:
        raise ConfigError(reader.problems)
    found += reader.around(gate.subject, found, variables)
    everything = Collected.joined(found)
    return Collection(
        subject=_subject(project, gate.subject, subject, everything),
        artifacts=everything.artifacts,
        observations=everything.observations,
        gaps=everything.gaps,
        data=data,
        paths=reader.paths,
        states=reader.states,
    )


class _Reader:
    """Reads declared sources one by one and keeps all mistakes, so that they are reported together."""

    def __init__(self, project: Project, clock: Callable[[], datetime], progress: Progress, who: Who) -> None:
        self._who = who
        self._project = project
        self._clock = clock
        self._progress = progress
        self.problems: list[Problem] = []
        self.paths: dict[str, Path] = {}
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
                about=beginning(data.about, zone) if data else None,
                valid_until=ending(data.valid_until, zone) if data else None,
                progress=self._reading(path),
            )
        except ConfigError as error:
            self.problems += self._placed(error.problems, place)
            return Collected()
        except CollectError as error:
            raise CollectError(self._placed(error.problems, place)) from error
        self._keep(name, self._project.folder / path)
        return found

    def mlflow(
        self, name: str, subject: SubjectSettings, data: Mapping[str, DataSettings], downloads: Path
    ) -> Collected:
        """A model in MLflow with its run, and the data sets that are artifacts of that run."""
        fetch = tuple(
            WantedData(name=each, path=settings.run_artifact, role=settings.role)
            for each, settings in data.items()
            if settings.run_artifact is not None
        )
        try:
            found = collect_mlflow(
                _mlflow_subject(name, subject, fetch),
                now=instant(self._clock()),
                download_folder=downloads,
                progress=self._reading(subject.path),
                project_folder=self._project.folder,
                who=self._who,
            )
        except ConfigError as error:
            self.problems += self._placed(error.problems, ("subjects", name, "path"))
            return Collected()
        for artifact, path in found.paths.items():
            self._keep(artifact, path)
        return replace(found, artifacts=tuple(self._dated(artifact, data) for artifact in found.artifacts))

    def around(self, subject: str, found: Iterable[Collected], variables: Mapping[str, str]) -> Iterator[Collected]:
        """What stands around the subject: its files' formats, its environment, the source, and what CI claims."""
        now = instant(self._clock())
        models = [each for part in found for each in part.artifacts if each.role is ArtifactRole.MODEL]
        for model in models:
            yield collect_model_format(self.paths[model.name], model, now=now)
        folders = [self.paths[model.name] for model in models if self.paths[model.name].is_dir()]
        yield collect_environment_lock([*folders, self._project.folder], now=now, about=subject)
        records = self._project.settings.records or DEFAULT_FOLDER
        yield collect_git(self._project.folder, now=now, who=self._who, records=records)
        yield collect_ci(variables, now=now, who=self._who)
        yield collect_request(self._project.folder, variables, now=now, who=self._who)

    def model_card(self, subject: str, path: str) -> Collected:
        """The model card as an artifact, and what it has sections about."""
        card = self.file(f"{subject}-card", ArtifactRole.MODEL_CARD, path, ("subjects", subject, "model_card"), None)
        if not card.artifacts:
            return card
        read = read_model_card(self._project.folder / path, card.artifacts[0], now=instant(self._clock()))
        return Collected.joined([card, read])

    def note(self, subject: str, found: Iterable[Collected]) -> Iterator[Collected]:
        """What a registry or a run holds as the model's description, read as its card."""
        notes = [each for part in found for each in part.artifacts if each.name == f"{subject}{NOTE_SUFFIX}"]
        for note in notes:
            yield read_model_card(self.paths[note.name], note, now=instant(self._clock()))

    def sbom(self, subject: str, path: str) -> Collected:
        """The bill of materials or vulnerability report as an artifact, and what it counts."""
        report = self.file(f"{subject}-sbom", ArtifactRole.SBOM, path, ("subjects", subject, "sbom"), None)
        if not report.artifacts:
            return report
        now = instant(self._clock())
        read = collect_sbom(self._project.folder / path, report.artifacts[0], now=now, about=subject)
        return Collected.joined([report, read])

    def lineage(self, subject: str, settings: LineageSettings, data: Mapping[str, DataSettings]) -> Collected:
        """The run that made the subject, by its OpenLineage events; of our names only those that the gate looks at."""
        place = ("subjects", subject, "lineage", "events")
        try:
            return collect_openlineage(
                self._project.folder / settings.events,
                _wanted_run(settings, [*data, subject]),
                shown=settings.events,
                now=instant(self._clock()),
                about=subject,
            )
        except ConfigError as error:
            self.problems += self._placed(error.problems, place)
            return Collected()
        except CollectError as error:
            raise CollectError(self._placed(error.problems, place)) from error

    def _keep(self, name: str, path: Path) -> None:
        self.paths[name] = path
        self.states[name] = file_state(path)

    def _dated(self, artifact: Artifact, data: Mapping[str, DataSettings]) -> Artifact:
        """An artifact with the dates that the settings declare for it."""
        declared = data.get(artifact.name)
        if declared is None:
            return artifact
        zone = self._project.settings.timezone
        about = beginning(declared.about, zone) or artifact.dates.about
        dates = replace(artifact.dates, about=about, valid_until=ending(declared.valid_until, zone))
        return replace(artifact, dates=dates)

    def _reading(self, path: str) -> Callable[[int, int | None], None]:
        return lambda done, total: self._progress(Work(f"reading {path}", Unit.BYTES), done, total)

    def _placed(self, problems: Iterable[Problem], place: tuple[str, ...]) -> list[Problem]:
        """The problems at the line that names the file."""
        return [replace(problem, place=self._project.place(*place)) for problem in problems]


def _mlflow_subject(name: str, subject: SubjectSettings, fetch: tuple[WantedData, ...]) -> MlflowSubject:
    """``models:/NAME/VERSION``, ``models:/NAME@ALIAS`` or ``runs:/RUN_ID``, taken apart."""
    scheme, _, rest = subject.path.partition(":/")
    tracking = str(subject.tracking)
    if scheme == "runs":
        return MlflowSubject(name=name, tracking_uri=tracking, run_id=rest.split("/")[0], fetch=fetch)
    model, at, alias = rest.partition("@")
    if at:
        return MlflowSubject(name=name, tracking_uri=tracking, model=model, alias=alias, fetch=fetch)
    model, _, version = rest.rpartition("/")
    return MlflowSubject(name=name, tracking_uri=tracking, model=model, version=version, fetch=fetch)


def _wanted_run(settings: LineageSettings, names: Iterable[str]) -> WantedRun:
    named = ((name, settings.data.get(name)) for name in names)
    return WantedRun(
        job=None if settings.job is None else Job(namespace=str(settings.namespace), name=settings.job),
        run_id=settings.run,
        data={name: Job(namespace=each.namespace, name=each.name) for name, each in named if each is not None},
    )


def _subject(project: Project, name: str, settings: SubjectSettings, found: Collected) -> Subject:
    """The governed thing, by the digest of its content; by that of its reference where the content can't be had."""
    if settings.in_mlflow:
        digests = (artifact.digest for artifact in found.artifacts if artifact.name == name)
        reference = Withheld().text(f"{settings.tracking} {settings.path}")
        digest = next(digests, {"referenceSha256": sha256_hex(reference.encode())})
    else:
        wanted = _same_file(project.folder, settings.path)
        digest = next(each.digest for each in found.artifacts if _same_file(project.folder, each.uri) == wanted)
    return Subject(
        project=project.settings.project,
        name=name,
        version=settings.version or _mlflow_version(name, settings, found),
        kind=settings.kind,
        digest=digest,
    )


def _mlflow_version(name: str, settings: SubjectSettings, found: Collected) -> str:
    """MLflow's number of the version, else the beginning of the run's id."""
    versions = (each.values.get("version") for each in found.observations if each.kind == "model-version")
    number = next((str(version) for version in versions if version is not None), None)
    return number or settings.path.rpartition("/")[2].rpartition("@")[2][:12] or name


def _same_file(folder: Path, path: str) -> Path:
    return (folder / path).resolve()
