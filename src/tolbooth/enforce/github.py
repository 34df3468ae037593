"""GitHub Actions: a composite action that runs a gate, and a workflow that uses it on every change."""

from __future__ import annotations

import json
from importlib.resources import files

from tolbooth import __version__
from tolbooth.enforce.written_file import GateJob, WrittenFile

PATH = ".github/workflows/tolbooth.yml"
ACTION_FOLDER = ".github/actions/tolbooth"

_WORKFLOW = """\
# Written by 'tolbooth init'; it is yours now. The gate's exit code decides whether the job passes.
name: tolbooth

on:
  push:
    branches: [{branch}]
  pull_request:
  workflow_dispatch:

permissions:
  contents: read

jobs:
  gate:
    runs-on: ubuntu-latest
    timeout-minutes: 30
    steps:
      - uses: actions/checkout@v7
        with:
          persist-credentials: false
          # A commit that only adds approvals is passed over, so its parents must be here.
          fetch-depth: 0
      - uses: ./{action}
        with:
          gate: {gate}
{further}          # Without these secrets the runner makes keys that nobody knows, so its transcript can't be imported.
          key: ${{{{ secrets.TOLBOOTH_KEY }}}}
          log-key: ${{{{ secrets.TOLBOOTH_LOG_KEY }}}}
          # The artefact is as confidential as the log: in a public repository, anybody can download it.
          artifact: tolbooth
"""


def action_text() -> str:
    """The composite action, which installs this very version."""
    text = files("tolbooth.enforce").joinpath("templates", "action.yaml").read_text(encoding="utf-8")
    return text.replace("@VERSION@", __version__)


def action() -> WrittenFile:
    """The composite action as a file of the repository, so that nobody else's repository is trusted."""
    why = f"it installs Tolbooth {__version__}, runs the gate and keeps what it recorded"
    return WrittenFile(path=f"{ACTION_FOLDER}/action.yml", content=action_text(), why=why)


def workflow(job: GateJob, why: str) -> WrittenFile:
    """The workflow that runs a gate on every change; it may read the repository and nothing else."""
    further = {"working-directory": job.folder, "extras": ",".join(job.extras)}
    content = _WORKFLOW.format(
        branch=json.dumps(job.branch),
        action=ACTION_FOLDER,
        gate=json.dumps(job.gate),
        further="".join(f"          {name}: {json.dumps(value)}\n" for name, value in further.items() if value),
    )
    return WrittenFile(path=PATH, content=content, why=why)
