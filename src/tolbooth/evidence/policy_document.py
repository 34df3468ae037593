"""The policy of one decision: which files, which parameters, which enforcement. Its digest is the policy digest."""

from __future__ import annotations

from dataclasses import dataclass

from tolbooth.evidence.canonical import canonical_sha256
from tolbooth.model.wire import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFile:
    """A policy file: its path in the library, with forward slashes, and the SHA-256 of its bytes."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDocument:
    """``policies/policy.json`` of a pack.

    ``files`` are sorted by path. ``parameters`` are the effective ones, by package and rule; ``enforcement`` is as
    declared, by rule code and point; ``rules`` are the codes of the rules that the gate evaluates.
    """

    files: tuple[PolicyFile, ...]
    parameters: JsonObject
    enforcement: JsonObject
    rules: tuple[str, ...]


def policy_sha256(document: PolicyDocument) -> str:
    """The policy digest: SHA-256 of the canonical document, which names every file by digest; never of a tarball."""
    return canonical_sha256(document)
