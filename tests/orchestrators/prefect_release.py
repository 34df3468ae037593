"""From training to promotion in Prefect. The lines that a user adds are marked: the import and the gate.

Usage: python -m tests.orchestrators.prefect_release WHAT PROJECT
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from prefect import flow, task

import tolbooth.enforce.prefect as adapter
from tests.orchestrators import training
from tolbooth.enforce.prefect import resume_approved, tolbooth_gate  # user's line 1
from tolbooth.enforce.release import Release


@task
def train(project: str, *, biased: bool) -> float:
    return training.train(Path(project), biased=biased)


@task
def promote(project: str, subject_sha256: str) -> None:
    training.promote(Path(project), subject_sha256)


@flow
def release(project: str, *, biased: bool = False) -> None:
    train(project, biased=biased)
    allowed = tolbooth_gate("release", project=project, poll_seconds=1, retries=2)  # user's line 2
    promote(project, allowed.subject_sha256)


@flow
def suspended(project: str) -> None:
    train(project, biased=False)
    allowed = tolbooth_gate("release", project=project, suspend=True)
    promote(project, allowed.subject_sha256)


@flow
def overdue(project: str) -> None:
    tolbooth_gate("release", project=project, poll_seconds=1, deadline_seconds=2)


@flow
def broken(project: str) -> None:
    tolbooth_gate("no-such-gate", project=project, retries=1, retry_delay_seconds=0)


@flow
def interrupted(project: str) -> None:
    """The server goes away after the gate has recorded its decision, the first time."""
    shown = adapter._show
    tried: list[Release] = []

    def show(release: Release) -> None:
        tried.append(release)
        if len(tried) == 1:
            raise ConnectionError("the server went away")
        shown(release)

    adapter._show = show
    try:
        tolbooth_gate("release", project=project, retries=1, retry_delay_seconds=0, deadline_seconds=0)
    finally:
        adapter._show = shown


WHAT: Mapping[str, Callable[[str], object]] = {
    "denied": lambda project: release(project, biased=True),
    "release": release,
    "overdue": overdue,
    "broken": broken,
    "interrupted": interrupted,
    "serve": lambda project: suspended.serve(name="suspended", parameters={"project": project}),
    "resume": lambda project: sys.stdout.write("\n".join(resume_approved(project))),
}

if __name__ == "__main__":
    WHAT[sys.argv[1]](sys.argv[2])
