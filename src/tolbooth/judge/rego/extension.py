"""Where the embedded engine's extension lies, and which program it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tolbooth.judge.interface import EngineDescription
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import JudgeError

DISTRIBUTION = "gordon-to-regorus"
_FILES = ("regorus.abi3.so", "regorus.pyd")


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """The engine's shared library and the version of the package that brought it."""

    path: Path
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """The suite of divergences that a version passed: its number of cases, its SHA-256, and the OPA it ran against."""

    version: str
    against: str
    cases: int
    sha256: str


def suite_of(version: str) -> Suite | None:
    """The suite that a version of the engine passed; None where nobody knows what it does."""
    return next((suite for suite in _suites() if suite.version == version), None)


def require_proven(version: str, *, asked_for: str | None) -> None:
    """Refuse a version whose result on the suite is not known, unless it is asked for by name.

    Raises:
        JudgeError: ``judge.engine-unproven``.
    """
    if suite_of(version) is None and version != asked_for:
        known = ", ".join(suite.version for suite in _suites())
        raise JudgeError.of(
            "judge.engine-unproven",
            f"{DISTRIBUTION} {version} has not passed the suite of divergences, so its decisions may differ from OPA's",
            hint=f"install {known}, judge on OPA (policy.engine: opa), or set TOLBOOTH_ALLOW_ENGINE={version}",
        )


def find_extension() -> Extension:
    """Find the installed extension without importing it.

    Raises:
        JudgeError: ``judge.engine-missing`` where no wheel is installed (there is none for musl and old glibc).
    """
    spec = find_spec("regorus")
    folders = [] if spec is None else [Path(folder) for folder in spec.submodule_search_locations or ()]
    for path in (folder / name for folder in folders for name in _FILES):
        if path.is_file():
            return Extension(path=path, version=_version())
    raise JudgeError.of(
        "judge.engine-missing",
        f"the embedded policy engine is not installed: there is no extension of {DISTRIBUTION}",
        hint=f"pip install {DISTRIBUTION}; where no wheel fits (musl, glibc before 2.34), the engine of choice is OPA",
    )


def describe_extension(extension: Extension) -> EngineDescription:
    """Name the engine by the SHA-256 of its extension; ``known`` says whether our list holds that digest."""
    sha256 = _file_sha256(extension.path)
    return EngineDescription(
        name="regorus", version=extension.version, sha256=sha256, known=(extension.version, sha256) in known_engines()
    )


@cache
def known_engines() -> frozenset[tuple[str, str]]:
    """Version and SHA-256 of every extension in the published wheels that we have looked at."""
    return frozenset((entry["version"], entry["sha256"]) for entry in _known()["extensions"])


@cache
def _suites() -> tuple[Suite, ...]:
    return tuple(Suite(**entry) for entry in _known()["suites"])


@cache
def _known() -> Mapping[str, Any]:
    content: Mapping[str, Any] = json.loads(
        files("tolbooth.judge.rego").joinpath("known_engines.json").read_text(encoding="utf-8")
    )
    return content


@cache
def _file_sha256(path: Path) -> str:
    return sha256_hex(path.read_bytes())


def _version() -> str:
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:  # built by hand
        return "unknown"
