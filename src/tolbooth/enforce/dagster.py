"""Dagster: a blocking asset check that runs a gate, and a sensor that goes on when people have approved.

The only module that imports dagster (the extra ``dagster``). The decision stands in the check's metadata.
"""

from __future__ import annotations

import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from dagster import (
    AssetCheckEvaluation,
    AssetCheckExecutionContext,
    AssetCheckKey,
    AssetCheckResult,
    AssetCheckSeverity,
    AssetExecutionContext,
    AssetKey,
    AssetSelection,
    DefaultSensorStatus,
    Failure,
    MetadataValue,
    RetryPolicy,
    RunRequest,
    SensorEvaluationContext,
    SkipReason,
    asset_check,
    sensor,
)

from tolbooth.enforce.calling import standing
from tolbooth.enforce.release import Release
from tolbooth.enforce.waiting import Question, told
from tolbooth.model.decision import Verdict
from tolbooth.model.errors import TolboothError

_PENDING = Verdict.PENDING.value
_RETRY_TAG = "dagster/retry_number"


def gate_check(
    *,
    asset: Any,
    gate: str | None = None,
    project: str | Path | None = None,
    point: str | None = None,
    name: str = "tolbooth",
    blocking: bool = True,
    severity: AssetCheckSeverity = AssetCheckSeverity.ERROR,
    wait: timedelta = timedelta(0),
    look_every: timedelta = timedelta(seconds=30),
    retry_policy: RetryPolicy | None = None,
) -> Any:
    """An asset check that passes only if the gate allows.

    A denial, and an undecided or pending gate, fail the check with the reasons in its metadata and in the run's log;
    a retry policy does not repeat it. If Tolbooth could not answer, there is no result: the step fails, and is
    retried by ``retry_policy``. Retries get the decision that was recorded first.

    Args:
        asset: the asset that the gate is about, as ``dagster.asset_check`` takes it.
        gate: the gate; may be left out where the project has only one.
        project: the project's folder or its ``tolbooth.yaml``; default: found from the working directory upwards.
        point: where the gate must stand; a gate that stands elsewhere is refused.
        name: the check's name.
        blocking: whether assets downstream are held back.
        severity: of a check that fails. Dagster holds nothing back for ``WARN``, whatever ``blocking`` says.
        wait: how long the step itself waits for people while the gate is pending; default: not at all. For days, let
            the check fail and :func:`approval_sensor` go on.
        look_every: time between two looks while it waits.
        retry_policy: for a step that got no answer.

    Returns:
        The ``AssetChecksDefinition``, for ``Definitions(asset_checks=…)``.
    """

    def check() -> AssetCheckResult:
        # NOTE: Dagster refuses a parameter whose annotation is a string, as every one of this file is.
        context = AssetCheckExecutionContext.get()
        question = Question(once=_key(context), gate=gate, project=project, point=point)
        release = _answer(context, question, wait, look_every)
        say = context.log.info if release.allowed else context.log.error
        say("\n".join(release.lines()))
        return AssetCheckResult(
            passed=release.allowed,
            severity=severity,
            description=release.sentence or release.verdict,
            metadata=_metadata(release),
        )

    check.__name__ = name
    return asset_check(
        asset=asset,
        name=name,
        description=f"Tolbooth's gate {gate or ''}".rstrip() + ": passes only if the release is allowed.",
        blocking=blocking,
        retry_policy=retry_policy,
        compute_kind="tolbooth",
    )(check)


