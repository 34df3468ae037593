"""An OPA that is down, slow, wrong or a stranger: every rule ends in error with the reason, and none passes."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.opa_server_sample import Behaviour, answer, certificate, serving
from tolbooth.judge.interface import EvaluationFailure, Module, PolicyBundle
from tolbooth.judge.rego.opa.client import ANSWER_BYTES, Answer, OpaClient, endpoint_of
from tolbooth.judge.rego.opa.engine import OpaEngine, server_engine
from tolbooth.judge.rego.opa.failures import OpaFailedError
from tolbooth.model.errors import ConfigError

GOOD = Module(path="good.rego", text='package good\n\ndeny contains {"code": "good.one", "msg": "m"}\n')
BUNDLE = PolicyBundle(modules=(GOOD,), data={"parameters": {}}, packages=("good",))
RUN = "0123456789abcdef"
SECONDS = 0.6


def failure_of(url: str, *, token: str | None = None, ca_file: Path | None = None) -> EvaluationFailure:
    """Why the one package fails on the server at ``url``."""
    endpoint = endpoint_of(url, token=token, ca_file=ca_file)
    started = time.monotonic()
    with server_engine(endpoint, deadline_seconds=SECONDS) as engine:
        engine.load(BUNDLE)
        found = engine.evaluate(b"{}").packages["good"]
    assert time.monotonic() - started < 6 * SECONDS
    assert isinstance(found, EvaluationFailure)
    return found


def stalls(connection: socket.socket, _request: bytes) -> None:
    connection.settimeout(5)
    connection.recv(1)


def drips(connection: socket.socket, _request: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(60):
        connection.sendall(b" ")
        time.sleep(0.05)


def answers_half(connection: socket.socket, _request: bytes) -> None:
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"result": {"good": {"deny": []')


def answers_half_without_length(connection: socket.socket, _request: bytes) -> None:
    connection.sendall(b'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"result": {"good": {"deny": []')


def says_nothing(connection: socket.socket, _request: bytes) -> None:
    connection.close()


def floods(connection: socket.socket, _request: bytes) -> None:
    connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {ANSWER_BYTES + 10}\r\n\r\n".encode())
    for _ in range((ANSWER_BYTES >> 20) + 1):
        connection.sendall(b" " * (1 << 20))


@pytest.mark.parametrize(
    ("behave", "code"),
    [
        pytest.param(stalls, "judge.deadline", id="stalls"),
        pytest.param(drips, "judge.deadline", id="a-byte-now-and-then"),
        pytest.param(answers_half, "judge.opa-answer", id="half-a-document"),
        pytest.param(answers_half_without_length, "judge.opa-answer", id="half-without-length"),
        pytest.param(says_nothing, "judge.opa-answer", id="closes"),
        pytest.param(answer("<html>welcome</html>"), "judge.opa-answer", id="no-json"),
        pytest.param(answer('{"result": NaN}'), "judge.opa-answer", id="nan"),
        pytest.param(answer("[" * 200_000), "judge.opa-answer", id="endless-nesting"),
        pytest.param(answer({}, status="401 Unauthorized"), "judge.opa-refused", id="wrong-token"),
        pytest.param(answer({}, status="403 Forbidden"), "judge.opa-refused", id="not-allowed"),
        pytest.param(answer("boom", status="500 Oops"), "judge.opa-status", id="server-error"),
        pytest.param(answer({}, status="404 Not Found"), "judge.opa-status", id="no-opa-there"),
        pytest.param(
            answer("", status="302 Found", head="Location: http://127.0.0.1:1/\r\n"),
            "judge.opa-redirect",
            id="redirect",
        ),
    ],
)
def test_server_that_misbehaves_fails_every_rule(behave: Behaviour, code: str) -> None:
    with serving(behave) as url:
        assert failure_of(url).code == code


def test_answer_without_end_is_cut_off() -> None:
    with serving(floods) as url:
        client = OpaClient(endpoint_of(url, token=None, ca_file=None))
        with pytest.raises(OpaFailedError) as raised:
            client.ask("GET", "/", seconds=20)
    assert raised.value.failure.code == "judge.answer-size"


def test_server_that_is_down_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    found = failure_of(f"http://127.0.0.1:{port}")
    assert found.code == "judge.opa-unreachable"
    assert f"http://127.0.0.1:{port}" in found.message


@pytest.mark.parametrize(
    ("valid_for", "name", "trusted", "reason"),
    [
        pytest.param(timedelta(days=-1), "127.0.0.1", True, "expired", id="expired"),
        pytest.param(timedelta(days=1), "opa.example", True, "IP address mismatch", id="another-name"),
        pytest.param(timedelta(days=1), "127.0.0.1", False, "self-signed", id="unknown-ca"),
    ],
)
def test_certificate_that_is_not_right_is_refused(
    tmp_path: Path, valid_for: timedelta, name: str, trusted: bool, reason: str
) -> None:
    ca_file, context = certificate(tmp_path, valid_for=valid_for, name=name)
    with serving(answer({}), tls=context) as url:
        found = failure_of(url, ca_file=ca_file if trusted else None)
    assert found.code == "judge.opa-certificate"
    assert reason in found.message


def test_token_travels_over_tls_that_our_ca_vouches_for(tmp_path: Path) -> None:
    ca_file, context = certificate(tmp_path, valid_for=timedelta(days=1))
    heard: list[bytes] = []

    def listens(connection: socket.socket, request: bytes) -> None:
        heard.append(request)
        answer({}, status="401 Unauthorized")(connection, request)

    with serving(listens, tls=context) as url:
        found = failure_of(url, token="s3cret-token", ca_file=ca_file)
    assert found.code == "judge.opa-refused"
    assert b"Authorization: Bearer s3cret-token\r\n" in heard[0]
    assert "s3cret-token" not in found.message


def test_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with serving(answer({}, status="401 Unauthorized")) as url:
        assert failure_of(url).code == "judge.opa-refused"


class Told:
    """An OPA that gives the documents that it is told to give."""

    sha256 = "00" * 32
    id_prefix = ""
    isolates = False

    def __init__(self, *documents: Any, status: int = 200) -> None:
        self._documents = list(documents)
        self._status = status

    def load(self, modules: Any, data: Any, *, seconds: float) -> None:
        return

    def ask(self, path: str, body: bytes, *, seconds: float) -> Answer:
        return Answer(status=self._status, document=self._documents.pop(0))

    def close(self) -> None:
        return


def document(version: str = "1.22.2", **result: Any) -> dict[str, Any]:
    sets: dict[str, list[Any]] = {"deny": [], "warn": [], "undecided": [], "passed": []}
    told = {"run": RUN, "data": BUNDLE.data, "packages": {"good": sets}} | result
    return {"provenance": {"version": version}, "result": told}


STARTED = {"provenance": {"version": "1.22.2"}, "result": RUN}


@contextmanager
def engine_told(*documents: Any, version: str | None = None) -> Iterator[OpaEngine]:
    with OpaEngine(Told(*documents), RUN, version=version) as engine:
        engine.load(BUNDLE)
        yield engine


def test_well_formed_answer_is_read() -> None:
    with engine_told(STARTED, document()) as engine:
        assert not isinstance(engine.evaluate(b"{}").packages["good"], EvaluationFailure)


@pytest.mark.parametrize(
    ("found", "code"),
    [
        pytest.param(document(run="another"), "judge.opa-changed", id="another-run"),
        pytest.param(document(data={"parameters": {"loosened": 1}}), "judge.opa-changed", id="other-data"),
        pytest.param(document(packages={}), "judge.opa-answer", id="no-package"),
        pytest.param(document(packages={"good": {"deny": []}}), "judge.opa-answer", id="no-sets"),
        pytest.param({"provenance": {"version": "1.22.2"}}, "judge.opa-answer", id="no-result"),
        pytest.param({**document(), "provenance": {}}, "judge.opa-version", id="no-version"),
        pytest.param(document(version="1.22.1"), "judge.opa-version", id="version-changed"),
        pytest.param([], "judge.opa-answer", id="no-object"),
        pytest.param(None, "judge.opa-answer", id="no-document"),
    ],
)
def test_answer_that_lacks_something_is_no_pass(found: Any, code: str) -> None:
    with engine_told(STARTED, found) as engine:
        failed = engine.evaluate(b"{}").packages["good"]
    assert isinstance(failed, EvaluationFailure)
    assert failed.code == code


def test_version_that_was_never_compared_is_refused_unless_it_is_asked_for() -> None:
    old = {"provenance": {"version": "1.0.0"}, "result": RUN}
    with engine_told(old) as engine:
        failed = engine.evaluate(b"{}").packages["good"]
    assert isinstance(failed, EvaluationFailure)
    assert failed.code == "judge.opa-version"
    assert "policy.opa.version: 1.0.0" in failed.message
    with engine_told(old, document(version="1.0.0"), version="1.0.0") as engine:
        assert not isinstance(engine.evaluate(b"{}").packages["good"], EvaluationFailure)
        assert engine.describe().known is False


def test_version_that_is_asked_for_is_the_only_one() -> None:
    with engine_told(STARTED, version="1.14.1") as engine:
        failed = engine.evaluate(b"{}").packages["good"]
    assert isinstance(failed, EvaluationFailure)
    assert failed.code == "judge.opa-version"


@pytest.mark.parametrize(
    ("url", "token", "code"),
    [
        ("opa.example:8181", None, "judge.opa-url"),
        ("ftp://opa.example", None, "judge.opa-url"),
        ("http://opa.example:port", None, "judge.opa-url"),
        ("https://ana:secret@opa.example", None, "judge.opa-url"),
        ("https://opa.example/?token=secret", None, "judge.opa-url"),
        ("https://opa.example", "two\nlines-secret", "judge.opa-token"),
        ("https://opa.example", "", "judge.opa-token"),
        ("http://opa.example", "secret", "judge.opa-token-unencrypted"),
    ],
)
def test_url_or_token_that_can_not_be_used_is_refused_without_telling_it(
    url: str, token: str | None, code: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        endpoint_of(url, token=token, ca_file=None)
    assert raised.value.code == code
    assert "secret" not in str(raised.value)


def test_endpoint_does_not_show_its_token() -> None:
    endpoint = endpoint_of("https://opa.example/policy/", token="s3cret", ca_file=None)
    assert "s3cret" not in repr(endpoint)
    assert (endpoint.host, endpoint.port, endpoint.prefix) == ("opa.example", 443, "/policy")
