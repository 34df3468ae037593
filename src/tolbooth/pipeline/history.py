"""Facts that only the log knows: the last release of a subject, when its bounds were committed, where aliases pointed.

A bound is committed by the first record of an unbroken row of records that carry it: one that was changed and changed
back counts from the change back.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tolbooth.evidence.decision_record import DecisionRecord
from tolbooth.evidence.dsse import take_apart
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.pack import INPUT_PATH, POLICY_PATH
from tolbooth.evidence.policy_document import PolicyDocument, policy_sha256
from tolbooth.evidence.reading import read, read_value
from tolbooth.evidence.statement import ResourceDescriptor, parse_statement
from tolbooth.judge.library.policy import Policy
from tolbooth.measure.fairness.counts import FairnessCounts
from tolbooth.measure.fairness.rates import FIRST_METRICS, Confusion, ppm
from tolbooth.model.decision import Verdict
from tolbooth.model.errors import StoreError
from tolbooth.model.instant import format_instant
from tolbooth.model.observation import Dates, Gap, Observation
from tolbooth.model.wire import JsonObject
from tolbooth.pipeline.recording import attest, telling_what_was_kept
from tolbooth.pipeline.workspace import Workspace
from tolbooth.store.embedded import EmbeddedStore, LogEntry

RELEASE_KIND = "last-release"
COMMITMENT_KIND = "commitment"
ALIASES_KIND = "alias-history"
_VERSION_KIND = "model-version"
_MOST_COLLECTIONS = 1_000


def last_release(
    store: EmbeddedStore, subject: str, *, gate: str, environment: str, now: datetime
) -> tuple[tuple[Observation, ...], tuple[Gap, ...]]:
    """The rates of the last release of ``subject`` that a decision at this gate and environment allowed.

    One observation for each data set that it counted, or one that says that there was none. Where the log can't be
    read, a gap instead.
    """
    rows = [row for row in store.decisions(gate=gate) if (row.subject, row.environment) == (subject, environment)]
    allowed = [row for row in rows if row.verdict == Verdict.ALLOW]
    if not allowed:
        return (_observed(RELEASE_KIND, subject, {"none": True}, (), now),), ()
    row = allowed[-1]
    try:
        core = _core(store, store.entry_at(row.entry_position))
        tables = _tables(store, core)
    except StoreError as error:
        gap = Gap(kind=RELEASE_KIND, about=subject, code=error.code, message=error.problems[0].message)
        return (), (gap,)
    said = {"decision_sha256": row.decision_sha256, "as_of": format_instant(row.as_of)}
    return tuple(
        _observed(RELEASE_KIND, about, {**said, "metrics": _rates(counts)}, (row.decision_sha256, counts.sha256), now)
        for about, counts in sorted(tables.items())
    ), ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Committed:
    """The parameters of all rules as a record carries them, when it was appended."""

    parameters: JsonObject
    at: datetime
    policy_sha256: str


def commitments(
    store: EmbeddedStore, policy: Policy, *, about: str, run_started_at: datetime | None, now: datetime
) -> tuple[Observation, ...]:
    """Since when each rule's parameters stand in the log, against the beginning of the run that they judge.

    A rule whose parameters no record carries yet is committed by this very gate, now, and says so.
    """
    records = list(_committed(store))
    found = []
    for rule in policy.rules:
        if "bound" not in policy.parameters[rule.code]:
            continue
        since = _since(rule.code, _parameters(policy.document.parameters, rule.code), records)
        at, digest, clock = (since.at, since.policy_sha256, "log") if since else (now, policy.sha256, "gate")
        values: dict[str, Any] = {
            "rule": rule.code,
            "committed_at": format_instant(at),
            "policy_sha256": digest,
            "clock": clock,
        }
        if run_started_at is not None:
            lead = int((run_started_at - at).total_seconds())
            values |= {"run_started_at": format_instant(run_started_at), "lead_seconds": lead}
        found.append(_observed(COMMITMENT_KIND, about, values, (digest,), now))
    return tuple(found)


def alias_history(
    store: EmbeddedStore, version: Observation, *, now: datetime
) -> tuple[tuple[Observation, ...], tuple[Gap, ...]]:
    """Which versions the aliases of a registered model pointed to, as earlier gates saw it; nothing if none did.

    The registry keeps no history, so this is what the log of this project knows: an alias that moved and moved back
    between two gates was not seen, and only the aliases of the versions that gates looked at were. Where the log can't
    be read, a gap.

    Args:
        store: the log.
        version: the ``model-version`` observation of this gate, which says whose aliases are meant.
        now: when it is read.
    """
    collections = [entry for entry in store.entries() if entry.kind == Kind.COLLECTION][-_MOST_COLLECTIONS:]
    seen: dict[str, list[dict[str, Any]]] = {}
    envelopes: list[str] = []
    try:
        for entry in collections:
            found = [each for each in _predicate(store, entry)["observations"] if _is_same_model(each, version)]
            envelopes += [entry.envelope_sha256] if found else []
            for alias, number in sorted({pair for each in found for pair in _pointing(each)}):
                _sighted(seen.setdefault(alias, []), number, format_instant(entry.appended_at))
    except StoreError as error:
        return (), (Gap(kind=ALIASES_KIND, about=version.about, code=error.code, message=error.problems[0].message),)
    if not seen:
        return (), ()
    aliases = [{"alias": alias, "seen": sightings} for alias, sightings in sorted(seen.items())]
    values = {"model": version.values["model"], "clock": "log", "collections": len(collections), "aliases": aliases}
    return (_observed(ALIASES_KIND, version.about, values, tuple(sorted(set(envelopes))), now),), ()


def _is_same_model(written: Mapping[str, Any], version: Observation) -> bool:
    values = written["values"]
    return bool(
        written["kind"] == _VERSION_KIND
        and (values.get("system"), values.get("model")) == (version.values["system"], version.values["model"])
    )


def _pointing(written: Mapping[str, Any]) -> list[tuple[str, str]]:
    values = written["values"]
    return [(str(alias), str(values["version"])) for alias in values.get("aliases", [])]


def _sighted(sightings: list[dict[str, Any]], version: str, at: str) -> None:
    """Add a sighting: one of the version that was seen last makes its time longer."""
    if sightings and sightings[-1]["version"] == version:
        sightings[-1]["last_seen_at"] = at
        sightings[-1]["gates"] += 1
    else:
        sightings.append({"version": version, "first_seen_at": at, "last_seen_at": at, "gates": 1})


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """A policy whose bounds were recorded: when by the log's clock, where in the log, and for how many rules."""

    policy_sha256: str
    rules: int
    at: datetime
    position: int


