"""What bills of materials and vulnerability reports say, by their own formats, as counts.

SPEC: CycloneDX 1.2 to 1.6, JSON: ``components``, ``vulnerabilities[].ratings[].severity``.
SPEC: SPDX 2.2 and 2.3, JSON: ``packages``; SPDX 3.0, JSON-LD: elements of ``@graph`` of type ``software_Package``.
The JSON of scanners: Grype (``matches[].vulnerability.severity``), Trivy
(``Results[].Vulnerabilities[].Severity``), pip-audit (``dependencies[].vulns``, without severities).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

SEVERITIES = ("critical", "high", "medium", "low", "negligible", "info", "none", "unknown")
"""The words of the formats, worst first; anything else counts as unknown."""

_VERSION = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){0,3}")


def read_report(document: Any) -> dict[str, Any] | None:
    """The values of the ``sbom`` observation; None if the document is of none of the formats."""
    if not isinstance(document, dict):
        return None
    for name, reader in FORMATS.items():
        values = reader(document)
        if values is not None:
            return {"format": name, **values}
    return None


def _cyclonedx(document: Mapping[str, Any]) -> dict[str, Any] | None:
    if document.get("bomFormat") != "CycloneDX":
        return None
    found = (
        _worst(str(rating.get("severity", "")) for rating in _objects(each, "ratings"))
        for each in _objects(document, "vulnerabilities")
    )
    return {
        **_version(document.get("specVersion")),
        "components": sum(1 for _ in _components(document)),
        "vulnerabilities": _by_severity(found),
    }


def _components(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    waiting = [*_objects(document, "components")]
    while waiting:
        component = waiting.pop()
        yield component
        waiting += _objects(component, "components")


def _spdx(document: Mapping[str, Any]) -> dict[str, Any] | None:
    stated = document.get("spdxVersion")
    if isinstance(stated, str) and stated.startswith("SPDX-"):
        return {**_version(stated.removeprefix("SPDX-")), "components": len(_objects(document, "packages"))}
    if not str(document.get("@context", "")).startswith("https://spdx.org/rdf/"):
        return None
    graph = _objects(document, "@graph")
    stated = next((each.get("specVersion") for each in graph if each.get("type") == "CreationInfo"), None)
    return {**_version(stated), "components": sum(each.get("type") == "software_Package" for each in graph)}


def _grype(document: Mapping[str, Any]) -> dict[str, Any] | None:
    tool = document.get("descriptor")
    if not isinstance(tool, dict) or tool.get("name") != "grype" or not isinstance(document.get("matches"), list):
        return None
    found = [each["vulnerability"] for each in _objects(document, "matches") if _is_object(each.get("vulnerability"))]
    return {"vulnerabilities": _by_severity(_worst([str(each.get("severity", ""))]) for each in found)}


def _trivy(document: Mapping[str, Any]) -> dict[str, Any] | None:
    # NOTE: a report without findings leaves its results out.
    if "SchemaVersion" not in document or "ArtifactType" not in document:
        return None
    found = (each for result in _objects(document, "Results") for each in _objects(result, "Vulnerabilities"))
    return {"vulnerabilities": _by_severity(_worst([str(each.get("Severity", ""))]) for each in found)}


def _pip_audit(document: Mapping[str, Any]) -> dict[str, Any] | None:
    dependencies = _objects(document, "dependencies")
    if "fixes" not in document or not all("vulns" in each or "skip_reason" in each for each in dependencies):
        return None
    skipped = sum("skip_reason" in each for each in dependencies)
    return {
        "components": len(dependencies),
        "vulnerabilities": _by_severity("unknown" for each in dependencies for _ in _objects(each, "vulns")),
        **({"skipped": skipped} if skipped else {}),
    }


FORMATS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any] | None]] = {
    "CycloneDX": _cyclonedx,
    "SPDX": _spdx,
    "Grype": _grype,
    "Trivy": _trivy,
    "pip-audit": _pip_audit,
}
"""By name, what reads a document of the format; it gives None for any other document."""


def _version(stated: object) -> dict[str, str]:
    return {"spec_version": stated} if isinstance(stated, str) and _VERSION.fullmatch(stated) else {}


def _by_severity(found: Iterable[str]) -> dict[str, int]:
    counted = list(found)
    return {severity: counted.count(severity) for severity in SEVERITIES if severity in counted}


def _worst(ratings: Iterable[str]) -> str:
    rated = {rating.lower() for rating in ratings}
    return next((severity for severity in SEVERITIES if severity in rated), "unknown")


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _objects(document: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = document.get(key)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
