"""Step 8, continued: the verification summary for foreign programs says what the decision says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tolbooth.evidence.dsse import open_envelope, read_unverified
from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.pack import ATTEST_FOLDER
from tolbooth.evidence.seal import SUMMARY_PATH
from tolbooth.evidence.statement import VERIFICATION_SUMMARY
from tolbooth.evidence.summary import level_of, result_of
from tolbooth.evidence.verify_steps.content import PackContent
from tolbooth.evidence.verify_steps.refusal import refuse
from tolbooth.model.decision import Verdict
from tolbooth.model.digest import sha256_hex
from tolbooth.model.instant import format_instant


def check_summary(files: Mapping[str, bytes], content: PackContent, key: PublicKey | None) -> int:
    """Check ``seal/vsa.dsse.json`` against the decision, and its signature if there is a key; gives 1.

    Raises:
        VerificationError: ``links.summary-missing``, ``links.envelope``, ``links.payload-type``, ``links.signature``,
            ``links.summary-type``, ``links.summary-subject``, ``links.summary-policy``, ``links.summary-inputs`` or
            ``links.summary-verdict``; or ``json.*``.
    """
    if SUMMARY_PATH not in files:
        refuse("links.summary-missing", "the pack has no verification summary", SUMMARY_PATH)
    envelope, path = files[SUMMARY_PATH], SUMMARY_PATH
    if key is None:
        said = read_unverified(envelope, path=path, family="links").statement
    else:
        said = open_envelope(envelope, [key], path=path, family="links", ours=True).statement
    case, predicate = content.decision.case, said.predicate
    if said.predicate_type != VERIFICATION_SUMMARY:
        refuse("links.summary-type", f"this is {said.predicate_type!r}, not a verification summary", SUMMARY_PATH)
    if [one.digest for one in said.subject] != [case.subject.digest]:
        refuse("links.summary-subject", "the summary is about another subject than the decision", SUMMARY_PATH)
    if _digest(predicate.get("policy")) != case.policy_sha256:
        refuse("links.summary-policy", "the summary names another policy than the decision", SUMMARY_PATH)
    envelopes = {sha256_hex(one) for path, one in content.core.items() if path.startswith(ATTEST_FOLDER)}
    inputs = predicate.get("inputAttestations")
    if not isinstance(inputs, list) or {_digest(one) for one in inputs} != envelopes:
        refuse("links.summary-inputs", "the summary rests on other attestations than the decision", SUMMARY_PATH)
    verdict = content.decision.verdict
    levels = [level_of(case.gate)] if verdict is Verdict.ALLOW else ["FAILED"]
    wanted = (result_of(verdict), levels, format_instant(case.as_of))
    if tuple(predicate.get(name) for name in ("verificationResult", "verifiedLevels", "timeVerified")) != wanted:
        refuse("links.summary-verdict", "the summary's verdict is not the decision's", SUMMARY_PATH)
    return 1


def _digest(value: Any) -> str | None:
    digest = value.get("digest") if isinstance(value, dict) else None
    sha256 = digest.get("sha256") if isinstance(digest, dict) else None
    return sha256 if isinstance(sha256, str) else None
