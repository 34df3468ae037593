"""From training to promotion in Airflow. The lines that a user adds are marked: import, gate, people, order."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG

from tests.orchestrators import training
from tolbooth.enforce.airflow import TolboothApprovalSensor, TolboothGateOperator  # user's line 1

PROJECT = "{{ dag_run.conf['project'] }}"
BIASED = "{{ dag_run.conf['biased'] }}"
DECISION = "{{ ti.xcom_pull('approvals') }}"
RETRIED = {"retries": 1, "retry_delay": timedelta(seconds=1)}


class Interrupted(TolboothGateOperator):
    """A worker that is lost after the gate has recorded its decision, the first time."""

    def execute(self, context: Any) -> dict[str, Any]:
        answer = super().execute(context)
        if context["ti"].try_number == 1:
            raise ConnectionError("the worker was lost")
        return answer


def trained(project: str, *, biased: bool) -> float:
    return training.train(Path(project), biased=biased)


def promoted(project: str, decision: dict[str, Any]) -> None:
    training.promote(Path(project), decision["subject_sha256"])


with DAG(dag_id="release", schedule=None, default_args=RETRIED, render_template_as_native_obj=True):
    train = PythonOperator(task_id="train", python_callable=trained, op_kwargs={"project": PROJECT, "biased": BIASED})
    gate = TolboothGateOperator(task_id="gate", gate="release", project=PROJECT)  # user's line 2
    approvals = TolboothApprovalSensor(task_id="approvals", after=gate, poke_interval=8)  # user's line 3
    promote = PythonOperator(
        task_id="promote", python_callable=promoted, op_kwargs={"project": PROJECT, "decision": DECISION}
    )
    train >> gate >> approvals >> promote  # user's line 4: what stands between training and promotion

with DAG(dag_id="alone", schedule=None, default_args=RETRIED):
    TolboothGateOperator(task_id="gate", project=PROJECT)

with DAG(dag_id="interrupted", schedule=None, default_args=RETRIED):
    Interrupted(task_id="gate", project=PROJECT)

with DAG(dag_id="deadline", schedule=None, default_args=RETRIED):
    TolboothApprovalSensor(task_id="approvals", project=PROJECT, poke_interval=8, timeout=1)

with DAG(dag_id="mapped", schedule=None, default_args=RETRIED):
    TolboothGateOperator.partial(task_id="gate", project=PROJECT).expand(gate=["release", "nightly"])
