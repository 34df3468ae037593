"""A project whose model is in a real MLflow registry: three versions, a gate for production, and a clock to be set."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.project_sample import FAIR, Confusion, make_project
from tolbooth.cli.promote_command import registry_opener
from tolbooth.collect.mlflow.client import open_source
from tolbooth.collect.mlflow.wanted import MlflowSubject, Patience
from tolbooth.config.environment import Environment
from tolbooth.config.load import Project, load_project
from tolbooth.evidence.kinds import Kind
from tolbooth.pipeline.gate import gate
from tolbooth.pipeline.moves import Moves, read_moves
from tolbooth.pipeline.promoting import Promoted, promote
from tolbooth.pipeline.promotion_goal import Wish
from tolbooth.pipeline.reconciling import Reconciled, reconcile
from tolbooth.pipeline.registry_door import OpenRegistry, Registry
from tolbooth.pipeline.workspace import Workspace, open_workspace, utc_now

TRACKING = "sqlite:///mlflow.db"
SETTINGS = """\
version: 1
project: credit
subjects:
  credit: {path: "models:/credit@candidate", tracking: "sqlite:///mlflow.db", owner: credit team}
data:
  test: {path: predictions.parquet, role: predictions, label: y_true, prediction: y_pred, groups: [race]}
gates:
  release: {subject: credit, environment: production}
deployments:
  live: {gate: release, alias: "models:/credit@champion"}
policy:
  rules: [performance.minimum, fairness.difference]
  parameters:
    performance.minimum: {metric: accuracy, bound: 0.6}
"""
VERSIONS = ("1", "2", "3")


@dataclass(slots=True)
class Clock:
    """The machine's clock, moved on by hand."""

    ahead: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return utc_now() + self.ahead

    def set(self, to: datetime) -> None:
        """Let it be so late now."""
        self.ahead = to - utc_now()


@dataclass(frozen=True, slots=True)
class House:
    """The project's folder, and what one does there."""

    folder: Path
    clock: Clock

    @property
    def project(self) -> Project:
        return load_project(self.folder / "tolbooth.yaml")

    @property
    def workspace(self) -> Workspace:
        return open_workspace(self.project, Environment.read(os.environ), clock=self.clock)

    @property
    def opener(self) -> OpenRegistry:
        return registry_opener(self.project)

    @property
    def moves(self) -> Moves:
        return read_moves(self.workspace.store)

    @contextmanager
    def mlflow(self) -> Iterator[Any]:
        """MLflow's own client, as anybody has it who works around us."""
        wanted = MlflowSubject(name="test", tracking_uri=TRACKING, run_id="any")
        with open_source(wanted, project_folder=self.folder, patience=Patience(), writing=True) as source:
            yield source.client

    def points_to(self, alias: str = "champion") -> str | None:
        """Where an alias points, as MLflow says."""
        with self.mlflow() as client:
            found: str | None = dict(client.get_registered_model("credit").aliases).get(alias)
        return None if found is None else str(found)

    def set_alias(self, version: str, alias: str = "champion") -> None:
        """Move an alias behind our back."""
        with self.mlflow() as client:
            client.set_registered_model_alias("credit", alias, version)

    def register(self, weights: str) -> str:
        """Register another version with its own files."""
        with self.mlflow() as client:
            place = write_model(self.folder / "models" / weights, weights)
            return str(client.create_model_version("credit", place.as_uri()).version)

    def decide(self, *versions: str) -> None:
        """Run the gate on versions, one after another."""
        for version in versions:
            self.set_alias(version, "candidate")
            gate(self.workspace, None, variables={}, progress=lambda *_: None)

    def promote(self, version: str, *, registry: OpenRegistry | None = None, **more: str) -> Promoted:
        wish = Wish(model="credit", version=version, alias=more.pop("alias", "champion"), **more)
        return promote(self.workspace, wish, open_registry=registry or self.opener, variables={})

    def reconcile(self) -> Reconciled:
        return reconcile(self.workspace, open_registry=self.opener, variables={})

    def findings(self) -> list[str]:
        """The codes that a reconciliation finds."""
        return [each.finding.code for each in self.reconcile().found]

    def kinds(self) -> list[str]:
        """What the log holds of moves, in its order."""
        about = {Kind.PROMOTION, Kind.OUTCOME, Kind.SIGHTING}
        return [entry.kind for entry in self.workspace.store.entries() if entry.kind in about]

    def results(self) -> list[str]:
        """What became of every promotion; ``open`` where nobody said."""
        return [each.outcome.said.result if each.outcome else "open" for each in self.moves.promotions]


def write_model(folder: Path, weights: str) -> Path:
    """A model's folder whose digest depends on its weights."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "MLmodel").write_text("flavors: {}\n", encoding="utf-8")
    (folder / "weights.bin").write_text(weights, encoding="utf-8")
    return folder.resolve()


def make_house(folder: Path, groups: Mapping[str, Confusion] = FAIR, settings: str = SETTINGS) -> House:
    """Make the project and its registry, in which ``candidate`` points to version 1."""
    make_project(folder, groups, settings)
    # NOTE: MLflow makes its tables in a file that is there.
    (folder / "mlflow.db").touch()
    house = House(folder, Clock())
    with house.mlflow() as client:
        client.create_registered_model("credit")
        for number in VERSIONS:
            client.create_model_version("credit", write_model(folder / "models" / number, f"weights {number}").as_uri())
        client.set_registered_model_alias("credit", "candidate", "1")
    return house


def copied(house: House, target: Path) -> House:
    """The same house elsewhere: MLflow writes absolute paths, so these are moved along."""
    shutil.copytree(house.folder, target)
    with closing(sqlite3.connect(target / "mlflow.db")) as database:
        for column in ("source", "storage_location"):
            moving = f"UPDATE model_versions SET {column} = replace({column}, ?, ?)"
            database.execute(moving, (house.folder.resolve().as_uri(), target.resolve().as_uri()))
        database.commit()
    return House(target, Clock())


def through(
    opener: OpenRegistry, change: Callable[[Registry], Registry]
) -> Callable[[str], AbstractContextManager[Registry]]:
    """A registry with something changed about it."""

    @contextmanager
    def opened(tracking: str) -> Iterator[Registry]:
        with opener(tracking) as registry:
            yield change(registry)

    return opened
