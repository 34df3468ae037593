"""Collects everything that a gate reads of a model in MLflow: the version, its run, its folder, and the populations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from tolbooth import __version__
from tolbooth.collect.files import collect_file
from tolbooth.collect.interface import Progress, Who, nobody_declared
from tolbooth.collect.mlflow.artifacts import fetched, one_or_many, place_of
from tolbooth.collect.mlflow.client import Source, open_source
from tolbooth.collect.mlflow.ipe import record
from tolbooth.collect.mlflow.model_place import model_place
from tolbooth.collect.mlflow.model_version import KIND as VERSION_KIND
from tolbooth.collect.mlflow.model_version import ModelFolder, collect_model_folder, observe_version
from tolbooth.collect.mlflow.population import KIND as POPULATION_KIND
from tolbooth.collect.mlflow.population import Population, model_versions, runs
from tolbooth.collect.mlflow.run import KIND as RUN_KIND
from tolbooth.collect.mlflow.run import ObservedRun, identifier, observe_run
from tolbooth.collect.mlflow.wanted import MlflowCollected, MlflowSubject, Patience, WantedData
from tolbooth.model.errors import CollectError, ConfigError, TolboothError
from tolbooth.model.observation import Artifact, ArtifactRole, Dates, Gap, Observation

T = TypeVar("T")

MODEL_KIND = "model"
DATA_KIND = "data"
NOTE_SUFFIX = "-note"
_MISSING = "collect.mlflow-missing"
_NOT_THERE = frozenset({_MISSING, "collect.mlflow-question"})  # some stores call an unknown alias a bad question
_NOTE_TAG = "mlflow.note.content"


class _Version(NamedTuple):
    version: Any
    registered: Any


def collect_mlflow(
    wanted: MlflowSubject,
    *,
    now: datetime,
    download_folder: Path,
    progress: Progress | None = None,
    project_folder: Path | None = None,
    patience: Patience | None = None,
    who: Who = nobody_declared,
) -> MlflowCollected:
    """Collect a model from MLflow: its version, its run, its folder, and the lists that these stand in.

    Args:
        wanted: which model, where.
        now: when it is read.
        download_folder: where what is not on this machine is downloaded to; each call uses new folders in it.
        progress: called with bytes fetched and bytes in all.
        project_folder: where relative paths of the store start; default: the working directory.
        patience: how long and how often MLflow is asked.
        who: tells whose a user's name is.

    Returns:
        Artifacts (the model, named as the subject, with a ``dirHash``; each fetched data set), observations of kinds
        ``run``, ``model-version`` and ``population``, each with an IPE record, ``paths`` to the artifacts' content on
        this machine, and a gap for everything that could not be had: of kind ``model``, ``data``, ``run``,
        ``model-version`` or ``population``, with the reason.

    Raises:
        ConfigError: ``collect.mlflow-not-installed``, ``collect.mlflow-no-store``; ``collect.mlflow-missing`` if MLflow
            answers that it has no such model, version, alias or run.
    """
    collecting = _Collecting(wanted, now, download_folder, progress, who)
    where = (project_folder or Path()).resolve()
    try:
        with open_source(wanted, project_folder=where, patience=patience or Patience()) as source:
            collecting.everything(source)
    except ConfigError:
        raise
    except TolboothError as error:
        collecting.gap(MODEL_KIND, wanted.name, error, None)
    return collecting.result()


class _Collecting:
    """One collection under way: what was found so far, and what could not be had."""

    def __init__(self, wanted: MlflowSubject, now: datetime, folder: Path, progress: Progress | None, who: Who) -> None:
        self._wanted = wanted
        self._who = who
        self._now = now
        self._folder = folder
        self._progress = progress
        self._artifacts: list[Artifact] = []
        self._observations: list[Observation] = []
        self._gaps: list[Gap] = []
        self._paths: dict[str, Path] = {}

    def result(self) -> MlflowCollected:
        """What was found."""
        return MlflowCollected(
            artifacts=tuple(self._artifacts),
            observations=tuple(self._observations),
            gaps=tuple(self._gaps),
            paths=dict(self._paths),
        )

    def everything(self, source: Source) -> None:
        """Ask for one thing after another; what can't be had leaves a gap, and the rest is still asked for."""
        version = self._version(source) if self._wanted.model is not None else None
        run_id = self._wanted.run_id if version is None else version.version.run_id
        run = self._run(source, run_id) if run_id else None
        folder = self._model_folder(source, version, run)
        if version is not None:
            self._observations.append(
                observe_version(
                    source, version.version, version.registered, folder, about=self._wanted.name, now=self._now
                )
            )
            self._population(source, lambda: model_versions(source, str(version.version.name), about=self._wanted.name))
        if run is not None:
            self._observations.append(run.observation)
            self._gaps += run.gaps
            self._population(source, lambda: runs(source, run.experiment_id, about=self._wanted.name))
        self._note(source, version, run)
        for each in self._wanted.fetch:
            self._data(source, run, each)
        self._missing_kinds(version, run)

    def gap(self, kind: str, about: str, error: TolboothError, source: Source | None) -> None:
        """Keep what could not be had, and why."""
        problem = error.problems[0]
        message = problem.message if source is None else source.withheld.text(problem.message)
        self._gaps.append(Gap(kind=kind, about=about, code=problem.code, message=message))

    def _try(self, kind: str, about: str, source: Source, work: Callable[[], T]) -> T | None:
        try:
            return work()
        except CollectError as error:
            self.gap(kind, about, error, source)
            return None

    def _version(self, source: Source) -> _Version | None:
        client, wanted = source.client, self._wanted

        def ask() -> _Version:
            if wanted.alias is not None:
                version = source.asking.ask(
                    "a model's alias", lambda: client.get_model_version_by_alias(wanted.model, wanted.alias)
                )
                # NOTE: by alias some stores leave out the other aliases, so the version is asked for itself.
                number = str(version.version)
            else:
                number = str(wanted.version)
            found = source.asking.ask("a model version", lambda: client.get_model_version(wanted.model, number))
            return _Version(found, source.asking.ask("a model", lambda: client.get_registered_model(wanted.model)))

        return self._declared(source, VERSION_KIND, ask)

    def _run(self, source: Source, run_id: str) -> ObservedRun | None:
        def work() -> ObservedRun:
            return observe_run(source, run_id, about=self._wanted.name, now=self._now, who=self._who)

        if self._wanted.run_id is not None:
            return self._declared(source, RUN_KIND, work)
        return self._try(RUN_KIND, self._wanted.name, source, work)

    def _declared(self, source: Source, kind: str, work: Callable[[], T]) -> T | None:
        """What the project itself names: that MLflow has no such thing is a mistake there, and no gap."""
        try:
            return work()
        except CollectError as error:
            if error.code in _NOT_THERE:
                raise ConfigError.of(_MISSING, source.withheld.text(f"MLflow has no {_named(self._wanted)}")) from None
            self.gap(kind, self._wanted.name, error, source)
            return None

    def _model_folder(self, source: Source, version: _Version | None, run: ObservedRun | None) -> ModelFolder | None:
        name = self._wanted.name

        def work() -> ModelFolder:
            uri, place = model_place(
                source, None if version is None else version.version, None if run is None else run.run
            )
            return collect_model_folder(
                source,
                place,
                name=name,
                uri=uri,
                into=self._new_folder("model"),
                now=self._now,
                progress=self._progress,
            )

        if version is None and run is None:
            message = "the model could not be looked for: neither its version nor its run could be had"
            self._gaps.append(Gap(kind=MODEL_KIND, about=name, code="collect.mlflow-no-model", message=message))
            return None
        folder = self._try(MODEL_KIND, name, source, work)
        if folder is not None:
            self._artifacts.append(folder.artifact)
            self._paths[name] = folder.path
        return folder

    def _population(self, source: Source, work: Callable[[], Population]) -> None:
        found = self._try(POPULATION_KIND, self._wanted.name, source, work)
        if found is None:
            return
        self._observations.append(
            Observation(
                kind=POPULATION_KIND,
                about=self._wanted.name,
                values=found.values,
                dates=Dates(collected=self._now, received=self._now),
                origin=f"collect.mlflow {__version__}",
                ipe=found.ipe,
            )
        )
        if found.gap is not None:
            self._gaps.append(found.gap)

    def _data(self, source: Source, run: ObservedRun | None, each: WantedData) -> None:
        if run is None:
            message = f"{each.name} could not be looked for: the run could not be had"
            self._gaps.append(Gap(kind=DATA_KIND, about=each.name, code="collect.mlflow-no-run", message=message))
            return
        found = self._try(DATA_KIND, each.name, source, lambda: self._fetch(source, run, each))
        if found is not None:
            self._artifacts.append(found)

    def _fetch(self, source: Source, run: ObservedRun, each: WantedData) -> Artifact:
        place, files = one_or_many(source, place_of(source, run.run.info.artifact_uri).inside(each.path.strip("/")))
        into = self._new_folder(each.name)
        paths = fetched(source, place, files, into, self._progress)
        start = into if place.folder is None else place.folder / place.below
        path = start / next(iter(files)) if len(files) == 1 else start
        described = collect_file(each.name, each.role, path, project_folder=path.parent, now=self._now)
        artifact = described.artifacts[0]
        uri = f"runs:/{identifier(run.run.info.run_id, source.withheld)}/{source.withheld.text(each.path)}"
        ipe = record(
            source,
            query=f"list_artifacts and download of {uri}",
            unit="files",
            keys=[source.withheld.text(name) for name in paths],
            counted=len(files),
            response=next(iter(artifact.digest.values())),
            check="Every file that was listed was read to its end; sizes were compared where they are stated.",
            complete=len(paths) == len(files),
            transformations=(),
            blind_spots=("What was done to the files between the run and their collection.",),
        )
        self._gaps += described.gaps
        self._paths[each.name] = path
        return replace(artifact, uri=uri, ipe=ipe)

    def _note(self, source: Source, version: _Version | None, run: ObservedRun | None) -> None:
        """What people wrote of the model in MLflow, as a file: it may be the model's card; its text is not kept."""
        texts = [version.version.description, version.registered.description] if version is not None else []
        texts += [run.run.data.tags.get(_NOTE_TAG)] if run is not None else []
        text = next((each for each in texts if each and each.strip()), None)
        if text is None:
            return
        name, folder = f"{self._wanted.name}{NOTE_SUFFIX}", self._new_folder("note")
        folder.mkdir()
        (folder / "note.md").write_text(text, encoding="utf-8", errors="replace")
        found = collect_file(name, ArtifactRole.MODEL_CARD, "note.md", project_folder=folder, now=self._now).artifacts[
            0
        ]
        digest = next(iter(found.digest.values()))
        ipe = record(
            source,
            query="the description of the version, else of the model, else the note of the run",
            unit="texts",
            keys=[name],
            counted=1,
            response=digest,
            check="The first of the three that is not empty.",
            complete=True,
            transformations=("Written as UTF-8.",),
            blind_spots=("Descriptions can be changed at any time without trace.",),
        )
        self._artifacts.append(replace(found, uri=f"mlflow:note/{name}", ipe=ipe))
        self._paths[name] = folder / "note.md"

    def _new_folder(self, name: str) -> Path:
        """A folder that is not there yet, so that what is left of an earlier try is never taken for an answer."""
        self._folder.mkdir(parents=True, exist_ok=True)
        number = 0
        while (folder := self._folder / f"{name}-{number}").exists():
            number += 1
        return folder

    def _missing_kinds(self, version: _Version | None, run: ObservedRun | None) -> None:
        told = {gap.kind for gap in self._gaps}
        if version is None and VERSION_KIND not in told:
            message = "a run was named and no registered model: there is no version, alias or owner of it"
            self._gaps.append(
                Gap(kind=VERSION_KIND, about=self._wanted.name, code="collect.mlflow-not-registered", message=message)
            )
        if run is None and RUN_KIND not in told:
            message = "the model version names no run: where it comes from is not known"
            self._gaps.append(
                Gap(kind=RUN_KIND, about=self._wanted.name, code="collect.mlflow-no-run", message=message)
            )


def _named(wanted: MlflowSubject) -> str:
    if wanted.model is None:
        return f"run {wanted.run_id}"
    return f"model {wanted.model} " + (f"version {wanted.version}" if wanted.version else f"alias {wanted.alias}")
