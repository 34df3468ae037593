"""Finds the model that a store is most likely about: for ``init``, which asks no questions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from tolbooth.collect.mlflow.artifacts import fetched, listed, place_of
from tolbooth.collect.mlflow.client import Source, open_source
from tolbooth.collect.mlflow.wanted import MlflowSubject, Patience
from tolbooth.model.errors import TolboothError

LIKELY_ALIASES = ("champion", "production", "prod", "live", "staging", "candidate")
_DATA_SUFFIXES = frozenset({".parquet", ".csv"})
_MOST_RUNS = 50
_LARGEST_BYTES = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundModel:
    """A model in MLflow: the path that names it in the settings, its name, why it was chosen, and its run's tables.

    ``tables`` are the run's Parquet and CSV artifacts by path, each with a copy on this machine.
    """

    path: str
    name: str
    why: str
    tables: tuple[tuple[str, Path], ...]


def find_model(tracking_uri: str, *, project_folder: Path, downloads: Path) -> FoundModel | None:
    """The registered model that changed last, by its likeliest alias or its newest version; else the last run's.

    Args:
        tracking_uri: as in ``MlflowSubject``.
        project_folder: where relative paths start.
        downloads: a folder for copies of the run's tables; the caller deletes it.

    Returns:
        None if the store holds no model.

    Raises:
        ConfigError, CollectError: as ``open_source``, or if the store does not answer.
    """
    asked = MlflowSubject(name="init", tracking_uri=tracking_uri, run_id="any")
    with open_source(asked, project_folder=project_folder, patience=Patience()) as source:
        registered = source.asking.ask(
            "the registered models", lambda: list(source.client.search_registered_models(max_results=100))
        )
        newest = max(registered, key=lambda each: int(each.last_updated_timestamp or 0), default=None)
        if newest is not None:
            return _registered(source, newest, downloads)
        return _logged(source, downloads)


def _registered(source: Source, model: Any, downloads: Path) -> FoundModel | None:
    name = str(model.name)
    aliases = dict(model.aliases or {})
    alias = next((each for each in LIKELY_ALIASES if each in aliases), next(iter(sorted(aliases)), None))
    quoted = name.replace("'", "\\'")
    versions = source.asking.ask(
        "the versions of the model", lambda: list(source.client.search_model_versions(f"name='{quoted}'"))
    )
    if not versions:
        return None
    newest = max(versions, key=lambda each: int(each.version))
    if alias is None:
        path, why, version = (
            f"models:/{name}/{newest.version}",
            "the newest version of the model that changed last",
            newest,
        )
    else:
        path, why = f"models:/{name}@{alias}", f"the model that changed last, by its alias {alias}"
        version = next((each for each in versions if str(each.version) == str(aliases[alias])), newest)
    return FoundModel(path=path, name=name, why=why, tables=_tables(source, version.run_id, downloads))


def _logged(source: Source, downloads: Path) -> FoundModel | None:
    experiments = source.asking.ask("the experiments", lambda: list(source.client.search_experiments(max_results=100)))
    identifiers = [each.experiment_id for each in experiments]
    runs = source.asking.ask(
        "the last runs",
        lambda: list(
            source.client.search_runs(identifiers, order_by=["attributes.start_time DESC"], max_results=_MOST_RUNS)
        ),
    )
    for run in runs:
        if getattr(run.outputs, "model_outputs", None):
            name = str(next(e.name for e in experiments if e.experiment_id == run.info.experiment_id))
            return FoundModel(
                path=f"runs:/{run.info.run_id}",
                name="model" if name == "Default" else name,
                why="the last run that logged a model; none is registered",
                tables=_tables(source, run.info.run_id, downloads),
            )
    return None


def _tables(source: Source, run_id: str | None, downloads: Path) -> tuple[tuple[str, Path], ...]:
    """The tables among a run's artifacts; one that can't be had is left out, since nothing rests on it yet."""
    if not run_id:
        return ()
    try:
        run = source.asking.ask("the run", lambda: source.client.get_run(run_id))
        place = place_of(source, str(run.info.artifact_uri))
        wanted = dict(_likely(listed(source, place).items()))
        copies = fetched(source, place, wanted, downloads / "tables") if wanted else {}
    except TolboothError:
        return ()
    return tuple(copies.items())


def _likely(files: Iterable[tuple[str, int | None]]) -> Iterable[tuple[str, int | None]]:
    return (
        (name, size)
        for name, size in files
        if PurePosixPath(name).suffix.lower() in _DATA_SUFFIXES and (size or 0) <= _LARGEST_BYTES
    )
