"""Prefect: the gate as a task, and a flow that pauses or suspends until people have spoken.

The task run is Allowed, Denied, Undecided or Awaiting approval, with the reasons as its message and a Markdown artifact
on its page. If the gate could not answer, the run is Crashed and is tried again as ``retries`` says; a no is not.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from prefect import get_client, get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateName
from prefect.context import FlowRunContext, TaskRunContext
from prefect.exceptions import NotPausedError
from prefect.flow_runs import resume_flow_run, suspend_flow_run
from prefect.states import Completed, Crashed, Failed, Paused

from tolbooth.enforce.backslashes import with_backslashes
from tolbooth.enforce.calling import gate, standing
from tolbooth.enforce.deadline import (
    DAY_SECONDS,
    DeadlinePassed,
    deadline_of,
    is_pending,
    seconds_until,
    wait_for_people,
)
from tolbooth.enforce.release import GatePending, Release, refusal_of
from tolbooth.enforce.waiting import told
from tolbooth.model.decision import Verdict
from tolbooth.model.errors import ConfigError, TolboothError
from tolbooth.model.instant import format_instant, parse_instant

_KEY = "tolbooth"
_PAGE = 200
_GRACE_SECONDS = 120
_STATE_NAMES: Mapping[str, str] = {
    Verdict.ALLOW.value: "Allowed",
    Verdict.DENY.value: "Denied",
    Verdict.UNDECIDED.value: "Undecided",
    Verdict.PENDING.value: "Awaiting approval",
}


def tolbooth_gate(
    name: str | None = None,
    *,
    project: str | Path | None = None,
    point: str | None = None,
    suspend: bool = False,
    deadline_seconds: float = DAY_SECONDS,
    poll_seconds: float = 30,
    retries: int = 0,
    retry_delay_seconds: float = 10,
) -> Release:
    """Go on with the flow only if the gate allows; call it in a flow, between training and promotion.

    While nothing but people's yes is missing the flow is paused, and goes on by itself once they have approved. Resume
    on Prefect's page is no approval: the flow pauses again.

    Args:
        name: as ``tolbooth.gate``.
        project: as ``tolbooth.gate``.
        point: as ``tolbooth.gate``.
        suspend: end the process while people are awaited; :func:`resume_approved` has the flow run again. The flow
            needs a deployment.
        deadline_seconds: how long people have, from the first decision that waits for them.
        poll_seconds: between two looks at what people said; for a paused flow only.
        retries: how often the gate is tried again where it could not answer. A no is an answer.
        retry_delay_seconds: before each of these.

    Returns:
        The recorded decision, which allows.

    Raises:
        GateDenied: for a no, with the reasons; ``GatePending`` if the deadline passes.
        TolboothError: if the gate could not answer.
    """
    asked = _GATE.with_options(retries=retries, retry_delay_seconds=retry_delay_seconds)
    until: datetime | None = None
    while True:
        state = asked(name, project, point, return_state=True)
        release: Release = state.result(_sync=True)
        if not is_pending(release):
            return release
        if FlowRunContext.get() is None:
            raise GatePending(release)
        until = until or _deadline(release, deadline_seconds)
        if suspend:
            _suspend(release, project, until)
        else:
            _pause(release, project, until, poll_seconds)


def resume_approved(project: str | Path | None = None) -> tuple[str, ...]:
    """Have every suspended flow of a project run again that no longer waits for people: for a schedule, or by hand.

    Args:
        project: as ``tolbooth.gate``.

    Returns:
        The ids of the flow runs that run again.

    Raises:
        TolboothError: if the project, its store or a record can't be read.
    """
    resumed = []
    with get_client(sync_client=True) as client:
        for run_id, decision in _suspended(client):
            try:
                release = standing(decision, project=project)
            except ConfigError as error:
                if error.code != "log.no-decision":
                    raise
                continue  # it is another project's
            if not is_pending(release):
                resume_flow_run(run_id, _sync=True)
                resumed.append(str(run_id))
    return tuple(resumed)


def _decide(name: str | None, project: str | Path | None, point: str | None) -> Any:
    """The task's body: one recorded decision, shown on the run's page, as the state that the run ends in."""
    context = TaskRunContext.get()
    run = context.task_run
    try:
        release = gate(name, project=project, point=point, once=f"prefect {run.id}")
        _show(release)
    except Exception as broke:
        if run.run_count <= context.task.retries:
            raise
        why = told(broke) if isinstance(broke, TolboothError) else [str(broke)]
        return Crashed(data=broke, message="\n".join(["The gate could not answer, which is no verdict.", *why]))
    says = {"name": _STATE_NAMES[release.verdict], "message": "\n".join(release.lines())}
    if release.allowed or is_pending(release):
        return Completed(data=release, **says)
    return Failed(data=refusal_of(release), **says)


def _tool_broke(_task: object, _run: object, state: Any) -> bool:
    return state.name not in _STATE_NAMES.values()


_GATE: Any = task(
    _decide, name="tolbooth_gate", retry_condition_fn=_tool_broke, cache_policy=NO_CACHE, persist_result=False
)


def _show(release: Release) -> None:
    slug = re.sub(r"[^a-z0-9]+", "-", release.gate.lower()).strip("-")
    said = f"{_STATE_NAMES[release.verdict]}: {release.subject} at {release.gate}"
    create_markdown_artifact(with_backslashes(release.markdown()), key=f"{_KEY}-{slug}", description=said, _sync=True)


def _deadline(release: Release, deadline_seconds: float) -> datetime:
    """The deadline that this flow run has for the gate already from before it was suspended, or a new one."""
    known = FlowRunContext.get().flow_run.empirical_policy.pause_keys or ()
    kept = [key["until"] for key in map(_read, known) if key and key["gate"] == release.gate]
    return min(map(parse_instant, kept), default=deadline_of(release, deadline_seconds))


def _pause_key(release: Release, until: datetime) -> str:
    """What names a pause, and tells the next process and :func:`resume_approved` what the flow run waits for.

    Prefect lets a name pause a run once, and people may press Resume often, so each name has the time in it.
    """
    named = {_KEY: time.time_ns(), "gate": release.gate, "decision": release.decision, "until": format_instant(until)}
    return json.dumps(named)


def _read(pause_key: str | None) -> dict[str, str] | None:
    """What a pause key of ours says; None for anybody else's."""
    if pause_key is None or not pause_key.startswith(f'{{"{_KEY}":'):
        return None
    said: dict[str, str] = json.loads(pause_key)
    return said


