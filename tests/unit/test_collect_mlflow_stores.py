"""Naming stores, places of artifacts, hostile listings, and what is imported when."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tolbooth.collect.mlflow import client
from tolbooth.collect.mlflow.artifacts import Place, fetched, listed, one_or_many, place_of
from tolbooth.collect.mlflow.asking import Asking
from tolbooth.collect.mlflow.client import Source
from tolbooth.collect.mlflow.collecting import collect_mlflow
from tolbooth.collect.mlflow.run import observe_run
from tolbooth.collect.mlflow.wanted import MlflowSubject, Patience
from tolbooth.model.errors import CollectError, ConfigError
from tolbooth.model.withholding import Withheld

NOW = datetime(2026, 11, 23, 9, 14, 7, tzinfo=UTC)
QUICK = Patience(attempts=2, answer_seconds=0.3, total_seconds=5, pause_seconds=0.0)


def source(folder: Path, *, trusted: bool = True, of: Any = None) -> Source:
    return Source(
        client=of,
        asking=Asking(QUICK, remote=False),
        withheld=Withheld(),
        uri="http://example.org",
        instance="http://example.org",
        identity="none",
        folder=folder,
        trusted_files=trusted,
        client_version="3.17.2",
    )


class Repository:
    """Files by path, as an MLflow repository gives them; ``download`` may do something else than write them."""

    def __init__(self, files: dict[str, bytes], download: Callable[[str, Path], None] | None = None) -> None:
        self._files = files
        self._download = download or (lambda name, part: part.write_bytes(files[name]) and None)

    def list_artifacts(self, path: str | None = None) -> list[Any]:
        start = f"{path}/" if path else ""
        inside = {name[len(start) :]: content for name, content in self._files.items() if name.startswith(start)}
        folders = {name.split("/")[0] for name in inside if "/" in name}
        return [SimpleNamespace(path=f"{start}{name}", is_dir=True, file_size=None) for name in sorted(folders)] + [
            SimpleNamespace(path=f"{start}{name}", is_dir=False, file_size=len(content))
            for name, content in inside.items()
            if "/" not in name
        ]

    def _download_file(self, name: str, part: str) -> None:
        self._download(name, Path(part))


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("https://ana:hunter2@example.org:5000/ml?token=x", "https://example.org:5000/ml"),
        ("postgresql://ana:hunter2@db/ml", "postgresql://db/ml"),
        ("sqlite:///mlflow.db", "sqlite:///mlflow.db"),
        ("sqlite:///./data/../mlflow.db", "sqlite:///mlflow.db"),
        ("mlruns", "file:mlruns"),
        ("file:./mlruns", "file:mlruns"),
        ("file:///srv/mlruns", "file:/srv/mlruns"),
        ("databricks", "databricks"),
        ("databricks://ana@profile", "databricks"),
    ],
)
def test_a_store_is_named_without_its_user_and_from_the_project(tmp_path: Path, uri: str, shown: str) -> None:
    assert client._instance(uri, tmp_path, Withheld()) == shown


def test_a_store_in_the_users_home_is_named_without_the_users_name(tmp_path: Path) -> None:
    uri = f"sqlite:///{Path.home()}/ml/mlflow.db"
    assert client._instance(uri, tmp_path, Withheld()) == "sqlite:///~/ml/mlflow.db"


def test_an_identity_is_a_means_and_never_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    assert client._identity("http://example.org") == "none"
    assert client._identity("http://ana:x@example.org") == "HTTP basic authentication"
    assert client._identity("mlruns") == f"uid {os.getuid()}"
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "x")
    assert client._identity("http://example.org") == "bearer token"


def test_a_sqlite_store_is_opened_for_reading_only(tmp_path: Path) -> None:
    (tmp_path / "a b.db").write_bytes(b"")
    readable = client._readable("sqlite:///a b.db", tmp_path)
    assert readable == f"sqlite+pysqlite:///file:{tmp_path}/a%20b.db?mode=ro&uri=true"


def test_importing_every_collector_imports_no_mlflow() -> None:
    code = (
        "import sys, json, tolbooth.collect.mlflow.collecting, tolbooth.collect.files\n"
        "print(json.dumps([name for name in sys.modules if name.split('.')[0] in {'mlflow', 'requests', 'pandas'}]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


def test_without_mlflow_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "mlflow" else found(name))
    with pytest.raises(ConfigError) as caught:
        collect_mlflow(
            MlflowSubject(name="m", tracking_uri="mlruns", run_id="1"),
            now=NOW,
            download_folder=tmp_path,
            project_folder=tmp_path,
        )
    assert caught.value.code == "collect.mlflow-not-installed"
    assert caught.value.hint == "pip install 'tolbooth[mlflow]'"


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"model": "m"},
        {"model": "m", "version": "1", "alias": "a"},
        {"model": "m", "version": "1", "run_id": "1"},
    ],
)
def test_a_subject_means_exactly_one_thing(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not both"):
        MlflowSubject(name="m", tracking_uri="mlruns", **more)


def test_a_server_elsewhere_may_not_name_a_folder_of_this_machine(tmp_path: Path) -> None:
    for uri in ("file:///etc", "/etc"):
        with pytest.raises(CollectError) as caught:
            place_of(source(tmp_path, trusted=False), uri)
        assert caught.value.code == "collect.mlflow-place"
    assert place_of(source(tmp_path), "file:///srv/a%20b").folder == Path("/srv/a b")


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../x", "back\\slash", "zero\0byte"])
def test_a_listing_that_leads_out_of_its_folder_is_refused(tmp_path: Path, name: str) -> None:
    repository = SimpleNamespace(list_artifacts=lambda path: [SimpleNamespace(path=name, is_dir=False, file_size=1)])
    with pytest.raises(CollectError) as caught:
        listed(source(tmp_path), Place(None, repository))
    assert caught.value.code == "collect.mlflow-name"


def test_a_listing_that_leads_in_circles_is_refused(tmp_path: Path) -> None:
    repository = SimpleNamespace(
        list_artifacts=lambda path: [SimpleNamespace(path=f"{path or ''}/a".strip("/"), is_dir=True, file_size=None)]
    )
    with pytest.raises(CollectError) as caught:
        listed(source(tmp_path), Place(None, repository))
    assert caught.value.code == "collect.mlflow-many-files"


def test_files_are_downloaded_with_progress_over_all_of_them(tmp_path: Path) -> None:
    repository = Repository({"m/MLmodel": b"abc", "m/data/w.bin": b"12345", "other": b""})
    place = Place(None, repository).inside("m")
    files = listed(source(tmp_path), place)
    assert files == {"MLmodel": 3, "data/w.bin": 5}
    told: list[tuple[int, int | None]] = []
    found = fetched(source(tmp_path), place, files, tmp_path / "d", lambda done, total: told.append((done, total)))
    assert {name: path.read_bytes() for name, path in found.items()} == {"MLmodel": b"abc", "data/w.bin": b"12345"}
    assert [path.relative_to(tmp_path).as_posix() for path in found.values()] == ["d/MLmodel", "d/data/w.bin"]
    assert told[-1] == (8, 8)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["d"]


def test_a_path_that_is_a_file_is_that_file_alone(tmp_path: Path) -> None:
    place = Place(None, Repository({"out/p.parquet": b"1", "out/q": b"2"}))
    assert one_or_many(source(tmp_path), place.inside("out/p.parquet")) == (place.inside("out"), {"p.parquet": 1})
    with pytest.raises(CollectError) as caught:
        one_or_many(source(tmp_path), place.inside("out/r"))
    assert caught.value.code == "collect.mlflow-missing"


def test_a_download_that_is_short_is_tried_again_and_then_refused(tmp_path: Path) -> None:
    tried: list[str] = []

    def short(name: str, part: Path) -> None:
        tried.append(part.name)
        part.write_bytes(b"1")

    with pytest.raises(CollectError) as caught:
        fetched(source(tmp_path), Place(None, Repository({"a": b"12"}, short)), {"a": 2}, tmp_path / "d")
    assert caught.value.code == "collect.mlflow-short"
    assert len(tried) == len(set(tried)) == QUICK.attempts


def test_a_download_that_stops_growing_is_given_up(tmp_path: Path) -> None:
    release = threading.Event()

    def stalls(name: str, part: Path) -> None:
        part.write_bytes(b"1")
        release.wait(20)

    with pytest.raises(CollectError) as caught:
        fetched(source(tmp_path), Place(None, Repository({"a": b"12"}, stalls)), {"a": 2}, tmp_path / "d")
    release.set()
    assert caught.value.code == "collect.mlflow-stalled"


def run_of(folder: Path, **more: Any) -> Any:
    info = SimpleNamespace(
        run_id="a" * 31 + "1",
        experiment_id="0",
        run_name=None,
        status="FAILED",
        lifecycle_stage="active",
        start_time=1795414866278,
        end_time=None,
        artifact_uri=str(folder),
    )
    data = SimpleNamespace(params={}, metrics={}, tags={})
    told = {"info": info, "data": data, "inputs": None} | more
    return SimpleNamespace(**told)


def point(value: float, step: int, at: int) -> Any:
    return SimpleNamespace(value=value, step=step, timestamp=at)


def observed(folder: Path, run: Any, history: list[Any] | None = None) -> Any:
    asked = SimpleNamespace(get_run=lambda run_id: run, get_metric_history=lambda run_id, name: history or [])
    return observe_run(source(folder, of=asked), run.info.run_id, about="m", now=NOW)


def test_a_run_that_has_nothing_is_observed_with_nothing(tmp_path: Path) -> None:
    found = observed(tmp_path / "none", run_of(tmp_path / "none"))
    assert found.gaps == ()
    assert found.observation.values == {
        "system": "mlflow",
        "run_id": "a" * 31 + "1",
        "experiment_id": "0",
        "status": "FAILED",
        "lifecycle": "active",
        "started_at": "2026-11-23T06:21:06Z",
        "params": {},
        "metrics": {},
        "tags": {},
        "tags_left_out": 0,
        "inputs": [],
        "source": {},
        "logged_models": [],
        "artifacts": [],
        "artifact_count": 0,
        "withheld": 0,
        "user": "undeclared",
    }


def test_a_metric_is_its_last_point_by_step_and_not_by_arrival(tmp_path: Path) -> None:
    run = run_of(tmp_path, data=SimpleNamespace(params={}, metrics={"loss": 0.5}, tags={}))
    found = observed(tmp_path, run, [point(0.5, 9, 1795414866000), point(0.9, 1, 1795414867000)])
    assert found.observation.values["metrics"]["loss"] == {
        "last": 0.5,
        "step": 9,
        "at": "2026-11-23T06:21:06Z",
        "count": 2,
    }
    assert found.observation.ipe.complete is True


def test_a_history_without_its_last_point_is_a_gap(tmp_path: Path) -> None:
    run = run_of(tmp_path, data=SimpleNamespace(params={}, metrics={"loss": 0.5}, tags={}))
    found = observed(tmp_path, run, [point(0.9, 1, 1795414867000)])
    assert [gap.code for gap in found.gaps] == ["collect.mlflow-history"]
    assert found.observation.ipe.complete is False


def test_numbers_and_times_without_a_json_form_are_told_in_words(tmp_path: Path) -> None:
    run = run_of(tmp_path, data=SimpleNamespace(params={}, metrics={"inf": float("inf")}, tags={}))
    run.info.start_time = 10**20
    found = observed(tmp_path, run, [point(float("inf"), 2**60, -1)])
    assert found.observation.values["metrics"]["inf"] == {"not_finite": "inf", "step": str(2**60), "count": 1}
    assert "started_at" not in found.observation.values


def test_only_allowed_tags_are_kept_and_the_rest_is_counted(tmp_path: Path) -> None:
    tags = {
        "mlflow.user": "Ana",
        "mlflow.source.name": "/home/ana/train.py",
        "mlflow.source.git.commit": "not a commit of ana",
        "mlflow.source.type": "NOTEBOOK",
        "mlflow.parentRunId": "b" * 31 + "2",
        "estimator_name": "Ridge",
        "custom": "Ana",
    }
    run = run_of(tmp_path, data=SimpleNamespace(params={}, metrics={}, tags=tags))
    values = observed(tmp_path, run).observation.values
    assert values["tags"] == {"estimator_name": "Ridge", "mlflow.parentRunId": "b" * 31 + "2"}
    assert (values["tags_left_out"], values["source"]) == (3, {"type": "NOTEBOOK"})


def test_who_ran_it_is_told_by_id_alone(tmp_path: Path) -> None:
    run = run_of(tmp_path, data=SimpleNamespace(params={}, metrics={}, tags={"mlflow.user": "Ana"}))
    found = observed(tmp_path, run).observation
    assert found.values["user"] == "undeclared"
    assert "Ana" not in repr(found)


def test_another_run_than_was_asked_for_is_not_taken_as_whole(tmp_path: Path) -> None:
    run = run_of(tmp_path)
    asked = SimpleNamespace(get_run=lambda run_id: run)
    found = observe_run(source(tmp_path, of=asked), "b" * 32, about="m", now=NOW)
    assert found.observation.ipe is not None
    assert found.observation.ipe.complete is False


def test_a_link_among_local_artifacts_is_a_gap_of_the_run(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    found = observed(tmp_path, run_of(tmp_path))
    assert [gap.code for gap in found.gaps] == ["collect.link"]


def test_local_artifacts_are_read_where_they_are(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "MLmodel").write_bytes(b"abc")
    place = Place(tmp_path, None).inside("m")
    assert fetched(source(tmp_path), place, listed(source(tmp_path), place), tmp_path / "d") == {
        "MLmodel": tmp_path / "m" / "MLmodel"
    }
    assert one_or_many(source(tmp_path), replace(place, below="m/MLmodel")) == (place, {"MLmodel": 3})
