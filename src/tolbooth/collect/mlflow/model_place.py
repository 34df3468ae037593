"""Finds where a model's folder is: by a version of the registry, or as the one model that a run logged."""

from __future__ import annotations

from typing import Any

from tolbooth.collect.mlflow.artifacts import Place, listed, place_of
from tolbooth.collect.mlflow.client import Source
from tolbooth.collect.mlflow.run import identifier
from tolbooth.model.errors import CollectError


def model_place(source: Source, version: Any, run: Any) -> tuple[str, Place]:
    """The address, for people, and the place of a version's model; or, without a version, of the one that a run logged.

    Raises:
        CollectError: ``collect.mlflow-no-model`` or ``collect.mlflow-several-models`` for a run with none or several;
            as ``Asking.ask`` and ``place_of``.
    """
    client, ask = source.client, source.asking.ask
    if version is not None:
        name, number = version.name, str(version.version)
        place = ask("a model's place", lambda: client.get_model_version_download_uri(name, number))
        return f"models:/{source.withheld.identifier(str(name))}/{number}", _resolved(source, str(place))
    if run is None:
        raise CollectError.of("collect.mlflow-no-model", "neither a version nor a run is known")
    outputs = getattr(getattr(run, "outputs", None), "model_outputs", None) or ()
    ids = sorted({str(each.model_id) for each in outputs})
    if ids:
        _exactly_one(ids)
        return f"models:/{identifier(ids[0], source.withheld)}", _resolved(source, f"models:/{ids[0]}")
    place_of_run = place_of(source, run.info.artifact_uri)
    folders = sorted(
        path.removesuffix("/MLmodel") for path in listed(source, place_of_run) if path.endswith("/MLmodel")
    )
    _exactly_one(folders)
    named = f"{identifier(run.info.run_id, source.withheld)}/{source.withheld.text(folders[0])}"
    return f"runs:/{named}", place_of_run.inside(folders[0])


def _exactly_one(found: list[str]) -> None:
    if not found:
        raise CollectError.of("collect.mlflow-no-model", "the run logged no model")
    if len(found) > 1:
        message = f"the run logged {len(found)} models"
        raise CollectError.of("collect.mlflow-several-models", message, hint="register the one that is meant")


def _resolved(source: Source, uri: str) -> Place:
    """The place behind an address; a logged model is asked where it is, since MLflow's own way adds a file to it."""
    client, ask = source.client, source.asking.ask
    if uri.startswith("models:/"):
        model_id = uri.removeprefix("models:/").strip("/")
        return place_of(source, str(ask("a logged model", lambda: client.get_logged_model(model_id)).artifact_location))
    if uri.startswith("runs:/"):
        run_id, _, path = uri.removeprefix("runs:/").partition("/")
        return place_of(source, str(ask("a run", lambda: client.get_run(run_id)).info.artifact_uri)).inside(path)
    return place_of(source, uri)
