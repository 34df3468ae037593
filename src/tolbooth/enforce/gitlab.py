"""GitLab CI: a job that gates every change, shows the results in the merge request and keeps what was recorded."""

from __future__ import annotations

import json
import shlex

from tolbooth import __version__
from tolbooth.enforce.written_file import REPORT_FOLDER, TRANSCRIPT, GateJob, WrittenFile

PATH = ".gitlab-ci.yml"
INCLUDED_PATH = "tolbooth.gitlab-ci.yml"
INCLUDE_LINES = ("include:", f"  - local: {INCLUDED_PATH}")
"""What a pipeline that is there already must say."""

_JOB = """\
# Written by 'tolbooth init'; it is yours now. The gate's exit code decides whether the job passes.
tolbooth:
  stage: test
  image: python:3.12
  variables:
    PIP_CACHE_DIR: "$CI_PROJECT_DIR/.cache/pip"
    # A commit that only adds approvals is passed over, so its parents must be here.
    GIT_DEPTH: "0"
  cache:
    key: tolbooth-{version}
    paths: [.cache/pip]
  before_script:
    - {install}
    # TOLBOOTH_KEY and TOLBOOTH_LOG_KEY are CI/CD variables of type File; without them the runner makes keys that
    # nobody knows, so its transcript can't be imported.
    - |
      if [ -n "${{TOLBOOTH_KEY:-}}" ]; then
        KEYS=$(mktemp -d)
        install -m 600 "$TOLBOOTH_KEY" "$KEYS/seal.key"
        install -m 600 "$TOLBOOTH_LOG_KEY" "$KEYS/log.key"
        export TOLBOOTH_KEY_FILE="$KEYS/seal.key" TOLBOOTH_LOG_KEY_FILE="$KEYS/log.key"
      fi
  script:
{enter}    - code=0
    - >-
      {command}
      || code=$?
    # A denial is evidence too; 2, 5 and 6 say that the gate could not do its work.
    - case $code in 0 | 1 | 3 | 4) tolbooth seal --to {pack} ;; esac
    - exit $code
  artifacts:
    when: always
    access: developer
    paths:
      - {report}
      - {transcript}
    reports:
      dotenv: {dotenv}
      junit: {junit}
      codequality: {codequality}
"""


def pipeline(job: GateJob, why: str, *, beside: bool) -> WrittenFile:
    """The job that runs a gate; ``beside`` a pipeline that is there already, which then includes it."""
    first, *rest = job.command(
        f"junit={REPORT_FOLDER}/junit.xml",
        f"gitlab={REPORT_FOLDER}/codequality.json",
        f"dotenv={REPORT_FOLDER}/decision.env",
    )
    content = _JOB.format(
        version=__version__,
        pack=f"{REPORT_FOLDER}/decision.evpack.zip",
        install=job.install,
        enter=f"    - cd {shlex.quote(job.folder)}\n" if job.folder else "",
        command="\n      ".join([first, *rest]),
        report=json.dumps(job.below(f"{REPORT_FOLDER}/")),
        transcript=json.dumps(job.below(TRANSCRIPT)),
        dotenv=json.dumps(job.below(f"{REPORT_FOLDER}/decision.env")),
        junit=json.dumps(job.below(f"{REPORT_FOLDER}/junit.xml")),
        codequality=json.dumps(job.below(f"{REPORT_FOLDER}/codequality.json")),
    )
    return WrittenFile(path=INCLUDED_PATH if beside else PATH, content=content, why=why)
