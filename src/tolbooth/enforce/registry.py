"""The model registry: reads where an alias points and what lies there, and moves it. The only place that moves one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tolbooth.collect.mlflow.asking import SourceError, is_final
from tolbooth.collect.mlflow.client import Source, open_source
from tolbooth.collect.mlflow.registry_state import registered_model, version_digest
from tolbooth.collect.mlflow.wanted import MlflowSubject, Patience
from tolbooth.model.deployment import RegisteredModel
from tolbooth.model.digest import DigestSet
from tolbooth.pipeline.registry_door import MoveFailedError

_ONE_TRY = Patience(attempts=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class MlflowRegistry:
    """An open MLflow registry.

    ``tracking_uri`` is what MLflow takes; relative paths start at ``project_folder``.
    """

    source: Source
    tracking_uri: str
    project_folder: Path
    clock: Callable[[], datetime]

    @property
    def name(self) -> str:
        """What records call it: no user info, no query."""
        return self.source.instance

    def model(self, model: str) -> RegisteredModel:
        """A registered model as it is now.

        Raises:
            SourceError: if the registry does not answer.
        """
        return registered_model(self.source, model)

    def digest(self, model: str, version: str) -> DigestSet:
        """The digest of a version's files as they are now.

        Raises:
            CollectError: if they can't be had.
        """
        return version_digest(self.source, model, version, now=self.clock())

    def move(self, model: str, alias: str, version: str) -> None:
        """Ask MLflow once to point an alias to a version.

        Raises:
            MoveFailedError: if it did not say yes; ``is_final`` tells whether it may still do it.
        """
        wanted = _wanted(self.tracking_uri)
        try:
            with open_source(wanted, project_folder=self.project_folder, patience=_ONE_TRY, writing=True) as source:
                source.asking.ask(
                    "moving an alias", lambda: source.client.set_registered_model_alias(model, alias, version)
                )
        except SourceError as error:
            final = is_final(error.code) or not self.source.asking.remote
            raise MoveFailedError(error.problems, is_final=final) from error


@contextmanager
def open_registry(
    tracking_uri: str, *, project_folder: Path, clock: Callable[[], datetime], patience: Patience | None = None
) -> Iterator[MlflowRegistry]:
    """Open MLflow's registry for reading; only ``move`` opens it for writing.

    Raises:
        ConfigError: ``collect.mlflow-not-installed``, ``collect.mlflow-no-store``.
        SourceError: if it can't be opened.
    """
    wanted = _wanted(tracking_uri)
    with open_source(wanted, project_folder=project_folder, patience=patience or Patience()) as source:
        yield MlflowRegistry(source=source, tracking_uri=tracking_uri, project_folder=project_folder, clock=clock)


def _wanted(tracking_uri: str) -> MlflowSubject:
    return MlflowSubject(name="registry", tracking_uri=tracking_uri, run_id="any")
