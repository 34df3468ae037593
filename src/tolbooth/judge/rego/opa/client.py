"""HTTP to an OPA, over TCP, TLS or a Unix socket: one deadline for the whole exchange, and no trust in the answer.

No proxy is used and no redirect followed: the document about a subject goes where the settings say, or nowhere.
"""

from __future__ import annotations

import io
import json
import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tolbooth.judge.rego.opa.failures import OpaFailedError, says
from tolbooth.model.errors import ConfigError

ANSWER_BYTES = 64 << 20
"""The largest answer that is read, as of the embedded engine."""

_PIECE_BYTES = 1 << 20
_DEFAULT_PORTS = {"http": 80, "https": 443}
_URL_HINT = "write it as https://opa.example.org:8181"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where an OPA listens: a host and port, with ``tls`` or without, or a Unix socket. ``name`` is for messages."""

    name: str
    host: str = "localhost"
    port: int = 0
    prefix: str = ""
    tls: ssl.SSLContext | None = None
    token: str | None = field(default=None, repr=False)
    socket_path: Path | None = None


def endpoint_of(url: str, *, token: str | None, ca_file: Path | None) -> Endpoint:
    """Read a server's URL.

    Raises:
        ConfigError: ``judge.opa-url`` for what is no plain http or https URL; ``judge.opa-token`` for a token that no
            header can hold, ``judge.opa-token-unencrypted`` for one over plain http; ``judge.opa-ca-file`` if that
            can't be read.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
    except ValueError as error:
        raise ConfigError.of("judge.opa-url", f"OPA's URL can't be read: {error}", hint=_URL_HINT) from error
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise ConfigError.of("judge.opa-url", "OPA's URL has no http or https, or no host", hint=_URL_HINT)
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        text = "OPA's URL holds a user, a query or a fragment"
        raise ConfigError.of("judge.opa-url", text, hint="a token belongs into TOLBOOTH_OPA_TOKEN")
    if token is not None and not (token.isascii() and token.isprintable() and " " not in token and token):
        raise ConfigError.of("judge.opa-token", "OPA's token is empty, or holds a character that no header can")
    if token is not None and parts.scheme == "http" and not _is_loopback(parts.hostname):
        text = f"OPA's token would travel unencrypted to {parts.hostname}"
        raise ConfigError.of(
            "judge.opa-token-unencrypted", text, hint="use https; policy.opa.ca_file names a CA of your own"
        )
    return Endpoint(
        name=f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}",
        host=parts.hostname,
        port=port,
        prefix=parts.path.rstrip("/"),
        tls=_tls(ca_file) if parts.scheme == "https" else None,
        token=token,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A status and the JSON document that came with it; None where there was none."""

    status: int
    document: Any


class OpaClient:
    """One connection to an OPA, kept alive between questions."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._connection: HTTPConnection | None = None
        self._timed: _Timed | None = None

    def close(self) -> None:
        """Close the connection; the next question opens another."""
        if self._connection is not None:
            self._connection.close()
        if self._timed is not None:
            self._timed.shut()
        self._connection = self._timed = None

    def ask(
        self,
        method: str,
        path: str,
        *,
        seconds: float,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask once, within so many seconds from connecting to the answer's last byte.

        Raises:
            OpaFailedError: ``judge.deadline``, ``judge.answer-size``, or ``judge.opa-unreachable``, ``-certificate``,
                ``-refused`` (401, 403), ``-redirect`` or ``-answer`` (broken off, or no JSON).
        """
        until = time.monotonic() + seconds
        reused = self._connection is not None
        try:
            return self._ask(method, path, body, headers or {}, until, reused=reused)
        except BaseException as error:
            self.close()
            if isinstance(error, OpaFailedError):
                raise
            if isinstance(error, (OSError, HTTPException)):
                raise self._failed(error, seconds) from error
            raise

    def _ask(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], until: float, *, reused: bool
    ) -> Answer:
        try:
            response = self._response(method, path, body, headers, until)
        except (ConnectionError, HTTPException):
            if not reused:
                raise
            # NOTE: a server may have closed an idle connection; every question may be asked twice.
            self.close()
            response = self._response(method, path, body, headers, until)
        content = self._content(response)
        self._refuse(response.status, content)
        if response.will_close:
            self.close()
        return Answer(status=response.status, document=self._document(response.status, content))

    def _response(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], until: float
    ) -> HTTPResponse:
        if self._connection is None or self._timed is None:
            self._timed = _Timed(_connect(self.endpoint, until))
            self._connection = HTTPConnection(self.endpoint.host, self.endpoint.port)
            self._connection.sock = self._timed
        self._timed.until = until
        sent = {"Content-Type": "application/json", "Connection": "keep-alive", **headers}
        if self.endpoint.token is not None:
            sent["Authorization"] = f"Bearer {self.endpoint.token}"
        self._connection.request(method, f"{self.endpoint.prefix}{path}", body=body, headers=sent)
        return self._connection.getresponse()

    def _content(self, response: HTTPResponse) -> bytes:
        found = bytearray()
        while piece := response.read(_PIECE_BYTES):
            found += piece
            if len(found) > ANSWER_BYTES:
                raise OpaFailedError("judge.answer-size", f"OPA's answer is larger than {ANSWER_BYTES >> 20} MiB")
        if response.length:
            raise OpaFailedError("judge.opa-answer", f"{self._who} broke off in the middle of its answer")
        return bytes(found)

    def _refuse(self, status: int, content: bytes) -> None:
        if status in {401, 403}:
            text = (
                f"{self._who} refused us ({status}): is the token right? TOLBOOTH_OPA_TOKEN or TOLBOOTH_OPA_TOKEN_FILE"
            )
            raise OpaFailedError("judge.opa-refused", text)
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST and status != HTTPStatus.NOT_MODIFIED:
            text = f"{self._who} answers with a redirect ({status}), which is not followed: name the right URL"
            raise OpaFailedError("judge.opa-redirect", text)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR and not _is_error_document(content):
            raise OpaFailedError("judge.opa-status", f"{self._who} failed with status {status}")

    def _document(self, status: int, content: bytes) -> Any:
        if not content and status in {200, 204, 304}:
            return None
        try:
            return json.loads(content, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            text = f"{self._who} answered with something that is no JSON (status {status})"
            raise OpaFailedError("judge.opa-answer", text) from error

    @property
    def _who(self) -> str:
        return f"OPA at {self.endpoint.name}"

    def _failed(self, error: OSError | HTTPException, seconds: float) -> OpaFailedError:
        if isinstance(error, TimeoutError):
            return OpaFailedError("judge.deadline", f"{self._who} gave no answer within {seconds:g} seconds")
        if isinstance(error, ssl.SSLCertVerificationError):
            text = f"{self._who}: its certificate is not accepted: {error.verify_message}"
            return OpaFailedError("judge.opa-certificate", text)
        if isinstance(error, ssl.SSLError):
            return OpaFailedError("judge.opa-certificate", f"{self._who}: no TLS connection: {error.reason or error}")
        if isinstance(error, (HTTPException, ConnectionResetError, BrokenPipeError)):
            text = f"{self._who} broke off, or does not speak HTTP ({type(error).__name__})"
            return OpaFailedError("judge.opa-answer", text)
        return OpaFailedError("judge.opa-unreachable", f"{self._who} can't be reached: {error.strerror or error}")


def unexpected(endpoint: Endpoint, answer: Answer) -> OpaFailedError:
    """The failure for a status that nobody asked for."""
    text = f"OPA at {endpoint.name} answered with status {answer.status}: {says(answer.document)}"
    return OpaFailedError("judge.opa-status", text)


class _Timed:
    """A socket for ``HTTPConnection`` whose every wait ends at the same moment, however slowly bytes drip in."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self.until = 0.0

    def sendall(self, content: bytes) -> None:
        view = memoryview(content)
        while view:
            self._socket.settimeout(_left(self.until))
            view = view[self._socket.send(view[:_PIECE_BYTES]) :]

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self), _PIECE_BYTES)

    def receive_into(self, buffer: Any) -> int:
        self._socket.settimeout(_left(self.until))
        return self._socket.recv_into(buffer)

    def close(self) -> None:
        """Nothing yet: ``HTTPConnection`` closes its socket while the answer is still being read."""

    def shut(self) -> None:
        self._socket.close()


class _TimedReader(io.RawIOBase):
    def __init__(self, timed: _Timed) -> None:
        self._timed = timed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._timed.receive_into(buffer)


def _connect(endpoint: Endpoint, until: float) -> socket.socket:
    if endpoint.socket_path is not None:
        sock = socket.socket(socket.AF_UNIX)
        try:
            sock.settimeout(_left(until))
            sock.connect(str(endpoint.socket_path))
        except BaseException:
            sock.close()
            raise
        return sock
    sock = socket.create_connection((endpoint.host, endpoint.port), timeout=_left(until))
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(_left(until))
        return sock if endpoint.tls is None else endpoint.tls.wrap_socket(sock, server_hostname=endpoint.host)
    except BaseException:
        sock.close()
        raise


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _tls(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    except OSError as error:
        text = f"the CA file for OPA can't be read: {error.strerror or 'it holds no certificate in PEM'}"
        raise ConfigError.of("judge.opa-ca-file", text) from error


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"


def _is_error_document(content: bytes) -> bool:
    with suppress(ValueError, RecursionError):
        document = json.loads(content)
        return isinstance(document, dict) and isinstance(document.get("errors"), list)
    return False


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
