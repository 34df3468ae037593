"""Recorded cases, read back from the store: what a pack, a report and an explanation are made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tolbooth.evidence.decision_record import DECISION_ENVELOPE, DecisionRecord
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.reading import read_value
from tolbooth.evidence.signed import read_unverified, take_apart
from tolbooth.evidence.statement import parse_statement
from tolbooth.model.digest import short
from tolbooth.model.wire import JsonObject
from tolbooth.pipeline.case_file import CaseFile, case_file
from tolbooth.report.words import plural
from tolbooth.store.embedded import DecisionRow, EmbeddedStore, LogEntry


def recorded_case(store: EmbeddedStore, prefix: str | None) -> CaseFile:
    """The case of a recorded decision: the one whose digest begins with ``prefix``, or the latest.

    Raises:
        ConfigError: if no decision, or more than one, is meant.
        StoreError: if a blob is missing or altered.
    """
    row = store.decision(prefix)
    return case_file(core_of(store, row), position=row.entry_position)


def core_of(store: EmbeddedStore, row: DecisionRow) -> dict[str, bytes]:
    """The files of a decision's core, each from its blob."""
    envelope = store.blobs.get(store.entry_at(row.entry_position).envelope_sha256)
    record = decision_record_of(envelope)
    core = {file.path: store.blobs.get(file.sha256) for file in record.core}
    return {**core, DECISION_ENVELOPE: envelope}


def decision_record_of(envelope: bytes) -> DecisionRecord:
    """What a decision's attestation says; its signature is not looked at."""
    statement = parse_statement(take_apart(envelope, path=DECISION_ENVELOPE).payload, path=DECISION_ENVELOPE)
    return read_value(DecisionRecord, dict(statement.predicate), path=DECISION_ENVELOPE)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """An entry of the log, with what its statement is about and says, in a few words."""

    entry: LogEntry
    about: str
    summary: str


def log_lines(store: EmbeddedStore) -> tuple[LogLine, ...]:
    """Every entry, oldest first."""
    decisions = {row.entry_position: row for row in store.decisions()}
    return tuple(_line(store, entry, decisions.get(entry.position)) for entry in store.entries())


def _line(store: EmbeddedStore, entry: LogEntry, decision: DecisionRow | None) -> LogLine:
    path = f"log entry {entry.position + 1}"
    statement = read_unverified(store.blobs.get(entry.envelope_sha256), path=path).statement
    summary = ""
    if decision is not None:
        summary = f"{decision.verdict} at {decision.gate}, decision {short(decision.decision_sha256)}"
    elif entry.kind == Kind.SEAL:
        summary = f"root {short(str(statement.predicate['root']))}"
    elif entry.kind == Kind.PEOPLE:
        summary = f"version {statement.predicate['version']}, {len(statement.predicate['people'])} persons"
    elif entry.kind == Kind.COMMITMENT:
        summary = f"bounds of {len(statement.predicate['rules'])} rules"
    elif entry.kind in _SAID:
        summary = _SAID[Kind(entry.kind)](statement.predicate)
    return LogLine(entry=entry, about=statement.subject[0].name, summary=summary)


def _word(said: JsonObject) -> str:
    on = said.get("decision_sha256") or said.get("waiver_sha256")
    what = "decision" if "decision_sha256" in said else "waiver"
    return f"{said.get('verb')} by {said.get('person')} as {said.get('role')}, {what} {short(str(on))}"


_SAID: Mapping[Kind, Callable[[JsonObject], str]] = {
    Kind.PEOPLE: lambda said: f"version {said.get('version')} of the people record",
    Kind.APPROVAL: _word,
    Kind.REJECTION: _word,
    Kind.WAIVER: lambda said: f"{said.get('id')} of {said.get('rule')}, asked for by {said.get('requested_by')}",
    Kind.RENEWAL: lambda said: f"{said.get('id')} of {said.get('rule')}, asked for by {said.get('requested_by')}",
    Kind.REVOCATION: lambda said: f"by {said.get('person')}, of {short(str(said.get('revokes_sha256')))}",
    Kind.PROMOTION: lambda said: (
        f"to version {said.get('to_version')}, decision {short(str(said.get('decision_sha256')))}"
    ),
    Kind.OUTCOME: lambda said: f"{said.get('result')}, version {said.get('to_version')}",
    Kind.SIGHTING: lambda said: (
        f"{plural(len(said.get('seen', ())), 'place')}, {plural(len(said.get('findings', ())), 'finding')}"
    ),
    Kind.RETIREMENT: lambda said: f"waiver {short(str(said.get('waiver_sha256')))}, for {said.get('subject')}",
}
