"""From training to promotion in Dagster. The lines that a user adds are marked: import, check, people, definitions."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from dagster import Definitions, RetryPolicy, asset, in_process_executor

from tests.orchestrators import training
from tolbooth.enforce.dagster import approval_sensor, gate_check, released  # user's line 1

PROJECT = Path(os.environ["RELEASE_PROJECT"])
BIASED = os.environ.get("RELEASE_BIASED") == "yes"
OFTEN = timedelta(seconds=1)


@asset
def model() -> None:
    """The model, trained anew."""
    training.train(PROJECT, biased=BIASED)


gate = gate_check(asset=model, gate="release", project=PROJECT, retry_policy=RetryPolicy(max_retries=1))  # line 2


@asset(deps=[model])
def production() -> None:
    """The model in production."""
    training.promote(PROJECT, released(gate)["subject_sha256"])


people = approval_sensor(gate, then=production, project=PROJECT, look_every=OFTEN)  # user's line 3

# The next line is the user's line 4, but for the executor: a process for each step would be slow here.
defs = Definitions(assets=[model, production], asset_checks=[gate], sensors=[people], executor=in_process_executor)
