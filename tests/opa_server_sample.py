"""A server that stands where an OPA should be, and behaves as badly as it is told."""

from __future__ import annotations

import json
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

Behaviour = Callable[[socket.socket, bytes], None]
"""Answers one request on a connection."""


def answer(body: object, *, status: str = "200 OK", head: str = "") -> Behaviour:
    """Give the same answer to everything; a text is sent as it is, anything else as JSON."""
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    text = f"HTTP/1.1 {status}\r\nContent-Length: {len(content)}\r\nConnection: close\r\n{head}\r\n"

    def behave(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(text.encode() + content)

    return behave


@contextmanager
def serving(behave: Behaviour, *, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve on a free loopback port; gives the URL."""
    listening = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()
    threads: list[threading.Thread] = []

    def serve() -> None:
        while not over.is_set():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=_one, args=(connection, behave, tls)))
            threads[-1].start()

    accepting = threading.Thread(target=serve)
    accepting.start()
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        over.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        accepting.join()
        for thread in threads:
            thread.join()


def _one(connection: socket.socket, behave: Behaviour, tls: ssl.SSLContext | None) -> None:
    try:
        with connection if tls is None else tls.wrap_socket(connection, server_side=True) as plain:
            request = b""
            while not _is_whole(request):
                piece = plain.recv(65536)
                if not piece:
                    return
                request += piece
            behave(plain, request)
    except OSError:
        connection.close()


def _is_whole(request: bytes) -> bool:
    """Whether head and body are there: a connection closed before its body was read is reset, not answered."""
    head, end, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
    return bool(end) and len(body) >= (int(length[1]) if length else 0)


def certificate(folder: Path, *, valid_for: timedelta, name: str = "127.0.0.1") -> tuple[Path, ssl.SSLContext]:
    """A self-signed certificate and the server's context with it; negative validity has ended."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "opa")])
    now = datetime.now(tz=UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("opa.example")] if name != "127.0.0.1" else [_loopback()])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + valid_for)
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "opa.crt", folder / "opa.key"
    public.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return public, context


def _loopback() -> x509.IPAddress:
    return x509.IPAddress(ip_address("127.0.0.1"))
