"""Opens MLflow stores for reading, quietly: nothing is created, migrated, logged or reported to anybody.

MLflow is imported here, inside the functions, and nowhere else.
"""

from __future__ import annotations

import importlib.util
import logging
import math
import os
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from tolbooth.collect.mlflow.asking import Asking
from tolbooth.collect.mlflow.wanted import MlflowSubject, Patience
from tolbooth.model.errors import ConfigError
from tolbooth.model.withholding import Withheld

_HTTP = frozenset({"http", "https"})
_LOCAL = frozenset({"", "file"})
_DATABRICKS = re.compile(r"(?:databricks|databricks-uc|uc)(?::.*)?")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_LOGGERS = ("mlflow", "alembic", "urllib3", "sqlalchemy", "databricks", "git")
_SQLITE = re.compile(r"sqlite(?:\+pysqlite)?:///(?P<path>[^?]*)(?:\?.*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An open MLflow: its client, how it is asked, and how it is named in records.

    ``instance`` and ``identity`` hold no user info and no person. ``trusted_files`` tells whether a place of artifacts
    on this machine is believed, which a server elsewhere may not name.
    """

    client: Any
    asking: Asking
    withheld: Withheld
    uri: str
    instance: str
    identity: str
    folder: Path
    trusted_files: bool
    client_version: str


@contextmanager
def open_source(
    wanted: MlflowSubject, *, project_folder: Path, patience: Patience, writing: bool = False
) -> Iterator[Source]:
    """Open the stores that the subject names, for reading; ``writing`` is for the one who moves an alias.

    Raises:
        ConfigError: ``collect.mlflow-not-installed``; ``collect.mlflow-no-store`` if a local store is not there.
        SourceError: if a store can't be opened.
    """
    if importlib.util.find_spec("mlflow") is None:
        raise ConfigError.of(
            "collect.mlflow-not-installed", "MLflow's client is not installed", hint="pip install 'tolbooth[mlflow]'"
        )
    mode = "rw" if writing else "ro"
    uri = _readable(wanted.tracking_uri, project_folder, mode)
    registry = uri if wanted.registry_uri is None else _readable(wanted.registry_uri, project_folder, mode)
    withheld = Withheld()
    asking = Asking(patience, remote=not _is_local(wanted.tracking_uri))
    with _quietly(patience, uri, registry), _no_new_folders(uri, registry):
        client_class = _client_class()
        client = asking.ask("the store itself", lambda: client_class(tracking_uri=uri, registry_uri=registry))
        yield Source(
            client=client,
            asking=asking,
            withheld=withheld,
            uri=uri,
            instance=_instance(wanted.tracking_uri, project_folder, withheld),
            identity=_identity(wanted.tracking_uri),
            folder=project_folder,
            trusted_files=_trusts_files(wanted.tracking_uri),
            client_version=str(sys.modules["mlflow"].__version__),
        )


def _client_class() -> Any:
    """MLflow's client. Its import takes seconds, which are no part of our patience with a source."""
    from mlflow.tracking.client import MlflowClient  # noqa: PLC0415 - heavy, and absent without its extra

    _silence()  # its import sets up its loggers anew
    return MlflowClient


def _is_local(uri: str) -> bool:
    """Whether the store is a folder or a SQLite file of this machine."""
    if _DATABRICKS.fullmatch(uri):
        return False
    return urlsplit(uri).scheme in _LOCAL or _SQLITE.fullmatch(uri) is not None


def _trusts_files(uri: str) -> bool:
    """Whether a place on this machine is believed: the store is here, or a database that only its own people write."""
    if _DATABRICKS.fullmatch(uri):
        return False
    split = urlsplit(uri)
    return split.scheme not in _HTTP or split.hostname in _LOOPBACK


def _readable(uri: str, project_folder: Path, mode: str = "ro") -> str:
    """The URI as MLflow's client is given it: absolute, and opened in SQLite's ``mode`` where the store is its file.

    NOTE: opened for writing, an older SQLite store would be migrated, and a missing one made.
    """
    if match := _SQLITE.fullmatch(uri):
        path = (project_folder / match["path"]).resolve()
        _require(path.is_file(), uri="the SQLite file of the tracking store", folder=project_folder, path=path)
        return f"sqlite+pysqlite:///file:{quote(str(path))}?mode={mode}&uri=true"
    if _is_local(uri):
        path = (project_folder / unquote(uri.removeprefix("file://").removeprefix("file:"))).resolve()
        _require(path.is_dir(), uri="the folder of the tracking store", folder=project_folder, path=path)
        return path.as_uri()
    return uri


def _require(there: bool, *, uri: str, folder: Path, path: Path) -> None:  # noqa: FBT001 - the tested fact
    if not there:
        shown = Withheld().text(os.path.relpath(path, folder))
        raise ConfigError.of("collect.mlflow-no-store", f"{uri} is not there: {shown}")


def _instance(uri: str, project_folder: Path, withheld: Withheld) -> str:
    """What the records call the store: no user info, no query, no path above the project where it can be helped."""
    split = urlsplit(uri)
    if match := _SQLITE.fullmatch(uri):
        return f"sqlite:///{withheld.text(_from_project(match['path'], project_folder))}"
    if _DATABRICKS.fullmatch(uri):
        return uri.partition(":")[0]
    if _is_local(uri):
        return f"file:{withheld.text(_from_project(unquote(split.path), project_folder))}"
    host = split.netloc.rpartition("@")[2]
    return withheld.text(f"{split.scheme}://{host}{split.path}")


def _from_project(path: str, project_folder: Path) -> str:
    target = (project_folder / path).resolve()
    folder = project_folder.resolve()
    if target.is_relative_to(folder):
        return target.relative_to(folder).as_posix()
    home = Path.home()
    return f"~/{target.relative_to(home).as_posix()}" if target.is_relative_to(home) else target.as_posix()


def _identity(uri: str) -> str:
    """By which means we were known to the source; never as whom."""
    split = urlsplit(uri)
    if split.scheme not in _HTTP:
        return f"uid {os.getuid()}" if _is_local(uri) else "login of the store's own"
    if "@" in split.netloc or os.environ.get("MLFLOW_TRACKING_USERNAME"):
        return "HTTP basic authentication"
    return "bearer token" if os.environ.get("MLFLOW_TRACKING_TOKEN") else "none"


@contextmanager
def _quietly(patience: Patience, uri: str, registry: str) -> Iterator[None]:
    """MLflow without telemetry, progress bars, retries of its own and logs, which may quote what must not be kept.

    NOTE: its file registry asks the default tracking store, and would make one in the working directory.
    """
    settings = {
        "MLFLOW_TRACKING_URI": uri,
        "MLFLOW_REGISTRY_URI": registry,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ALLOW_FILE_STORE": "true",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD": "false",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
        "MLFLOW_HTTP_REQUEST_TIMEOUT": str(max(1, math.ceil(patience.answer_seconds))),
        "MLFLOW_SQLALCHEMYSTORE_POOLCLASS": "NullPool",
    }
    before = {name: os.environ.get(name) for name in settings}
    levels = {name: logging.getLogger(name).level for name in _LOGGERS}
    os.environ.update(settings)
    try:
        _silence()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what its code does with its libraries is not for our users
            yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _silence() -> None:
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


@contextmanager
def _no_new_folders(*uris: str) -> Iterator[None]:
    """Take away the empty folders that MLflow makes when it opens a file store that has none."""
    roots = {Path(unquote(urlsplit(uri).path)) for uri in uris if uri.startswith("file:")}
    absent = [folder for root in roots for folder in (root / ".trash", root / "models") if not folder.exists()]
    try:
        yield
    finally:
        for folder in absent:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
