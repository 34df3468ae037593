"""Observes a run: parameters, metrics with their histories, allowed tags, data-set inputs, logged models, artifacts."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from tolbooth import __version__
from tolbooth.collect.interface import Who, nobody_declared
from tolbooth.collect.mlflow.artifacts import listed, place_of
from tolbooth.collect.mlflow.client import Source
from tolbooth.collect.mlflow.ipe import record
from tolbooth.model.errors import CollectError
from tolbooth.model.instant import format_instant
from tolbooth.model.observation import Dates, Gap, IpeRecord, Observation
from tolbooth.model.people import AliasSystem
from tolbooth.model.withholding import Withheld

KIND = "run"

ALLOWED_TAGS = frozenset(
    {
        "estimator_class",
        "estimator_name",
        "mlflow.autologging",
        "mlflow.parentRunId",
        "mlflow.project.backend",
        "mlflow.source.git.branch",
        "mlflow.source.type",
    }
)
_COMMIT_TAG = "mlflow.source.git.commit"
_USER_TAG = "mlflow.user"
_TYPE_TAG = "mlflow.source.type"
_CONTEXT_TAG = "mlflow.data.context"
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_ID = re.compile(r"(?:m-)?[0-9a-f]{32}")
_EXPERIMENT_ID = re.compile(r"[0-9]{1,20}")
_MOST_HISTORIES = 300
_SHOWN_ARTIFACTS = 100
_EXACT = 2**53


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedRun:
    """A run as it was observed, and the run itself for whoever needs its places."""

    observation: Observation
    gaps: tuple[Gap, ...]
    run: Any

    @property
    def experiment_id(self) -> str:
        """The experiment that the run belongs to."""
        return str(self.run.info.experiment_id)


def observe_run(source: Source, run_id: str, *, about: str, now: datetime, who: Who = nobody_declared) -> ObservedRun:
    """Observe one run.

    Returns:
        An observation of kind ``run``. Of its tags only those in ``ALLOWED_TAGS`` are kept; never from which file it
        ran, or in which repository. ``user`` is the id of the person who ran it, as MLflow was told, or ``undeclared``.
        Gaps of kind ``run`` tell what of it could not be had.

    Raises:
        SourceError: if the run can't be had at all.
    """
    run = source.asking.ask("a run", lambda: source.client.get_run(run_id))
    before = source.withheld.count
    metrics, unsure = _metrics(source, run)
    artifacts, gaps = _artifacts(source, run, about)
    values = _values(source.withheld, run) | {"metrics": metrics} | artifacts
    values["withheld"] = source.withheld.count - before
    values["user"] = who(AliasSystem.MLFLOW, run.data.tags.get(_USER_TAG) or getattr(run.info, "user_id", None))
    if unsure:
        message = f"the last point of {len(unsure)} metrics is not in the history that MLflow gives of them"
        gaps = (*gaps, Gap(kind=KIND, about=about, code="collect.mlflow-history", message=message))
    observation = Observation(
        kind=KIND,
        about=about,
        values=values,
        dates=Dates(collected=now, received=now, about=_instant(run.info.end_time or run.info.start_time)),
        origin=f"collect.mlflow {__version__}",
        ipe=_ipe(source, run, run_id, values, unsure),
    )
    return ObservedRun(observation=observation, gaps=gaps, run=run)


def milliseconds(value: object) -> str | None:
    """An MLflow time as an instant; None where it is none or out of any calendar."""
    found = _instant(value)
    return None if found is None else format_instant(found)


def identifier(text: object, withheld: Withheld) -> str:
    """An id in MLflow's own form as it is; anything else through the recognisers."""
    return str(text) if _ID.fullmatch(str(text)) else withheld.text(str(text))


def experiment_identifier(text: object, withheld: Withheld) -> str:
    """An experiment's id: a number that MLflow gave, or anything else through the recognisers."""
    return str(text) if _EXPERIMENT_ID.fullmatch(str(text)) else withheld.text(str(text))


