"""Who approves does not seal: looked at once more when a pack is sealed, with the key that would do it."""

from __future__ import annotations

from collections.abc import Mapping

from tolbooth.evidence.people_files import read_applied
from tolbooth.model.errors import ReviewError
from tolbooth.model.instant import instant
from tolbooth.model.people import DutyRule
from tolbooth.pipeline.people_record import read_people_records
from tolbooth.pipeline.workspace import Workspace
from tolbooth.review.duties import Conflict, DutyConflict


def require_other_sealer(workspace: Workspace, core: Mapping[str, bytes]) -> None:
    """That the key that would seal is not one of a person whose approval the decision counted.

    Raises:
        DutyConflict: if it is, and the people record in force declares that rule.
        VerificationError: ``people.*`` if the people record does not verify.
    """
    yeses = {each.person for each in read_applied(core).approvals if each.is_yes}
    if not yeses:
        return
    now = instant(workspace.clock())
    chain = read_people_records(workspace.project, workspace.store).chain
    version = chain.at(now)
    if version is None or DutyRule.SEALER not in version.people.duties:
        return
    try:
        holder = chain.holder(workspace.keys.seal.public_key.fingerprint, now)
    except ReviewError:
        # The key is nobody's: a machine seals.
        return
    if holder.id in yeses:
        raise DutyConflict.between([Conflict(rule=DutyRule.SEALER, persons=(holder.id,))])
