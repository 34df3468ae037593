"""OpenLineage run events out of files: one event a line, a list of events, or one event; or a folder of such files.

Reads what the specification's ``OpenLineage.json`` (2-0-2) demands of a run event, and no facet. What isn't readable is
told by file and line, never skipped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import CollectError, ConfigError

SUFFIXES = (".json", ".jsonl", ".ndjson")
MOST_BYTES = 256 << 20
_RUN_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class EventType(StrEnum):
    """The transition that an event reports (OpenLineage object model, "Run State Update")."""

    START = "START"
    RUNNING = "RUNNING"
    OTHER = "OTHER"
    COMPLETE = "COMPLETE"
    ABORT = "ABORT"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job by its namespace and its name."""

    namespace: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent:
    """One run event. ``type`` is None where it gives none; ``sha256`` is over its JSON with sorted members."""

    run_id: str
    job: Job
    type: EventType | None
    time: datetime
    producer: str
    run_facets: Mapping[str, Any]
    job_facets: Mapping[str, Any]
    inputs: tuple[Mapping[str, Any], ...]
    outputs: tuple[Mapping[str, Any], ...]
    sha256: str

    @property
    def ends(self) -> bool:
        """Whether the run is over with this event."""
        return self.type in {EventType.COMPLETE, EventType.ABORT, EventType.FAIL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A line that is no event: where, and why."""

    place: str
    why: str


class _NotAnEventError(ValueError):
    """What an event lacks, in words."""


def read_events(path: Path, *, shown: str) -> Iterator[RunEvent | Unreadable]:
    """Read every run event, in the order of the files; events about a job or a data set alone are passed over.

    Args:
        path: a file, or a folder, of which files that end in ``.json``, ``.jsonl`` or ``.ndjson`` are read.
        shown: the path as the settings name it.

    Raises:
        ConfigError: ``collect.missing`` if there is nothing at ``path``, or no such file in the folder.
        CollectError: ``collect.unreadable``, or ``collect.lineage-too-large`` beyond 256 MiB.
    """
    files = _files(path, shown)
    try:
        size = sum(file.stat().st_size for _, file in files)
        if size > MOST_BYTES:
            message = f"{shown} holds {size:,} bytes of events; at most {MOST_BYTES:,} are read"
            hint = "keep the events of one job in a file of their own"
            raise CollectError.of("collect.lineage-too-large", message, hint=hint)
        for name, file in files:
            yield from _read(file, name)
    except OSError as error:
        raise CollectError.of("collect.unreadable", f"{shown} could not be read: {error.strerror}") from error


def problem_of(value: Any) -> str | None:
    """What is wrong with a JSON value that should be an event of any kind; None if nothing is."""
    try:
        _run_event(value)
    except _NotAnEventError as error:
        return str(error)
    return None


def _files(path: Path, shown: str) -> Sequence[tuple[str, Path]]:
    if path.is_file():
        return [(shown, path)]
    if path.is_dir():
        found = [each for each in sorted(path.iterdir()) if each.suffix in SUFFIXES and each.is_file()]
        if found:
            return [(f"{shown.rstrip('/')}/{each.name}", each) for each in found]
        message = f"the folder {shown} holds no file of events"
        raise ConfigError.of("collect.missing", message, hint=f"files that end in {', '.join(SUFFIXES)} are read")
    raise ConfigError.of("collect.missing", f"there is no file {shown}", hint="a file of events, or a folder of files")


def _read(file: Path, name: str) -> Iterator[RunEvent | Unreadable]:
    """A file's events; a file is one JSON value if it is a list, or if its first line alone is no JSON."""
    with file.open("rb") as lines:
        first = next((line for line in lines if line.strip()), b"")
    if first and (first.lstrip().startswith(b"[") or isinstance(_json(first), Unreadable)):
        whole = _json(file.read_bytes())
        if not isinstance(whole, Unreadable):
            for position, value in enumerate(whole if isinstance(whole, list) else [whole], start=1):
                yield from _event(value, f"{name}, event {position}")
            return
    with file.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield from _event(_json(line), f"{name}:{number}")


def _json(content: bytes) -> Any:
    try:
        return json.loads(content, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return Unreadable(place="", why="it is no JSON")


def _no_number(word: str) -> float:
    raise ValueError(word)


def _event(value: Any, place: str) -> Iterator[RunEvent | Unreadable]:
    if isinstance(value, Unreadable):
        yield Unreadable(place=place, why=value.why)
        return
    try:
        found = _run_event(value)
    except _NotAnEventError as error:
        yield Unreadable(place=place, why=str(error))
        return
    if found is not None:
        yield found


def _run_event(value: Any) -> RunEvent | None:
    """A run event; None for an event of the other two kinds, which are about no run."""
    if not isinstance(value, dict):
        raise _NotAnEventError("it is no JSON object")
    if "run" not in value and ("dataset" in value or "job" in value):
        return None
    run, job = _object(value, "run"), _object(value, "job")
    run_id = _text(run, "runId")
    if _RUN_ID.fullmatch(run_id) is None:
        raise _NotAnEventError("its runId is no UUID")
    return RunEvent(
        run_id=run_id.lower(),
        job=Job(namespace=_text(job, "namespace"), name=_text(job, "name")),
        type=_type(value.get("eventType")),
        time=_time(_text(value, "eventTime")),
        producer=_text(value, "producer"),
        run_facets=_facets(run, "facets"),
        job_facets=_facets(job, "facets"),
        inputs=_data_sets(value, "inputs"),
        outputs=_data_sets(value, "outputs"),
        sha256=_digest(value),
    )


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return sha256_hex(text.encode())


def _type(value: Any) -> EventType | None:
    if value is None:
        return None
    if value not in EventType.__members__:
        raise _NotAnEventError("its eventType is none of the specification's")
    return EventType(value)


def _time(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
        in_utc = found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise _NotAnEventError("its eventTime is no time") from None
    if found.tzinfo is None:
        raise _NotAnEventError("its eventTime has no zone")
    return in_utc


def _data_sets(value: Mapping[str, Any], name: str) -> tuple[Mapping[str, Any], ...]:
    found = value.get(name) or []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise _NotAnEventError(f"its {name} are no list of data sets")
    for each in found:
        _text(each, "namespace")
        _text(each, "name")
        for facets in ("facets", f"{name[:-1]}Facets"):
            _facets(each, facets)
    return tuple(found)


def _facets(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = value.get(name) or {}
    if not isinstance(found, dict):
        raise _NotAnEventError(f"its {name} are no JSON object")
    return found


def _object(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = value.get(name)
    if not isinstance(found, dict):
        raise _NotAnEventError(f"it has no {name}")
    return found


def _text(value: Mapping[str, Any], name: str) -> str:
    found = value.get(name)
    if not isinstance(found, str) or not found:
        raise _NotAnEventError(f"it has no {name}")
    return found
