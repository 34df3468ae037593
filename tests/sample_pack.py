"""A small, complete pack made in code: fixed keys, fixed times, one denied release of a credit model."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.evidence.checkpoint import sign_checkpoint, verifier_key
from tolbooth.evidence.decision_record import (
    DECISION_ENVELOPE,
    DecisionFile,
    DecisionRecord,
    NamedAttestation,
    file_digests,
)
from tolbooth.evidence.dsse import sign_envelope
from tolbooth.evidence.entry import Entry
from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.merkle import inclusion_proof, leaf_hash, nodes_completed_by, root_at
from tolbooth.evidence.pack import PackTree, build_core, complete, lay_out
from tolbooth.evidence.policy_document import PolicyDocument, PolicyFile, policy_sha256
from tolbooth.evidence.seal import LogIdentity, View, seal_predicate, seal_statement
from tolbooth.evidence.statement import DECISION, predicate_type, statement
from tolbooth.evidence.summary import summary_statement
from tolbooth.evidence.tlog_proof import LogProof, write_proof
from tolbooth.model.decision import AppliedWaiver, Case, Decision, DecisionReason, Verdict
from tolbooth.model.digest import sha256_hex
from tolbooth.model.instant import format_instant
from tolbooth.model.rule import Enforcement, Loosens, Measured, Outcome, RuleResult, Severity
from tolbooth.model.subject import Subject, SubjectKind

AS_OF = datetime(2026, 11, 23, 9, 14, 7, tzinfo=UTC)
SEALED_AT = AS_OF + timedelta(minutes=3)
ORIGIN = "tolbooth.example/3f9a"
SEED = b"a salt seed for tests"
RULE = b'package tolbooth.fairness.difference\n\nimport rego.v1\n\ndeny contains {"code": "fairness.difference"}\n'


@dataclass(frozen=True)
class SeededSigner:
    """Signs with a key that follows from a name."""

    name: str

    @property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(self.name.encode()).digest())

    @property
    def public_key(self) -> PublicKey:
        return PublicKey.of(self._key.public_key())

    @property
    def key_id(self) -> str:
        return self.public_key.key_id

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


SEALER = SeededSigner("sealer")
LOG = SeededSigner("log")
EVE = SeededSigner("eve")


@dataclass
class MemoryLog:
    """A log in memory."""

    origin: str = ORIGIN
    signer: SeededSigner = LOG
    size: int = 0
    nodes: dict[tuple[int, int], bytes] = field(default_factory=dict)

    def read(self, level: int, index: int) -> bytes:
        return self.nodes[level, index]

    def append(self, entry: Entry) -> LogProof:
        for node in nodes_completed_by(self.size, leaf_hash(entry.leaf()), self.read):
            self.nodes[node.level, node.index] = node.hash
        self.size += 1
        checkpoint = sign_checkpoint(self.origin, self.size, root_at(self.size, self.read), self.signer)
        hashes = inclusion_proof(self.size - 1, self.size, self.read)
        return LogProof(index=self.size - 1, hashes=hashes, checkpoint=checkpoint, extra=entry.leaf())


def subject(version: str = "3") -> Subject:
    return Subject(
        project="lending",
        name="credit",
        version=version,
        kind=SubjectKind.MODEL,
        digest={"sha256": sha256_hex(f"model {version}".encode())},
    )


def policy(bound: int = 100_000, rule: bytes = RULE) -> PolicyDocument:
    return PolicyDocument(
        files=(PolicyFile(path="fairness/difference/difference.rego", sha256=sha256_hex(rule)),),
        parameters={"fairness": {"difference": {"bound": bound, "metric": "false_positive_rate"}}},
        enforcement={"fairness.difference": {"release": "deny"}},
        rules=("fairness.difference",),
    )


def inputs(governed: Subject, as_of: datetime) -> dict[str, bytes]:
    counts = canonical_bytes({"cells": [[805, 1795], [349, 1488]], "by": ["race"]})
    digest = sha256_hex(counts)
    document = {
        "version": 1,
        "subject": {"project": governed.project, "name": governed.name, "digest": dict(governed.digest)},
        "gate": "release",
        "environment": "ci",
        "context": {"as_of": format_instant(as_of), "as_of_ns": f"{int(as_of.timestamp())}000000000"},
        "artifacts": [],
        "observations": {
            "fairness": [{"about": "predictions", "values": {"counts_sha256": digest}, "reads": [digest]}]
        },
        "gaps": [],
    }
    return {"inputs/input.json": canonical_bytes(document), f"inputs/counts/{digest}.json": counts}


def decide(governed: Subject, files: Mapping[str, bytes], rules: PolicyDocument, as_of: datetime = AS_OF) -> Decision:
    result = RuleResult(
        rule="fairness.difference",
        title="Difference between groups",
        outcome=Outcome.FAIL,
        enforcement=Enforcement.DENY,
        severity=Severity.HIGH,
        message="false positive rates differ by 21.39 points",
        term="race: African-American / Caucasian",
        measured=Measured(value=213_902, bound=100_000, unit="ppm", loosens=Loosens.UP),
    )
    return Decision(
        version=1,
        case=Case(
            subject=governed,
            gate="release",
            environment="ci",
            as_of=as_of,
            policy_sha256=policy_sha256(rules),
            input_sha256=sha256_hex(files["inputs/input.json"]),
        ),
        verdict=Verdict.DENY,
        reasons=(DecisionReason(code="rule.failed", rule="fairness.difference"),),
        results=(result,),
        waivers=(),
        approvals=(),
        basis=sha256_hex(b"basis"),
    )


def attested(
    version: str = "3",
    *,
    waivers: tuple[AppliedWaiver, ...] = (),
    changes: Mapping[str, Any] | None = None,
    extra: Mapping[str, bytes] | None = None,
) -> tuple[dict[str, bytes], Decision]:
    """The files of ``data/core`` with their attestations, and the decision."""
    governed, rules = subject(version), policy()
    files = {
        **inputs(governed, AS_OF),
        "policies/policy.json": canonical_bytes(rules),
        "policies/fairness/difference/difference.rego": RULE,
        "schemas/input.schema.json": b'{"type":"object"}',
        **(extra or {}),
    }
    made = decide(governed, files, rules)
    made = replace(made, waivers=waivers, **(changes or {}))
    files["decision.json"] = canonical_bytes(made)
    named = []
    for kind in ("collection", "measurement", "judgement"):
        envelope = sign_envelope(statement(predicate_type(kind), governed, {"of": kind}), SEALER)
        files[f"attest/{kind}.dsse.json"] = envelope
        named.append(NamedAttestation(kind=kind, envelope_sha256=sha256_hex(envelope)))
    record = DecisionRecord(
        decision=DecisionFile(path="decision.json", sha256=sha256_hex(files["decision.json"])),
        core=file_digests(files),
        salt_seed_sha256=sha256_hex(SEED),
        attestations=tuple(named),
    )
    files[DECISION_ENVELOPE] = sign_envelope(statement(DECISION, governed, record), SEALER)
    return files, made


def views() -> list[View]:
    page = b"<!doctype html><title>Denied</title>"
    return [
        View(path="report.html", content=page, renderer="html", renderer_version="0.1.0"),
        View(path="machine/decision.sarif.json", content=b'{"runs":[]}', renderer="sarif", renderer_version="0.1.0"),
    ]


def summary(core: Mapping[str, bytes], made: Decision, sealer: SeededSigner = SEALER) -> bytes:
    named = [
        NamedAttestation(kind=path[len("attest/") : -len(".dsse.json")], envelope_sha256=sha256_hex(core[path]))
        for path in sorted(core)
        if path.startswith("attest/")
    ]
    return sign_envelope(summary_statement(made, named), sealer)


def sealed(
    core: Mapping[str, bytes],
    made: Decision,
    *,
    sealer: SeededSigner = SEALER,
    log: MemoryLog | None = None,
    signers: Sequence[SeededSigner] = (SEALER,),
    shown: Sequence[View] | None = None,
    sealed_at: datetime = SEALED_AT,
    appended_at: datetime | None = None,
    summary_envelope: bytes | None = None,
    predicate_changes: Mapping[str, Any] | None = None,
) -> dict[str, bytes]:
    """Seal a core into a whole pack; nothing is checked on the way, so a liar's pack can be made as well."""
    log = log or earlier_log()
    tree: PackTree = build_core(core, SEED)
    shown = views() if shown is None else shown
    verifier = verifier_key(log.origin, log.signer.public_key)
    files = lay_out(tree, made, views=shown, sealed_at=sealed_at, log_verifier=verifier)
    predicate = seal_predicate(
        files,
        root=tree.root,
        leaf_count=tree.leaf_count,
        views=shown,
        log=LogIdentity(origin=log.origin, public_key=log.signer.public_key.to_pem()),
        signers=[one.public_key for one in signers],
        sealed_at=sealed_at,
    )
    predicate = replace(predicate, **(predicate_changes or {}))
    envelope = sign_envelope(seal_statement(predicate, made.case.subject), sealer)
    return complete(
        files,
        seal=envelope,
        summary=summary_envelope or summary(core, made, sealer),
        proof=write_proof(log.append(seal_entry(envelope, appended_at or sealed_at))),
    )


def seal_entry(envelope: bytes, appended_at: datetime) -> Entry:
    return Entry(kind="seal", envelope_sha256=sha256_hex(envelope), appended_at=appended_at)


def earlier_log(signer: SeededSigner = LOG) -> MemoryLog:
    """A log that holds the four attestations of a run already."""
    log = MemoryLog(signer=signer)
    for kind in ("collection", "measurement", "judgement", "decision"):
        log.append(Entry(kind=kind, envelope_sha256=sha256_hex(kind.encode()), appended_at=AS_OF))
    return log


def sample(version: str = "3") -> dict[str, bytes]:
    """The pack that verifies."""
    return sealed(*attested(version))
