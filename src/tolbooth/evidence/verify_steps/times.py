"""Step 7, ``time.*``: what happened, happened in an order that can be."""

from __future__ import annotations

from datetime import datetime

from tolbooth.evidence.entry import Entry
from tolbooth.evidence.pack import PackDescription
from tolbooth.evidence.seal import DESCRIPTION_PATH, PROOF_PATH, SEAL_PATH, Seal
from tolbooth.evidence.verify_steps.refusal import refuse
from tolbooth.model.instant import format_instant


def check_times(description: PackDescription, seal: Seal, entry: Entry, as_of: datetime | None) -> int:
    """Check that judged ≤ sealed ≤ logged, and all of it ≤ ``as_of`` where that is given; gives how many instants.

    Raises:
        VerificationError: ``time.order``, or ``time.future`` if the pack was sealed after ``as_of``.
    """
    if seal.sealed_at < description.as_of:
        refuse("time.order", "sealed before the instant that the decision is as of", DESCRIPTION_PATH)
    if entry.appended_at < seal.sealed_at:
        refuse("time.order", "logged before it was sealed", PROOF_PATH)
    if as_of is not None and as_of < entry.appended_at:
        message = f"as of {format_instant(as_of)} this pack did not exist: logged {format_instant(entry.appended_at)}"
        refuse("time.future", message, SEAL_PATH)
    return 3 if as_of is None else 4
