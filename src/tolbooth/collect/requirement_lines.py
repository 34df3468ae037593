"""Names and exact versions out of the files that tools write environments down in. Nothing else of a line is kept.

A version counts as exact where one version alone fits: ``==1.2`` of PEP 440 without a wildcard, conda's ``=1.2.3`` as
its own export writes it, an entry of a lock file. Links, paths and version control are never exact here.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tolbooth.config.yaml_source import parse_yaml
from tolbooth.model.errors import ConfigError
from tolbooth.model.withholding import Withheld

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_VERSION = r"[0-9][A-Za-z0-9.!+_-]*"
_REQUIREMENT = re.compile(rf"(?P<name>{_NAME})\s*(?:\[[^\]]*\])?\s*(?P<rest>.*)", re.DOTALL)
_EXACT = re.compile(rf"\(?\s*===?\s*(?P<version>{_VERSION})\s*\)?")
_CONDA = re.compile(rf"(?:[^:\s]+::)?(?P<name>{_NAME})\s*(?P<rest>.*)", re.DOTALL)
_CONDA_EXACT = re.compile(rf"=?=?\s*(?P<version>{_VERSION})(?:[= ][A-Za-z0-9_.-]+)?")
_AFTER_NAME = frozenset({"", "<", ">", "=", "!", "~", ";", "@", "("})
_HASHES = re.compile(r"\s--hash[= ]\S+|\s+#.*$|^#.*$", re.MULTILINE)

INSTALLERS = frozenset({"pip", "setuptools", "wheel"})
"""They put the packages there and don't run with the model: without a version they are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A package that a file asks for; ``name`` is normalised (PEP 503) and None where a line names none.

    What looks like a secret in a version (its local part may be any word) is withheld.
    """

    name: str | None
    version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What one file says: packages in its order, and Python's version where it is exact."""

    packages: tuple[Package, ...]
    python: str | None = None


class UnreadableEnvironmentError(Exception):
    """A file is not of its format; the text says why and quotes nothing."""


def requirements(text: str) -> Environment:
    """Read a requirements file of pip. Options and files that it includes are not followed."""
    joined = re.sub(r"\\\r?\n", " ", text)
    lines = (_HASHES.sub("", line).strip() for line in joined.splitlines())
    return Environment(packages=tuple(_requirement(line) for line in lines if line and not _is_option(line)))


def conda(text: str) -> Environment:
    """Read an environment of conda (``conda.yaml``, ``environment.yml``), with its list for pip."""
    document = _mapping(text)
    packages: list[Package] = []
    python = None
    for entry in _list(document, "dependencies"):
        if isinstance(entry, dict):
            packages += [_requirement(str(line)) for line in _list(entry, "pip") if not _is_option(str(line))]
            continue
        package = _conda_package(str(entry))
        if package.name == "python":
            python = package.version
        else:
            packages.append(package)
    return Environment(packages=tuple(packages), python=python)


def python_env(text: str) -> Environment:
    """Read MLflow's ``python_env.yaml``; its requirements stand in a file of their own."""
    document = _mapping(text)
    written = [*_list(document, "build_dependencies"), *_list(document, "dependencies")]
    version = re.fullmatch(_VERSION, str(document.get("python", "")))
    packages = tuple(_requirement(str(line)) for line in written if not _is_option(str(line)))
    return Environment(packages=packages, python=_told(version[0]) if version else None)


def uv_lock(text: str) -> Environment:
    """Read a lock file of uv; the project itself, which has no version to be had, is left out."""
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UnreadableEnvironmentError("it is not TOML") from error
    found = [entry for entry in _list(document, "package") if isinstance(entry, dict)]
    others = (entry for entry in found if not {"editable", "virtual"} & set(_dict(entry.get("source"))))
    return Environment(packages=tuple(_locked(entry) for entry in others))


def _locked(entry: Mapping[str, Any]) -> Package:
    name, version = str(entry.get("name", "")), str(entry.get("version", ""))
    if not re.fullmatch(_NAME, name) or not _is_plain(name):
        return Package(name=None)
    return Package(name=_normal(name), version=_told(version) if re.fullmatch(_VERSION, version) else None)


def _requirement(line: str) -> Package:
    match = _REQUIREMENT.fullmatch(line)
    if match is None or match["rest"][:1] not in _AFTER_NAME or not _is_plain(match["name"]):
        return Package(name=None)
    exact = _EXACT.fullmatch(match["rest"].partition(";")[0].strip())
    return Package(name=_normal(match["name"]), version=_told(exact["version"]) if exact else None)


def _conda_package(line: str) -> Package:
    match = _CONDA.fullmatch(line.strip())
    if match is None or not _is_plain(match["name"]):
        return Package(name=None)
    exact = _CONDA_EXACT.fullmatch(match["rest"].rstrip())
    return Package(name=_normal(match["name"]), version=_told(exact["version"]) if exact else None)


def _is_option(line: str) -> bool:
    """An option other than an editable install, which is a package without a version."""
    return line.startswith("-") and not line.startswith(("-e ", "--editable"))


def _is_plain(name: str) -> bool:
    """Whether a package's name is no secret that stands in its place."""
    return Withheld().text(name) == name


def _told(version: str) -> str:
    return Withheld().text(version)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _mapping(text: str) -> Mapping[str, Any]:
    try:
        document = parse_yaml(text, "environment").value
    except ConfigError:
        raise UnreadableEnvironmentError("it is not YAML") from None
    return _dict(document)


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(document: Mapping[str, Any], key: str) -> Iterator[Any]:
    value = document.get(key)
    return iter(value if isinstance(value, list) else ())
