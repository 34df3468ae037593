"""What the gate costs beyond a bare MLflow client that reads the same facts, on the demo's project.

Run ``python bench/gate_overhead.py [REPEATS]``. Both sides run as whole processes with their bytecode cached, one after
the other in turns; and once more inside one process whose imports are warm. The target is for whole processes: at most
1.5 s more. Trust elapsed time on an idle machine only; CPU time is printed beside it.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

REPEATS = 9
TARGET_SECONDS = 1.5
ALLOWED = {0, 1, 3}

BARE = """
    import os, pathlib, time
    from mlflow.tracking.client import MlflowClient

    def read(uri):
        client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        model = client.get_registered_model("rearrest")
        version = client.get_model_version_by_alias("rearrest", "candidate")
        version = client.get_model_version("rearrest", version.version)
        versions = [each.version for each in client.search_model_versions("name='rearrest'")]
        run = client.get_run(version.run_id)
        facts = [model.aliases, version.aliases, versions, run.data.params, run.data.metrics, run.data.tags]
        facts += [client.get_metric_history(run.info.run_id, name) for name in run.data.metrics]
        facts += [each.dataset.digest for each in run.inputs.dataset_inputs]
        facts += [each.info.run_id for each in client.search_runs([run.info.experiment_id])]
        for each in client.list_artifacts(run.info.run_id):
            path = client.download_artifacts(run.info.run_id, each.path)
            facts.append(len(pathlib.Path(path).read_bytes()))
        for outputs in run.outputs.model_outputs:
            folder = client.get_logged_model(outputs.model_id).artifact_location
            facts += [len(each.read_bytes()) for each in pathlib.Path(folder.removeprefix("file://")).rglob("*")
                      if each.is_file()]
        return facts
"""
"""The same facts as the gate collects: the model and its versions, the run, its lists, and every file's bytes."""

ONCE = f"{textwrap.dedent(BARE)}\nread('sqlite:///mlflow.db')\n"
WARM = f"""{textwrap.dedent(BARE)}
import statistics
from tolbooth.config.environment import Environment
from tolbooth.config.load import load_project
from tolbooth.pipeline.gate import gate
from tolbooth.pipeline.workspace import open_workspace

def decide():
    workspace = open_workspace(load_project(pathlib.Path("tolbooth.yaml")), Environment.read(os.environ))
    gate(workspace, None, variables={{}}, progress=lambda work, done, total: None)

def timed(action):
    began = time.perf_counter()
    action()
    return time.perf_counter() - began

decide(), read("sqlite:///mlflow.db")
pairs = [(timed(lambda: read("sqlite:///mlflow.db")), timed(decide)) for _ in range(int(os.environ["REPEATS"]))]
print(*(statistics.median(each) for each in zip(*pairs)))
"""


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "TOLBOOTH_"))}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return kept | {
        "XDG_CONFIG_HOME": str(home / ".config"),
        "PYTHONPYCACHEPREFIX": str(home / "bytecode"),
        "PYTHONWARNINGS": "ignore",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
    }


def run(arguments: list[str], folder: Path, home: Path) -> str:
    """Run a Python to its end, and give what it printed."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment(home),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in ALLOWED or "Traceback" in done.stderr:
        raise SystemExit(f"{arguments[:3]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def seconds(action: Callable[[], object]) -> tuple[float, float]:
    """How long an action took, and how much of a core its processes used, the gate's own worker included."""
    used, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    action()
    took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return took, after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime


def told(name: str, bare: float, gate: float) -> float:
    """Print both sides of a comparison, and give their difference."""
    beyond = gate - bare
    print(f"{name:<26} bare {bare:6.2f} s   gate {gate:6.2f} s   beyond {beyond:+.2f} s   ratio {gate / bare:.2f}")
    return beyond


def main() -> None:
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else REPEATS
    with tempfile.TemporaryDirectory() as place:
        home, folder = Path(place), Path(place) / "demo"
        run(["-m", "tolbooth", "demo", str(folder)], home, home)
        os.environ["REPEATS"] = str(repeats)

        def bare() -> object:
            return run(["-c", ONCE], folder, home)

        def gate() -> object:
            return run(["-m", "tolbooth", "gate"], folder, home)

        bare(), gate()
        pairs = [(seconds(bare), seconds(gate)) for _ in range(repeats)]
        load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
        print(f"medians of {repeats} in turns, {load}: a client that reads the same facts, and the whole gate")
        elapsed, used = ([tuple(side[place] for side in pair) for pair in pairs] for place in (0, 1))
        beyond = told("whole processes", *(statistics.median(each) for each in zip(*elapsed, strict=True)))
        told("whole processes, CPU time", *(statistics.median(each) for each in zip(*used, strict=True)))
        told("in one process, warm", *(float(each) for each in run(["-c", WARM], folder, home).split()))
        held = "held" if beyond <= TARGET_SECONDS else "NOT held"
        print(f"target: whole processes at most {TARGET_SECONDS} s beyond: {held}")


if __name__ == "__main__":
    main()
