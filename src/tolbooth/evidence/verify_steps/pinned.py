"""Step 9, continued: people are those whom the verifier trusts from elsewhere."""

from __future__ import annotations

from tolbooth.evidence.people_opening import OpenedPeople
from tolbooth.evidence.trust import Trust
from tolbooth.evidence.verify_steps.refusal import refuse

_HINT = "the trust file pins other people than this pack's: ask its sealer, by another way, whose record it is"


def check_pins(opened: OpenedPeople, trust: Trust | None) -> None:
    """Check the first people record and persons' keys against what is pinned.

    Raises:
        VerificationError: ``people.not-pinned``, ``people.steward-not-pinned`` or ``people.key-not-pinned``.
    """
    if trust is None or not opened.chain.versions:
        return
    first = opened.chain.versions[0].signed
    path = opened.versions.paths[first.statement_sha256]
    if trust.first_people is not None and first.statement_sha256 != trust.first_people:
        message = f"the first people record is {first.statement_sha256[:12]}, not {trust.first_people[:12]}"
        refuse("people.not-pinned", message, path, hint=_HINT)
    if trust.stewards and first.signer not in trust.stewards:
        message = f"the first people record was signed with {first.signer}, which is not pinned"
        refuse("people.steward-not-pinned", message, path, hint=_HINT)
    for spoken in opened.said:
        person = getattr(spoken.said, "person", None) or getattr(spoken.said, "requested_by", None)
        pinned = trust.persons.get(str(person))
        if pinned is not None and spoken.fingerprint not in pinned:
            message = f"{person} signed with {spoken.fingerprint}, which is not a key that is pinned"
            refuse("people.key-not-pinned", message, opened.paths[spoken.sha256], hint=_HINT)
