"""Where aliases pointed, as the log's own collections tell it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.project_sample import FAIR, make_project
from tolbooth.config.environment import Environment
from tolbooth.config.load import load_project
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.statement import ResourceDescriptor
from tolbooth.model.observation import Dates, Gap, Observation
from tolbooth.pipeline.history import alias_history
from tolbooth.pipeline.recording import attest
from tolbooth.pipeline.workspace import Workspace, open_workspace

BEGAN = datetime(2030, 1, 1, tzinfo=UTC)
SUBJECT = [ResourceDescriptor(name="credit/risk", digest={"sha256": "0" * 64})]


class Clock:
    """A minute later each time it is asked."""

    def __init__(self) -> None:
        self.now = BEGAN

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    folder = make_project(tmp_path / "credit", FAIR)
    environment = Environment.read({"HOME": str(tmp_path / "home")})
    return open_workspace(load_project(folder / "tolbooth.yaml"), environment, clock=Clock())


def saw(workspace: Workspace, version: str, aliases: Iterable[str], model: str = "risk") -> None:
    values = {"system": "mlflow", "model": model, "version": version, "aliases": list(aliases)}
    run = {"kind": "run", "about": "risk", "values": {"system": "mlflow"}}
    seen = {"kind": "model-version", "about": "risk", "values": values}
    number = workspace.store.size()
    attest(workspace, Kind.COLLECTION, SUBJECT, {"run": str(number), "observations": [run, seen]})


def version(model: str = "risk") -> Observation:
    dates = Dates(collected=BEGAN, received=BEGAN)
    values = {"system": "mlflow", "model": model, "version": "3"}
    return Observation(kind="model-version", about="risk", values=values, dates=dates, origin="test")


def history(workspace: Workspace, model: str = "risk") -> dict[str, Any]:
    found, gaps = alias_history(workspace.store, version(model), now=BEGAN)
    assert gaps == ()
    return dict(found[0].values) if found else {}


def test_an_alias_that_moved_is_told_with_first_and_last_sightings_by_the_logs_clock(workspace: Workspace) -> None:
    for number, aliases in (("1", ["champion"]), ("1", ["champion", "old"]), ("2", ["champion"]), ("1", ["champion"])):
        saw(workspace, number, aliases)
    at = [f"2030-01-01T00:0{minute}:00Z" for minute in (1, 2, 3, 4)]
    assert history(workspace) == {
        "model": "risk",
        "clock": "log",
        "collections": 4,
        "aliases": [
            {
                "alias": "champion",
                "seen": [
                    {"version": "1", "first_seen_at": at[0], "last_seen_at": at[1], "gates": 2},
                    {"version": "2", "first_seen_at": at[2], "last_seen_at": at[2], "gates": 1},
                    {"version": "1", "first_seen_at": at[3], "last_seen_at": at[3], "gates": 1},
                ],
            },
            {"alias": "old", "seen": [{"version": "1", "first_seen_at": at[1], "last_seen_at": at[1], "gates": 1}]},
        ],
    }


def test_it_reads_the_envelopes_that_it_rests_on(workspace: Workspace) -> None:
    saw(workspace, "1", ["champion"])
    (found,), _ = alias_history(workspace.store, version(), now=BEGAN)
    assert found.reads == (workspace.store.entries()[-1].envelope_sha256,)
    assert (found.kind, found.about, found.origin) == ("alias-history", "risk", "log")


def test_another_models_aliases_are_not_told_and_none_is_no_fact(workspace: Workspace) -> None:
    assert history(workspace) == {}
    saw(workspace, "1", ["champion"], model="other")
    saw(workspace, "2", [])
    assert history(workspace) == {}
    assert history(workspace, model="other")["aliases"][0]["alias"] == "champion"


def test_a_log_that_cannot_be_read_is_a_gap(workspace: Workspace) -> None:
    saw(workspace, "1", ["champion"])
    digest = workspace.store.entries()[-1].envelope_sha256
    (workspace.store.folder / "blobs" / digest[:2] / digest).unlink()
    found, gaps = alias_history(workspace.store, version(), now=BEGAN)
    assert found == ()
    assert [(type(gap), gap.kind, gap.about) for gap in gaps] == [(Gap, "alias-history", "risk")]
