"""A runner of GitHub Actions in miniature: the steps of a workflow and of a composite action, run as documented.

Shell steps run for real, in bash. Of the actions that others wrote, checkout and set-up do nothing here, the cache and
the artefacts are folders. Expressions are those that our files use; another one is an error.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

_EXPRESSION = re.compile(r"\$\{\{\s*(.+?)\s*\}\}")


def loaded(path: Path) -> Any:
    """A YAML file's value."""
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


@dataclass(kw_only=True)
class Runner:
    """A machine with a repository checked out, and what outlives it: caches and artefacts.

    ``conclusion`` is the exit code of the step that failed; 0 if none did. ``outputs`` are those of each step.
    """

    workspace: Path
    temp: Path
    kept: Path
    environment: Mapping[str, str]
    github: Mapping[str, Any]
    secrets: Mapping[str, str] = field(default_factory=dict)
    conclusion: int = 0
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    artifacts: dict[str, list[Path]] = field(default_factory=dict)
    cached: list[str] = field(default_factory=list)
    missed: dict[str, str] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """The job's summary."""
        path = self.temp / "summary.md"
        return path.read_text(encoding="utf-8") if path.is_file() else ""

    def job(self, workflow: Path, name: str) -> dict[str, dict[str, str]]:
        """Run a job; the outputs of its steps."""
        self.temp.mkdir(parents=True, exist_ok=True)
        outputs = self._steps(loaded(workflow)["jobs"][name]["steps"], {"secrets": self.secrets})
        for key, path in self.missed.items():
            if not self.conclusion and Path(path).is_dir():
                self._save(key, path)
        return outputs

    def _steps(self, steps: list[Any], known: Mapping[str, Any]) -> dict[str, dict[str, str]]:
        outputs: dict[str, dict[str, str]] = {}
        for place, step in enumerate(steps):
            context = {**known, "steps": {each: {"outputs": found} for each, found in outputs.items()}}
            context |= {"github": self.github, "runner": self._runner()}
            condition = str(step.get("if", "success()"))
            if (self.conclusion and "always()" not in condition) or not _truth(condition, context):
                continue
            given = {name: _filled(str(value), context) for name, value in step.get("with", {}).items()}
            found = self._use(step["uses"], given) if "uses" in step else self._run(step, context)
            outputs[step.get("id", f"step {place}")] = found
        return outputs

    def _runner(self) -> dict[str, str]:
        return {"temp": str(self.temp), "os": "Linux", "arch": "X64"}

    def _run(self, step: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, str]:
        files = {name: self.temp / name.lower() for name in ("GITHUB_OUTPUT", "GITHUB_ENV")}
        for path in files.values():
            path.write_text("", encoding="utf-8")
        environment = {
            **self.environment,
            **{name: str(path) for name, path in files.items()},
            "GITHUB_STEP_SUMMARY": str(self.temp / "summary.md"),
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": str(self.github["event_name"]),
            **({"GITHUB_ACTOR": str(self.github["actor"])} if "actor" in self.github else {}),
            "RUNNER_TEMP": str(self.temp),
            "CI": "true",
            **{name: _filled(str(value), context) for name, value in step.get("env", {}).items()},
        }
        folder = self.workspace / _filled(step.get("working-directory", "."), context)
        assert step["shell"] == "bash"
        script = _filled(step["run"], context)
        assert script == step["run"], "an expression in a script is a place where its value becomes code"
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        self.said.append(done.stdout + done.stderr)
        self.conclusion = self.conclusion or done.returncode
        lines = files["GITHUB_OUTPUT"].read_text(encoding="utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines)

    def _use(self, action: str, given: dict[str, str]) -> dict[str, str]:
        if action.startswith("./"):
            return self._composite(self.workspace / action, given)
        name = action.partition("@")[0]
        if name == "actions/setup-python":
            return {"python-version": f"{given['python-version']}.1"}
        if name in {"actions/cache", "actions/cache/restore"}:
            found = self._restore(given)
            if name == "actions/cache" and found["cache-hit"] == "false":
                self.missed[given["key"]] = given["path"]
            return found
        if name == "actions/cache/save":
            self._save(given["key"], given["path"])
        elif name == "actions/upload-artifact":
            paths = [self.workspace / line for line in given["path"].split("\n") if line]
            self.artifacts[given["name"]] = [each for path in paths for each in _files(path)]
        else:
            assert name == "actions/checkout", f"no runner knows {action}"
        return {}

    def _save(self, key: str, path: str) -> None:
        shutil.copytree(path, self.kept / _as_name(key), symlinks=True)
        self.cached.append(key)

    def _restore(self, given: Mapping[str, str]) -> dict[str, str]:
        assert "," not in given["key"], "a cache's key holds no comma"
        hit = self.kept / _as_name(given["key"])
        if hit.is_dir():
            shutil.copytree(hit, given["path"], symlinks=True)
            return {"cache-hit": "true"}
        prefix = given.get("restore-keys", "")
        older = sorted(self.kept.glob(f"{_as_name(prefix)}*")) if prefix else []
        if older:
            shutil.copytree(older[-1], given["path"], symlinks=True)
        return {"cache-hit": "false"}

    def _composite(self, folder: Path, given: Mapping[str, str]) -> dict[str, str]:
        action = loaded(folder / "action.yml")
        unknown = given.keys() - action["inputs"].keys()
        assert not unknown, f"the action has no inputs {unknown}"
        inputs = {name: given.get(name, each.get("default", "")) for name, each in action["inputs"].items()}
        outputs = self._steps(action["runs"]["steps"], {"inputs": inputs})
        context = {"steps": {each: {"outputs": found} for each, found in outputs.items()}}
        return {name: _filled(each["value"], context) for name, each in action["outputs"].items()}


def _files(path: Path) -> list[Path]:
    return sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path] * path.is_file()


