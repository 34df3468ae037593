"""Kubeflow Pipelines: two steps around a promotion, one that decides and shows, one that lets through.

The first, ``tolbooth-decide``, records the decision, waits for people, and ends well whatever the verdict: the backend
keeps no artifact of a step that fails, and a denial's report is the one that is read. The second, ``tolbooth-require``,
fails unless the gate allows, with the reasons in its log. So a red first step says that the tool broke, and a red
second one that the answer is no.

The only module that imports kfp (the extra ``kubeflow``). What the steps do in their containers: ``kubeflow_step``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, get_type_hints

from kfp import dsl

from tolbooth import __version__
from tolbooth.enforce.deadline import DAY_SECONDS

PACKAGES = (f"tolbooth=={__version__}",)
IMAGE = "python:3.12-slim"


def tolbooth_gate(
    name: Any = "",
    *,
    project: Any,
    point: Any = "",
    after: Iterable[Any] = (),
    deadline_seconds: Any = DAY_SECONDS,
    poll_seconds: Any = 30,
    retries: int = 0,
    image: str = IMAGE,
    packages: Sequence[str] = PACKAGES,
    install_kfp: bool = True,
) -> Any:
    """Add the gate to a pipeline; what must not happen without it comes ``.after()`` what is returned.

    Args:
        name: the gate; may be left out where the project has only one. A string or a pipeline's parameter, as all
            arguments of type Any.
        project: the project's folder in the container: of the image, or of a volume.
        point: where the gate must stand; a gate that stands elsewhere is refused.
        after: the tasks that it comes after, such as the training.
        deadline_seconds: how long people have, from the first decision that waits for them.
        poll_seconds: between two looks at what people said.
        retries: how often the gate is tried again where it could not answer.
        image: the container's image, with Python and what the project needs.
        packages: what is installed into it when the step begins; none for an image that has Tolbooth.
        install_kfp: whether the SDK is installed too; not for an image that has it.

    Returns:
        The task that succeeds only if the gate allows, with the outputs ``verdict``, ``decision``, ``basis`` and
        ``subject_sha256``, all strings. The first step has these too, and ``report`` (Markdown), ``page`` (HTML) and
        ``metrics``.
    """
    made = {"base_image": image, "packages_to_install": list(packages), "install_kfp_package": install_kfp}
    # A backend fills an id in only where it is the whole value, so the key is put together in the step.
    asked = dsl.component(_typed(tolbooth_decide), **made)(
        gate=name,
        project=project,
        point=point,
        run_id=dsl.PIPELINE_JOB_ID_PLACEHOLDER,
        parent_id=dsl.PIPELINE_TASK_ID_PLACEHOLDER,
        task_name=dsl.PIPELINE_TASK_NAME_PLACEHOLDER,
        deadline_seconds=deadline_seconds,
        poll_seconds=poll_seconds,
    )
    asked.set_caching_options(enable_caching=False)
    asked.after(*after)
    if retries:
        asked.set_retry(num_retries=retries)
    required = dsl.component(_typed(tolbooth_require), **made)(
        verdict=asked.outputs["verdict"],
        decision=asked.outputs["decision"],
        basis=asked.outputs["basis"],
        subject_sha256=asked.outputs["subject_sha256"],
        reasons=asked.outputs["reasons"],
    )
    return required.set_caching_options(enable_caching=False)


def tolbooth_decide(
    *,
    project: str,
    gate: str,
    point: str,
    run_id: str,
    parent_id: str,
    task_name: str,
    deadline_seconds: int,
    poll_seconds: int,
    report: dsl.Output[dsl.Markdown],
    page: dsl.Output[dsl.HTML],
    metrics: dsl.Output[dsl.Metrics],
) -> NamedTuple(  # type: ignore[valid-type]
    "Outputs", [("verdict", str), ("decision", str), ("basis", str), ("subject_sha256", str), ("reasons", str)]
):
    """Runs a Tolbooth gate, waits for people while it is pending, and shows the decision."""
    from tolbooth.enforce.kubeflow_step import decide  # noqa: PLC0415 - the function is copied into a container

    return decide(
        project=project,
        gate=gate,
        point=point,
        once=(run_id, parent_id, task_name),
        deadline_seconds=deadline_seconds,
        poll_seconds=poll_seconds,
        report=report.path,
        page=page.path,
        metrics=metrics,
    )


def tolbooth_require(verdict: str, decision: str, basis: str, subject_sha256: str, reasons: str) -> NamedTuple(  # type: ignore[valid-type]
    "Outputs", [("verdict", str), ("decision", str), ("basis", str), ("subject_sha256", str)]
):
    """Fails unless the gate allows, with the reasons."""
    if verdict != "allow":
        raise SystemExit(reasons)
    return verdict, decision, basis, subject_sha256


def _typed(step: Any) -> Any:
    """A step whose annotations are types again: the SDK reads the interface from them, and can't read strings."""
    step.__annotations__ = get_type_hints(step, include_extras=True)
    return step
