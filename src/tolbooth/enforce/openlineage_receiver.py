"""An HTTP endpoint on this machine's loopback that keeps OpenLineage events in a file, for tests and small set-ups.

An event is answered with 201 once it is on the disk, and with 4xx if it is none. Only this machine can reach it, and no
web page that its user looks at: a browser states another Host or another content type.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tolbooth.collect.openlineage_events import problem_of
from tolbooth.enforce.event_file import append_events, drop_unfinished_line
from tolbooth.enforce.openlineage import ENDPOINT
from tolbooth.model.errors import StoreError

MOST_BYTES = 16 << 20
"""The largest event that is taken."""

_SECONDS = 30
_HOSTS = frozenset({"127.0.0.1", "localhost"})


class Receiver(ThreadingHTTPServer):
    """Listens on 127.0.0.1; ``serve_forever`` takes events until ``shutdown``.

    Args:
        path: the file that events are appended to.
        port: where to listen; 0 takes any that is free.

    Raises:
        StoreError: ``lineage.port`` if the port can't be had.
    """

    daemon_threads = True

    def __init__(self, path: Path, *, port: int) -> None:
        self.path = path
        try:
            super().__init__(("127.0.0.1", port), _Handler)
        except OSError as error:
            message = f"port {port} can't be had: {error.strerror or error}"
            raise StoreError.of("lineage.port", message, hint="another one: --port, 0 for any that is free") from error

    @property
    def url(self) -> str:
        """What clients are given as ``OPENLINEAGE_URL``."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    server: Receiver
    timeout = _SECONDS
    server_version = "tolbooth"
    sys_version = ""

    def do_POST(self) -> None:
        """Take an event."""
        refusal = self._refusal()
        if refusal is not None:
            self._answer(*refusal)
            return
        body = self.rfile.read(int(self.headers["Content-Length"]))
        event, why = _event(body)
        if why is not None:
            self._answer(HTTPStatus.BAD_REQUEST, f"no OpenLineage event: {why}")
            return
        try:
            append_events(self.server.path, [event])
        except OSError as error:
            self._answer(HTTPStatus.INSUFFICIENT_STORAGE, f"not kept: {error.strerror or error}")
            return
        self._answer(HTTPStatus.CREATED, "kept")

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing: a request line may hold what a log must not."""

    def _refusal(self) -> tuple[HTTPStatus, str] | None:
        host = self.headers.get("Host", "").rsplit(":", 1)[0]
        length = self.headers.get("Content-Length", "")
        kind = self.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        checks: tuple[tuple[bool, HTTPStatus, str], ...] = (
            (host in _HOSTS, HTTPStatus.MISDIRECTED_REQUEST, "the Host is not this machine's loopback"),
            (self.path == f"/{ENDPOINT}", HTTPStatus.NOT_FOUND, f"events are taken at /{ENDPOINT}"),
            (kind == "application/json", HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send application/json"),
            ("Content-Encoding" not in self.headers, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send it uncompressed"),
            (length.isascii() and length.isdigit(), HTTPStatus.LENGTH_REQUIRED, "send a Content-Length"),
        )
        refused = next(((status, why) for holds, status, why in checks if not holds), None)
        if refused is None and int(length) > MOST_BYTES:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"an event has at most {MOST_BYTES:,} bytes"
        return refused

    def _answer(self, status: HTTPStatus, text: str) -> None:
        content = json.dumps({"message": text}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)


def _event(body: bytes) -> tuple[Any, str | None]:
    """The event, and what is wrong with it, if anything."""
    try:
        value = json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None, "it is no JSON"
    return value, problem_of(value)


def _refuse(word: str) -> float:
    raise ValueError(word)


def receive(path: Path, *, port: int, tell: Callable[[str], None]) -> None:
    """Take events until interrupted.

    Args:
        path: the file that events are appended to; what a crash left of its last line is taken away first.
        port: where to listen on 127.0.0.1; 0 takes any that is free.
        tell: called with a sentence once clients may connect, and with what was taken away.

    Raises:
        StoreError: ``lineage.file`` if the file can't be written, ``lineage.port`` if the port can't be had.
    """
    try:
        dropped = drop_unfinished_line(path)
        append_events(path, [])
    except OSError as error:
        raise StoreError.of("lineage.file", f"{path.name} can't be written: {error.strerror or error}") from error
    if dropped:
        tell(f"Took away {dropped:,} bytes of a last line that was never finished: its sender was told nothing.")
    with Receiver(path, port=port) as receiver:
        tell(f"Taking events into {path}: OPENLINEAGE_URL={receiver.url}")
        receiver.serve_forever()
