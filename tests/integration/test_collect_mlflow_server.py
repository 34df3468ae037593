"""Collecting from real MLflow stores: strangers' projects, a real server, and a network that fails."""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.mlflow_projects import (
    LIGHTGBM,
    SKLEARN,
    XGBOOST,
    Asked,
    Fault,
    Server,
    answer_of,
    ended,
    faulty_proxy,
    python,
    running_server,
)
from tolbooth.collect.digest import dir_hash
from tolbooth.collect.mlflow.client import open_source
from tolbooth.collect.mlflow.collecting import collect_mlflow
from tolbooth.collect.mlflow.ipe import control_totals
from tolbooth.collect.mlflow.population import model_versions, runs
from tolbooth.collect.mlflow.wanted import MlflowCollected, MlflowSubject, Patience, WantedData
from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import ConfigError, TolboothError
from tolbooth.model.observation import ArtifactRole, Observation
from tolbooth.model.wire import as_json

NEEDED = ("mlflow", "alembic", "flask", "sklearn", "xgboost", "lightgbm")
ABSENT = [name for name in NEEDED if importlib.util.find_spec(name) is None]

pytestmark = [
    pytest.mark.mlflow,
    pytest.mark.skipif(bool(ABSENT), reason=f"not installed: {', '.join(ABSENT)}"),
]

NOW = datetime(2026, 11, 23, 9, 14, 7, tzinfo=UTC)
QUICK = Patience(attempts=3, answer_seconds=1.0, total_seconds=20, pause_seconds=0.01)
PAGES = (3, 2)
VERSIONS = 8

CANARIES = (
    "ana.canary@example.org",
    "AKIACANARY7EXAMPLE77",
    "hunter2canary",
    "canary-session-9f8e",
    "Ana Canary",
    "canary-note",
    "canary-home",
    "078-05-1120",
)

MANY = """
import io, json, os
from mlflow.tracking.client import MlflowClient
import pyarrow as pa, pyarrow.parquet as pq
client = MlflowClient({uri!r}, {uri!r})
experiment = client.create_experiment("canaries")
tags = {{
    "mlflow.user": "Ana Canary", "mlflow.source.name": "/home/canary-home/train.py",
    "mlflow.source.git.repoURL": "https://ana:hunter2canary@git.example.org/x.git",
    "mlflow.source.git.commit": "0123456789abcdef0123456789abcdef01234567", "mlflow.source.type": "LOCAL",
    "mlflow.note.content": "canary-note: ask ana.canary@example.org", "team": "Ana Canary",
    "mlflow.source.git.branch": "ana.canary@example.org",
}}
run = client.create_run(experiment, tags=tags, run_name="for ana.canary@example.org").info.run_id
for name, value in {{
    "aws": "AKIACANARY7EXAMPLE77", "db_password": "hunter2canary", "user": "Ana Canary", "contact": "078-05-1120",
    "url": "postgresql://ana:hunter2canary@db/x?token=canary-session-9f8e", "for 078-05-1120": "1", "depth": "3",
}}.items():
    client.log_param(run, name, value)
for step in range(30):
    client.log_metric(run, "loss", 1 / (step + 1), step=step)
client.log_metric(run, "broken", float("nan"))
client.log_text(run, "x", "report-ana.canary@example.org.txt")
columns = json.dumps([{{"type": "long", "name": "ana.canary@example.org"}}])
mlmodel = json.dumps({{"flavors": {{"sklearn": {{}}}}, "signature": {{"inputs": columns}}}})
client.log_text(run, mlmodel, "model/MLmodel")
client.log_text(run, "x" * 3_000_000, "model/model.bin")
client.log_text(run, "numpy==2.4.6\\n", "model/requirements.txt")
pq.write_table(pa.table({{"y": [0, 1, 1], "p": [1, 1, 0]}}), "predictions.parquet")
client.log_artifact(run, "predictions.parquet", "out")
client.set_terminated(run)
client.create_registered_model("risk", description="canary-note of the model")
for _ in range({versions}):
    version = client.create_model_version("risk", f"runs:/{{run}}/model", run)
client.delete_model_version("risk", "4")
client.set_registered_model_alias("risk", "champion", "7")
others = [client.create_run(experiment).info.run_id for _ in range(6)]
client.delete_run(others[0])
print(json.dumps({{"run": run, "experiment": experiment, "runs": [run, *others]}}))
"""

