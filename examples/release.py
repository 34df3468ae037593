"""The gate from Python: in a script, in a notebook, and as a step that waits for people.

Run it in a project's folder: ``python examples/release.py``. It exits as ``tolbooth gate`` does: 0 allowed, 1 refused,
3 can't be decided, 4 waits for people. Anything else that goes wrong is an error of its own.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import tolbooth


def deploy(release: tolbooth.Release) -> str:
    """Stands for whatever releases the model: it is told what was decided, by digest."""
    return f"deploying {release.subject}, {release.subject_sha256[:12]}, by decision {release.decision[:12]}"


def one_line() -> str:
    """The line that a script adds: nothing after it runs, unless the gate allows."""
    return deploy(tolbooth.require("release"))


def told_apart(run_id: str) -> tuple[int, str]:
    """What each answer means. The same run asked again gives the same decision, and records nothing twice."""
    try:
        release = tolbooth.require("release", once=run_id)
    except tolbooth.GatePending as waiting:
        return 4, "Waits for people: " + "; ".join(waiting.release.missing)
    except tolbooth.GateUndecided as unclear:
        return 3, f"Can't be decided:\n{unclear}"
    except tolbooth.GateDenied as denied:
        return 1, f"Refused:\n{denied}"
    return 0, deploy(release)


def when_approved(
    run_id: str, *, minutes: int, every_seconds: float = 60, sleep: Callable[[float], None] = time.sleep
) -> str:
    """Wait for people, with a deadline, then ask the gate once more, so that the yes is a recorded decision."""
    release = tolbooth.gate("release", once=run_id)
    deadline = time.monotonic() + 60 * minutes
    while release.verdict == "pending" and time.monotonic() < deadline:
        sleep(every_seconds)
        release = tolbooth.standing(release)
    return deploy(tolbooth.require("release", once=f"{run_id}/approved"))


if __name__ == "__main__":
    code, said = told_apart("run-2026-11-23")
    print(said)
    sys.exit(code)