def _instant(value: object) -> datetime | None:
    if not isinstance(value, int) or value <= 0:
        return None
    try:
        return datetime.fromtimestamp(value // 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _values(withheld: Withheld, run: Any) -> dict[str, Any]:
    info, tags = run.info, run.data.tags
    told = {
        "system": "mlflow",
        "run_id": identifier(info.run_id, withheld),
        "experiment_id": experiment_identifier(info.experiment_id, withheld),
        "name": withheld.text(info.run_name) if info.run_name else None,
        "status": withheld.text(str(info.status)),
        "lifecycle": withheld.text(str(info.lifecycle_stage)),
        "started_at": milliseconds(info.start_time),
        "ended_at": milliseconds(info.end_time),
        "params": {withheld.text(name): withheld.value(name, str(value)) for name, value in _by_name(run.data.params)},
        "tags": {
            name: identifier(value, withheld) for name, value in _by_name(tags) if name in ALLOWED_TAGS - {_TYPE_TAG}
        },
        "tags_left_out": sum(name not in ALLOWED_TAGS | {_COMMIT_TAG} for name in tags),
        "inputs": _inputs(withheld, run),
        "source": _source(withheld, tags),
        "logged_models": _logged_models(withheld, run),
    }
    return {name: value for name, value in told.items() if value is not None}


def _by_name(values: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return sorted(values.items())


def _source(withheld: Withheld, tags: Mapping[str, str]) -> dict[str, str]:
    commit, kind = tags.get(_COMMIT_TAG, ""), tags.get(_TYPE_TAG)
    told = {"commit": commit if _COMMIT.fullmatch(commit) else None, "type": withheld.text(kind) if kind else None}
    return {name: value for name, value in told.items() if value is not None}


def _inputs(withheld: Withheld, run: Any) -> list[dict[str, str]]:
    """The data sets that the run says it read. MLflow's digest is an attribute: it is eight characters of a sample."""
    found = []
    for each in getattr(run.inputs, "dataset_inputs", None) or ():
        tags = {tag.key: tag.value for tag in each.tags or ()}
        told = {
            "name": withheld.text(str(each.dataset.name)),
            "digest": withheld.text(str(each.dataset.digest)),
            "source_type": withheld.text(str(each.dataset.source_type)),
        }
        if _CONTEXT_TAG in tags:
            told["context"] = withheld.text(str(tags[_CONTEXT_TAG]))
        found.append(told)
    return sorted(found, key=lambda told: tuple(sorted(told.items())))


def _logged_models(withheld: Withheld, run: Any) -> list[dict[str, Any]]:
    outputs = getattr(getattr(run, "outputs", None), "model_outputs", None) or ()
    found = [{"model_id": identifier(each.model_id, withheld), "step": _exact(each.step or 0)} for each in outputs]
    return sorted(found, key=lambda told: str(told["model_id"]))


def _metrics(source: Source, run: Any) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Each metric's last point and how many there are; and the names of those whose history lacks the last point."""
    found: dict[str, dict[str, Any]] = {}
    unsure: list[str] = []
    for number, (name, last) in enumerate(_by_name(run.data.metrics)):
        told = _number(last)
        if number < _MOST_HISTORIES:
            history = source.asking.ask(
                "the history of a metric", partial(source.client.get_metric_history, run.info.run_id, name)
            )
            told |= _last_point(history) | {"count": len(history)}
            if not any(_same(point.value, last) for point in history):
                unsure.append(name)
        found[source.withheld.text(name)] = told
    return found, unsure


def _last_point(history: Iterable[Any]) -> dict[str, Any]:
    points = [(point.step, point.timestamp) for point in history]
    if not points:
        return {}
    step, at = max(points)
    when = milliseconds(at)
    return {"step": _exact(step)} | ({"at": when} if when else {})


def _number(value: float) -> dict[str, Any]:
    """A double stays that double; what is not finite has no JSON form and is told in words."""
    return {"last": float(value)} if math.isfinite(value) else {"not_finite": str(float(value))}


def _same(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other))


def _exact(number: int) -> int | str:
    return int(number) if abs(number) < _EXACT else str(number)


def _artifacts(source: Source, run: Any, about: str) -> tuple[dict[str, Any], tuple[Gap, ...]]:
    try:
        found = listed(source, place_of(source, run.info.artifact_uri))
    except CollectError as error:
        if error.code == "collect.mlflow-missing":
            return {"artifacts": [], "artifact_count": 0}, ()
        problem = error.problems[0]
        return {}, (Gap(kind=KIND, about=about, code=problem.code, message=source.withheld.text(problem.message)),)
    shown: list[dict[str, Any]] = [
        {"path": source.withheld.text(path)} | ({} if size is None else {"size_bytes": _exact(size)})
        for path, size in list(found.items())[:_SHOWN_ARTIFACTS]
    ]
    return {"artifacts": shown, "artifact_count": len(found)}, ()


def _ipe(source: Source, run: Any, run_id: str, values: Mapping[str, Any], unsure: list[str]) -> IpeRecord:
    own = str(run.info.run_id)
    return record(
        source,
        query=f"get_run({identifier(run_id, source.withheld)!r})",
        unit="runs",
        keys=[identifier(own, source.withheld)],
        counted=1,
        response=values,
        check="Asked by id: the run that came has that id, and the history of each metric holds its last point.",
        complete=own == run_id and not unsure,
        parameters={
            "metric_histories": min(len(run.data.metrics), _MOST_HISTORIES),
            "metrics": len(run.data.metrics),
            "params": len(run.data.params),
            "tags": len(run.data.tags),
        },
        blind_spots=(
            "Values of parameters and metrics are what the code that ran said; MLflow checks none.",
            "Tags may have been changed after the run; MLflow keeps no history of them.",
            "A data set's digest is MLflow's own and not of its whole content.",
        ),
    )
