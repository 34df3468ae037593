"""A whole gate on files, against ``conftest test`` on the same rules and the same input document, side by side.

Run ``python bench/gate_conftest.py [REPEATS]`` after ``scripts/conftest``. Both are whole processes that take turns,
with bytecode cached. The gate also reads the files, counts by group, records four attestations and signs each;
Conftest is given the input document that the gate made, and keeps nothing.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).parents[1]
POLICIES = ROOT / "src" / "tolbooth" / "policies"
SETTINGS = """\
version: 1
project: credit
subjects: {credit: {path: model.bin, version: "1"}}
data:
  test: {path: predictions.parquet, role: predictions, label: y_true, prediction: y_pred, groups: [sex]}
gates: {release: {subject: credit}}
policy: {parameters: {performance.minimum: {metric: accuracy, bound: 0.5}}}
"""
ROWS = 20_000


def project(folder: Path) -> None:
    (folder / "model.bin").write_bytes(b"weights")
    (folder / "tolbooth.yaml").write_text(SETTINGS, encoding="utf-8")
    numbers = range(ROWS)
    columns = {
        "sex": ["f" if n % 3 else "m" for n in numbers],
        "y_true": pa.array([n % 2 for n in numbers], pa.int8()),
        "y_pred": pa.array([(n % 2) ^ (n % 11 == 0) for n in numbers], pa.int8()),
    }
    pq.write_table(pa.table(columns), folder / "predictions.parquet")


def main() -> None:
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    conftest = subprocess.run([ROOT / "scripts" / "conftest", "--path"], capture_output=True, text=True, check=True)
    program = conftest.stdout.strip()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "credit"
        folder.mkdir()
        project(folder)
        environment = {**os.environ, "HOME": name, "XDG_CONFIG_HOME": f"{name}/config"}
        environment |= {"PYTHONPYCACHEPREFIX": f"{name}/bytecode"}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)

        def run(*command: str) -> Callable[[], bytes]:
            def call() -> bytes:
                done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
                assert done.returncode in {0, 1, 3}, done.stderr
                return done.stdout

            return call

        tolbooth = [sys.executable, "-m", "tolbooth"]
        gate = run(*tolbooth, "gate", "--output", "json")
        gate()
        (folder / "input.json").write_bytes(run(*tolbooth, "policy", "input", "--canonical")())
        rules = json.loads(run(*tolbooth, "policy", "list", "--output", "json")())["rules"]
        packages = sorted({rule["code"].partition(".")[0] for rule in rules if rule["asked"]})
        namespaces = [word for package in packages for word in ("--namespace", package)]
        data = {"parameters": {"performance": {"minimum": {"metric": "accuracy", "bound": 500_000}}}}
        (folder / "data.json").write_text(json.dumps(data), encoding="utf-8")
        calls = {"tolbooth gate": gate}
        if Path(program).is_file():
            calls["conftest test"] = run(
                program, "test", "input.json", "--policy", str(POLICIES), "--data", "data.json", *namespaces
            )
        took: dict[str, list[float]] = {what: [] for what in calls}
        for _ in range(repeats):
            for what, call in calls.items():
                began = time.perf_counter()
                call()
                took[what].append(time.perf_counter() - began)
    for what, seconds in took.items():
        print(f"{what:<14} {statistics.median(seconds):.2f} s")
    if len(took) == 2:
        gate_seconds, conftest_seconds = (statistics.median(seconds) for seconds in took.values())
        print(f"gate to conftest {gate_seconds / conftest_seconds:.2f} x, {gate_seconds - conftest_seconds:+.2f} s")
    else:
        print("conftest is not built: scripts/conftest builds it")


if __name__ == "__main__":
    main()
