"""Runs the demo's training script in a Python of its own, where it meets no settings of this user's MLflow."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tolbooth.model.errors import ConfigError
from tolbooth.onboard.demo_folder import TRAIN_FILE

LOG_FILE = "train.log"
_FOREIGN = ("MLFLOW_", "DATABRICKS_", "OTEL_")
_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "GIT_PYTHON_REFRESH": "quiet",
    "PYTHONIOENCODING": "utf-8",
    "PYTHONUNBUFFERED": "1",
    # NOTE: on 432 rows, threads only wait for one another: seconds, where other work runs beside it.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


def train(folder: Path, options: Sequence[str], say: Callable[[str], None]) -> None:
    """Run ``train.py``; ``say`` gets each line as it is printed, and what its libraries log goes to ``train.log``.

    Raises:
        ConfigError: ``demo.train`` if it fails, with its last line.
    """
    log = folder / LOG_FILE
    with log.open("ab") as errors:
        command = [sys.executable, "-W", "ignore", TRAIN_FILE, *options]
        script = subprocess.Popen(  # noqa: S603 - our own script, without a shell
            command,
            cwd=folder,
            env=quiet_environment(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        try:
            assert script.stdout is not None
            for line in script.stdout:
                say(line.rstrip())
            code = script.wait()
        except BaseException:
            script.kill()
            script.wait()
            raise
        finally:
            if script.stdout is not None:
                script.stdout.close()
    if code:
        said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise ConfigError.of(
            "demo.train",
            f"the training script ended with exit code {code}: {said[-1] if said else 'it said nothing'}",
            hint=f"all that it said is in {log}",
        )


def quiet_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """The environment without what points MLflow elsewhere, and with its telemetry off."""
    kept = {name: value for name, value in variables.items() if not name.startswith(_FOREIGN)}
    return kept | _QUIET
