"""The pack: where everything of one decision lies, and what is computed over it.

Pure functions from bytes to a mapping from path to bytes. The order of use: ``build_core`` → ``lay_out`` →
``seal.seal_predicate`` and ``seal.seal_statement`` → sign, append to the log → ``complete``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tolbooth.evidence.bagit import DECLARATION, bag_info, manifest
from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.evidence.container import CORE, VIEWS, check_container
from tolbooth.evidence.leaves import Leaf, leaves_of, root_over, write_leaves
from tolbooth.evidence.ro_crate import crate_metadata
from tolbooth.evidence.seal import CRATE_PATH, DESCRIPTION_PATH, LEAVES_PATH, PROOF_PATH, SEAL_PATH, SUMMARY_PATH, View
from tolbooth.evidence.verify_text import verify_text
from tolbooth.model.decision import Decision, Verdict
from tolbooth.model.digest import sha256_hex
from tolbooth.model.subject import Subject

FORMAT = "tolbooth-pack"
VERSION = 1
DECISION_PATH = "decision.json"
INPUT_PATH = "inputs/input.json"
COUNTS_FOLDER = "inputs/counts/"
POLICY_FOLDER = "policies/"
POLICY_PATH = "policies/policy.json"
ATTEST_FOLDER = "attest/"
PEOPLE_FOLDER = "people/"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackTree:
    """The files of ``data/core`` by path below it, their leaves, and the root over these, in hex."""

    files: Mapping[str, bytes]
    leaves: tuple[Leaf, ...]
    root: str

    @property
    def leaf_count(self) -> int:
        """How many files the root covers."""
        return len(self.leaves)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackDescription:
    """``pack.json``: the pack at a glance. ``root`` and ``decision_sha256`` are in hex."""

    format: str
    version: int
    root: str
    leaf_count: int
    subject: Subject
    gate: str
    environment: str
    verdict: Verdict
    as_of: datetime
    decision_sha256: str


def build_core(files: Mapping[str, bytes], seed: bytes) -> PackTree:
    """Build the tree over the files of ``data/core`` (paths below it); ``seed`` gives the salts.

    The root is a function of ``files`` and ``seed`` alone.

    Raises:
        VerificationError: ``container.*`` for a name that no pack may hold.
    """
    check_container({CORE + path: len(content) for path, content in files.items()})
    leaves = leaves_of(files, seed)
    return PackTree(files=dict(files), leaves=leaves, root=root_over(write_leaves(leaves)).hex())


def describe(tree: PackTree, decision: Decision) -> PackDescription:
    """What ``pack.json`` says."""
    case = decision.case
    return PackDescription(
        format=FORMAT,
        version=VERSION,
        root=tree.root,
        leaf_count=tree.leaf_count,
        subject=case.subject,
        gate=case.gate,
        environment=case.environment,
        verdict=decision.verdict,
        as_of=case.as_of,
        decision_sha256=sha256_hex(tree.files[DECISION_PATH]),
    )


def lay_out(
    tree: PackTree, decision: Decision, *, views: Sequence[View], sealed_at: datetime, log_verifier: str
) -> dict[str, bytes]:
    """The whole pack but ``seal/``, by path in the pack.

    ``decision`` is what ``decision.json`` holds; ``log_verifier`` is the log's key as ``checkpoint.verifier_key``
    writes it.
    """
    files = {CORE + path: content for path, content in tree.files.items()}
    files |= {VIEWS + view.path: view.content for view in views}
    files[DESCRIPTION_PATH] = canonical_bytes(describe(tree, decision))
    files[LEAVES_PATH] = write_leaves(tree.leaves)
    below_data = {path.removeprefix("data/"): content for path, content in files.items()}
    files[CRATE_PATH] = crate_metadata(below_data, decision, root=tree.root, sealed_at=sealed_at)
    payload = {path: sha256_hex(content) for path, content in files.items()}
    sizes = {path: len(content) for path, content in files.items()}
    files["manifest-sha256.txt"] = manifest(payload)
    files["bagit.txt"] = DECLARATION
    files["bag-info.txt"] = bag_info(sizes, root=tree.root, sealed_at=sealed_at)
    files["VERIFY.md"] = verify_text(root=tree.root, log_verifier=log_verifier)
    tags = {path: sha256_hex(content) for path, content in files.items() if path not in payload}
    files["tagmanifest-sha256.txt"] = manifest(tags)
    return files


def complete(files: Mapping[str, bytes], *, seal: bytes, summary: bytes, proof: bytes) -> dict[str, bytes]:
    """A laid out pack with its seal, verification summary and log proof."""
    whole = {**files, SEAL_PATH: seal, SUMMARY_PATH: summary, PROOF_PATH: proof}
    check_container({path: len(content) for path, content in whole.items()})
    return whole
