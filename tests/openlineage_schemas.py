"""OpenLineage's own schemas from ``vendor/openlineage``, and ours: what an event must fit, facet by facet."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema_rs

from tolbooth.enforce.openlineage_event import facet_schema_bytes

VENDOR = Path(__file__).parents[1] / "vendor" / "openlineage"
SPEC = "https://openlineage.io/spec"
EARLIER = ("1-0-2", "1-0-3")
"""Versions of ``OpenLineage.json`` that facets refer to; what they refer to reads alike in 2-0-2."""


def _registry() -> jsonschema_rs.Registry:
    whole = json.loads((VENDOR / "OpenLineage.json").read_bytes())
    facets = [json.loads(path.read_bytes()) for path in sorted((VENDOR / "facets").glob("*.json"))]
    resources = [whole, *facets, json.loads(facet_schema_bytes())]
    earlier = [(f"{SPEC}/{version}/OpenLineage.json", {**whole, "$id": _id(version)}) for version in EARLIER]
    return jsonschema_rs.Registry([*((each["$id"], each) for each in resources), *earlier])


def _id(version: str) -> str:
    return f"{SPEC}/{version}/OpenLineage.json"


REGISTRY = _registry()


def mistakes(event: Mapping[str, Any]) -> list[str]:
    """What does not fit the schema that the event names, nor those that its facets name."""
    found = _against(event["schemaURL"], event)
    for name, facet in facets_of(event):
        found += [f"{name}: {each}" for each in _against(facet["_schemaURL"], facet)]
    return found


def facets_of(event: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every facet with its name."""
    holders = [event["run"], event["job"], *event["inputs"], *event["outputs"]]
    for holder in holders:
        yield from holder.get("facets", {}).items()


def _against(url: str, value: Any) -> list[str]:
    validator = jsonschema_rs.Draft202012Validator({"$ref": url}, registry=REGISTRY, validate_formats=True)
    return [error.message for error in validator.iter_errors(value)]
