"""Step 9, ``people.*``: waivers and approvals that the decision names are in the pack."""

from __future__ import annotations

from tolbooth.evidence.container import CORE
from tolbooth.evidence.pack import PEOPLE_FOLDER
from tolbooth.evidence.verify_steps.content import PackContent
from tolbooth.evidence.verify_steps.refusal import refuse
from tolbooth.model.digest import sha256_hex


def check_people(content: PackContent) -> tuple[str, ...]:
    """Find each named waiver and approval in ``people/``; gives the paths below ``data/core`` of all records there.

    The records' own signatures, roles and duties are not looked at: the caller has to say so.

    Raises:
        VerificationError: ``people.missing``.
    """
    records = {sha256_hex(record): path for path, record in content.core.items() if path.startswith(PEOPLE_FOLDER)}
    named = {waiver.waiver_sha256: "waiver" for waiver in content.decision.waivers}
    named |= dict.fromkeys(content.decision.approvals, "approval")
    for digest, kind in named.items():
        if digest not in records:
            message = f"the decision applied the {kind} {digest[:12]}, and the pack does not hold it"
            refuse("people.missing", message, CORE + PEOPLE_FOLDER)
    return tuple(sorted(records.values()))
