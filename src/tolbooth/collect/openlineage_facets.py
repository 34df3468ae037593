"""What is kept of a run's facets: an allow-list, without secrets, personal data, SQL and error texts.

Facets are replaced whole by later ones, and taken away by ``_deleted`` (OpenLineage, "Facets & Extensibility").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tolbooth.collect.openlineage_events import RunEvent
from tolbooth.model.digest import is_sha256
from tolbooth.model.instant import format_instant, parse_instant
from tolbooth.model.withholding import Withheld

MOST_COLUMNS = 1_000
MOST_ASSERTIONS = 1_000
_DIGESTS = {"sha256": "sha256", "dirhash": "dirHash"}
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_USER_INFO = re.compile(r"(?<=://)[^/\s]*@")

KEPT = frozenset(
    {"schema", "dataSource", "version", "sourceCodeLocation", "parent", "dataQualityAssertions", "nominalTime"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenDataSet:
    """A data set of a run, as its events name it, with its facets merged.

    ``versions`` are all that were stated, in the order of the events: more than one is a contradiction for an input.
    """

    direction: str
    namespace: str
    name: str
    facets: Mapping[str, Any]
    versions: tuple[str, ...]


def merged_facets(each: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The facets that stand after the last event; those that are no JSON object are passed over."""
    found: dict[str, Any] = {}
    for facets in each:
        found |= {name: facet for name, facet in facets.items() if isinstance(facet, dict)}
    return {name: facet for name, facet in found.items() if facet.get("_deleted") is not True}


def data_sets(events: Sequence[RunEvent]) -> tuple[SeenDataSet, ...]:
    """The data sets that the events name, inputs first, by namespace and name."""
    seen: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for event in events:
        for direction, found in (("input", event.inputs), ("output", event.outputs)):
            for each in found:
                key = (direction, each["namespace"], each["name"])
                seen.setdefault(key, []).append(
                    {**(each.get("facets") or {}), **(each.get(f"{direction}Facets") or {})}
                )
    return tuple(
        SeenDataSet(
            direction=direction,
            namespace=namespace,
            name=name,
            facets=merged_facets(facets),
            versions=_versions(facets),
        )
        for (direction, namespace, name), facets in sorted(seen.items())
    )


def _versions(facets: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    stated = (merged_facets([each]).get("version", {}).get("datasetVersion") for each in facets)
    return tuple(dict.fromkeys(each for each in stated if isinstance(each, str)))


class FacetReader:
    """Turns facets into the values that are kept, and counts what was left out and withheld."""

    def __init__(self) -> None:
        self.withheld = Withheld()
        self.left_out = 0

    def text(self, text: str) -> str:
        """A name without secrets and personal data; a URI without user info, query and fragment."""
        return self.shown(without_user_info(text))

    def shown(self, text: str) -> str:
        """A sentence without secrets and personal data."""
        # NOTE: JSON may hold half a surrogate pair, which has no UTF-8.
        return self.withheld.text(text.encode("utf-8", "replace").decode())

    def run(self, run_facets: Mapping[str, Any], job_facets: Mapping[str, Any]) -> dict[str, Any]:
        """``parent``, ``nominal_start``, ``nominal_end`` and ``source``, as far as they are stated."""
        self._count(run_facets)
        self._count(job_facets)
        nominal = run_facets.get("nominalTime", {})
        found = {
            "parent": self._parent(run_facets.get("parent", {})),
            "nominal_start": _instant(nominal.get("nominalStartTime")),
            "nominal_end": _instant(nominal.get("nominalEndTime")),
            "source": self._source(job_facets.get("sourceCodeLocation", {})),
        }
        return {name: value for name, value in found.items() if value}

    def data_set(self, seen: SeenDataSet) -> dict[str, Any]:
        """A data set's direction, names, and what its facets state: version or digest, columns, source, assertions."""
        self._count(seen.facets)
        found = {
            "direction": seen.direction,
            "namespace": self.text(seen.namespace),
            "name": self.text(seen.name),
            **self._version(seen.facets.get("version", {}).get("datasetVersion")),
            "columns": self._columns(seen.facets.get("schema", {}).get("fields")),
            "data_source": self._texts(seen.facets.get("dataSource", {}), {"name": "name", "uri": "uri"}),
            "assertions": self._assertions(seen.facets.get("dataQualityAssertions", {}).get("assertions")),
        }
        return {name: value for name, value in found.items() if value}

    def _version(self, stated: Any) -> dict[str, Any]:
        """A digest, if the version has the form of one, such as ``sha256:…``; else the version as it is."""
        if not isinstance(stated, str) or not stated:
            return {}
        algorithm, _, value = stated.rpartition(":")
        known = _DIGESTS.get(algorithm.lower() or "sha256")
        if known is not None and is_sha256(value.lower()):
            return {"digest": {known: value.lower()}}
        return {"version": self.text(stated)}

    def _columns(self, fields: Any) -> list[dict[str, str]]:
        columns = [self._texts(each, {"name": "name", "type": "type"}) for each in _objects(fields)[:MOST_COLUMNS]]
        return [column for column in columns if "name" in column]

    def _assertions(self, stated: Any) -> list[dict[str, Any]]:
        found = []
        for each in _objects(stated)[:MOST_ASSERTIONS]:
            texts = self._texts(each, {"assertion": "assertion", "column": "column"})
            if "assertion" in texts and isinstance(each.get("success"), bool):
                found.append({**texts, "success": each["success"]})
        return found

    def _parent(self, facet: Mapping[str, Any]) -> dict[str, str]:
        run, job = facet.get("run"), facet.get("job")
        if not isinstance(run, dict) or not isinstance(job, dict):
            return {}
        found = self._texts(job, {"namespace": "namespace", "name": "name"})
        return {**found, **self._texts(run, {"runId": "run_id"})}

    def _source(self, facet: Mapping[str, Any]) -> dict[str, str]:
        found = self._texts(facet, {"type": "type", "repoUrl": "repository", "path": "path"})
        version = facet.get("version")
        if isinstance(version, str) and _COMMIT.fullmatch(version):
            return {**found, "commit": version}
        return {**found, **self._texts(facet, {"version": "version"})}

    def _texts(self, value: Any, names: Mapping[str, str]) -> dict[str, str]:
        """The members that are texts, by our names."""
        if not isinstance(value, dict):
            return {}
        found = {ours: value.get(theirs) for theirs, ours in names.items()}
        return {ours: self.text(each) for ours, each in found.items() if isinstance(each, str) and each}

    def _count(self, facets: Mapping[str, Any]) -> None:
        self.left_out += len(facets.keys() - KEPT)


def without_user_info(text: str) -> str:
    """A URI without user info, and without what may hold a password behind its path; other text as it is."""
    if "://" not in text:
        return text
    return re.split(r"[?#;]", _USER_INFO.sub("", text), maxsplit=1)[0]


def _instant(stated: Any) -> str | None:
    try:
        return format_instant(parse_instant(str(stated)))
    except ValueError:
        return None


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
