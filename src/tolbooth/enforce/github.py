"""GitHub Actions: a workflow that gates every change and keeps what the gate recorded."""

from __future__ import annotations

import json

from tolbooth.enforce.written_file import REPORT_FOLDER, TRANSCRIPT, GateJob, WrittenFile

PATH = ".github/workflows/tolbooth.yml"

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
{defaults}    steps:
      - uses: actions/checkout@v7
        with:
          persist-credentials: false
      - uses: actions/setup-python@v7
        with:
          python-version: "3.12"
      - run: {install}
      # Without these secrets the runner makes keys that nobody knows, so its transcript can't be imported.
      - name: Keys
        env:
          SEAL_KEY: ${{{{ secrets.TOLBOOTH_KEY }}}}
          LOG_KEY: ${{{{ secrets.TOLBOOTH_LOG_KEY }}}}
        run: |
          test -n "$SEAL_KEY" || exit 0
          umask 077
          printf '%s\\n' "$SEAL_KEY" > "$RUNNER_TEMP/seal.key"
          printf '%s\\n' "$LOG_KEY" > "$RUNNER_TEMP/log.key"
          printf 'TOLBOOTH_%s\\n' "KEY_FILE=$RUNNER_TEMP/seal.key" "LOG_KEY_FILE=$RUNNER_TEMP/log.key" >> "$GITHUB_ENV"
      - name: Gate
        run: >-
          {command}
      # The transcript is as confidential as the log: in a public repository, anybody can download an artefact.
      - uses: actions/upload-artifact@v7
        if: always()
        with:
          name: tolbooth
          include-hidden-files: true
          path: |
            {report}/
            {transcript}
"""


def workflow(job: GateJob, why: str) -> WrittenFile:
    """The workflow that runs a gate on every change; it may read the repository and nothing else."""
    folder = f"    defaults:\n      run:\n        working-directory: {json.dumps(job.folder)}\n" if job.folder else ""
    first, *rest = job.command(
        f"junit={REPORT_FOLDER}/junit.xml",
        f"sarif={REPORT_FOLDER}/tolbooth.sarif",
        'markdown="$GITHUB_STEP_SUMMARY"',
    )
    content = _WORKFLOW.format(
        branch=json.dumps(job.branch),
        defaults=folder,
        install=job.install,
        command="\n          ".join([f"{first} --output github", *rest]),
        report=job.below(REPORT_FOLDER),
        transcript=job.below(TRANSCRIPT),
    )
    return WrittenFile(path=PATH, content=content, why=why)
