"""What the log knows of a gate itself, as counts and dates at a size that it names: the age of its last drill."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from tolbooth.evidence.dsse import take_apart
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.statement import parse_statement
from tolbooth.model.instant import format_instant
from tolbooth.model.wire import JsonObject
from tolbooth.review.waiver_state import WaiverState, WaiverStatus
from tolbooth.store.embedded import EmbeddedStore, LogEntry

_SOON_DAYS = 30


def governance(
    store: EmbeddedStore | None, *, gate: str, waivers: Sequence[WaiverState] = (), as_of: datetime | None = None
) -> JsonObject:
    """``input.governance``: the log's size, the gate's drills if there were any, and its waiver debt.

    ``waivers`` are all that are known, as they stand at ``as_of``. Of those in force at this gate it tells how many
    there are (``open``) and how many of them end within 30 days (``ending``); nothing where none was ever asked for.

    ``drill`` holds how many known-bad cases the last drill had (``cases``), when it was (``last_at``) and whether all
    were refused (``last_held``); and of the last one in which all were, when (``held_at``) and by which policy.
    """
    debt = _debt([each for each in waivers if each.request.gate == gate], as_of)
    if store is None:
        return {"log_size": 0, **debt}
    entries = store.entries()
    drill = _drills(store, entries, gate)
    return {"log_size": len(entries), **({"drill": drill} if drill else {}), **debt}


def _debt(waivers: Sequence[WaiverState], as_of: datetime | None) -> dict[str, Any]:
    if not waivers or as_of is None:
        return {}
    open_ = [each for each in waivers if each.status(as_of) is WaiverStatus.IN_FORCE]
    ending = [each for each in open_ if each.ends_soon(as_of, days=_SOON_DAYS)]
    return {"waivers": {"open": len(open_), "ending": len(ending)}}


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
