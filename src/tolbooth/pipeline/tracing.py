"""trace: control → rule → evidence → decision → approvals and waivers → pack, with who, when, in which role then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tolbooth.config.load import Project
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.pack import build_core
from tolbooth.evidence.signed import take_apart
from tolbooth.evidence.statement import parse_statement
from tolbooth.model.decision import Decision
from tolbooth.model.digest import short
from tolbooth.model.errors import ConfigError
from tolbooth.model.instant import format_instant
from tolbooth.model.observation import Artifact
from tolbooth.pipeline.case_file import CaseFile, attestation_path, counts_path
from tolbooth.pipeline.hearing import Heard
from tolbooth.pipeline.people_report import Called
from tolbooth.pipeline.records import core_of, decision_record_of, recorded_case
from tolbooth.pipeline.reporting import report_on
from tolbooth.pipeline.traced_moves import move_steps
from tolbooth.pipeline.traced_words import word_steps
from tolbooth.report.cards import STATUS_WORDS, Card
from tolbooth.report.model import Report
from tolbooth.report.trace import Trace, TracedControl, TracedFact, TracedRule, TraceStep
from tolbooth.store.embedded import DecisionRow, EmbeddedStore, LogEntry

_LEAST_DIGEST = 6
_TROUBLE = ("failed", "error", "undecided", "waived")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Traced:
    """A recorded decision with its report, the files of its core and its entries by kind."""

    row: DecisionRow
    core: dict[str, bytes]
    report: Report
    case: CaseFile
    entries: dict[str, LogEntry]

    @property
    def decision(self) -> Decision:
        """What was decided."""
        return self.case.decision


def trace(
    project: Project,
    store: EmbeddedStore,
    heard: Heard,
    called: Called,
    *,
    subject: str,
    control: str | None = None,
) -> Trace:
    """Walk everything that led to the decisions on a subject, and what came of them.

    Args:
        project: whose subjects are meant.
        store: the log of record.
        heard: what people said, verified.
        called: what persons are called.
        subject: a name, ``name@version``, either with ``project/`` in front, or the beginning of a digest.
        control: a clause of a catalogue; then only the rules that serve it are followed.

    Raises:
        ConfigError: ``trace.unknown-subject`` or ``trace.unknown-control``, with those that there are.
    """
    rows = _rows(project, store, subject)
    by_digest = {entry.envelope_sha256: entry for entry in store.entries()}
    found = [_traced(store, row, by_digest, called) for row in rows]
    rules = _rules(found[-1].report, control)
    seals = tuple(_seals(store, found))
    subjects = tuple(dict.fromkeys(each.decision.case.subject.name for each in found))
    words = word_steps(heard, store, called, [each.decision for each in found], rules)
    steps = [step for each in found for step in _decided(each, rules, called)]
    about = {row.decision_sha256 for row in rows}
    steps += [*seals, *words, *move_steps(store, called, about, {row.subject_digest for row in rows})]
    return Trace(
        subject=", ".join(subjects) if len(rows) > 1 else found[0].decision.case.subject.label,
        decisions=len(found),
        packs=len(seals),
        controls=tuple(_controls(found[-1], rules, control)),
        rules=tuple(_rule(card, found[-1]) for card in _cards(found[-1], rules)),
        steps=tuple(sorted(steps, key=_time)),
        control=control,
    )


def _time(step: TraceStep) -> tuple[datetime, int]:
    return step.at, step.position if step.position is not None else 2**63


def _rows(project: Project, store: EmbeddedStore, subject: str) -> list[DecisionRow]:
    wanted = subject.strip().removeprefix(f"{project.settings.project}/")
    name, _, version = wanted.partition("@")
    rows = list(store.decisions())
    found = [row for row in rows if row.subject == name and version in {"", row.version}]
    if not found and len(wanted) >= _LEAST_DIGEST:
        found = [row for row in rows if row.subject_digest.startswith(wanted.lower())]
    if found:
        return found
    known = ", ".join(sorted({f"{row.subject}@{row.version}" for row in rows})) or "none is recorded yet"
    raise ConfigError.of("trace.unknown-subject", f"nothing was decided about '{subject}'", hint=f"decided: {known}")


def _traced(store: EmbeddedStore, row: DecisionRow, by_digest: dict[str, LogEntry], called: Called) -> _Traced:
    core = core_of(store, row)
    case = recorded_case(store, row.decision_sha256)
    record = decision_record_of(store.blobs.get(store.entry_at(row.entry_position).envelope_sha256))
    entries = {each.kind: by_digest[each.envelope_sha256] for each in record.attestations}
    entries[Kind.DECISION.value] = store.entry_at(row.entry_position)
    return _Traced(row=row, core=core, report=report_on(case, called), case=case, entries=entries)


def _rules(report: Report, control: str | None) -> frozenset[str] | None:
    """The rules that serve the control; None for all."""
    if control is None:
        return None
    found = frozenset(card.rule for card in report.cards if control in {each.id for each in card.controls})
    if found:
        return found
    known = sorted({each.id for card in report.cards for each in card.controls})
    hint = f"rules of the last decision serve: {', '.join(known) or 'none'}"
    raise ConfigError.of("trace.unknown-control", f"no rule serves the control '{control}'", hint=hint)


def _controls(last: _Traced, rules: frozenset[str] | None, control: str | None) -> Iterator[TracedControl]:
    cards = _cards(last, rules)
    found = {each.id: each for card in cards for each in card.controls if control in {None, each.id}}
    for name in sorted(found):
        serving = [card for card in cards if name in {each.id for each in card.controls}]
        yield TracedControl(
            id=name,
            title=found[name].title,
            in_force=found[name].in_force,
            rules=tuple(card.rule for card in serving),
        )


def _cards(traced: _Traced, rules: frozenset[str] | None) -> list[Card]:
    return [card for card in traced.report.cards if rules is None or card.rule in rules]


def _digests(artifacts: Sequence[Artifact]) -> dict[str, str]:
    """What each artifact is called, by its digest."""
    return {next(iter(each.digest.values())): each.name for each in artifacts}


def _rule(card: Card, traced: _Traced) -> TracedRule:
    read = dict.fromkeys(digest for finding in card.findings for digest in finding.facts)
    artifacts = _digests(traced.case.artifacts)
    counts = {each for each in read if counts_path(each) in traced.core}
    names = {each: artifacts.get(each, "counts" if each in counts else "a recorded fact") for each in read}
    return TracedRule(
        rule=card.rule,
        title=card.title,
        standing=STATUS_WORDS[card.status],
        controls=tuple(each.id for each in card.controls),
        facts=tuple(TracedFact(name=name, sha256=each) for each, name in names.items()),
    )


def _decided(traced: _Traced, rules: frozenset[str] | None, called: Called) -> Iterator[TraceStep]:
    """The evidence of a run, and its decision."""
    collected, decided = traced.entries.get(Kind.COLLECTION.value), traced.entries[Kind.DECISION.value]
    if collected is not None:
        yield TraceStep(
            at=collected.appended_at,
            what="collected",
            text=_inputs(traced, rules),
            sha256=collected.envelope_sha256,
            position=collected.position,
            key=_machine(traced.core[attestation_path(Kind.COLLECTION)]),
        )
    case = traced.decision.case
    yield TraceStep(
        at=decided.appended_at,
        what="decided",
        text=f"{case.subject.label} at {case.gate} in {case.environment}: {traced.report.head.sentence}",
        sha256=traced.row.decision_sha256,
        position=decided.position,
        key=_machine(traced.core[attestation_path(Kind.DECISION)]),
        details=tuple(_details(traced, rules, called)),
    )


def _inputs(traced: _Traced, rules: frozenset[str] | None) -> str:
    read = {digest for card in _cards(traced, rules) for finding in card.findings for digest in finding.facts}
    artifacts = _digests(traced.case.artifacts).items()
    told = [f"{name} {short(digest)}" for digest, name in artifacts if rules is None or digest in read]
    return ", ".join(told) or "no input that these rules read"


def _details(traced: _Traced, rules: frozenset[str] | None, called: Called) -> Iterator[str]:
    for card in _cards(traced, rules):
        if card.status.value in _TROUBLE:
            yield f"{card.rule} {STATUS_WORDS[card.status]}"
    for waiver in {each.waiver_sha256: each for each in traced.decision.waivers}.values():
        if rules is None or waiver.rule in rules:
            until = format_instant(waiver.effective_until)
            yield f"rests on waiver {waiver.waiver_id} ({short(waiver.waiver_sha256)}), until {until}"
    for word in traced.report.people.counting:
        who = called(word.person.id) or word.person.id
        yield f"rests on the word of {who} ({short(word.sha256)}): {word.said}"


def _seals(store: EmbeddedStore, found: Sequence[_Traced]) -> Iterator[TraceStep]:
    """The packs of these decisions: a root is a function of one decision's core, so it tells which one."""
    roots = {_root(store, each): each for each in found}
    for entry in store.entries():
        if entry.kind != Kind.SEAL:
            continue
        envelope = store.blobs.get(entry.envelope_sha256)
        path = f"log entry {entry.position + 1}"
        said: Any = parse_statement(take_apart(envelope, path=path).payload, path=path).predicate
        sealed = roots.get(str(said["root"]))
        if sealed is not None:
            yield TraceStep(
                at=entry.appended_at,
                what="sealed",
                text=f"a pack of decision {short(sealed.row.decision_sha256)}, root {short(str(said['root']))}",
                sha256=str(said["root"]),
                position=entry.position,
                key=_machine(envelope),
            )


def _root(store: EmbeddedStore, traced: _Traced) -> str:
    envelope = store.blobs.get(traced.entries[Kind.DECISION.value].envelope_sha256)
    return build_core(traced.core, store.blobs.get(decision_record_of(envelope).salt_seed_sha256)).root


def _machine(envelope: bytes) -> str | None:
    signatures = take_apart(envelope, path="an attestation").signatures
    return next((short(key_id) for key_id, _ in signatures if key_id), None)