MORE = """
from mlflow.tracking.client import MlflowClient
client = MlflowClient({uri!r}, {uri!r})
first = client.get_model_version({model!r}, "1")
experiment = client.get_run(first.run_id).info.experiment_id
others = [client.create_run(experiment).info.run_id for _ in range(4)]
client.delete_run(others[0])
for run in others[1:]:
    client.create_model_version({model!r}, first.source, run, model_id=first.source.removeprefix("models:/"))
client.delete_model_version({model!r}, "3")
"""

INDEPENDENT = """
import json
from mlflow.tracking.client import MlflowClient
from mlflow.entities import ViewType
found = []
for uri, model in {asked!r}:
    client = MlflowClient(uri, uri)
    version = client.get_model_version(model, "1")
    run = client.get_run(version.run_id)
    metrics, inputs = run.data.metrics, run.inputs.dataset_inputs
    found.append({{
        "run_id": version.run_id,
        "runs": sorted(r.info.run_id for r in client.search_runs([run.info.experiment_id], run_view_type=ViewType.ALL)),
        "versions": sorted(str(v.version) for v in client.search_model_versions("name='" + model + "'")),
        "params": run.data.params,
        "metrics": {{n: [v, len(client.get_metric_history(version.run_id, n))] for n, v in metrics.items()}},
        "inputs": sorted(each.dataset.digest for each in inputs),
        "artifacts": sorted(a.path for a in client.list_artifacts(version.run_id) if not a.is_dir),
    }})
print(json.dumps(found))
"""


@dataclass(frozen=True, slots=True)
class Project:
    model: str
    uri: str
    folder: Path
    flavor: str
    reported: dict[str, Any]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="module")
def projects(server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Project]:
    """Three strangers at work at the same time, and what their own client then reports."""
    sqlite, files, http = (tmp_path_factory.mktemp(name) for name in ("sqlite", "files", "http"))
    at_work = [
        python(sqlite, SKLEARN.format(uri="sqlite:///mlflow.db")),
        python(files, XGBOOST.format(uri=f"file://{files}/mlruns")),
        python(http, LIGHTGBM.format(uri=server.url)),
    ]
    for each in at_work:
        ended(each)
    stores = [(sqlite, "sqlite:///mlflow.db", "tumours"), (files, f"file://{files}/mlruns", "wines")]
    more = [python(where, MORE.format(uri=uri, model=model)) for where, uri, model in stores]
    for each in [*more, python(http, MORE.format(uri=server.url, model="irises"))]:
        ended(each)
    made = [
        ("tumours", "sqlite:///mlflow.db", sqlite, "sklearn"),
        ("wines", "mlruns", files, "xgboost"),
        ("irises", server.url, server.folder, "lightgbm"),
    ]
    asked = [(f"file://{files}/mlruns" if uri == "mlruns" else uri, model) for model, uri, _, _ in made]
    reported = answer_of(sqlite, INDEPENDENT.format(asked=asked))
    return {each[3]: Project(*each, told) for each, told in zip(made, reported, strict=True)}


