"""The versioned JSON of promotions, reconciliations and answers; ``moves-output.schema.json`` describes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

from tolbooth.model.instant import format_instant
from tolbooth.model.wire import as_json
from tolbooth.pipeline.moves import Tenure
from tolbooth.pipeline.promoting import Promoted
from tolbooth.pipeline.reconciling import FoundNow, Reconciled
from tolbooth.pipeline.serving import Served, Serving

_SCHEMA = "moves-output.schema.json"


def output_schema(command: str) -> dict[str, Any]:
    """The JSON Schema of what ``promote``, ``reconcile`` or ``serving`` prints with ``--output json``."""
    text = resources.files("tolbooth.report").joinpath("schemas", _SCHEMA).read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema | {"$ref": f"#/$defs/{command}"}


def promoted_document(done: Promoted) -> dict[str, Any]:
    """The versioned JSON of a promotion."""
    return {
        "version": 1,
        "place": as_json(done.place),
        "from_version": done.from_version,
        "to_version": done.goal.version,
        "digest": dict(done.digest),
        "gate": done.goal.gate,
        "environment": done.goal.environment,
        "decision_sha256": done.decision_sha256,
        "requester": done.requester,
        "claimed_by": done.claimed_by,
        "as_of": format_instant(done.as_of),
        "result": "rehearsed" if done.result is None else done.result.value,
        "position": done.position,
        "settled": [as_json(each.outcome) for each in done.settled],
    }


def reconciled_document(done: Reconciled) -> dict[str, Any]:
    """The versioned JSON of a reconciliation."""
    return {
        "version": 1,
        "as_of": format_instant(done.as_of),
        "clean": done.is_clean,
        "complete": not done.unread,
        "position": done.position,
        "seen": as_json(done.seen),
        "findings": [_finding(each) for each in done.found],
        "settled": [as_json(each.outcome) for each in done.settled],
        "unread": as_json(done.unread),
        "ungoverned": as_json(done.ungoverned),
        "left_out": done.left_out,
    }


def serving_document(answers: tuple[Serving, ...]) -> dict[str, Any]:
    """The versioned JSON of an answer."""
    return {"version": 1, "answers": [_answer(each) for each in answers]}


def _answer(answer: Serving) -> dict[str, Any]:
    return {
        "place": as_json(answer.place),
        "start": format_instant(answer.start),
        "end": None if answer.end is None else format_instant(answer.end),
        "known_from": format_instant(answer.known_from),
        "served": [_tenure(each.tenure) | {"until": _when(each)} for each in answer.served],
    }


def _tenure(tenure: Tenure) -> dict[str, Any]:
    written: Mapping[str, Any] = as_json(tenure)
    return {"version": None, "decision_sha256": None} | {key: each for key, each in written.items() if key != "place"}


def _when(served: Served) -> str | None:
    return None if served.until is None else format_instant(served.until)


def _finding(each: FoundNow) -> dict[str, Any]:
    since = None if each.since is None else format_instant(each.since)
    return {"id": each.finding.id, "new": each.since is None, "since": since, **as_json(each.finding)}