def commit_policy(workspace: Workspace, policy: Policy) -> Commitment:
    """Record the parameters of every rule as they stand, before a run begins.

    Raises:
        StoreError: if the store refuses; nothing was recorded then.
    """
    about = [ResourceDescriptor(name=f"{workspace.project.settings.project}/policy", digest={"sha256": policy.sha256})]
    predicate = {
        "policy_sha256": policy.sha256,
        "rules": [rule.code for rule in policy.rules],
        "parameters": policy.document.parameters,
    }
    with telling_what_was_kept(workspace):
        entry = attest(workspace, Kind.COMMITMENT, about, predicate).entry
    return Commitment(
        policy_sha256=policy.sha256, rules=len(policy.rules), at=entry.appended_at, position=entry.position
    )


def _since(code: str, parameters: JsonObject | None, records: list[_Committed]) -> _Committed | None:
    """The first of the unbroken row of records, up to the last one, that carry these parameters."""
    first: _Committed | None = None
    for record in records:
        carried = _parameters(record.parameters, code)
        if carried is None:
            continue
        first = (first or record) if carried == parameters else None
    return first


def _committed(store: EmbeddedStore) -> Iterator[_Committed]:
    for entry in store.entries():
        if entry.kind == Kind.COMMITMENT:
            said = _predicate(store, entry)
            yield _Committed(
                parameters=said["parameters"], at=entry.appended_at, policy_sha256=str(said["policy_sha256"])
            )
        elif entry.kind == Kind.DECISION:
            document = read(PolicyDocument, store.blobs.get(_core(store, entry)[POLICY_PATH]), path=POLICY_PATH)
            yield _Committed(
                parameters=document.parameters, at=entry.appended_at, policy_sha256=policy_sha256(document)
            )


def _parameters(tree: JsonObject, code: str) -> JsonObject | None:
    branch: Any = tree
    for part in code.split("."):
        branch = branch.get(part) if isinstance(branch, Mapping) else None
    return branch if isinstance(branch, Mapping) else None


def _core(store: EmbeddedStore, entry: LogEntry) -> dict[str, str]:
    """The core files of a decision: digests by path."""
    record = read_value(DecisionRecord, dict(_predicate(store, entry)), path=f"log entry {entry.position + 1}")
    return {file.path: file.sha256 for file in record.core}


def _predicate(store: EmbeddedStore, entry: LogEntry) -> JsonObject:
    path = f"log entry {entry.position + 1}"
    return parse_statement(take_apart(store.blobs.get(entry.envelope_sha256), path=path).payload, path=path).predicate


def _tables(store: EmbeddedStore, core: Mapping[str, str]) -> dict[str, FairnessCounts]:
    document = json.loads(store.blobs.get(core[INPUT_PATH]))
    named = {
        each["about"]: each["values"]["counts_sha256"]
        for kind in ("performance", "fairness")
        for each in document["observations"].get(kind, [])
    }
    return {about: FairnessCounts.from_bytes(store.blobs.get(sha256)) for about, sha256 in named.items()}


def _rates(counts: FairnessCounts) -> dict[str, dict[str, int]]:
    confusion = Confusion.of(counts.cells)
    rates = {metric: confusion.rate(metric) for metric in FIRST_METRICS}
    return {
        metric.value: {
            "numerator": rate.numerator,
            "denominator": rate.denominator,
            **({"ppm": ppm(rate.numerator, rate.denominator)} if rate.denominator else {}),
        }
        for metric, rate in rates.items()
    }


def _observed(kind: str, about: str, values: JsonObject, reads: tuple[str, ...], now: datetime) -> Observation:
    dates = Dates(collected=now, received=now)
    return Observation(kind=kind, about=about, values=values, dates=dates, origin="log", reads=reads)
