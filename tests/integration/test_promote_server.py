"""Promotion through a real MLflow server that loses its answers: what became of it is asked, and never guessed."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.mlflow_projects import Asked, Server, ended, faulty_proxy, python, running_server
from tests.moves_sample import SETTINGS, Clock, House
from tests.project_sample import FAIR, make_project, tolbooth
from tolbooth.collect.mlflow.wanted import Patience
from tolbooth.enforce import registry

ABSENT = [name for name in ("mlflow", "alembic", "flask") if importlib.util.find_spec(name) is None]

pytestmark = [
    pytest.mark.mlflow,
    pytest.mark.skipif(bool(ABSENT), reason=f"not installed: {', '.join(ABSENT)}"),
]

REGISTER = """
from mlflow.tracking.client import MlflowClient
client = MlflowClient({uri!r}, {uri!r})
run = client.create_run(client.create_experiment("credit")).info.run_id
client.log_text(run, "flavors: {{}}", "model/MLmodel")
client.log_text(run, "weights", "model/weights.bin")
client.create_registered_model("credit")
client.create_model_version("credit", f"runs:/{{run}}/model", run)
client.set_registered_model_alias("credit", "candidate", "1")
"""

AWAY = """
from mlflow.tracking.client import MlflowClient
MlflowClient({uri!r}, {uri!r}).delete_registered_model_alias("credit", "champion")
"""

Forward = Callable[[], tuple[int, bytes]]


def is_move(asked: Asked) -> bool:
    return asked.path.endswith("/registered-models/alias") and asked.body.get("alias") == "champion"


def loses_the_answer(asked: Asked, forward: Forward) -> tuple[int, bytes] | None:
    answer = forward()
    return None if is_move(asked) else answer


def loses_the_question(asked: Asked, forward: Forward) -> tuple[int, bytes] | None:
    return None if is_move(asked) else forward()


def refuses(asked: Asked, forward: Forward) -> tuple[int, bytes] | None:
    if not is_move(asked):
        return forward()
    return 403, b'{"error_code": "PERMISSION_DENIED", "message": "no"}'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    with running_server(folder) as running:
        ended(python(folder, REGISTER.format(uri=running.url)))
        yield running


@pytest.mark.parametrize(
    ("fault", "code", "result", "then"),
    [
        (refuses, 6, "not-moved", None),
        (loses_the_question, 6, "open", "found-elsewhere"),
        (loses_the_answer, 0, "moved", None),
    ],
)
def test_what_the_server_did_is_asked_and_recorded(
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    fault: Callable[[Asked, Forward], tuple[int, bytes] | None],
    code: int,
    result: str,
    then: str | None,
) -> None:
    monkeypatch.setattr(registry, "_ONE_TRY", Patience(attempts=1, answer_seconds=5.0))
    house = House(make_project(tmp_path / "credit", FAIR), Clock())
    monkeypatch.chdir(house.folder)
    ended(python(tmp_path, AWAY.format(uri=server.url)))
    with faulty_proxy(server.port, fault) as address:
        settings = SETTINGS.replace("sqlite:///mlflow.db", address)
        (house.folder / "tolbooth.yaml").write_text(settings, encoding="utf-8")
        assert tolbooth("gate").code == 0
        said = tolbooth("promote", "credit", "1", "--to", "champion")
        assert (said.code, house.results()) == (code, [result])
        if then is not None:
            assert "promote.open" in said.err
            assert "was open: it points to nothing; recorded." in tolbooth("reconcile").out
            assert house.results() == [then]