def approval_sensor(
    check: Any,
    *,
    then: Any,
    project: str | Path | None = None,
    deadline: timedelta = timedelta(days=7),
    look_every: timedelta = timedelta(seconds=60),
    name: str = "tolbooth_approvals",
) -> Any:
    """A sensor that runs a pending check again when people have spoken, and with it the assets that it held back.

    It records nothing itself. After the deadline it asks no more; materialising the asset anew starts another one.

    Args:
        check: what :func:`gate_check` returned.
        then: the assets that it holds back, as ``dagster.AssetSelection.assets`` takes one, or a list of them.
        project: as :func:`gate_check`.
        deadline: how long a pending check is looked at, from its evaluation on.
        look_every: time between two looks.
        name: the sensor's name.

    Returns:
        The ``SensorDefinition``, for ``Definitions(sensors=…)``; it is on as soon as a daemon runs.
    """
    keys = [AssetKey.from_coercible_or_definition(each) for each in (then if isinstance(then, list) else [then])]
    checked: AssetCheckKey = next(iter(check.check_keys))

    def look(context: SensorEvaluationContext) -> Any:
        waiting = _pending(context.instance, checked)
        if waiting is None:
            return SkipReason("no decision waits for people")
        decision, asked_at = waiting
        if time.time() - asked_at > deadline.total_seconds():
            return SkipReason(f"the deadline has passed; decision {decision} still waits")
        release = standing(decision, project=project)
        if release.verdict == _PENDING:
            return SkipReason("; ".join(f"waits for {each}" for each in release.missing) or release.sentence)
        return RunRequest(run_key=decision, asset_selection=keys, asset_check_keys=[checked])

    look.__name__ = name
    return sensor(
        name=name,
        asset_selection=AssetSelection.assets(*keys) | AssetSelection.checks(checked),
        minimum_interval_seconds=max(1, int(look_every.total_seconds())),
        default_status=DefaultSensorStatus.RUNNING,
    )(look)


def released(check: Any) -> dict[str, Any]:
    """The decision that let an asset through, for whatever puts it into production: promote this digest, no other.

    Args:
        check: what :func:`gate_check` returned. Called while an asset that it holds back is materialised.

    Returns:
        The decision of the check's latest evaluation, ``tolbooth.release/v1``.

    Raises:
        Failure: if that did not pass, or there is none; nothing should be promoted then.
    """
    key = next(iter(check.check_keys))
    found = _latest(AssetExecutionContext.get().instance, key)
    if found is None or not found[0].passed:
        raise Failure(f"the check '{key.to_user_string()}' did not let this pass", allow_retries=False)
    decision: dict[str, Any] = found[0].metadata["release"].value
    return decision


def _answer(context: AssetCheckExecutionContext, question: Question, wait: timedelta, every: timedelta) -> Release:
    """The decision; while it is pending, looked at again until the deadline."""
    until = time.monotonic() + wait.total_seconds()
    try:
        release = question.ask() if not wait else question.look()
        while release.verdict == _PENDING and (left := until - time.monotonic()) > 0:
            context.log.info("%s", "; ".join(f"waits for {each}" for each in release.missing))
            time.sleep(min(every.total_seconds(), left))
            release = question.look()
    except TolboothError as error:
        lines = "\n".join(told(error))
        raise Failure(f"Tolbooth could not answer, which is no verdict.\n{lines}") from error
    return release


def _key(context: AssetCheckExecutionContext) -> str:
    """The run and the check: the same for each retry, of the step as of the run; another one for a new run."""
    run = context.run
    first = run.root_run_id if _RETRY_TAG in run.tags and run.root_run_id else run.run_id
    spec = context.check_specs[0]
    return json.dumps(["dagster", first, spec.asset_key.to_user_string(), spec.name])


def _metadata(release: Release) -> dict[str, Any]:
    return {
        "verdict": release.verdict,
        "decision": release.decision,
        "basis": release.basis,
        "subject": release.subject,
        "reasons": "; ".join(map(str, release.reasons)) or "none",
        "waits for": "; ".join(release.missing) or "nobody",
        "report": MetadataValue.md(release.markdown()),
        "release": MetadataValue.json(release.as_json()),
    }


def _latest(instance: Any, key: AssetCheckKey) -> tuple[AssetCheckEvaluation, float] | None:
    """The check's latest evaluation, and its time in Unix seconds; None while one runs."""
    record = instance.event_log_storage.get_latest_asset_check_execution_by_key([key]).get(key)
    return None if record is None or record.evaluation is None else (record.evaluation, record.create_timestamp)


def _pending(instance: Any, key: AssetCheckKey) -> tuple[str, float] | None:
    """The digest of the decision that the check's latest evaluation waits on, and its time in Unix seconds."""
    found = _latest(instance, key)
    if found is None:
        return None
    shown = {label: each.value for label, each in found[0].metadata.items()}
    return (str(shown["decision"]), found[1]) if shown.get("verdict") == _PENDING else None
