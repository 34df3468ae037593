"""A real Airflow with its scheduler, its own metadata database and its API, and what a test asks of it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.mlflow_projects import free_port

REPOSITORY = Path(__file__).parents[1]
START_SECONDS = 120
RUN_SECONDS = 180
ENDED = frozenset({"success", "failed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task of a run: its state, how often it was tried, and what its page shows as the decision."""

    state: str | None
    tries: int
    decision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Airflow:
    """A running Airflow."""

    url: str
    home: Path

    def start(self, dag: str, **conf: Any) -> str:
        """Start a run of a DAG, and give its id."""
        body = {"logical_date": None, "conf": conf}
        found: str = self._ask(f"/dags/{dag}/dagRuns", body)["dag_run_id"]
        return found

    def ended(self, dag: str, run: str) -> str:
        """The state of a run, once it has ended."""
        return self.until(lambda: self._state(dag, run), ENDED)

    def until(self, look: Any, wanted: frozenset[str]) -> str:
        """What is seen, once it is one of those wanted."""
        until = time.monotonic() + RUN_SECONDS
        while time.monotonic() < until:
            seen = look()
            if seen in wanted:
                return str(seen)
            time.sleep(0.5)
        raise AssertionError(f"{seen} after {RUN_SECONDS} seconds; {self.said()}")

    def tasks(self, dag: str, run: str) -> dict[str, Task]:
        """The tasks of a run by their ids; one that is mapped by id and index."""
        found = self._ask(f"/dags/{dag}/dagRuns/{run}/taskInstances")["task_instances"]
        return {_named(each): _task(each) for each in found}

    def xcom(self, dag: str, run: str, task: str) -> Any:
        """What a task returned."""
        return self._ask(f"/dags/{dag}/dagRuns/{run}/taskInstances/{task}/xcomEntries/return_value")["value"]

    def clear(self, dag: str, run: str, task: str) -> None:
        """Clear a task, as a person does on its page, so that it runs again."""
        self._ask(f"/dags/{dag}/clearTaskInstances", {"dag_run_id": run, "task_ids": [task], "dry_run": False})

    def log(self, dag: str, run: str, task: str, attempt: int = 1) -> str:
        """A task's log as its page shows it: a line a message, and the errors behind it."""
        path = f"/dags/{dag}/dagRuns/{run}/taskInstances/{task}/logs/{attempt}?full_content=true"
        return "\n".join(_shown(line) for line in self._ask(path)["content"])

    def said(self) -> str:
        """The end of what the server's parts printed."""
        return (self.home / "server.log").read_text(encoding="utf-8", errors="replace")[-4000:]

    def _state(self, dag: str, run: str) -> str:
        return str(self._ask(f"/dags/{dag}/dagRuns/{run}")["state"])

    def _ask(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.url}/api/v2{path}", data=content, headers={"Content-Type": "application/json"}
        )
        with _direct().open(request, timeout=30) as answer:
            return json.loads(answer.read())


@contextmanager
def running_airflow(python: Path, root: Path, dags: Path, environment: Mapping[str, str]) -> Iterator[Airflow]:
    """``airflow standalone`` on a free port of this machine: API, scheduler, DAG processor, triggerer, SQLite."""
    home = root / "airflow"
    (home / "dags").mkdir(parents=True)
    shutil.copy(dags, home / "dags" / dags.name)
    url = f"http://127.0.0.1:{free_port()}"
    settings = {**os.environ, **_settings(home, url), **environment}
    settings["PATH"] = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
    settings.pop("PYTHONDONTWRITEBYTECODE", None)
    airflow = Airflow(url=url, home=home)
    with (home / "server.log").open("wb") as log:
        command = [str(python), "-m", "airflow", "standalone"]
        server = subprocess.Popen(command, cwd=home, env=settings, stdout=log, stderr=log, start_new_session=True)
        try:
            _wait(airflow, server)
            yield airflow
        finally:
            _stop(server)


def _settings(home: Path, url: str) -> dict[str, str]:
    port = url.rpartition(":")[2]
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": port,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "false",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "AIRFLOW__CORE__PARALLELISM": "3",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "true",
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "false",
        "NO_PROXY": "127.0.0.1",
        "PYTHONPATH": f"{REPOSITORY}{os.pathsep}{REPOSITORY / 'src'}",
        "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / "tolbooth-tests-bytecode"),
    }


def _wait(airflow: Airflow, server: subprocess.Popen[bytes]) -> None:
    """Until the server answers and its DAG processor has read the file."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        assert server.poll() is None, airflow.said()
        try:
            with _direct().open(f"{airflow.url}/api/v2/dags", timeout=5) as answer:
                if json.loads(answer.read())["total_entries"]:
                    return
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.5)
    raise AssertionError(airflow.said())


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        server.wait(timeout=20)
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)  # its own session: the server and its parts
    server.wait()


def _direct() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _named(found: Mapping[str, Any]) -> str:
    index = found["map_index"]
    return str(found["task_id"]) if index < 0 else f"{found['task_id']}[{index}]"


def _task(found: Mapping[str, Any]) -> Task:
    shown = found["rendered_fields"].get("decision") or ""
    return Task(state=found["state"], tries=found["try_number"], decision=shown)


def _shown(line: Any) -> str:
    if isinstance(line, str):
        return line
    errors = line.get("error_detail") or []
    return "\n".join([line["event"], *(f"{each['exc_type']}: {each['exc_value']}" for each in errors)])
