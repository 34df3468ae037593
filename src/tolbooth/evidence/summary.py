"""SLSA Verification Summary Attestation v1: the verdict for programs that know nothing of us.

Format: https://slsa.dev/verification_summary/v1 (specification 1.0, field by field).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from tolbooth.evidence.decision_record import NamedAttestation
from tolbooth.evidence.statement import VERIFICATION_SUMMARY, statement
from tolbooth.evidence.uri import quote
from tolbooth.model.decision import Decision, Verdict
from tolbooth.model.instant import format_instant
from tolbooth.model.subject import Subject

VERIFIER = "urn:tolbooth:verifier:v1"
SLSA_VERSION = "1.0"


def summary_statement(
    decision: Decision, inputs: Sequence[NamedAttestation], *, verifier: str = VERIFIER, resource_uri: str | None = None
) -> bytes:
    """The canonical bytes of the summary of ``decision``.

    ``inputs`` are all attestations that it rests on, with the decision's own. ``verifier`` is a URI that names the
    verifier together with the key; ``resource_uri`` names the subject where it is fetched from, if that is known.
    """
    case = decision.case
    return statement(
        VERIFICATION_SUMMARY,
        case.subject,
        {
            "verifier": {"id": verifier},
            "timeVerified": format_instant(case.as_of),
            "resourceUri": resource_uri or subject_uri(case.subject),
            "policy": {"uri": f"urn:tolbooth:policy:{case.policy_sha256}", "digest": {"sha256": case.policy_sha256}},
            "inputAttestations": [_input(one) for one in inputs],
            "verificationResult": result_of(decision.verdict),
            "verifiedLevels": [level_of(case.gate)] if decision.verdict is Verdict.ALLOW else ["FAILED"],
            "slsaVersion": SLSA_VERSION,
        },
    )


def result_of(verdict: Verdict) -> str:
    """PASSED for allow, else FAILED: what is undecided or pending has not passed."""
    return "PASSED" if verdict is Verdict.ALLOW else "FAILED"


def level_of(gate: str) -> str:
    """The custom level of a passed gate, such as ``TOLBOOTH_GATE_RELEASE``; SLSA keeps ``SLSA_`` for itself."""
    return f"TOLBOOTH_GATE_{re.sub('[^A-Z0-9]', '_', gate.upper())}"


def subject_uri(subject: Subject) -> str:
    """``urn:tolbooth:subject:project/name@version``, percent-encoded."""
    return f"urn:tolbooth:subject:{quote(subject.project)}/{quote(subject.name)}@{quote(subject.version)}"


def _input(attestation: NamedAttestation) -> dict[str, Any]:
    return {
        "name": f"data/core/attest/{attestation.kind}.dsse.json",
        "uri": f"urn:tolbooth:envelope:{attestation.envelope_sha256}",
        "digest": {"sha256": attestation.envelope_sha256},
    }
