"""Once: by a key that its caller gives, a run of a gate decides once, however often it is tried again."""

from __future__ import annotations

from tolbooth.config.load import Project
from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.evidence.dsse import take_apart
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.statement import parse_statement
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import ConfigError
from tolbooth.pipeline.records import decision_record_of
from tolbooth.store.embedded import DecisionRow, EmbeddedStore, LogEntry


def run_of(project: Project, gate: str, key: str) -> str:
    """The id of the run that a key stands for at a gate, in its environment: 64 hex digits.

    The key itself is not recorded.

    Raises:
        ConfigError: ``gate.once-empty`` for a key without a character.
    """
    if not key.strip():
        raise ConfigError.of(
            "gate.once-empty",
            "the key under which the gate decides once is empty",
            hint="it names one run, such as the run's and the task's id; an unset variable gives an empty one",
        )
    environment = project.settings.gates[gate].environment
    return sha256_hex(canonical_bytes(["once", project.settings.project, gate, environment, key]))


def decided_in(store: EmbeddedStore, run: str, gate: str, *, since: int = 0) -> DecisionRow | None:
    """The decision that a run recorded at a gate; None while there is none, whatever else it recorded.

    Decisions before the position ``since`` are not looked at.
    """
    rows = [row for row in store.decisions(gate=gate) if row.entry_position >= since]
    if not rows:
        return None
    judged = {each.envelope_sha256 for each in store.entries() if _is_judgement_of(store, each, run)}
    return next((row for row in rows if judged and judged & _rests_on(store, row)), None)


def _is_judgement_of(store: EmbeddedStore, entry: LogEntry, run: str) -> bool:
    if entry.kind != Kind.JUDGEMENT:
        return False
    path = f"log entry {entry.position + 1}"
    payload = take_apart(store.blobs.get(entry.envelope_sha256), path=path).payload
    # NOTE: the run's id is looked for in the bytes first, since to parse every judgement of a long log takes seconds.
    return run.encode() in payload and parse_statement(payload, path=path).predicate.get("run") == run


def _rests_on(store: EmbeddedStore, row: DecisionRow) -> set[str]:
    record = decision_record_of(store.blobs.get(store.entry_at(row.entry_position).envelope_sha256))
    return {each.envelope_sha256 for each in record.attestations}
