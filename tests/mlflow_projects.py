"""MLflow as strangers use it: three projects by autologging only, a real server, and what may go wrong between.

Everything that needs MLflow runs in processes of its own, since its import is slow and changes the process.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

START_SECONDS = 60

SKLEARN = """
import mlflow
mlflow.set_tracking_uri({uri!r})
mlflow.set_experiment("tumours")
mlflow.sklearn.autolog(registered_model_name="tumours")
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
X, y = load_breast_cancer(return_X_y=True, as_frame=True)
make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
"""

XGBOOST = """
import mlflow
mlflow.set_tracking_uri({uri!r})
mlflow.set_experiment("wines")
mlflow.xgboost.autolog(registered_model_name="wines")
import xgboost
from sklearn.datasets import load_wine
X, y = load_wine(return_X_y=True, as_frame=True)
xgboost.train(
    {{"objective": "multi:softprob", "num_class": 3, "nthread": 1}},
    xgboost.DMatrix(X, y), num_boost_round=5, evals=[(xgboost.DMatrix(X, y), "train")], verbose_eval=False,
)
"""

LIGHTGBM = """
import mlflow
mlflow.set_tracking_uri({uri!r})
mlflow.set_experiment("irises")
mlflow.lightgbm.autolog(registered_model_name="irises")
import lightgbm
from sklearn.datasets import load_iris
X, y = load_iris(return_X_y=True, as_frame=True)
data = lightgbm.Dataset(X, y)
lightgbm.train(
    {{"objective": "multiclass", "num_class": 3, "verbose": -1, "num_threads": 1}},
    data, num_boost_round=5, valid_sets=[data],
)
"""


def environment(**more: str) -> dict[str, str]:
    """This process's environment for one that uses MLflow: nothing is reported, bytecode is kept."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    quiet = {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ALLOW_FILE_STORE": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
        "NO_PROXY": "127.0.0.1",
        "GIT_PYTHON_REFRESH": "quiet",
        "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / "tolbooth-tests-bytecode"),
    }
    return kept | quiet | more


def python(folder: Path, code: str) -> subprocess.Popen[str]:
    """Start a Python program in a folder."""
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code)],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(program: subprocess.Popen[str]) -> str:
    """What a program printed, once it has ended well."""
    out, err = program.communicate(timeout=START_SECONDS * 2)
    assert program.returncode == 0, err
    return out


def answer_of(folder: Path, code: str) -> Any:
    """What a program printed as JSON on its last line."""
    return json.loads(ended(python(folder, code)).strip().splitlines()[-1])


@dataclass(frozen=True, slots=True)
class Server:
    """A running MLflow server."""

    url: str
    port: int
    folder: Path


@contextmanager
def running_server(folder: Path) -> Iterator[Server]:
    """A real ``mlflow server`` on a free port of this machine, with a SQLite file, stopped at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", "sqlite:///server.db", "--artifacts-destination", str(folder / "artifacts")]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            command, cwd=folder, env=environment(), stdout=log, stderr=log, start_new_session=True
        )
        try:
            _wait(f"http://127.0.0.1:{port}/health", server, folder / "server.log")
            yield Server(f"http://127.0.0.1:{port}", port, folder)
        finally:
            os.killpg(server.pid, signal.SIGKILL)  # its own session: the server and its workers
            server.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        assert server.poll() is None, log.read_text()
        try:
            with direct.open(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(log.read_text())


@dataclass(slots=True)
class Asked:
    """One request that passes the proxy; ``earlier`` counts those of the same path before it."""

    path: str
    query: dict[str, str]
    body: dict[str, Any]
    earlier: int


Fault = Callable[[Asked, Callable[[], tuple[int, bytes]]], tuple[int, bytes] | None]
"""Given a request and a way to forward it, the status and body to answer; None drops the connection."""


@contextmanager
def faulty_proxy(port: int, fault: Fault) -> Iterator[str]:
    """An HTTP server between a client and the server on ``port`` that does to answers what ``fault`` says."""
    counts: dict[str, int] = {}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            split = urlsplit(self.path)
            counts[split.path] = counts.get(split.path, 0) + 1
            query = {name: values[0] for name, values in parse_qs(split.query).items()}
            body = json.loads(content) if content.startswith(b"{") else {}
            asked = Asked(split.path, query, body, counts[split.path] - 1)
            answer = fault(asked, lambda: self._forward(content))
            if answer is None:
                self.close_connection = True
                return
            self.send_response(answer[0])
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer[1])))
            self.end_headers()
            self.wfile.write(answer[1])

        def _forward(self, content: bytes) -> tuple[int, bytes]:
            connection = HTTPConnection("127.0.0.1", port, timeout=30)
            try:
                headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
                connection.request(self.command, self.path, content, headers | {"Accept-Encoding": "identity"})
                response = connection.getresponse()
                return response.status, response.read()
            finally:
                connection.close()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the inherited name
            """Say nothing."""

        do_GET = _pass  # noqa: N815 - the inherited name
        do_POST = _pass  # noqa: N815 - the inherited name

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that gave up is expected here."""

    with Quiet(("127.0.0.1", 0), Handler) as proxy:
        thread = Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{proxy.server_port}"
        proxy.shutdown()
        thread.join()
