"""Waiting for people: a pending release is looked at until it is no longer pending, or its time is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from tolbooth.enforce.calling import standing
from tolbooth.enforce.release import GatePending, Release
from tolbooth.model.decision import Verdict
from tolbooth.model.instant import parse_instant
from tolbooth.pipeline.workspace import utc_now

DAY_SECONDS = 86_400
"""How long people have, unless somebody says otherwise."""


class DeadlinePassed(GatePending):
    """People did not answer in the time that they were given."""

    def __str__(self) -> str:
        return f"The deadline has passed.\n{super().__str__()}"


def is_pending(release: Release) -> bool:
    """Whether nothing but people's yes was missing when this release was decided."""
    return release.verdict == Verdict.PENDING.value


def deadline_of(release: Release, deadline_seconds: float) -> datetime:
    """When the wait for a release ends, counted from its decision: a retry or a new process does not begin it anew."""
    return parse_instant(release.as_of) + timedelta(seconds=deadline_seconds)


def seconds_until(deadline: datetime) -> float:
    """Seconds from now; negative when it has passed."""
    return (deadline - utc_now()).total_seconds()


def wait_for_people(
    release: Release,
    *,
    project: str | Path | None,
    deadline: datetime,
    poll_seconds: float,
    rest: Callable[[float], None] = time.sleep,
) -> None:
    """Return when the release is no longer pending by what people have said since; nothing is recorded.

    The caller then runs the gate once more, so that the answer is a recorded decision.

    Args:
        release: the pending one.
        project: as ``tolbooth.gate``.
        deadline: when to give up.
        poll_seconds: between two looks, greater than 0.
        rest: what is done between two looks, for the seconds that it is given.

    Raises:
        DeadlinePassed: if it passes first.
        TolboothError: if the store or a record can't be read.
    """
    while is_pending(standing(release, project=project)):
        left = seconds_until(deadline)
        if left <= 0:
            raise DeadlinePassed(release)
        rest(min(poll_seconds, left))
