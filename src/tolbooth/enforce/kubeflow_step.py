"""What Kubeflow's first step does in its container: decide, wait for people, and write what the step shows."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Protocol

from tolbooth.enforce.backslashes import with_backslashes
from tolbooth.enforce.deadline import DeadlinePassed, deadline_of, is_pending, wait_for_people
from tolbooth.enforce.release import Release
from tolbooth.enforce.waiting import Question, told
from tolbooth.model.errors import ConfigError, TolboothError

BROKE = 70
"""The exit code where the gate could not answer; the step has none for a no."""


class Metrics(Protocol):
    """What the SDK's artifact of that name can do."""

    def log_metric(self, metric: str, value: float) -> None:
        """Keep a number under a name."""


def decide(
    *,
    project: str,
    gate: str,
    point: str,
    once: tuple[str, ...],
    deadline_seconds: int,
    poll_seconds: int,
    report: str,
    page: str,
    metrics: Metrics,
) -> tuple[str, str, str, str, str]:
    """Run the gate under a key, wait while people's yes is missing, and show the answer.

    Args:
        project: the project's folder or its ``tolbooth.yaml``.
        gate: its name; empty for the only one.
        point: where it must stand; empty for anywhere.
        once: the ids of the run and the step; a retry of the step gets what was recorded first.
        deadline_seconds: how long people have, from the first decision that waits for them.
        poll_seconds: between two looks at what people said.
        report: the file for the decision as Markdown.
        page: the file for it as HTML.
        metrics: takes ``allowed`` (0 or 1), and the numbers of ``reasons``, ``warnings`` and ``approvals_missing``.

    Returns:
        Verdict, decision, basis, the subject's digest, and the reasons as text.

    Raises:
        SystemExit: with 70, if the gate could not answer.
    """
    try:
        question = Question(once=_key(once), gate=gate or None, project=project, point=point or None)
        release, late = _answer(question, deadline_seconds, poll_seconds)
    except TolboothError as error:
        _say("Tolbooth could not answer, which is no verdict.", *told(error))
        raise SystemExit(BROKE) from error
    reasons = str(late) if late else "\n".join(release.lines())
    _say(reasons)
    Path(report).write_text(with_backslashes(release.markdown()), encoding="utf-8")
    Path(page).write_text(f"<!doctype html>\n<meta charset=utf-8>\n{release._repr_html_()}\n", encoding="utf-8")
    metrics.log_metric("allowed", float(release.allowed))
    metrics.log_metric("reasons", float(len(release.reasons)))
    metrics.log_metric("warnings", float(len(release.warnings)))
    metrics.log_metric("approvals_missing", float(len(release.missing)))
    return release.verdict, release.decision, release.basis, release.subject_sha256, reasons


def _key(ids: tuple[str, ...]) -> str:
    """The key of a run's step.

    Raises:
        ConfigError: ``kubeflow.no-run`` for an id that the backend did not fill in: every run would have the
            same key, and get the first one's decision.
    """
    unknown = [each for each in ids if not each or "{{" in each]
    if unknown:
        message = f"the backend did not say which run this is: it left {unknown[0] or 'an id empty'}"
        raise ConfigError.of("kubeflow.no-run", message)
    return json.dumps(["kubeflow", *ids])


def _answer(question: Question, deadline_seconds: int, poll_seconds: float) -> tuple[Release, DeadlinePassed | None]:
    """The recorded decision, and what is to say where people's time was over first."""
    release = question.ask()
    deadline = deadline_of(release, deadline_seconds)
    while is_pending(release):
        _say(*release.lines())
        try:
            wait_for_people(release, project=question.project, deadline=deadline, poll_seconds=poll_seconds)
        except DeadlinePassed as late:
            return release, late
        release = question.look()
    return release, None


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()
