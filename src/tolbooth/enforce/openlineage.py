"""Tells a recorded decision to whoever keeps lineage: as OpenLineage events, to a file or an HTTP endpoint.

The decision stands in the log before this begins, and nothing here changes it: what goes wrong is told, and that is
all. No proxy is used and no redirect followed: the events go where the settings say, or nowhere.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from tolbooth.config.load import Project
from tolbooth.enforce.event_file import append_events
from tolbooth.enforce.openlineage_event import Surroundings, decision_events
from tolbooth.model.digest import short
from tolbooth.model.errors import ConfigError, StoreError
from tolbooth.model.withholding import Withheld
from tolbooth.pipeline.case_file import CaseFile

ENVIRONMENT = "environment"
SECONDS = 10.0
"""How long telling may take in all, from connecting to the last answer."""

ENDPOINT = "api/v1/lineage"
"""Where OpenLineage clients post events, below the URL that they are given."""


class _NotToldError(Exception):
    """Why the events could not be told, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where events are posted to; ``name`` is for messages and holds no secret."""

    url: str = field(repr=False)
    name: str
    key: str | None = field(default=None, repr=False)


def tell_decision(
    project: Project, case: CaseFile, variables: Mapping[str, str], *, seconds: float = SECONDS
) -> str | None:
    """Tell a decision where ``output.openlineage`` says.

    Args:
        project: the settings.
        case: the decision, as it was recorded. A hypothetical one, and one that was recorded by an earlier call, are
            not told.
        variables: the environment's: ``OPENLINEAGE_URL``, ``OPENLINEAGE_ENDPOINT``, ``OPENLINEAGE_API_KEY``,
            ``OPENLINEAGE_NAMESPACE``, ``OPENLINEAGE_PARENT_ID`` and ``OPENLINEAGE_DISABLED``.
        seconds: how long it may take.

    Returns:
        None if it was told, or if nobody asked for it; else a sentence for whoever reads stderr.
    """
    if project.settings.output.openlineage is None or case.decision.case.hypothetical or case.repeated:
        return None
    try:
        _tell(project, case, variables, seconds)
    except _NotToldError as error:
        told = Withheld().text(str(error))
        return f"Warning: OpenLineage was not told of the decision {short(case.decision_sha256)}: {told}."
    return None


def tell_again(project: Project, case: CaseFile, variables: Mapping[str, str], *, seconds: float = SECONDS) -> str:
    """Tell a recorded decision where ``output.openlineage`` says; the arguments are those of ``tell_decision``.

    Returns:
        To whom, in words.

    Raises:
        ConfigError: ``openlineage.nowhere`` if the settings or the environment name no place.
        StoreError: ``openlineage.not-told``.
    """
    try:
        told = _tell(project, case, variables, seconds)
    except _NotToldError as error:
        raise StoreError.of("openlineage.not-told", Withheld().text(str(error))) from error
    if told is None:
        place = project.place("output", "openlineage", key=True)
        hint = "output.openlineage: a file that ends in .ndjson, or http://HOST:PORT"
        raise ConfigError.of("openlineage.nowhere", "nobody says where OpenLineage is told", place=place, hint=hint)
    return told


def _tell(project: Project, case: CaseFile, variables: Mapping[str, str], seconds: float) -> str | None:
    """Tell it, and say to whom; None where the settings or the environment want it told to nobody."""
    to = project.settings.output.openlineage
    where = None if to is None else _destination(project, to, variables)
    if where is None:
        return None
    events = decision_events(case, project.settings, Surroundings.read(variables))
    if isinstance(where, Path):
        _write(where, events)
        return str(to)
    _post_all(where, events, seconds)
    return where.name


def _destination(project: Project, to: str, variables: Mapping[str, str]) -> Path | Endpoint | None:
    """A file or an endpoint; None where the environment turns OpenLineage off."""
    if variables.get("OPENLINEAGE_DISABLED", "").strip().lower() in {"true", "1"}:
        return None
    url = variables.get("OPENLINEAGE_URL", "").strip() if to == ENVIRONMENT else to
    if not url:
        raise _NotToldError("OPENLINEAGE_URL is not set")
    if "://" not in url and to != ENVIRONMENT:
        return project.folder / to
    return _endpoint(url, variables)


def _endpoint(url: str, variables: Mapping[str, str]) -> Endpoint:
    key = variables.get("OPENLINEAGE_API_KEY") or None
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise _NotToldError(f"its URL can't be read: {error}") from error
    if parts.scheme not in {"http", "https"} or not host:
        raise _NotToldError("its URL has no http or https, or no host")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise _NotToldError("its URL holds a user, a query or a fragment; a key belongs into OPENLINEAGE_API_KEY")
    if key is not None and not (key.isascii() and key.isprintable()):
        raise _NotToldError("OPENLINEAGE_API_KEY holds a character that no header can")
    if key is not None and parts.scheme == "http" and not _is_loopback(host):
        raise _NotToldError(f"OPENLINEAGE_API_KEY would travel unencrypted to {host}")
    end = (variables.get("OPENLINEAGE_ENDPOINT") or ENDPOINT).lstrip("/")
    return Endpoint(url=f"{url.rstrip('/')}/{end}", name=f"{parts.scheme}://{parts.netloc}", key=key)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _write(path: Path, events: Sequence[Any]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        append_events(path, events)
    except OSError as error:
        raise _NotToldError(f"{path.name} can't be written: {error.strerror or error}") from error


def _post_all(endpoint: Endpoint, events: Sequence[Any], seconds: float) -> None:
    """Post the events in their order.

    A socket's own timeout begins anew with every byte, so the whole is waited for from outside, in a thread that is
    left behind if the other side goes on dripping.
    """
    failed: list[BaseException] = []

    def post() -> None:
        try:
            for event in events:
                _post(endpoint, event, seconds)
        except Exception as error:  # noqa: BLE001 - handed to the thread that waits
            failed.append(error)

    thread = threading.Thread(target=post, name="openlineage", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise _NotToldError(f"{endpoint.name} took longer than {seconds:g} seconds")
    if failed:
        raise _NotToldError(_why(endpoint, failed[0])) from failed[0]


def _post(endpoint: Endpoint, event: Any, seconds: float) -> None:
    request = Request(  # noqa: S310 - http and https only, see _endpoint
        endpoint.url,
        data=json.dumps(event).encode(),
        headers={
            "Content-Type": "application/json",
            **({} if endpoint.key is None else {"Authorization": f"Bearer {endpoint.key}"}),
        },
    )
    with build_opener(ProxyHandler({}), _NoRedirect()).open(request, timeout=seconds):
        pass


class _NoRedirect(HTTPRedirectHandler):
    """Takes a redirect for the answer, which is a refusal."""

    def redirect_request(self, *_arguments: Any) -> None:
        """Follow none."""


def _why(endpoint: Endpoint, error: BaseException) -> str:
    match error:
        case HTTPError():
            error.close()
            return f"{endpoint.name} answered {error.code}"
        case URLError():
            return f"{endpoint.name} can't be reached: {error.reason}"
        case _:
            return f"{endpoint.name} broke off: {error or type(error).__name__}"
