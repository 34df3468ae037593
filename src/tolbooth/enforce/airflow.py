"""Airflow 3: an operator that runs a gate, and a sensor that waits for the people whose yes is missing.

The only module that imports airflow (the extra ``airflow``). The decision is the task's XCom and stands on its page,
under Rendered Templates.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from airflow.sdk import BaseOperator, BaseSensorOperator, PokeReturnValue
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSensorTimeout

from tolbooth.enforce.release import Release, refusal_of
from tolbooth.enforce.waiting import Question, told
from tolbooth.model.decision import Verdict
from tolbooth.model.errors import TolboothError

_CLEARED = "tolbooth_cleared"
_PAGE_CHARACTERS = 3500  # Airflow hides a field of more than 4096 characters


class TolboothGateOperator(BaseOperator):
    """Runs a gate and records the decision; the task succeeds only if the gate allows.

    A denial, and an undecided or pending gate, fail the task without a retry. If Tolbooth could not answer, the task
    fails as any other and is retried as its ``retries`` say; a retry gets the decision that was recorded, if one was.
    A task that somebody clears asks anew.

    Args:
        gate: the gate; may be left out where the project has only one.
        project: the project's folder or its ``tolbooth.yaml``, on the worker; default: found from its working
            directory upwards.
        point: where the gate must stand; a gate that stands elsewhere is refused.
        kwargs: as for every operator.
    """

    template_fields = ("gate", "project", "point", "decision")
    overwrite_rtif_after_execution = True
    ui_color = "#dfe7f1"

    def __init__(
        self, *, gate: str | None = None, project: str | None = None, point: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.gate = gate
        self.project = project
        self.point = point
        self.decision = ""
        self.awaited = False

    def execute(self, context: Any) -> dict[str, Any]:
        """Run the gate.

        Returns:
            The decision, ``tolbooth.release/v1``; of a gate that is pending too, if a sensor waits after it.

        Raises:
            AirflowFailException: for a no; the cause is a ``GateDenied`` with the release.
            TolboothError: if the gate could not answer.
        """
        ti = context["ti"]
        cleared = _cleared(ti)
        ti.xcom_push(key=_CLEARED, value=cleared)
        once = _key(ti, self.task_id, cleared)
        question = Question(once=once, gate=self.gate, project=self.project, point=self.point)
        release = _answer(self, context, question.ask)
        if release.allowed or (self.awaited and release.verdict == Verdict.PENDING.value):
            return release.as_json()
        raise _refused(release)


class TolboothApprovalSensor(BaseSensorOperator):
    """Waits until people have approved what a gate decided, and succeeds only with a recorded decision that allows.

    It holds no worker while it waits. A rejection fails it at once, and so does the deadline, both without a retry.

    Args:
        after: the task whose decision is awaited; it may then be pending. Gate, project and point are that task's.
        gate: without ``after``, the gate that the sensor runs itself; as for the operator.
        project: as for the operator.
        point: as for the operator.
        timeout: the deadline, from the first look on; default 7 days.
        poke_interval: time between two looks; default 60 seconds. Airflow loses a rescheduled task that comes back
            before its scheduler has seen it leave, so keep well above 10 seconds.
        mode: ``reschedule``, or ``poke`` to hold a worker.
        kwargs: as for every sensor.
    """

    template_fields = ("gate", "project", "point", "decision")
    overwrite_rtif_after_execution = True
    ui_color = "#f1ead9"

    def __init__(
        self,
        *,
        after: TolboothGateOperator | None = None,
        gate: str | None = None,
        project: str | None = None,
        point: str | None = None,
        timeout: timedelta | float = timedelta(days=7),
        poke_interval: timedelta | float = 60,
        mode: str = "reschedule",
        **kwargs: Any,
    ) -> None:
        super().__init__(timeout=timeout, poke_interval=poke_interval, mode=mode, **kwargs)
        self.gate = gate if after is None else after.gate
        self.project = project if after is None else after.project
        self.point = point if after is None else after.point
        self.decision = ""
        self.missing: tuple[str, ...] = ()
        self.after_task = None if after is None else after.task_id
        if after is not None:
            after.awaited = True
            self.set_upstream(after)

    def execute(self, context: Any) -> Any:
        """Look, and look again.

        Raises:
            AirflowSensorTimeout: when the deadline has passed; it names whose yes was missing.
            AirflowFailException: for a no.
            TolboothError: if the gate could not answer.
        """
        try:
            return super().execute(context)
        except AirflowSensorTimeout as late:
            awaited = "; ".join(self.missing) or "people"
            raise AirflowSensorTimeout(f"the deadline has passed, and the release still waits for {awaited}") from late

    def poke(self, context: Any) -> PokeReturnValue:
        """Look once: done if the gate allows, not yet while people's yes is missing.

        Raises:
            AirflowFailException: for a no.
            TolboothError: if the gate could not answer.
        """
        question = Question(once=self._once(context["ti"]), gate=self.gate, project=self.project, point=self.point)
        release = _answer(self, context, question.look)
        if release.verdict == Verdict.PENDING.value:
            self.missing = release.missing
            return PokeReturnValue(is_done=False)
        if release.allowed:
            return PokeReturnValue(is_done=True, xcom_value=release.as_json())
        raise _refused(release)

    def _once(self, ti: Any) -> str:
        if self.after_task is None:
            return _key(ti, self.task_id, _cleared(ti))
        # NOTE: people may edit an XCom on Airflow's pages, so nothing else of the key is taken from one.
        cleared = ti.xcom_pull(task_ids=self.after_task, key=_CLEARED, map_indexes=ti.map_index)
        if not isinstance(cleared, int):
            raise AirflowException(
                f"the task '{self.after_task}' ran no gate in this run, so there is nothing to await"
            )
        return _key(ti, self.after_task, cleared)


def _cleared(ti: Any) -> int:
    """A number that is the same for each retry, and another one once somebody has cleared the task."""
    return int(ti.max_tries) - int(ti.task.retries or 0)


def _key(ti: Any, task_id: str, cleared: int) -> str:
    return json.dumps(["airflow", ti.dag_id, ti.run_id, task_id, ti.map_index, cleared])


def _answer(task: Any, context: Any, asked: Callable[[], Release]) -> Release:
    """Ask, and show what is answered in the task's log, in its XCom and on its page."""
    try:
        release = asked()
    except TolboothError as error:
        for line in told(error):
            task.log.error("Tolbooth could not answer, which is no verdict. %s", line)  # noqa: TRY400 - it is raised
        raise
    say = task.log.info if release.allowed else task.log.warning
    for line in release.lines():
        say("%s", line.removeprefix("- "))
    page = "\n".join(release.lines())
    task.decision = page if len(page) <= _PAGE_CHARACTERS else f"{page[:_PAGE_CHARACTERS]} …\nThe rest is in the log."
    context["ti"].xcom_push(key="return_value", value=release.as_json())
    return release


def _refused(release: Release) -> AirflowFailException:
    hint = ""
    if release.verdict == Verdict.PENDING.value:
        hint = "; a TolboothApprovalSensor waits for people"
    refusal = AirflowFailException(f"{release.verdict}: {release.sentence}{hint}")
    refusal.__cause__ = refusal_of(release)
    return refusal
