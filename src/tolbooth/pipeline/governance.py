"""What the log knows of a gate itself, as counts and dates at a size that it names: the age of its last drill."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tolbooth.evidence.dsse import take_apart
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.statement import parse_statement
from tolbooth.model.instant import format_instant
from tolbooth.model.wire import JsonObject
from tolbooth.store.embedded import EmbeddedStore, LogEntry


def governance(store: EmbeddedStore | None, *, gate: str) -> JsonObject:
    """``input.governance``: the log's size, and the gate's drills if there were any.

    ``drill`` holds how many known-bad cases the last drill had (``cases``), when it was (``last_at``) and whether all
    were refused (``last_held``); and of the last one in which all were, when (``held_at``) and by which policy.
    """
    if store is None:
        return {"log_size": 0}
    entries = store.entries()
    drill = _drills(store, entries, gate)
    return {"log_size": len(entries), **({"drill": drill} if drill else {})}


def _drills(store: EmbeddedStore, entries: tuple[LogEntry, ...], gate: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for entry, said in _newest_first(store, entries, gate):
        if not found:
            found = {
                "cases": len(said["cases"]),
                "last_at": format_instant(entry.appended_at),
                "last_held": bool(said["held"]),
            }
        if said["held"]:
            return {
                **found,
                "held_at": format_instant(entry.appended_at),
                "held_policy_sha256": said["policy_sha256"],
            }
    return found


def _newest_first(
    store: EmbeddedStore, entries: tuple[LogEntry, ...], gate: str
) -> Iterator[tuple[LogEntry, JsonObject]]:
    for entry in reversed(entries):
        if entry.kind != Kind.DRILL:
            continue
        path = f"log entry {entry.position + 1}"
        statement = parse_statement(take_apart(store.blobs.get(entry.envelope_sha256), path=path).payload, path=path)
        if statement.predicate["gate"] == gate:
            yield entry, statement.predicate
