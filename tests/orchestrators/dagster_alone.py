"""One run of one check in a real Dagster instance, and what came of it, as JSON.

Usage: python -m tests.orchestrators.dagster_alone SCENE PROJECT
    plain    nothing else
    broken   the same, of a project that is not there
    lost     the worker is lost after the gate has recorded its decision, the first time
    wait     the step itself waits a minute for people
    late     the step waits for a second; then the sensor looks, after its deadline
    warned   a severity that holds nothing back
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from typing import Any

from dagster import (
    AssetCheckSeverity,
    DagsterInstance,
    Definitions,
    RetryPolicy,
    asset,
    build_sensor_context,
    materialize,
)

from tolbooth.enforce import dagster as adapter

SECOND = timedelta(seconds=1)
WAIT = {"wait": timedelta(seconds=60), "late": SECOND}


@asset
def model() -> None:
    """Something to check."""


@asset(deps=[model])
def production() -> None:
    """Something that is held back."""


def lose_the_first() -> None:
    kept = adapter._metadata
    asked: list[str] = []

    def metadata(release: Any) -> dict[str, Any]:
        asked.append(release.decision)
        if len(asked) == 1:
            raise ConnectionError("the worker was lost")
        return kept(release)

    adapter._metadata = metadata


def main(scene: str, project: str) -> None:
    if scene == "lost":
        lose_the_first()
    gate = adapter.gate_check(
        asset=model,
        project=project,
        wait=WAIT.get(scene, timedelta(0)),
        look_every=SECOND,
        retry_policy=RetryPolicy(max_retries=1),
        severity=AssetCheckSeverity.WARN if scene == "warned" else AssetCheckSeverity.ERROR,
    )
    instance = DagsterInstance.get()
    done = materialize([model, gate, production], instance=instance, raise_on_error=False)
    answer = {
        "success": done.success,
        "materialised": [each.asset_key.to_user_string() for each in done.get_asset_materialization_events()],
        "checks": [
            {"passed": each.passed, "severity": each.severity.value, "text": each.description}
            | {label: shown.value for label, shown in each.metadata.items()}
            for each in done.get_asset_check_evaluations()
        ],
        "retried": sum(each.event_type_value == "STEP_UP_FOR_RETRY" for each in done.all_events),
        "errors": [str(each.event_specific_data.error_display_string) for each in done.filter_events(_failed)],
    }
    if scene == "late":
        people = adapter.approval_sensor(gate, then=production, project=project, deadline=timedelta(0))
        defs = Definitions(assets=[model, production], asset_checks=[gate], sensors=[people])
        with build_sensor_context(instance=instance, definitions=defs) as context:
            answer["sensor"] = people.evaluate_tick(context).skip_message
    sys.stdout.write("\n" + json.dumps(answer) + "\n")


def _failed(event: Any) -> bool:
    return bool(event.event_type_value == "STEP_FAILURE" and event.step_key == "model_tolbooth")


if __name__ == "__main__":
    main(*sys.argv[1:])
