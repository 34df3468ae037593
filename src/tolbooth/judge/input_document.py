"""The input document: everything that rules may read about one gate, as one JSON value of a published schema."""

from __future__ import annotations

import calendar
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema_rs

from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.model.errors import JudgeError, Problem
from tolbooth.model.instant import format_instant, instant
from tolbooth.model.observation import Artifact, Gap, Observation
from tolbooth.model.rule import Point
from tolbooth.model.subject import Subject
from tolbooth.model.wire import JsonObject, as_json

VERSION = 1
_SOURCE_CONTROL = "source-control"
_LINEAGE = ("commit", "tree_clean")
_SHOWN_PROBLEMS = 20


def input_document(
    *,
    subject: Subject,
    gate: str,
    environment: str,
    point: Point = Point.CI,
    as_of: datetime,
    artifacts: Sequence[Artifact],
    observations: Iterable[Observation],
    gaps: Iterable[Gap],
    declared: JsonObject,
    governance: JsonObject | None = None,
) -> dict[str, Any]:
    """Make the input document of one gate; the order in which facts are given does not matter.

    ``lineage`` is what the ``source-control`` observation says of commit and tree. ``declared`` holds what the owner
    declares: ``owner``, ``purpose``, ``risk_tier``, and ``data`` by data set. ``governance`` are counts and dates that
    the log gives at a size that it names.
    """
    by_kind: dict[str, list[dict[str, Any]]] = {}
    lineage: dict[str, Any] = {}
    for observation in observations:
        by_kind.setdefault(observation.kind, []).append(_observation(observation, as_of))
        if observation.kind == _SOURCE_CONTROL:
            lineage |= {name: observation.values[name] for name in _LINEAGE if name in observation.values}
    return {
        "version": VERSION,
        "subject": as_json(subject),
        "gate": gate,
        "environment": environment,
        "point": point.value,
        "context": {"as_of": format_instant(as_of), "as_of_ns": as_of_ns(as_of)},
        "artifacts": _sorted(_artifact(artifact, as_of) for artifact in artifacts),
        "observations": {kind: _sorted(found) for kind, found in sorted(by_kind.items())},
        "gaps": _sorted(as_json(gap) for gap in gaps),
        "lineage": lineage,
        "declared": as_json(declared),
        **({} if governance is None else {"governance": as_json(governance)}),
    }


def as_of_ns(as_of: datetime) -> str:
    """Nanoseconds since 1970, as text: JSON numbers above 2^53 are not exact."""
    return str(calendar.timegm(instant(as_of).utctimetuple()) * 1_000_000_000)


def input_schema_bytes() -> bytes:
    """The JSON Schema (draft 2020-12) of the input document, as shipped."""
    return files("tolbooth.judge.schemas").joinpath("input.schema.json").read_bytes()


def validate_input(content: bytes) -> dict[str, Any]:
    """Parse an input document and hold it against its schema.

    Raises:
        JudgeError: ``input.syntax`` if it is not JSON, ``input.schema`` with each place that does not fit.
    """
    try:
        document: dict[str, Any] = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise JudgeError.of("input.syntax", f"the input document is not JSON: {error}") from error
    problems = [
        Problem(code="input.schema", message=f"input{_path(error.instance_path)}: {error.message}")
        for error in _validator().iter_errors(document)
    ]
    if problems:
        raise JudgeError(problems[:_SHOWN_PROBLEMS])
    return document


@cache
def _validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(json.loads(input_schema_bytes()))


def _path(parts: Iterable[str | int]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)


def _artifact(artifact: Artifact, as_of: datetime) -> dict[str, Any]:
    shown = {
        "name": artifact.name,
        "role": artifact.role.value,
        "digest": as_json(artifact.digest),
        "size_bytes": artifact.size_bytes,
        "media_type": artifact.media_type,
        "columns": as_json(artifact.columns),
        "freshness": artifact.dates.freshness(as_of).value,
    }
    optional = {
        "row_count": artifact.row_count,
        "dated": None if artifact.dates.about is None else format_instant(artifact.dates.about),
    }
    return {**shown, **{name: value for name, value in optional.items() if value is not None}}


def _observation(observation: Observation, as_of: datetime) -> dict[str, Any]:
    shown = {
        "about": observation.about,
        "values": as_json(observation.values),
        "reads": list(observation.reads),
        "freshness": observation.dates.freshness(as_of).value,
    }
    return shown if observation.question is None else {**shown, "question": as_json(observation.question)}


def _sorted(items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """By name of what it is about, then by content."""
    return sorted(items, key=lambda item: (str(item.get("name", item.get("about"))), canonical_bytes(item)))
