"""Observes a declared bill of materials or vulnerability report in CycloneDX JSON: counts, no names.

SPEC: CycloneDX 1.2 to 1.6, JSON: ``components``, ``vulnerabilities[].ratings[].severity``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from tolbooth import __version__
from tolbooth.collect.interface import Collected
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import CollectError
from tolbooth.model.observation import Dates, Gap, Observation

KIND = "sbom"

SEVERITIES = ("critical", "high", "medium", "low", "info", "none", "unknown")
"""The words of the specification, worst first; anything else counts as unknown."""

_MOST_BYTES = 64 << 20
_VERSION_LENGTH = 10


def collect_sbom(path: Path, *, now: datetime, about: str) -> Collected:
    """Observe how many components a bill of materials names, and how many vulnerabilities by severity.

    Args:
        path: the file.
        now: when it is read.
        about: what the observation says it is about.

    Returns:
        One observation of kind ``sbom`` with ``format`` (``CycloneDX``), ``spec_version``, ``components`` (at any
        depth) and ``vulnerabilities``: by severity, of which the worst rating counts, and those without one as
        ``unknown``. An empty mapping says only that the file lists none. Or one gap ``collect.sbom-unreadable``.

    Raises:
        CollectError: ``collect.unreadable``.
    """
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= _MOST_BYTES else b""
    except OSError as error:
        raise CollectError.of("collect.unreadable", f"{path.name} could not be read: {error.strerror}") from error
    document = _parsed(content)
    if document is None:
        message = "the bill of materials is no CycloneDX document in JSON"
        return Collected(gaps=(Gap(kind=KIND, about=about, code="collect.sbom-unreadable", message=message),))
    version = str(document.get("specVersion", ""))[:_VERSION_LENGTH]
    values: dict[str, Any] = {
        "format": "CycloneDX",
        "components": sum(1 for _ in _components(document)),
        "vulnerabilities": _by_severity(document),
    }
    if version and all(part.isdigit() for part in version.split(".")):
        values["spec_version"] = version
    observation = Observation(
        kind=KIND,
        about=about,
        values=values,
        dates=Dates(collected=now, received=now),
        origin=f"collect.sbom {__version__}",
        reads=(sha256_hex(content),),
    )
    return Collected(observations=(observation,))


def _parsed(content: bytes) -> Mapping[str, Any] | None:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) and document.get("bomFormat") == "CycloneDX" else None


def _components(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    waiting = [*_objects(document, "components")]
    while waiting:
        component = waiting.pop()
        yield component
        waiting += _objects(component, "components")


def _by_severity(document: Mapping[str, Any]) -> dict[str, int]:
    found = [_worst(each) for each in _objects(document, "vulnerabilities")]
    return {severity: found.count(severity) for severity in SEVERITIES if severity in found}


def _worst(vulnerability: Mapping[str, Any]) -> str:
    rated = {str(rating.get("severity", "")).lower() for rating in _objects(vulnerability, "ratings")}
    return next((severity for severity in SEVERITIES if severity in rated), "unknown")


def _objects(document: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = document.get(key)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
