"""Observes who asks for the release: who started the CI run, else the one whose address git has on this machine.

Both are claims: whoever starts us may set them. Duties compare them, and a personal signature is what binds.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from tolbooth import __version__
from tolbooth.collect.ci import claims_of
from tolbooth.collect.git import own_address
from tolbooth.collect.interface import Collected, Who
from tolbooth.model.observation import Dates, Observation
from tolbooth.model.people import AliasSystem

KIND = "request"


def collect_request(project_folder: Path, variables: Mapping[str, str], *, now: datetime, who: Who) -> Collected:
    """Observe who asks.

    Args:
        project_folder: the project's.
        variables: the environment's variables by name.
        now: when it is read.
        who: tells whose a login or an address is.

    Returns:
        One observation of kind ``request`` with ``requester`` (the id of a person, or ``undeclared``) and
        ``claimed_by`` (``ci`` or ``git``).
    """
    claims = claims_of(variables)
    if claims is not None:
        requester, claimed_by = who(AliasSystem.CI, claims.get("actor") or None), "ci"
    else:
        requester, claimed_by = who(AliasSystem.GIT, own_address(project_folder)), "git"
    observation = Observation(
        kind=KIND,
        about="project",
        values={"requester": requester, "claimed_by": claimed_by},
        dates=Dates(collected=now, received=now),
        origin=f"collect.request {__version__}",
    )
    return Collected(observations=(observation,))
