"""Who approves does not seal: looked at once more when a pack is sealed, with the key that would do it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tolbooth.evidence.people_files import read_applied
from tolbooth.model.errors import ReviewError
from tolbooth.model.instant import instant
from tolbooth.model.words import DecisionWord
from tolbooth.pipeline.case_file import CaseFile
from tolbooth.pipeline.hearing import hear
from tolbooth.pipeline.people import people_in_force
from tolbooth.pipeline.people_record import read_people_records
from tolbooth.pipeline.speaking import recorded_matter
from tolbooth.pipeline.transcripts import known_signers
from tolbooth.pipeline.workspace import Workspace
from tolbooth.review.approvals import duty_check
from tolbooth.review.duties import DutyConflict, Involved


def require_other_sealer(workspace: Workspace, case: CaseFile, core: Mapping[str, bytes]) -> None:
    """That the key that would seal is of nobody whose approval the decision counted, nor on whose behalf one was given.

    Raises:
        DutyConflict: if it is, and the gate's workflow, or else the people record, declares that rule.
        VerificationError: if the people record or a record in the folder does not verify.
    """
    yeses = {each.sha256 for each in read_applied(core).approvals if each.is_yes}
    if not yeses:
        return
    project, store, now = workspace.project, workspace.store, instant(workspace.clock())
    try:
        holder = read_people_records(project, store).chain.holder(workspace.keys.seal.public_key.fingerprint, now)
    except ReviewError:
        # The key is nobody's: a machine seals.
        return
    machines = known_signers(workspace)
    heard = hear(project, store, people_in_force(project, store, as_of=now), machines, now=now)
    matter = recorded_matter(project, store, heard, case, machines, as_of=now)
    sealing = replace(matter, involved=Involved(requester=None, authors=None, sealers=(holder.id,)))
    counted = [each.said for each in heard.of(DecisionWord) if each.sha256 in yeses]
    conflicts = [conflict for word in counted for conflict in duty_check(sealing, word).conflicts]
    if conflicts:
        raise DutyConflict.between(conflicts)
