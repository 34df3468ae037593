"""Step 8, ``links.*``: decision → policy → inputs → attestations, and the verification summary, say the same.

A seal made again over an altered core holds by itself; what its maker can't make again is the decision's attestation,
which names every file by digest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tolbooth.evidence.container import CORE
from tolbooth.evidence.decision_record import DECISION_ENVELOPE, DecisionRecord
from tolbooth.evidence.dsse import open_envelope, take_apart
from tolbooth.evidence.leaves import Leaf
from tolbooth.evidence.pack import (
    ATTEST_FOLDER,
    COUNTS_FOLDER,
    DECISION_PATH,
    INPUT_PATH,
    POLICY_FOLDER,
    POLICY_PATH,
    PackDescription,
)
from tolbooth.evidence.policy_document import policy_sha256
from tolbooth.evidence.reading import read_value
from tolbooth.evidence.seal import DESCRIPTION_PATH, SEAL_PATH, Seal
from tolbooth.evidence.statement import DECISION, ResourceDescriptor, parse_statement, predicate_type
from tolbooth.evidence.verify_steps.content import PackContent
from tolbooth.evidence.verify_steps.opening import OpenedSeal
from tolbooth.evidence.verify_steps.refusal import key_from, refuse
from tolbooth.model.digest import sha256_hex
from tolbooth.model.instant import format_instant
from tolbooth.model.wire import as_json

_FAMILIES = {POLICY_FOLDER: "policy", "inputs/": "input", ATTEST_FOLDER: "attestation", DECISION_PATH: "decision"}


def read_record(content: PackContent) -> tuple[DecisionRecord, tuple[ResourceDescriptor, ...]]:
    """Read what the decision's attestation says, and about what. Its signature is not looked at here.

    Raises:
        VerificationError: ``links.attestation-missing``, ``links.attestation-type``, ``links.envelope`` or ``json.*``.
    """
    path = CORE + DECISION_ENVELOPE
    if DECISION_ENVELOPE not in content.core:
        refuse("links.attestation-missing", "nobody attests the decision", path)
    envelope = take_apart(content.core[DECISION_ENVELOPE], path=path, family="links")
    said = parse_statement(envelope.payload, path=path)
    if said.predicate_type != DECISION:
        refuse("links.attestation-type", f"this attests {said.predicate_type!r}, not a decision", path)
    return read_value(DecisionRecord, said.predicate, path=path), said.subject


def check_links(
    content: PackContent, leaves: Mapping[str, Leaf], description: PackDescription, seal: OpenedSeal
) -> int:
    """Check every link inside the core, and from ``pack.json`` and the seal to it; gives how many.

    Raises:
        VerificationError: ``links.*``; or ``json.*`` for an attestation that can't be read.
    """
    record, subject = read_record(content)
    _check_core(record, leaves)
    _check_decision(content, record, description)
    policies = _check_policy(content)
    inputs = _check_input(content)
    attestations = _check_attestations(content, record, seal.seal)
    wanted = content.decision.case.subject.digest
    for path, named in ((CORE + DECISION_ENVELOPE, subject), (SEAL_PATH, seal.subject)):
        if [one.digest for one in named] != [wanted]:
            refuse("links.subject", "this is about another subject than the decision", path)
    return len(record.core) + policies + inputs + attestations + 4


def _check_core(record: DecisionRecord, leaves: Mapping[str, Leaf]) -> None:
    named = {one.path: one for one in record.core}
    for path, one in named.items():
        if path not in leaves:
            refuse("links.file-missing", "the decision's attestation names it, and it is not there", CORE + path)
        if (one.sha256, one.size_bytes) != (leaves[path].sha256, leaves[path].size_bytes):
            message = "sealed with other content than the decision's attestation names"
            refuse(f"links.{_family(path)}-altered", message, CORE + path)
    for path in leaves:
        if path not in named and path != DECISION_ENVELOPE:
            refuse("links.file-unnamed", "the decision's attestation does not name this file", CORE + path)


def _family(path: str) -> str:
    return next((family for start, family in _FAMILIES.items() if path.startswith(start)), "file")


def _check_decision(content: PackContent, record: DecisionRecord, description: PackDescription) -> None:
    digest = sha256_hex(content.core[DECISION_PATH])
    case = content.decision.case
    if (record.decision.path, record.decision.sha256) != (DECISION_PATH, digest):
        refuse("links.decision-altered", "not the decision that was attested", CORE + DECISION_PATH)
    if case.hypothetical:
        refuse("links.hypothetical", "a hypothetical decision is never sealed", CORE + DECISION_PATH)
    wanted = (case.subject, case.gate, case.environment, content.decision.verdict, case.as_of, digest)
    said = (
        description.subject,
        description.gate,
        description.environment,
        description.verdict,
        description.as_of,
        description.decision_sha256,
    )
    if said != wanted:
        refuse("links.description", "it describes another decision than the pack holds", DESCRIPTION_PATH)


def _check_policy(content: PackContent) -> int:
    if policy_sha256(content.policy) != content.decision.case.policy_sha256:
        refuse("links.policy-altered", "not the policy that the decision names", CORE + POLICY_PATH)
    named = {POLICY_FOLDER + one.path: one.sha256 for one in content.policy.files}
    for path, digest in named.items():
        if path not in content.core:
            refuse("links.policy-missing", f"{POLICY_PATH} names it, and it is not there", CORE + path)
        if sha256_hex(content.core[path]) != digest:
            refuse("links.policy-altered", f"not the file that {POLICY_PATH} names", CORE + path)
    for path in content.core:
        if path.startswith(POLICY_FOLDER) and path.endswith(".rego") and path not in named:
            refuse("links.policy-unnamed", f"{POLICY_PATH} does not name this rule", CORE + path)
    return len(named) + 1


def _check_input(content: PackContent) -> int:
    case, path = content.decision.case, CORE + INPUT_PATH
    if sha256_hex(content.core[INPUT_PATH]) != case.input_sha256:
        refuse("links.input-altered", "not the input that the decision names", path)
    subject, context = content.input.get("subject"), content.input.get("context")
    said = (
        content.input.get("gate"),
        content.input.get("environment"),
        subject.get("digest") if isinstance(subject, dict) else None,
        context.get("as_of") if isinstance(context, dict) else None,
    )
    if said != (case.gate, case.environment, as_json(case.subject.digest), format_instant(case.as_of)):
        refuse("links.input-case", "the input is of another case than the decision", path)
    digests = set(_counts_named(content))
    for digest in sorted(digests):
        if f"{COUNTS_FOLDER}{digest}.json" not in content.core:
            message = "the input names these counts, and they are not there"
            refuse("links.counts-missing", message, f"{CORE}{COUNTS_FOLDER}{digest}.json")
    for name, counts in content.core.items():
        if name.startswith(COUNTS_FOLDER) and name != f"{COUNTS_FOLDER}{sha256_hex(counts)}.json":
            refuse("links.counts-altered", "counts are named by their digest, and this is not theirs", CORE + name)
    return len(digests) + 2


def _counts_named(content: PackContent) -> Iterator[str]:
    kinds = content.input.get("observations")
    for observations in kinds.values() if isinstance(kinds, dict) else ():
        for one in observations if isinstance(observations, list) else ():
            values = one.get("values") if isinstance(one, dict) else None
            digest = values.get("counts_sha256") if isinstance(values, dict) else None
            if isinstance(digest, str):
                yield digest


def _check_attestations(content: PackContent, record: DecisionRecord, seal: Seal) -> int:
    named = {f"{ATTEST_FOLDER}{one.kind}.dsse.json": one for one in record.attestations}
    for path, one in named.items():
        if path not in content.core:
            refuse("links.attestation-missing", "the decision rests on it, and it is not there", CORE + path)
        if sha256_hex(content.core[path]) != one.envelope_sha256:
            refuse("links.attestation-altered", "not the attestation that the decision rests on", CORE + path)
    keys = [key_from(pem, code="links.signers", path=SEAL_PATH) for pem in seal.signers]
    present = sorted(path for path in content.core if path.startswith(ATTEST_FOLDER))
    for path in present:
        if path not in named and path != DECISION_ENVELOPE:
            refuse("links.attestation-unnamed", "the decision does not rest on this attestation", CORE + path)
        opened = open_envelope(content.core[path], keys, path=CORE + path, family="links")
        kind = path.removeprefix(ATTEST_FOLDER).removesuffix(".dsse.json")
        if opened.statement.predicate_type != predicate_type(kind):
            said = opened.statement.predicate_type
            refuse("links.attestation-type", f"this attests {said!r}, not what its name says", CORE + path)
    return len(present)