def _suspend(release: Release, project: str | Path | None, until: datetime) -> None:
    """End this process until the flow is resumed; return at once if people have spoken meanwhile."""
    if not is_pending(standing(release, project=project)):
        return
    left = seconds_until(until)
    if left <= 0:
        raise DeadlinePassed(release)
    suspend_flow_run(timeout=int(left) + 1, key=_pause_key(release, until), _sync=True)


def _pause(release: Release, project: str | Path | None, until: datetime, poll_seconds: float) -> None:
    """Hold the flow run in the state Paused until people have spoken."""
    run_id = FlowRunContext.get().flow_run.id
    with get_client(sync_client=True) as client:

        def rest(seconds: float) -> None:
            _hold(client, run_id, release, until)
            time.sleep(seconds)

        wait_for_people(release, project=project, deadline=until, poll_seconds=poll_seconds, rest=rest)
        try:
            resume_flow_run(run_id, _sync=True)
        except NotPausedError:
            # It was never paused, or resumed by hand after people had spoken; but one that was cancelled stays so.
            if not client.read_flow_run(run_id).state.is_running():
                raise GatePending(release) from None


def _hold(client: Any, run_id: Any, release: Release, until: datetime) -> None:
    """Pause the flow run, unless it is paused already.

    Raises:
        GatePending: if it was cancelled, or ended otherwise.
    """
    state = client.read_flow_run(run_id).state
    if state.is_paused():
        return
    if not state.is_running():
        raise GatePending(release)
    lines = "\n".join(release.lines())
    get_run_logger().info("Paused until people have approved, or until %s.\n%s", format_instant(until), lines)
    pause = Paused(
        name=_STATE_NAMES[release.verdict],
        message=lines,
        pause_expiration_time=until + timedelta(seconds=_GRACE_SECONDS),
        pause_key=_pause_key(release, until),
    )
    client.set_flow_run_state(run_id, pause)


def _suspended(client: Any) -> list[tuple[Any, str]]:
    """The suspended flow runs that wait at a gate, each with the digest of its decision."""
    named = FlowRunFilter(state=FlowRunFilterState(name=FlowRunFilterStateName(any_=["Suspended"])))
    found: list[tuple[Any, str]] = []
    offset = 0
    while page := client.read_flow_runs(flow_run_filter=named, limit=_PAGE, offset=offset):
        waiting = ((run.id, _read(run.state.state_details.pause_key)) for run in page)
        found.extend((run_id, key["decision"]) for run_id, key in waiting if key)
        offset += _PAGE
    return found