def _as_name(key: str) -> str:
    return key.replace("/", "%")


def _filled(text: str, context: Mapping[str, Any]) -> str:
    return _EXPRESSION.sub(lambda found: _value(found[1], context), text)


def _value(expression: str, context: Mapping[str, Any]) -> str:
    assert re.fullmatch(r"[a-zA-Z_][\w.-]*", expression), f"no runner in miniature knows {expression}"
    found: Any = context
    for part in expression.split("."):
        found = found.get(part, "") if isinstance(found, Mapping) else ""
    return str(found)


def _truth(condition: str, context: Mapping[str, Any]) -> bool:
    return all(_holds(part.strip(), context) for part in condition.split("&&"))


def _holds(part: str, context: Mapping[str, Any]) -> bool:
    if part in {"always()", "success()"}:
        return True
    left, operator, right = re.fullmatch(r"(\S+) (==|!=) '([^']*)'", part).groups()  # type: ignore[union-attr]
    return (_value(left, context) == right) is (operator == "==")


def machine(folder: Path, python: str) -> dict[str, str]:
    """A runner's environment, in which ``python -m venv`` makes a Tolbooth out of the one that is tested.

    ``pip install`` writes what it was asked for into ``installed`` in the folder.
    """
    programs = folder / "programs"
    programs.mkdir(parents=True)
    (programs / "python").write_text(
        "#!/bin/sh\n"
        'test "$1 $2" = "-m venv" || exit 64\n'
        'mkdir -p "$3/bin"\n'
        f'printf \'#!/bin/sh\\nexec "{python}" -m tolbooth "$@"\\n\' > "$3/bin/tolbooth"\n'
        f'printf \'#!/bin/sh\\necho "$@" >> "{folder}/installed"\\n\' > "$3/bin/python"\n'
        'chmod +x "$3/bin/tolbooth" "$3/bin/python"\n',
        encoding="utf-8",
    )
    (programs / "python").chmod(0o755)
    return {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