@pytest.fixture(scope="module")
def many(server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A run full of what must not be kept, eight versions of its model with one deleted, and six runs beside it."""
    folder = tmp_path_factory.mktemp("many")
    found: dict[str, Any] = answer_of(folder, MANY.format(uri=server.url, versions=VERSIONS))
    return found


@pytest.fixture(autouse=True)
def _loopback_is_direct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def of(found: MlflowCollected, kind: str) -> list[Observation]:
    return [observation for observation in found.observations if observation.kind == kind]


def state(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): sha256_hex(path.read_bytes()) if path.is_file() else "folder"
        for path in folder.rglob("*")
    }


@pytest.mark.parametrize("flavor", ["sklearn", "xgboost", "lightgbm"])
def test_a_strangers_project_gives_what_its_own_client_reports_and_is_left_as_it_was(
    projects: dict[str, Project], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flavor: str
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    environment = dict(os.environ)
    project = projects[flavor]
    before = state(project.folder) if flavor != "lightgbm" else {}
    wanted = MlflowSubject(name="model", tracking_uri=project.uri, model=project.model, version="1")
    found = collect_mlflow(wanted, now=NOW, download_folder=tmp_path / "d", project_folder=project.folder)
    assert found.gaps == ()
    (run,), (version,) = of(found, "run"), of(found, "model-version")
    reported = project.reported
    assert run.values["run_id"] == reported["run_id"]
    assert run.values["params"] == reported["params"]
    assert {n: [m["last"], m["count"]] for n, m in run.values["metrics"].items()} == reported["metrics"]
    assert sorted(each["digest"] for each in run.values["inputs"]) == reported["inputs"]
    assert {each["path"] for each in run.values["artifacts"]} >= set(reported["artifacts"])
    assert flavor in version.values["flavors"]
    assert {each["path"] for each in version.values["environment_files"]} >= {"conda.yaml", "requirements.txt"}
    assert version.values["signature"]["inputs"]
    populations = {each.values["of"]: each for each in of(found, "population")}
    assert (reported["versions"], len(reported["runs"])) == (["1", "2", "4"], 5)
    for of_what, ids in (("runs", reported["runs"]), ("model-versions", reported["versions"])):
        assert populations[of_what].values == {
            "system": "mlflow", "of": of_what, "count": len(ids), "removed": 1, "complete": True
        }  # fmt: skip
        ipe = populations[of_what].ipe
        assert ipe is not None
        assert (ipe.complete, ipe.returned, ipe.reported_total) == (True, len(ids), len(ids))
        assert ipe.totals == control_totals(ids)
    where = project.folder / ("artifacts" if flavor == "lightgbm" else "mlruns")
    on_disk = [path.parent for path in where.rglob("MLmodel") if reported["run_id"] in path.read_text()]
    assert found.artifacts[0].digest == {"dirHash": dir_hash(on_disk[0])}
    assert dir_hash(found.paths["model"]) == dir_hash(on_disk[0])
    assert before == (state(project.folder) if flavor != "lightgbm" else {})
    assert list((tmp_path / "empty").iterdir()) == []
    assert dict(os.environ) == environment
    assert not any(word in as_text(found) for word in (str(Path.home()), "mlflow.user", str(project.folder)))


def as_text(found: MlflowCollected) -> str:
    everything = as_json({"a": found.artifacts, "o": found.observations, "g": found.gaps})
    return canonical_bytes(everything).decode()


def test_a_database_of_another_version_is_not_migrated(projects: dict[str, Project], tmp_path: Path) -> None:
    shutil.copy(projects["sklearn"].folder / "mlflow.db", tmp_path / "mlflow.db")
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '451aebb31d03'")
        database.execute("DROP TABLE logged_model_tags")
    old = (tmp_path / "mlflow.db").read_bytes()
    wanted = MlflowSubject(name="model", tracking_uri="sqlite:///mlflow.db", model="tumours", version="1")
    found = collect_mlflow(wanted, now=NOW, download_folder=tmp_path / "d", project_folder=tmp_path, patience=QUICK)
    assert [(gap.kind, gap.code) for gap in found.gaps] == [("model", "collect.mlflow-schema")]
    assert (tmp_path / "mlflow.db").read_bytes() == old


def test_a_store_that_moved_leaves_a_gap_where_its_model_was(projects: dict[str, Project], tmp_path: Path) -> None:
    """MLflow writes absolute paths: a copied store still points to where it was."""
    shutil.copy(projects["sklearn"].folder / "mlflow.db", tmp_path / "mlflow.db")
    source = projects["sklearn"].folder / "mlruns"
    away = source.with_name("away")
    source.rename(away)
    try:
        wanted = MlflowSubject(name="model", tracking_uri="sqlite:///mlflow.db", model="tumours", version="1")
        found = collect_mlflow(wanted, now=NOW, download_folder=tmp_path / "d", project_folder=tmp_path)
    finally:
        away.rename(source)
    assert [(gap.kind, gap.code) for gap in found.gaps] == [("model", "collect.mlflow-missing")]
    assert of(found, "run")
    assert of(found, "model-version")[0].values["flavors"] == []


def test_an_alias_names_its_version_and_a_run_names_its_model(
    server: Server, many: dict[str, Any], tmp_path: Path
) -> None:
    fetch = (WantedData(name="predictions", path="out/predictions.parquet", role=ArtifactRole.EVALUATION),)
    by_alias = MlflowSubject(name="risk", tracking_uri=server.url, model="risk", alias="champion", fetch=fetch)
    told: list[tuple[int, int | None]] = []
    found = collect_mlflow(
        by_alias, now=NOW, download_folder=tmp_path, progress=lambda done, total: told.append((done, total))
    )
    assert found.gaps == ()
    (version,) = of(found, "model-version")
    assert (version.values["version"], version.values["aliases"]) == ("7", ["champion"])
    population = next(each for each in of(found, "population") if each.values["of"] == "model-versions")
    assert (population.values["count"], population.values["removed"]) == (VERSIONS - 1, 1)
    of_runs = next(each for each in of(found, "population") if each.values["of"] == "runs")
    assert (of_runs.values["count"], of_runs.values["removed"]) == (len(many["runs"]), 1)
    model, note, data = found.artifacts
    assert (model.name, note.name, data.name) == ("risk", "risk-note", "predictions")
    assert (data.role, data.row_count, [column.name for column in data.columns]) == (
        ArtifactRole.EVALUATION,
        3,
        ["y", "p"],
    )
    assert data.uri == f"runs:/{many['run']}/out/predictions.parquet"
    assert found.paths["risk-note"].read_text() == "canary-note of the model"
    assert max(done for done, _ in told) == model.size_bytes
    by_run = MlflowSubject(name="risk", tracking_uri=server.url, run_id=many["run"])
    again = collect_mlflow(by_run, now=NOW, download_folder=tmp_path)
    assert [(gap.kind, gap.code) for gap in again.gaps] == [("model-version", "collect.mlflow-not-registered")]
    assert again.artifacts[0].digest == model.digest
    assert again.artifacts[0].uri == f"runs:/{many['run']}/model"


def test_canaries_are_in_no_fact_gap_error_or_log(
    server: Server,
    many: dict[str, Any],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    uri = server.url.replace("//", "//ana:hunter2canary@")
    fetch = (WantedData(name="lost", path="out/ana.canary@example.org.parquet"),)
    wanted = MlflowSubject(name="risk", tracking_uri=uri, model="risk", version="7", fetch=fetch)
    found = collect_mlflow(wanted, now=NOW, download_folder=tmp_path)
    (run,) = of(found, "run")
    assert run.values["params"]["depth"] == "3"
    assert run.values["source"] == {"commit": "0123456789abcdef0123456789abcdef01234567", "type": "LOCAL"}
    assert run.values["withheld"] >= 8
    assert run.values["metrics"]["loss"] == {
        "last": 1 / 30,
        "step": 29,
        "at": run.values["metrics"]["loss"]["at"],
        "count": 30,
    }
    assert run.values["metrics"]["broken"]["not_finite"] == "nan"
    assert [(gap.kind, gap.code) for gap in found.gaps] == [("data", "collect.mlflow-missing")]
    errors = []
    for wrong in ("Ana Canary ana.canary@example.org", "https://ana:hunter2canary@example.org"):
        with pytest.raises(ConfigError) as caught:
            collect_mlflow(
                MlflowSubject(name="x", tracking_uri=uri, model=wrong, version="1"), now=NOW, download_folder=tmp_path
            )
        errors.append(str(caught.value).replace("Ana Canary", ""))  # what the project itself wrote may be said again
    printed = capfd.readouterr()
    for text in (as_text(found), *errors, printed.out, printed.err, caplog.text):
        assert [canary for canary in CANARIES if canary in text] == []


def test_what_the_project_names_and_mlflow_has_not_is_the_projects_mistake(server: Server, tmp_path: Path) -> None:
    wrong: tuple[dict[str, Any], ...] = (
        {"model": "rosk", "version": "1"},
        {"model": "risk", "alias": "best"},
        {"run_id": "0" * 32},
    )
    for more in wrong:
        with pytest.raises(ConfigError) as caught:
            collect_mlflow(
                MlflowSubject(name="risk", tracking_uri=server.url, **more), now=NOW, download_folder=tmp_path
            )
        assert caught.value.code == "collect.mlflow-missing"


@pytest.mark.parametrize("uri", ["sqlite:///none.db", "none", "file:none"])
def test_a_store_that_is_not_there_is_not_made(tmp_path: Path, uri: str) -> None:
    with pytest.raises(ConfigError) as caught:
        collect_mlflow(
            MlflowSubject(name="x", tracking_uri=uri, model="m", version="1"),
            now=NOW,
            download_folder=tmp_path / "d",
            project_folder=tmp_path,
        )
    assert caught.value.code == "collect.mlflow-no-store"
    assert list(tmp_path.iterdir()) == []


def on(path: str, then: Fault, *, times: int = 99) -> Fault:
    """A fault on the first requests whose path holds ``path``; everything else is passed on."""

    def fault(asked: Asked, forward: Callable[[], tuple[int, bytes]]) -> tuple[int, bytes] | None:
        return then(asked, forward) if path in asked.path and asked.earlier < times else forward()

    return fault


def stalls(asked: Asked, forward: Callable[[], tuple[int, bytes]]) -> tuple[int, bytes] | None:
    time.sleep(2.0)
    return None


def answers_500(asked: Asked, forward: Callable[[], tuple[int, bytes]]) -> tuple[int, bytes]:
    return 500, b'{"error_code": "INTERNAL_ERROR", "message": "canary-session-9f8e"}'


def talks_nonsense(asked: Asked, forward: Callable[[], tuple[int, bytes]]) -> tuple[int, bytes]:
    return 200, b"<html>canary-session-9f8e</html>"


def drops(asked: Asked, forward: Callable[[], tuple[int, bytes]]) -> None:
    return None


def cuts_short(asked: Asked, forward: Callable[[], tuple[int, bytes]]) -> tuple[int, bytes]:
    status, body = forward()
    return status, body[: len(body) // 2]


FAULTS = {
    "stalled": ("/registered-models/get", stalls, "model-version", "collect.mlflow-stalled"),
    "500": ("/registered-models/get", answers_500, "model-version", "collect.mlflow-failed"),
    "nonsense": ("/registered-models/get", talks_nonsense, "model-version", "collect.mlflow-failed"),
    "dropped": ("/registered-models/get", drops, "model-version", "collect.mlflow-dropped"),
    "short": ("/artifacts/1/", cuts_short, "model", "collect.mlflow-short"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_that_stays_is_retried_with_a_limit_and_becomes_a_gap_with_its_reason(
    server: Server, many: dict[str, Any], tmp_path: Path, name: str
) -> None:
    path, fault, kind, code = FAULTS[name]
    path = path.replace("/1/", f"/{many['experiment']}/")
    asked: list[str] = []

    def counted(each: Asked, forward: Callable[[], tuple[int, bytes]]) -> tuple[int, bytes] | None:
        asked.append(each.path)
        return fault(each, forward)

    wanted = MlflowSubject(name="risk", tracking_uri="", model="risk", version="7")
    with faulty_proxy(server.port, on(path, counted)) as url:
        found = collect_mlflow(replaced(wanted, url), now=NOW, download_folder=tmp_path / "d", patience=QUICK)
    assert (kind, code) in [(gap.kind, gap.code) for gap in found.gaps]
    assert {asked.count(each) for each in asked} == {QUICK.attempts}
    assert "canary" not in as_text(found)


def replaced(wanted: MlflowSubject, uri: str) -> MlflowSubject:
    return MlflowSubject(name=wanted.name, tracking_uri=uri, model=wanted.model, version=wanted.version)


def test_faults_that_pass_are_survived_without_a_gap(server: Server, many: dict[str, Any], tmp_path: Path) -> None:
    kinds: list[Fault] = [answers_500, drops, talks_nonsense]

    def flaky(asked: Asked, forward: Callable[[], tuple[int, bytes]]) -> tuple[int, bytes] | None:
        return kinds[len(asked.path) % 3](asked, forward) if asked.earlier == 0 else forward()

    with faulty_proxy(server.port, flaky) as url:
        found = collect_mlflow(
            MlflowSubject(name="risk", tracking_uri=url, model="risk", version="7"),
            now=NOW,
            download_folder=tmp_path,
            patience=QUICK,
        )
    assert found.gaps == ()
    straight = collect_mlflow(
        MlflowSubject(name="risk", tracking_uri=server.url, model="risk", version="7"),
        now=NOW,
        download_folder=tmp_path,
    )
    assert [a.digest for a in found.artifacts] == [a.digest for a in straight.artifacts]
    assert [o.values for o in found.observations] == [o.values for o in straight.observations]


def rows_of(body: bytes) -> tuple[dict[str, Any], str]:
    document: dict[str, Any] = json.loads(body)
    return document, "model_versions" if "model_versions" in document else "runs"


def loses_rows(asked: Asked, forward: Callable[[], tuple[int, bytes]]) -> tuple[int, bytes]:
    status, body = forward()
    document, name = rows_of(body)
    if document.get("next_page_token"):
        document[name] = document[name][:-1]
    return status, json.dumps(document).encode()


def repeats_its_first_page() -> Fault:
    kept: dict[str, Any] = {}

    def fault(asked: Asked, forward: Callable[[], tuple[int, bytes]]) -> tuple[int, bytes]:
        status, body = forward()
        document, name = rows_of(body)
        token = asked.query.get("page_token") or asked.body.get("page_token")
        if not token:
            kept["rows"] = document[name]
        elif kept.pop("armed", True):
            document[name] = kept["rows"]
        return status, json.dumps(document).encode()

    return fault


@pytest.mark.parametrize("of_what", ["model-versions", "runs"])
@pytest.mark.parametrize("how", ["loses rows", "repeats a page"])
def test_a_list_that_is_not_whole_is_listed_again_and_its_record_tells_counted_from_received(
    server: Server, many: dict[str, Any], tmp_path: Path, of_what: str, how: str
) -> None:
    path = "/model-versions/search" if of_what == "model-versions" else "/runs/search"
    fault = loses_rows if how == "loses rows" else repeats_its_first_page()
    with faulty_proxy(server.port, on(path, fault)) as url:
        wanted = MlflowSubject(name="risk", tracking_uri=url, model="risk", version="7")
        with open_source(wanted, project_folder=tmp_path, patience=QUICK) as source:
            if of_what == "model-versions":
                found = model_versions(source, "risk", about="risk", page_sizes=PAGES)
            else:
                found = runs(source, many["experiment"], about="risk", page_sizes=PAGES)
    assert found.gap is not None
    assert found.gap.code == "collect.mlflow-population"
    assert found.ipe.complete is False
    assert found.ipe.parameters["rounds"] == QUICK.attempts
    if how == "loses rows":
        assert found.ipe.returned < (found.ipe.reported_total or 0) <= 7
    else:
        assert found.ipe.parameters["duplicates"] > 0


def test_a_whole_list_comes_in_pages_without_a_doubt(server: Server, many: dict[str, Any], tmp_path: Path) -> None:
    wanted = MlflowSubject(name="risk", tracking_uri=server.url, model="risk", version="7")
    with open_source(wanted, project_folder=tmp_path, patience=QUICK) as source:
        versions = model_versions(source, "risk", about="risk", page_sizes=PAGES)
        every_run = runs(source, many["experiment"], about="risk", page_sizes=PAGES)
    assert versions.ids == ("1", "2", "3", "5", "6", "7", "8")
    assert sorted(every_run.ids) == sorted(many["runs"])
    for each in (versions, every_run):
        assert each.gap is None
        assert (each.ipe.returned, each.ipe.reported_total, each.ipe.pages, each.ipe.complete) == (7, 7, 3, True)


def test_a_server_that_is_gone_is_a_gap_and_not_a_hang(tmp_path: Path) -> None:
    began = time.monotonic()
    wanted = MlflowSubject(name="risk", tracking_uri="http://127.0.0.1:9", model="risk", version="7")
    found = collect_mlflow(wanted, now=NOW, download_folder=tmp_path, patience=QUICK)
    assert {gap.code for gap in found.gaps} >= {"collect.mlflow-dropped"}
    assert found.artifacts == ()
    assert time.monotonic() - began < 20
    assert issubclass(ConfigError, TolboothError)
