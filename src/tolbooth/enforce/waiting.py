"""Waiting for people: one run's question to a gate, looked at as often as one likes, recorded once for each change."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tolbooth.enforce.calling import gate, standing
from tolbooth.enforce.release import Release
from tolbooth.model.decision import Verdict
from tolbooth.model.errors import StoreError, TolboothError

_MOST_ROUNDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """May this go on? What a step asks, with the key that its retries share.

    Attributes:
        once: the key, as :func:`tolbooth.gate` takes it.
        gate: the gate; None where the project has only one.
        project: the project's folder or its ``tolbooth.yaml``.
        point: where the gate must stand.
    """

    once: str
    gate: str | None = None
    project: str | Path | None = None
    point: str | None = None

    def ask(self) -> Release:
        """The decision that was recorded for this question first.

        Raises:
            TolboothError: if the gate could not answer.
        """
        return self._ask(self.once)

    def look(self) -> Release:
        """Where the question stands now.

        While people's yes is missing this is ``pending``, and records nothing. When they have spoken, the gate is run
        once more, so that the answer is a recorded decision: facts that changed meanwhile need a new yes.

        Raises:
            TolboothError: if the gate could not answer; ``gate.unsettled`` if its facts never stand still.
        """
        release = self.ask()
        for _ in range(_MOST_ROUNDS):
            if release.verdict != Verdict.PENDING.value:
                return release
            now = standing(release, project=self.project)
            if now.verdict == Verdict.PENDING.value:
                return now
            release = self._ask(f"{self.once} after {release.decision}")
        raise StoreError.of(
            "gate.unsettled",
            f"the gate's facts changed {_MOST_ROUNDS} times while people approved",
            hint="make the subject and its data stand still, then start a new run",
        )

    def _ask(self, once: str) -> Release:
        return gate(self.gate, project=self.project, point=self.point, once=once)


def told(error: TolboothError) -> tuple[str, ...]:
    """Why Tolbooth could not answer, a line each: code, message, what to do, and where. It is no verdict."""
    return tuple(
        f"{problem.code}: {problem.message}"
        f"{f' ({problem.hint})' if problem.hint else ''}"
        f"{f', at {problem.place}' if problem.place else ''}"
        for problem in error.problems
    )
