"""Reads what a registry holds of a model: since when it is there, its aliases, its versions, a version's content."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tolbooth.collect.interface import Progress
from tolbooth.collect.mlflow.asking import SourceError
from tolbooth.collect.mlflow.client import Source
from tolbooth.collect.mlflow.model_place import model_place
from tolbooth.collect.mlflow.model_version import collect_model_folder
from tolbooth.model.deployment import RegisteredModel
from tolbooth.model.digest import DigestSet

_PAGE = 200
_MISSING = "collect.mlflow-missing"


def registered_model(source: Source, model: str) -> RegisteredModel:
    """A registered model as it is now; one that is not there has no time of creation.

    Names are those of the registry, but for what has the form of a secret (``Withheld.identifier``).

    Raises:
        SourceError: if the registry does not answer.
    """
    name = source.withheld.identifier(model)
    try:
        found = source.asking.ask("a registered model", lambda: source.client.get_registered_model(model))
    except SourceError as error:
        if error.code != _MISSING:
            raise
        return RegisteredModel(registry=source.instance, model=name)
    aliases = {
        source.withheld.identifier(str(alias)): str(number) for alias, number in dict(found.aliases or {}).items()
    }
    return RegisteredModel(
        registry=source.instance,
        model=name,
        created_ms=int(found.creation_timestamp),
        aliases=dict(sorted(aliases.items())),
        versions=tuple(sorted(_versions(source, model), key=int)),
    )


def version_digest(
    source: Source, model: str, version: str, *, now: datetime, progress: Progress | None = None
) -> DigestSet:
    """The ``dirHash`` over a version's files as they are now, wherever they are kept.

    Raises:
        CollectError: ``collect.mlflow-missing`` if the version or its files are not there; as ``collect_model_folder``.
    """
    found = source.asking.ask("a model version", lambda: source.client.get_model_version(model, version))
    uri, place = model_place(source, found, None)
    with TemporaryDirectory(prefix="tolbooth-") as downloads:
        into = Path(downloads) / "model"
        folder = collect_model_folder(source, place, name="model", uri=uri, into=into, now=now, progress=progress)
    return folder.artifact.digest


def _versions(source: Source, model: str) -> list[str]:
    condition = "name='{}'".format(model.replace("'", "\\'"))
    found: list[str] = []
    token: str | None = None
    while True:
        page: Any = source.asking.ask(
            "the versions of the model",
            lambda token=token: source.client.search_model_versions(condition, max_results=_PAGE, page_token=token),  # type: ignore[misc]
        )
        found += [str(each.version) for each in page]
        token = page.token
        if not token:
            return found
