"""From training to promotion in Kubeflow Pipelines. The lines that a user adds are marked: the import, and the gate.

Usage: python -m tests.orchestrators.kubeflow_release compile FILE.yaml
       python -m tests.orchestrators.kubeflow_release run PROJECT OUTPUTS PARAMETERS-AS-JSON
"""

# ruff: noqa: PLC0415 - each step is a function that is copied into a container, imports and all
# NOTE: no 'from __future__ import annotations': the SDK reads a pipeline's interface from its annotations as types.

import json
import sys
from functools import partial

from kfp import compiler, dsl, local

from tolbooth.enforce.kubeflow import tolbooth_gate  # user's line 1

# As the local runner has it: an image with Tolbooth, the SDK and the code that trains.
component = partial(dsl.component, base_image="python:3.12-slim", install_kfp_package=False)
gate_here = partial(tolbooth_gate, packages=(), install_kfp=False, poll_seconds=1)


@component
def train(project: str, biased: bool) -> None:
    from pathlib import Path

    from tests.orchestrators.training import train

    train(Path(project), biased=biased)


@component
def promote(project: str, subject_sha256: str) -> None:
    from pathlib import Path

    from tests.orchestrators.training import promote

    promote(Path(project), subject_sha256)


@dsl.pipeline
def release(project: str, gate: str = "release", biased: bool = False, deadline: int = 60) -> None:
    trained = train(project=project, biased=biased)
    allowed = gate_here(gate, project=project, after=[trained], deadline_seconds=deadline)  # user's line 2
    promote(project=project, subject_sha256=allowed.outputs["subject_sha256"])  # user's line 3: what it is to promote


@dsl.pipeline
def as_shipped(project: str) -> None:
    tolbooth_gate("release", project=project, retries=3)


if __name__ == "__main__":
    if sys.argv[1] == "compile":
        compiler.Compiler().compile(as_shipped, sys.argv[2])
    else:
        local.init(runner=local.SubprocessRunner(use_venv=False), pipeline_root=sys.argv[3])
        release(project=sys.argv[2], **json.loads(sys.argv[4]))
