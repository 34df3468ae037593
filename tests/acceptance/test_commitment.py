"""Bounds that were committed before the run, and the last release, as only the log knows them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.project_sample import FAIR, SETTINGS, make_project, tolbooth, write_predictions
from tolbooth.config.environment import Environment
from tolbooth.config.load import load_project
from tolbooth.pipeline.history import commitments, last_release
from tolbooth.pipeline.policy import policy_of
from tolbooth.pipeline.workspace import open_records, open_workspace
from tolbooth.store.embedded import EmbeddedStore

NOW = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = make_project(tmp_path / "credit", FAIR)
    monkeypatch.chdir(folder)
    return folder


def committed(folder: Path, store: EmbeddedStore, began: datetime) -> dict[str, dict[str, Any]]:
    policy = policy_of(load_project(folder / "tolbooth.yaml"))
    found = commitments(store, policy, about="credit", run_started_at=began, now=NOW)
    return {each.values["rule"]: dict(each.values) for each in found}


def log(folder: Path) -> EmbeddedStore:
    return open_records(load_project(folder / "tolbooth.yaml"))


def test_a_committed_bound_has_lead_time_by_the_clock_of_the_log(project: Path) -> None:
    assert tolbooth("config", "commit").out.startswith("Committed the bounds of 3 rules")
    entry = log(project).entries()[-1]
    found = committed(project, log(project), entry.appended_at + timedelta(hours=3))
    assert found["performance.minimum"]["lead_seconds"] == 3 * 3600
    assert found["performance.minimum"]["clock"] == "log"


def test_a_gate_commits_too(project: Path) -> None:
    tolbooth("gate")
    assert committed(project, log(project), NOW)["fairness.difference"]["clock"] == "log"


def test_a_bound_that_was_changed_and_changed_back_counts_from_the_change_back(project: Path) -> None:
    tolbooth("config", "commit")
    (project / "tolbooth.yaml").write_text(SETTINGS.replace("bound: 0.7", "bound: 0.6"), encoding="utf-8")
    tolbooth("config", "commit")
    changed = log(project).entries()[-1].appended_at
    (project / "tolbooth.yaml").write_text(SETTINGS, encoding="utf-8")
    found = committed(project, log(project), NOW)
    assert (found["performance.minimum"]["clock"], found["performance.minimum"]["lead_seconds"]) == ("gate", 0)
    tolbooth("config", "commit")
    found = committed(project, log(project), NOW)
    assert found["performance.minimum"]["lead_seconds"] <= (NOW - changed).total_seconds()
    assert found["fairness.difference"]["clock"] == "log"


def test_what_nobody_recorded_is_committed_by_the_gate_itself(project: Path) -> None:
    settings = load_project(project / "tolbooth.yaml")
    store = open_workspace(settings, Environment.read({"HOME": str(project.parent)})).store
    assert {each["clock"] for each in committed(project, store, NOW).values()} == {"gate"}


def test_the_last_release_gives_the_rates_of_the_last_allowed_decision(project: Path) -> None:
    assert tolbooth("gate").code == 0
    write_predictions(project / "predictions.parquet", {"a": (0, 100, 100, 0), "b": (0, 100, 100, 0)})
    assert tolbooth("gate").code == 1
    (found,), gaps = last_release(log(project), "credit", gate="release", environment="ci", now=NOW)
    assert gaps == ()
    assert found.about == "test"
    assert found.values["metrics"]["accuracy"] == {"numerator": 303, "denominator": 400, "ppm": 757_500}


def test_another_environment_has_no_release(project: Path) -> None:
    tolbooth("gate")
    (found,), _ = last_release(log(project), "credit", gate="release", environment="production", now=NOW)
    assert found.values == {"none": True}


def test_a_release_whose_blobs_are_gone_is_a_gap(project: Path) -> None:
    tolbooth("gate")
    store = log(project)
    for name in (path.name for path in (store.folder / "blobs").rglob("*") if path.is_file()):
        if b"fairness-counts" in store.blobs.get(name):
            (store.folder / "blobs" / name[:2] / name).unlink()
    found, gaps = last_release(store, "credit", gate="release", environment="ci", now=NOW)
    assert found == ()
    assert gaps[0].code == "store.blob-missing"


def test_the_log_lists_a_commitment(project: Path) -> None:
    tolbooth("config", "commit")
    (entry,) = json.loads(tolbooth("log", "--output", "json").out)["entries"]
    assert (entry["kind"], entry["summary"]) == ("commitment", "bounds of 3 rules")
